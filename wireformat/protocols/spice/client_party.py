"""The client: a session with its channels, which follows its server to wherever that says [spice-migration 9.2].

Every channel has a lane to the server in use, and while a migration is announced another one to the target, held: what
the target says there waits until the session has moved. While the client links to the target it reads nothing from the
main channel of the source either, as real clients do. How the three ways of migrating differ is in `client_moves`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from wireformat.errors import WireError
from wireformat.protocols.spice import ticket
from wireformat.protocols.spice.client_channel import Channel, start_message
from wireformat.protocols.spice.client_moves import BEGINNINGS, Moves
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, LinkCode, MainCapability
from wireformat.protocols.spice.connection import ClientConnection
from wireformat.protocols.spice.events import (
    BodyRefused,
    Closed,
    Event,
    Failed,
    Linked,
    LinkRefused,
    MessageReceived,
)
from wireformat.protocols.spice.lane import ClientLane
from wireformat.protocols.spice.link_client import LinkClientConfig, RefusedError
from wireformat.protocols.spice.link_stage import CLIENT_COMMON
from wireformat.protocols.spice.main_messages import (
    AttachChannels,
    ChannelsList,
    Init,
    MigrateDstSeamlessAck,
    MigrateDstSeamlessNack,
)
from wireformat.protocols.spice.party_events import (
    MAIN,
    BodySkipped,
    ChannelKey,
    LinkLost,
    LinkMade,
    LinkWanted,
    Over,
    PartyEvent,
    Place,
    SessionOpened,
)
from wireformat.protocols.spice.steps import Steps
from wireformat.protocols.spice.stream import AnyMessage

Answering: TypeAlias = Literal["follow", "late", "refuse", "ignore"]
"""What a client does about MIGRATE_BEGIN: link to the target and say so; say so when told; say it cannot; nothing."""

MAIN_CAPABILITIES = (
    MainCapability.SEMI_SEAMLESS_MIGRATE
    | MainCapability.NAME_AND_UUID
    | MainCapability.AGENT_CONNECTED_TOKENS
    | MainCapability.SEAMLESS_MIGRATE
)


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """Where the first server is, and what the client can and does. The password never shows.

    `is_secure`: TLS ports are taken where there are any. `channels` are the types that are linked, None for all.
    `version` is asked of a target in place of the one that the source names.
    """

    place: Place
    password: bytes = field(default=b"", repr=False)
    is_secure: bool = False
    common: CommonCapability = CLIENT_COMMON
    capabilities: MainCapability = MAIN_CAPABILITIES
    channels: frozenset[ChannelType] | None = None
    answering: Answering = "follow"
    version: int | None = None
    encrypt: Callable[[bytes, bytes], bytes] = field(default=ticket.encrypt, repr=False)


class ClientParty:
    """A client. `start` it, give its lanes what arrives, do what its events ask."""

    def __init__(self, config: ClientConfig) -> None:
        self.config = config
        self.place = config.place
        self.session_id = 0
        self.is_over = False
        self.channels: dict[ChannelKey, Channel] = {}
        self.steps = Steps("client", self.tell)
        self.lanes: list[ClientLane] = []
        self._events: deque[PartyEvent] = deque()
        self._moves = Moves(self)

    @property
    def state(self) -> str:
        """Where the client's machine is."""
        return self.steps.state

    @property
    def main(self) -> Channel:
        """The main channel."""
        return self.channels[MAIN]

    def start(self) -> None:
        """Open a new session at the place."""
        self.open(MAIN)

    def answer(self) -> None:
        """Answer MIGRATE_BEGIN now, if that is due."""
        self._moves.answer()
        self._settle()

    def close(self) -> None:
        """Leave for good."""
        self.end(None)

    def events(self) -> Iterator[PartyEvent]:
        """The events that there are."""
        while self._events:
            yield self._events.popleft()

    def tell(self, event: PartyEvent) -> None:
        """Queue an event."""
        self._events.append(event)

    def open(self, key: ChannelKey) -> None:
        """Link a channel to the server in use."""
        lane = self.dial(key, self.place, is_target=False)
        self.channels[key] = Channel(key, lane, Steps("client-channel", self.tell, key))

    def dial(self, key: ChannelKey, place: Place, *, is_target: bool, is_secure: bool | None = None) -> ClientLane:
        """A lane to a server, whose connection somebody must open."""
        secure = self._prefers_tls(place) if is_secure is None else is_secure
        connection = ClientConnection(self._link_config(key, is_target), is_held=is_target)
        if key == MAIN:
            self._let_main_be_read(connection, is_target=is_target)
        lane = ClientLane(connection, self._settle, key, place, is_secure=secure, is_target=is_target)
        self.lanes.append(lane)
        self.tell(LinkWanted(lane))
        return lane

    def _let_main_be_read(self, connection: ClientConnection, *, is_target: bool) -> None:
        """As far as a client reads it: up to what begins a migration, or to a target's word on it."""
        if not is_target:
            connection.holds_after = BEGINNINGS
        elif self.state == "connecting-seamless":
            connection.holds_after = (MigrateDstSeamlessAck, MigrateDstSeamlessNack)
            connection.is_held = False

    def _prefers_tls(self, place: Place) -> bool:
        return place.port is None or (self.config.is_secure and place.tls_port is not None)

    def _link_config(self, key: ChannelKey, is_target: bool) -> LinkClientConfig:
        config = self.config
        return LinkClientConfig(
            channel_type=key.type,
            channel_id=key.id,
            connection_id=self.session_id if is_target or key != MAIN else 0,
            common=config.common,
            capabilities=int(config.capabilities) if key == MAIN else 0,
            password=config.password,
            encrypt=config.encrypt,
        )

    def _settle(self) -> None:
        """Do what follows from everything that arrived, on whichever lane."""
        while (found := self._next()) is not None:
            lane, event = found
            try:
                self._take(lane, event)
            except WireError as error:
                self.end(error)
        self.lanes = [lane for lane in self.lanes if not lane.wants_close]

    def _next(self) -> tuple[ClientLane, Event] | None:
        for lane in self.lanes:
            event = lane.connection.next_event()
            if event is not None:
                return lane, event
        return None

    def _take(self, lane: ClientLane, event: Event) -> None:
        channel = self.channels.get(lane.key)
        if channel is None or lane not in (channel.lane, channel.target):
            return
        match event:
            case Linked(link):
                self.tell(LinkMade(lane.key, link.connection_id, lane.is_target))
                self._linked(channel, lane)
            case MessageReceived(message, _, name) if lane is channel.lane:
                self._heard(channel, message, name)
            case MessageReceived(_, _, name):
                self._moves.heard_from_target(name)
            case BodyRefused(_, name, _, error):
                self.tell(BodySkipped(lane.key, name, error))
            case LinkRefused(LinkCode.NEED_SECURED) if lane.place.tls_port is not None and not lane.is_secure:
                self._dial_again(channel, lane)
            case LinkRefused(_, error) | Failed(error):
                self._lost(channel, lane, error)
            case Closed():
                self._lost(channel, lane, None)

    def _dial_again(self, channel: Channel, lane: ClientLane) -> None:
        """The server wants this channel over TLS."""
        self.lanes.remove(lane)
        again = self.dial(lane.key, lane.place, is_target=lane.is_target, is_secure=True)
        if lane is channel.lane:
            channel.lane = again
        else:
            channel.target = again

    def _linked(self, channel: Channel, lane: ClientLane) -> None:
        if lane.is_target:
            self._moves.target_linked(channel)
        elif channel.key == MAIN:
            self.steps.heard("linked")
        else:
            self.begin(channel)

    def begin(self, channel: Channel) -> None:
        """Say what a client says first on a channel."""
        message = start_message(channel.key.type)
        if message is not None:
            channel.send(message)

    def _heard(self, channel: Channel, message: AnyMessage, name: str) -> None:
        """A message from the server in use."""
        if isinstance(message, ChannelsList) and channel.key == MAIN:
            self._attach(message)
        elif isinstance(message, Init):
            self._opened(message)
        elif self.steps.knows(name) or channel.steps.knows(name):
            self._moves.heard(channel, message, name)

    def _attach(self, message: ChannelsList) -> None:
        for item in message.channels:
            key = ChannelKey(item.type, item.id)
            wanted = self.config.channels is None or item.type in self.config.channels
            if wanted and key not in self.channels:
                self.open(key)

    def _opened(self, message: Init) -> None:
        is_new = self.state == "opening"
        self.steps.heard("Init")
        self.session_id = message.session_id
        self.tell(SessionOpened(self.session_id, self.place))
        if is_new:
            self.main.send(AttachChannels())
        else:
            self._moves.arrived()

    def _lost(self, channel: Channel, lane: ClientLane, error: WireError | None) -> None:
        """A connection was not made, or is gone."""
        self.lanes.remove(lane)
        if lane.fault:
            detail = f"{lane.place.host}:{lane.port} was not reached: {lane.fault}"
            error = RefusedError("spice/refused", detail, source="spice-migration 9.2")
        self.tell(LinkLost(lane.key, error, lane.is_target))
        if lane.is_target:
            self._moves.target_lost(channel)
            return
        if channel.key != MAIN:
            self._moves.channel_lost(channel)
            return
        after = self.steps.heard("link-failed" if self.state == "dialling" else "cut")
        if after == "leaving":
            self._moves.begin_anew()
            return
        if after == "losing":
            self.steps.did("close-all")
        self.end(error)

    def end(self, error: WireError | None) -> None:
        """Nothing is left of the session."""
        self.drop_all()
        if not self.is_over:
            self.is_over = True
            self.tell(Over(error))

    def drop_all(self) -> None:
        """Close every connection; what they still say is of no interest."""
        for lane in self.lanes:
            lane.connection.close()
        self.lanes.clear()
        self.channels.clear()
