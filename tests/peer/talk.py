"""Both ends of wires in tests: every wait has an end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from wireformat.peer.wire import SocketWire, Wire

T = TypeVar("T")
LIMIT = 20.0
"""Seconds that anything may take."""

LARGE = bytes(range(251)) * 20_000
"""More than any socket or pipe holds."""


def run(work: Coroutine[Any, Any, T], limit: float = LIMIT) -> T:
    """The result of what must end soon."""

    async def bounded() -> T:
        async with asyncio.timeout(limit):
            return await work

    return asyncio.run(bounded())


async def read_all(wire: Wire) -> bytes:
    """What comes until the end."""
    parts = []
    while data := await wire.read():
        parts.append(data)
    return b"".join(parts)


async def send_all(wire: Wire, data: bytes) -> None:
    """Send everything and say that it was all."""
    await wire.write(data)
    await wire.finish()


def sockets() -> tuple[SocketWire, SocketWire]:
    """Two connected wires."""
    one, other = socket.socketpair()
    return SocketWire(one), SocketWire(other)


async def both(*work: Awaitable[Any]) -> list[Any]:
    """The results of what goes on at the same time."""
    return list(await asyncio.gather(*work))
