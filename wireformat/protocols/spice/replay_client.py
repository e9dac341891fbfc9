"""The client of a recorded run: its session, and its ends of every channel at both servers."""

from __future__ import annotations

from wireformat.protocols.spice.common_messages import Migrate
from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.replay_parties import CHANNEL_ACTS, CLIENT_ACTS, Link, bars
from wireformat.protocols.spice.replay_tracker import Illegal, Place, Tracker
from wireformat.schema.machine import Table

DONE = {"linked": "channels-linked", "moved": "channels-moved"}


class Client:
    """A client from its first link on: `links` are all it has made."""

    def __init__(self, table: Table = TRANSITIONS) -> None:
        self._table = table
        self._session = Tracker(table, "client", CLIENT_ACTS)
        self._channels: dict[tuple[int, int], Tracker] = {}
        self._main: Link | None = None
        self.links: list[Link] = []
        self._is_sent_away = False
        self.attached: str | None = None

    @property
    def illegal(self) -> list[Illegal]:
        """What its tables refuse."""
        trackers = (self._session, *self._channels.values())
        return [tracker.illegal for tracker in trackers if tracker.illegal is not None]

    @property
    def may_dial(self) -> bool:
        """Whether it may open a new session now."""
        return not self.links or (self._is_sent_away and "dialling" in self._session.states)

    @property
    def is_moving(self) -> bool:
        """Whether the state of a channel is still on its way."""
        return any(link.awaits_data and not link.is_restored for link in self.links)

    def linked(self, link: Link) -> None:
        """A server has let it in."""
        self.links.append(link)
        link.lanes["client"] = self._session.lane() if link.is_main else -1
        if link.is_main and link.request.connection_id == 0:
            self._channels.clear()
            self.attached, self._main, self._is_sent_away = None, link, False
            self._session.sent("linked", link.place)
        elif link.is_main:
            self._session.received(link.lanes["client"], "target-linked", link.place)
        self._channel_linked(link)

    def _channel_linked(self, link: Link) -> None:
        channel = self._channels.setdefault(link.channel, Tracker(self._table, "client-channel", CHANNEL_ACTS))
        link.lanes["channel"] = channel.lane()
        if self._main is not None and link.server != self._main.server:
            channel.received(link.lanes["channel"], "target-linked", link.place)

    def received(self, link: Link, event: str, place: Place) -> None:
        """A server has said something."""
        channel = self._channels[link.channel]
        if event in channel.events:
            channel.received(link.lanes["channel"], event, place)
        if isinstance(place.sighting and place.sighting.value, Migrate) and link.flags is not None:
            channel.barred = bars(link.flags)
            self._move(link, event, place)
        elif link.is_main and event in self._session.events:
            self._session.received(link.lanes["client"], event, place)
            self._is_sent_away |= event == "MigrateSwitchHost"

    def _move(self, link: Link, event: str, place: Place) -> None:
        """A channel is to move: the session reads of that where it reads its main channel."""
        mains = [one for one in self.links if one.is_main and one.server == link.server]
        if mains:
            self._session.received(mains[-1].lanes["client"], event, place)

    def sent(self, link: Link, event: str, place: Place) -> None:
        """It says something to a server."""
        channel = self._channels[link.channel]
        if event in channel.events:
            channel.sent(event, place)
        if link.is_main and event in self._session.events:
            self._know()
            self._session.sent(event, place)
        if event == "ClientMigrateEnd":
            self._main = link

    def _know(self) -> None:
        """What the session may take as done."""
        done = {"linked": self._is_linked(), "moved": not self.is_moving}
        for word, event in DONE.items():
            (self._session.silent.add if done[word] else self._session.silent.discard)(event)

    def _is_linked(self) -> bool:
        """Whether every channel that the server has is linked to another one too."""
        here = {link.channel for link in self.links if link.is_open and self._is_here(link)}
        there = {link.channel for link in self.links if link.is_open and not self._is_here(link)}
        return here <= there

    def _is_here(self, link: Link) -> bool:
        return self._main is not None and link.server == self._main.server

    def carried(self, link: Link) -> None:
        """It has given the state of a channel to the target."""
        for one in self.links:
            if one.channel == link.channel and one.awaits_data and one is not link:
                one.is_restored = True
        if not self.is_moving:
            self._main = next((one for one in self.links if one.is_main and one.server == link.server), self._main)
            self._know()

    def left(self, link: Link) -> None:
        """It has closed a connection."""
        self._channels[link.channel].left(link.lanes["channel"])
        if link.is_main:
            self._know()
            self._session.left(link.lanes["client"])

    def cut(self, link: Link) -> None:
        """A server has closed a connection."""
        channel = self._channels[link.channel]
        if link is self._main:
            self._session.received(link.lanes["client"], "cut", link.place)
            self.attached = None
        elif self._is_here(link):
            channel.received(link.lanes["channel"], "cut", link.place)

    def finish(self) -> None:
        """Nothing follows."""
        self._know()
        self._session.finish()
        for channel in self._channels.values():
            channel.finish()
