"""Crowds of strangers at a destination's address, while a migration goes on."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from wireformat.protocols.channels.messages import NO_BINDING, ChannelKind, HeaderEntries
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.opening import header_bytes

AT_ONCE = 48
"""Strangers that are connected at the same time."""


def junk(random: Random) -> Iterator[bytes]:
    """What strangers say, without end: nothing, noise, other protocols, and headers of ours that prove nothing."""
    kinds: Sequence[bytes] = (
        b"",
        b"\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"QEVM\0\0\0\3\x07\0\0\0\0",
        b"\x11\x22\x33\x44\0\0\0\1" + bytes(56),
        b"SSH-2.0-scanner\r\n",
        bytes(4096),
        header_bytes(TODAY, ChannelKind.MAIN, NO_BINDING, from_source=True),
        header_bytes(TODAY, ChannelKind.MAIN, NO_BINDING, from_source=False),
        header_bytes(TODAY, ChannelKind.RESUME, bytes(range(16)), from_source=True),
        _data_header(),
    )
    while True:
        said = bytearray(random.choice(kinds))
        if said and random.random() < 0.3:
            said[random.randrange(len(said))] ^= 1 << random.randrange(8)
        yield bytes(said[: random.randint(0, len(said))] if random.random() < 0.2 else said)


def _data_header() -> bytes:
    entries = HeaderEntries(channel_type="multifd", index=0, proof=bytes(16), epoch=0)
    return header_bytes(TODAY, ChannelKind.DATA, bytes(range(16)), from_source=True, entries=entries)


async def crowd(path: Path, number: int, seed: int) -> dict[bytes, int]:
    """Connect so many times, say junk, and count what the first bytes of the answers are."""
    answers: dict[bytes, int] = {}
    sayings = junk(Random(seed))
    left = number

    async def visit() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            answer = await _say(path, next(sayings), hurries=left % 2 == 0)
            answers[answer[:8]] = answers.get(answer[:8], 0) + 1

    await asyncio.gather(*(visit() for _ in range(AT_ONCE)))
    return answers


async def _say(path: Path, data: bytes, *, hurries: bool) -> bytes:
    """Say something to a unix socket; the answer, where it is waited for."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.setblocking(False)
        while True:
            try:
                await loop.sock_connect(stranger, str(path))
                break
            except BlockingIOError:
                await asyncio.sleep(0.001)
        try:
            await loop.sock_sendall(stranger, data)
            if hurries:
                stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return b""
            stranger.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(15):
                return await loop.sock_recv(stranger, 4096)
        except OSError:
            return b""


async def idlers(path: Path, number: int) -> list[socket.socket]:
    """Connections that say nothing, and stay."""
    loop = asyncio.get_running_loop()
    found = []
    for _ in range(number):
        idle = socket.socket(socket.AF_UNIX)
        idle.setblocking(False)
        await loop.sock_connect(idle, str(path))
        found.append(idle)
        await asyncio.sleep(0)
    return found
