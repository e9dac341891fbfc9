"""Play a recorded run through the machines of client, source and target: whether it was legal, and how it ended.

What is on the wire decides. Where a timeline tells what the VM program called and was told, that must fit too. A run is
over when the first server is told to quit. Servers are told apart by the names that the capture gives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from wireformat.protocols.spice.capture import SENDERS, Capture, Connection
from wireformat.protocols.spice.codes import LinkCode
from wireformat.protocols.spice.common_messages import Migrate
from wireformat.protocols.spice.link import ClientLink, LinkMessage, LinkResult
from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.replay_client import Client
from wireformat.protocols.spice.replay_parties import CALLS, Link, Server, bars
from wireformat.protocols.spice.replay_tracker import Illegal, Place, Tracker
from wireformat.protocols.spice.sighting import Sighting
from wireformat.schema.machine import Table

BEGINS: Final[Mapping[str, str]] = {"MigrateBegin": "semi-seamless", "MigrateBeginSeamless": "seamless"}
WAYS: Final[Mapping[str, str]] = {
    "ServerMigrateEnd": "semi-seamless",
    "Migrate": "seamless",
    "MigrateSwitchHost": "switch-host",
}
LEAVING, MOVED, STAYED = "leaving", "moved", "stayed"


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration as the client was told of it. `offered` and `mode` are ways, none where nothing was said.

    `outcome`: `moved` (the client is served by `target`), `stayed` (it was told to), `leaving` (told to go, and not
    served since), `open` (it was told nothing more).
    """

    source: str
    offered: str | None = None
    mode: str | None = None
    outcome: str = "open"
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of a run. `attached` is the server that the client was served by in the end."""

    findings: tuple[Illegal, ...]
    migrations: tuple[Migration, ...]
    attached: str | None

    @property
    def outcome(self) -> str | None:
        """How the last migration ended."""
        return self.migrations[-1].outcome if self.migrations else None

    @property
    def mode(self) -> str | None:
        """The way of the last migration."""
        return self.migrations[-1].mode if self.migrations else None


def replay(capture: Capture, table: Table = TRANSITIONS) -> Replay:
    """Play a run. Findings are illegal events, the first of each role; each has its `error`."""
    return _Run(capture, table).play()


class _Event(NamedTuple):
    """Something at a time: a sighting, the end of a direction, or a line of the timeline."""

    time: float
    order: int
    connection: Connection | None
    sighting: Sighting | None = None
    note: Mapping[str, Any] | None = None


class _Run:
    """The parties, while a run is played."""

    def __init__(self, capture: Capture, table: Table) -> None:
        self._capture = capture
        self._table = table
        self._servers: dict[str, Server] = {}
        self._clients = [Client(table)]
        self._requests: dict[str, LinkMessage] = {}
        self._links: dict[str, Link] = {}
        self._migrations: list[Migration] = []
        self._told = {str(line.get("vm")) for line in capture.timeline if line.get("src") == "qmp"}

    def play(self) -> Replay:
        """Every event, then what is left unread."""
        for event in _events(self._capture):
            if event.note is not None and event.note.get("cmd") == "quit":
                break
            self._take(event)
        parties: list[Client | Server] = [*self._clients, *self._servers.values()]
        for party in parties:
            party.finish()
        findings = tuple(illegal for party in parties for illegal in party.illegal)
        return Replay(findings, tuple(self._migrations), self._client.attached)

    @property
    def _client(self) -> Client:
        return self._clients[-1]

    def _server(self, name: str) -> Server:
        if name not in self._servers:
            self._servers[name] = Server(name, self._table, CALLS if name in self._told else frozenset())
        return self._servers[name]

    def _take(self, event: _Event) -> None:
        if event.connection is None:
            self._take_line(event.note or {})
        elif event.sighting is not None:
            self._take_sighting(event.connection, event.sighting)
        elif event.connection.name in self._links and event.note is not None:
            self._take_end(self._links[event.connection.name], str(event.note.get("dir")))

    def _take_line(self, line: Mapping[str, Any]) -> None:
        """What a VM program was told to do, or told."""
        server, place = self._server(str(line.get("vm"))), Place("timeline")
        if line.get("cmd") == "client_migrate_info":
            server.source.sent("migrate-connect", place)
        elif line.get("event") == "SPICE_MIGRATE_COMPLETED":
            server.source.sent("end-done", place)

    def _take_end(self, link: Link, direction: str) -> None:
        """One side has closed a connection. Who closes first decides it."""
        if not link.is_open:
            return
        link.is_open = False
        by = SENDERS.get(direction, "server")
        if by == "client":
            self._client.left(link)
        else:
            self._client.cut(link)
        self._server(link.server).left(link, by)
        last = self._last(link.server)
        if link.is_main and last is not None and last.outcome == LEAVING:
            self._client.attached = None

    def _take_sighting(self, connection: Connection, sighting: Sighting) -> None:
        place = Place(connection.name, sighting)
        name = connection.name
        match sighting.part:
            case None if name in self._links:
                self._take_message(self._links[name], sighting, place)
            case ClientLink(message=request):
                self._requests[name] = request
            case LinkResult(code=LinkCode.OK) if name in self._requests:
                self._take_link(connection, place)

    def _take_link(self, connection: Connection, place: Place) -> None:
        request = self._requests[connection.name]
        tracker = (Tracker(self._table, "source-channel"), Tracker(self._table, "target-channel"))
        link = Link(place, connection.server, request, *tracker)
        self._links[connection.name] = link
        self._server(connection.server).open(link)
        if link.is_main and request.connection_id == 0 and not self._client.may_dial:
            self._clients.append(Client(self._table))
        self._client.linked(link)

    def _take_message(self, link: Link, sighting: Sighting, place: Place) -> None:
        event, server = sighting.name, self._server(link.server)
        if isinstance(sighting.value, Migrate):
            link.flags = sighting.value.flags
            link.source.barred = bars(link.flags)
        if sighting.sender == "server":
            server.said(link, event, place)
            if link is server.main:
                server.sent(event, place)
            self._client.received(link, event, place)
            self._log(link, event)
        else:
            self._client.sent(link, event, place)
            if link.is_open:
                self._take_heard(link, event, place)
            self._arrived(link, event)
        if event == "MigrateDstSeamlessAck":
            server.takes_seamless()

    def _take_heard(self, link: Link, event: str, place: Place) -> None:
        """What a server reads; messages that cross its own end of the connection it never does."""
        server = self._server(link.server)
        server.heard(link, event, place)
        if link is server.main:
            server.received(event, place)

    def _arrived(self, link: Link, event: str) -> None:
        """The state of a channel has reached the target; all of them make it the client's server."""
        if event != "ClientMigrateData":
            return
        self._client.carried(link)
        if not self._client.is_moving:
            self._server(link.server).target.silent.add("channels-restored")
            self._served(link.server)

    def _log(self, link: Link, event: str) -> None:
        """What the client is told of migrations."""
        if event in BEGINS:
            self._migrations.append(Migration(link.server, BEGINS[event]))
        elif event in WAYS:
            known = self._last(link.server)
            self._change(replace(known or Migration(link.server), mode=WAYS[event], outcome=LEAVING), known)
        elif event == "MigrateCancel":
            known = self._last(link.server)
            if known is not None and known.mode is None:
                self._change(replace(known, outcome=STAYED), known)
        elif event == "Init":
            self._served(link.server)

    def _last(self, source: str) -> Migration | None:
        last = self._migrations[-1] if self._migrations else None
        return last if last is not None and last.source == source else None

    def _change(self, migration: Migration, known: Migration | None) -> None:
        self._migrations[-1:] = [migration] if known is not None else [*self._migrations[-1:], migration]

    def _served(self, server: str) -> None:
        """A server has the client now."""
        self._client.attached = server
        last = self._migrations[-1] if self._migrations else None
        if last is not None and last.outcome == LEAVING and server != last.source:
            self._migrations[-1] = replace(last, outcome=MOVED, target=server)


def _events(capture: Capture) -> Iterator[_Event]:
    """Everything in order of time."""
    found = []
    for order, connection in enumerate(capture.connections, 1):
        found += [_Event(one.time or 0.0, order, connection, one) for one in connection.sightings]
        found += [
            _Event(row.time, order, connection, None, row.note) for row in connection.rows if row.note is not None
        ]
    for line in capture.timeline:
        if line.get("src") == "qmp" and isinstance(line.get("t"), int | float):
            found.append(_Event(float(line["t"]), 0, None, None, line))
    return iter(sorted(found, key=_when))


def _when(event: _Event) -> tuple[float, int]:
    return event.time, event.order
