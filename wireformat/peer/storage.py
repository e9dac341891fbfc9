"""Disks: bytes between a channel of a migration and whoever speaks NBD on this side.

Nothing is read of what passes: the destination's partner is an NBD server, the source's a client, and both talk as if
no migration were between them. An end of either direction is passed on, and the other direction goes on; when both have
ended the disk is complete. The source listens for its clients from the start, so that they may come before they can be
served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Protocol

from wireformat.peer.dialling import connect
from wireformat.peer.listening import Listener, listen
from wireformat.peer.wire import Wire
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.qapi.addresses import Address


class Carrier(Protocol):
    """The end of a channel that carries a disk."""

    @property
    def key(self) -> ChannelKey | None:
        """Its channel."""
        ...

    def release(self) -> bytes:
        """Give the channel away; what has arrived on it."""
        ...

    def ended(self) -> None:
        """The disk is complete."""
        ...

    def lost(self, text: str) -> None:
        """The disk's session broke off."""
        ...


class Disks:
    """The partners of this side by the names of their disks. Each gives one connection, when it is asked for."""

    def __init__(self, partners: Mapping[str, Callable[[], Awaitable[Wire]]]) -> None:
        self._partners = partners

    async def carry(self, carrier: Carrier, wire: Wire, touch: Callable[[], None]) -> None:
        """Let a disk's partner talk over a channel until both are done; the carrier is told how it went."""
        first = carrier.release()
        name = carrier.key.target if carrier.key else ""
        try:
            partner = await self._partners[name]()
            try:
                await partner.write(first)
                await relay(wire, partner, touch)
            finally:
                partner.close()
        except OSError as fault:
            carrier.lost(f"disk {name}: {fault.strerror or fault}")
        else:
            carrier.ended()


def servers(addresses: Mapping[str, Address]) -> Disks:
    """A destination's disks: NBD servers at these addresses."""
    return Disks({name: partial(connect, address) for name, address in addresses.items()})


class Doors:
    """Where a source's NBD clients connect, one for each disk. `names` are the addresses that are listened at."""

    def __init__(self, listeners: Mapping[str, Listener]) -> None:
        self.names = {name: listener.names for name, listener in listeners.items()}
        self._clients: dict[str, asyncio.Future[Wire]] = {}
        self._serving = [asyncio.create_task(self._serve(name, listener)) for name, listener in listeners.items()]
        self._listeners = listeners

    @classmethod
    async def open(cls, addresses: Mapping[str, Address]) -> Doors:
        """Listen at these addresses. Raises `OSError`."""
        listeners: dict[str, Listener] = {}
        try:
            for name, address in addresses.items():
                listeners[name] = await listen(address)
        except BaseException:  # cancelling too: nobody else would close them
            for listener in listeners.values():
                listener.close()
            raise
        return cls(listeners)

    @property
    def disks(self) -> Disks:
        """The clients as partners."""
        return Disks({name: partial(self._client, name) for name in self._listeners})

    async def _client(self, name: str) -> Wire:
        """Who has connected for a disk; whoever waits for that may give up, and the next one goes on waiting."""
        return await asyncio.shield(self._clients[name])

    async def _serve(self, name: str, listener: Listener) -> None:
        """Take the first connection; others are closed, since a disk has one session."""
        first = self._clients[name] = asyncio.get_running_loop().create_future()

        def welcome(wire: Wire) -> None:
            if first.done():
                wire.close()
            else:
                first.set_result(wire)

        await listener.serve(welcome)

    async def close(self) -> None:
        """Listen no more, and let go of clients that were never served."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        for listener in self._listeners.values():
            listener.close()
        for client in self._clients.values():
            if client.done() and not client.cancelled():
                client.result().close()
            client.cancel()


async def relay(one: Wire, other: Wire, touch: Callable[[], None]) -> None:
    """Pass bytes on in both directions until both have ended. Raises `OSError` where a connection breaks."""
    tasks = [asyncio.create_task(_pass_on(*pair, touch)) for pair in ((one, other), (other, one))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(giver: Wire, taker: Wire, touch: Callable[[], None]) -> None:
    while data := await giver.read():
        touch()
        await taker.write(data)
    with suppress(OSError):
        await taker.finish()
