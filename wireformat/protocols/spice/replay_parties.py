"""The parties of a recorded run: the client and each server, followed through their tables by what is on the wire.

A server is both target and source: what is on its main channel goes through both tables, each takes what it knows. Each
further table follows one channel: the client's ends of it, the source's end, the target's end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from wireformat.protocols.spice.codes import ChannelType, MigrateFlags
from wireformat.protocols.spice.link import LinkMessage
from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.replay_tracker import Illegal, Place, Tracker
from wireformat.schema.machine import Table

CLIENT_ACTS: Final = frozenset(
    {"close-all", "close-source", "close-target", "go-semi-seamless", "link-failed", "target-failed"}
)
CHANNEL_ACTS: Final = frozenset({"close-source", "close-target", "dial-target", "swap", "target-failed"})
CALLS: Final = frozenset({"migrate-connect", "end-done"})
"""What happens at a source that the VM program may tell."""

SOURCE_ACTS: Final = frozenset(
    {
        "arrived",
        "close-client",
        "connect-done",
        "connect-timeout",
        "leave-timeout",
        "migrate-failure",
        "migrate-success",
        *CALLS,
    }
)
SILENCE: Final = frozenset({"withheld", "linked"})
"""States of a target's channel in which it says nothing."""

DISMISSED: Final = frozenset({"left", "migrated"})
"""States of a source in which it has thrown its client out."""

SAID_ANYWHERE: Final = frozenset({"Ping"})
"""What every channel says by itself, also one that is not started."""


@dataclass
class Link:
    """One connection of the run that has come through its link stage, with the tables of its two server ends."""

    place: Place
    server: str
    request: LinkMessage
    source: Tracker
    target: Tracker
    flags: MigrateFlags | None = None
    is_restored: bool = False
    is_open: bool = True
    lanes: dict[str, int] = field(default_factory=dict)

    @property
    def is_main(self) -> bool:
        """Whether it is the main channel."""
        return self.request.channel_type == ChannelType.MAIN

    @property
    def channel(self) -> tuple[int, int]:
        """Type and id."""
        return int(self.request.channel_type), self.request.channel_id

    @property
    def awaits_data(self) -> bool:
        """Whether its state is still on the way to the target."""
        return self.flags is not None and MigrateFlags.NEED_DATA_TRANSFER in self.flags


def bars(flags: MigrateFlags) -> frozenset[tuple[str, str]]:
    """What the flags of MIGRATE rule out on a channel, by state: `needs-flush`, `needs-data` and `needs-no-data`."""
    flushes, carries = MigrateFlags.NEED_FLUSH in flags, MigrateFlags.NEED_DATA_TRANSFER in flags
    barred = {("moving", "ServerMigrateData"), ("moving", "swap")} if flushes else {("moving", "MigrateFlushMark")}
    unwanted = "swap" if carries else "ServerMigrateData"
    return frozenset(barred | {("moving", unwanted), ("flushed", unwanted)})


class Server:
    """One server: its machines, the main channel that it serves, the other channels of that client."""

    def __init__(self, name: str, table: Table = TRANSITIONS, told: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.target = Tracker(table, "target")
        self.source = Tracker(table, "source", SOURCE_ACTS - told)
        self.main: Link | None = None
        self.links: list[Link] = []
        self._lanes = (self.target.lane(), self.source.lane())

    @property
    def illegal(self) -> list[Illegal]:
        """What its tables refuse."""
        ends = [tracker for link in self.links for tracker in (link.source, link.target)]
        return [each.illegal for each in (self.target, self.source, *ends) if each.illegal is not None]

    def open(self, link: Link) -> None:
        """It lets a connection in."""
        if link.is_main:
            if self.main is not None and self.main.is_open:
                self._received("client-left", link.place)
            self.main = link
            self.sent("link-migrating" if link.request.connection_id else "link", link.place)
        else:
            self.target.sent("channel-linked", link.place)
        self.links.append(link)
        link.lanes = {"source": link.source.lane(), "target": link.target.lane()}
        self._begin(link)

    def _begin(self, link: Link) -> None:
        """What a new channel may do: all, nothing before the client is here, or greet and wait for its state."""
        states = self.target.states
        if states <= {"withholding"}:
            link.target.sent("withhold", link.place)
        elif "receiving" in states:
            link.target.silent |= {"start", "await-data"}
        else:
            link.target.sent("start", link.place)

    def sent(self, event: str, place: Place) -> None:
        """Something on its main channel, or the channel itself."""
        for tracker in (self.target, self.source):
            if event in tracker.events and not self._is_arrival(tracker, event):
                tracker.sent(event, place)

    def _is_arrival(self, tracker: Tracker, event: str) -> bool:
        """INIT that opens no session but takes one over: nothing of the source's."""
        return (
            tracker is self.source
            and event == "Init"
            and self.main is not None
            and self.main.request.connection_id != 0
        )

    def received(self, event: str, place: Place) -> None:
        """Something on its main channel that came from the client."""
        self._received(event, place)
        if event == "ClientMigrateEnd":
            for link in self.links:
                link.target.silent.add("start")

    def _received(self, event: str, place: Place) -> None:
        for tracker, lane in zip((self.target, self.source), self._lanes, strict=True):
            if event in tracker.events:
                tracker.received(lane, event, place)

    def left(self, link: Link, by: str) -> None:
        """A connection has ended, by the client or by the server itself."""
        self.heard(link, "client-left", link.place)
        if link is not self.main:
            return
        if by == "server" and self.source.states & DISMISSED:
            self.source.left(self._lanes[1])
            self.target.received(self._lanes[0], "client-left", link.place)
        else:
            self._received("client-left", link.place)

    def takes_seamless(self) -> None:
        """It has said that it takes a seamless migration."""
        for link in self.links:
            link.target.silent |= {"start", "await-data"}

    def said(self, link: Link, event: str, place: Place) -> None:
        """Any message that it sent on a channel, for the tables of that channel."""
        if event in link.source.events or not link.source.states <= {"serving", "closed"}:
            link.source.sent(event, place)
        is_own = link.is_main and event in self.target.events
        if not is_own and event not in SAID_ANYWHERE and link.target.states <= SILENCE:
            link.target.sent(event, place)

    def heard(self, link: Link, event: str, place: Place) -> None:
        """Any message that a client sent on a channel, for the tables of that channel."""
        for name, tracker in (("source", link.source), ("target", link.target)):
            if event in tracker.events:
                tracker.received(link.lanes[name], event, place)

    def finish(self) -> None:
        """Nothing follows."""
        for tracker in (self.target, self.source):
            tracker.finish()
        for link in self.links:
            link.source.finish()
            link.target.finish()
