"""SPICE peers on loopback, and what tests wait for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.peer.certificates import Authority
from wireformat.peer.listening import listen
from wireformat.peer.spice_client import SpiceClient
from wireformat.peer.spice_server import SpiceServer
from wireformat.peer.spice_tap import SpiceTap
from wireformat.peer.tls import Credentials, server_context
from wireformat.protocols.qapi.addresses import Inet
from wireformat.protocols.spice.client_party import ClientConfig, ClientParty
from wireformat.protocols.spice.party_events import PartyEvent, Place, SessionOpened, Stepped
from wireformat.protocols.spice.server_party import ServerConfig, ServerParty

HOST = "127.0.0.1"
LIMIT = 30.0
"""Seconds that anything may take."""


class Diary:
    """Every event of a party, in order."""

    def __init__(self, *others: Callable[[PartyEvent], None]) -> None:
        self.events: list[PartyEvent] = []
        self._others = others

    def __call__(self, event: PartyEvent) -> None:
        self.events.append(event)
        for other in self._others:
            other(event)

    def steps(self, role: str) -> list[str]:
        """The events that a role took, in order."""
        return [event.event for event in self.events if isinstance(event, Stepped) and event.role == role]

    def sessions(self) -> list[int]:
        """The ids of sessions that were opened."""
        return [event.session_id for event in self.events if isinstance(event, SessionOpened)]

    def of(self, kind: type[Any]) -> list[Any]:
        """Events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


async def until(condition: Callable[[], object], limit: float = LIMIT) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(limit):
        while not condition():
            await asyncio.sleep(0.01)


class Served:
    """A server that listens, over TLS too where it has a certificate."""

    def __init__(self, server: SpiceServer, diary: Diary, port: int, tls_port: int | None) -> None:
        self.server = server
        self.diary = diary
        self.port = port
        self.tls_port = tls_port

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(HOST, self.port, self.tls_port)

    @property
    def party(self) -> ServerParty:
        """What decides."""
        return self.server.party


@asynccontextmanager
async def served(
    diary: Diary | None = None, credentials: Credentials | None = None, timeout: float = 10.0, **config: Any
) -> AsyncIterator[Served]:
    """A server on loopback; its sessions are numbered from 1 on."""
    own = diary or Diary()
    numbers = count(1)
    server = SpiceServer(ServerParty(ServerConfig(next_session=lambda: next(numbers), **config)), own, timeout)
    plain = await listen(Inet(HOST, "0"))
    tasks = [asyncio.create_task(server.serve(plain))]
    tls_port = None
    if credentials is not None:
        secured = await listen(Inet(HOST, "0"))
        tls_port = port_of(secured.names[0])
        tasks.append(asyncio.create_task(server.serve(secured, server_context(credentials))))
    try:
        yield Served(server, own, port_of(plain.names[0]), tls_port)
    finally:
        for task in tasks:
            task.cancel()
        await server.close()


def port_of(name: str) -> int:
    """The port of an address."""
    return int(name.rpartition(":")[2])


@asynccontextmanager
async def client(
    place: Place, credentials: Credentials | None = None, timeout: float = 10.0, delay: float = 0.0, **config: Any
) -> AsyncIterator[tuple[SpiceClient, Diary]]:
    """A client that follows its server, with its diary."""
    diary = Diary()
    party = ClientParty(ClientConfig(place=place, **config))
    peer = SpiceClient(party, diary, timeout, credentials=credentials, delay=delay)
    task = asyncio.create_task(peer.run())
    try:
        yield peer, diary
    finally:
        peer.stop()
        await task


def linked_channels(peer: SpiceClient) -> set[str]:
    """The channels that are linked to the server in use."""
    return {str(key) for key, channel in peer.party.channels.items() if channel.lane.is_linked}


def authority(folder: Path) -> tuple[Credentials, Credentials]:
    """Credentials of a server on loopback, and of a client that trusts it."""
    made = Authority(folder)
    return made.credentials(HOST), Credentials(authority=made.path)


@asynccontextmanager
async def tapped(folder: Path, server: Place) -> AsyncIterator[Place]:
    """A tap before a server, that records into a folder; its place."""
    listener = await listen(Inet(HOST, "0"))
    lines: list[dict[str, Any]] = []
    task = asyncio.create_task(SpiceTap(folder, HOST, lines.append).run(listener, server))
    try:
        yield Place(HOST, port_of(listener.names[0]))
    finally:
        task.cancel()
        await asyncio.wait([task])
