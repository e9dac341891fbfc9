"""A server with the channels main and inputs: sessions, their channels, and what is the same for source and target.

Every server may be both: it takes a session that another one began (`target_party`), and leads its client to a third
(`source_party`). It serves one client at a time; a new main link throws out the one that was there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from wireformat.errors import WireError
from wireformat.protocols.spice.client_party import MAIN_CAPABILITIES
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, LinkCode, MainCapability, MouseMode
from wireformat.protocols.spice.connection import ServerConnection
from wireformat.protocols.spice.events import BodyRefused, Closed, Event, Failed, Linked, LinkRefused, MessageReceived
from wireformat.protocols.spice.lane import ServerLane
from wireformat.protocols.spice.link_server import LinkServerConfig
from wireformat.protocols.spice.link_stage import SERVER_COMMON, LinkInfo, LinkRequest
from wireformat.protocols.spice.main_messages import (
    AttachChannels,
    ChannelItem,
    ChannelsList,
    Init,
    Name,
)
from wireformat.protocols.spice.party_events import (
    MAIN,
    BodySkipped,
    ChannelKey,
    ClientLeft,
    LinkLost,
    LinkMade,
    PartyEvent,
    Place,
    SessionOpened,
    TimerName,
)
from wireformat.protocols.spice.server_channel import STATES, ServedChannel, Session
from wireformat.protocols.spice.source_party import Source
from wireformat.protocols.spice.steps import Steps
from wireformat.protocols.spice.stream import AnyMessage
from wireformat.protocols.spice.target_party import Target
from wireformat.protocols.spice.ticket import TicketKey

INPUTS = ChannelKey(ChannelType.INPUTS)
GONE = frozenset({"leaving", "leaving-seamless", "migrated"})
"""States of a source that takes no new client: its guest runs elsewhere."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What a server can and does. `next_session` gives the ids of new sessions, `next_key` a key for each connection.

    `is_seamless` is the option of a source to migrate seamlessly; `secured` are channels that it takes over TLS only.
    """

    next_session: Callable[[], int]
    next_key: Callable[[], TicketKey] = TicketKey.generate
    password: bytes | None = field(default=None, repr=False)
    is_seamless: bool = True
    common: CommonCapability = SERVER_COMMON
    capabilities: MainCapability = MAIN_CAPABILITIES
    secured: frozenset[ChannelType] = frozenset()
    name: str = "wireformat"


class ServerParty:
    """A server. Give it a lane for each connection, do what its events ask, and tell it what the VM does."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.session: Session | None = None
        self.source = Source(self)
        self.target = Target(self)
        self._lanes: list[ServerLane] = []
        self._events: deque[PartyEvent] = deque()

    def accept(self, *, is_secure: bool = False) -> ServerLane:
        """A lane for a connection that has come, over TLS or not."""
        config = LinkServerConfig(
            key=self.config.next_key(),
            exists=_exists,
            admit=self._admit,
            protection=_unprotected if is_secure else self._protection,
            common=self.config.common,
            capabilities=self._capabilities,
            password=self.config.password,
            has_ticketing=self.config.password is not None,
        )
        lane = ServerLane(ServerConnection(config), self._settle)
        self._lanes.append(lane)
        return lane

    def migrate_connect(self, place: Place) -> None:
        """The VM program names a target. `ConnectDone` answers."""
        self.source.migrate_connect(place)
        self._settle()

    def migrate_end(self, *, success: bool) -> None:
        """The migration of the VM is over. `EndDone` answers a success."""
        self.source.migrate_end(success=success)
        self._settle()

    def expire(self, name: TimerName) -> None:
        """A timer has run out."""
        self.source.expire(name)
        self._settle()

    def close(self) -> None:
        """Serve nobody any more."""
        self.throw_out(None)
        for lane in self._lanes:
            lane.connection.close()

    def events(self) -> Iterator[PartyEvent]:
        """The events that there are."""
        while self._events:
            yield self._events.popleft()

    def tell(self, event: PartyEvent) -> None:
        """Queue an event."""
        self._events.append(event)

    def greet(self, session: Session) -> None:
        """Open the session, with its first message."""
        modes = MouseMode.SERVER
        session.main.send(
            Init(
                session_id=session.id,
                display_channels_hint=0,
                supported_mouse_modes=modes,
                current_mouse_mode=modes,
                agent_connected=0,
                agent_tokens=10,
                multi_media_time=0,
                ram_hint=0,
            )
        )
        if session.can(MainCapability.NAME_AND_UUID):
            session.main.send(Name(name=self.config.name))
        self.tell(SessionOpened(session.id))

    def leave(self, error: WireError | None = None) -> None:
        """The client is gone, or thrown out: nothing of its session stays."""
        session, self.session = self.session, None
        if session is None:
            return
        for channel in session.channels():
            channel.lane.connection.close()
        self.target.client_left()
        self.tell(ClientLeft(error))

    def _admit(self, request: LinkRequest) -> LinkCode:
        if request.channel_type == ChannelType.MAIN:
            return LinkCode.CHANNEL_NOT_AVAILABLE if self.source.state in GONE else LinkCode.OK
        is_known = self.session is not None and self.session.id == request.connection_id
        return LinkCode.OK if is_known else LinkCode.BAD_CONNECTION_ID

    def _protection(self, channel_type: ChannelType) -> LinkCode:
        return LinkCode.NEED_SECURED if channel_type in self.config.secured else LinkCode.OK

    def _capabilities(self, channel_type: ChannelType) -> int:
        return int(self.config.capabilities) if channel_type == ChannelType.MAIN else 0

    def _settle(self) -> None:
        """Do what follows from everything that arrived, on whichever lane."""
        while (found := self._next()) is not None:
            self._take(*found)
        self._lanes = [lane for lane in self._lanes if not lane.wants_close]

    def _next(self) -> tuple[ServerLane, Event] | None:
        for lane in self._lanes:
            event = lane.connection.next_event()
            if event is not None:
                return lane, event
        return None

    def _take(self, lane: ServerLane, event: Event) -> None:
        match event:
            case Linked(link):
                self._linked(lane, link)
            case LinkRefused(_, error):
                self.tell(LinkLost(lane.key, error))
            case MessageReceived(message, _, name):
                self._heard(lane, message, name)
            case BodyRefused(_, name, _, error):
                self.tell(BodySkipped(lane.key or MAIN, name, error))
            case Failed(error):
                self._lost(lane, error)
            case Closed():
                self._lost(lane, None)

    def _linked(self, lane: ServerLane, link: LinkInfo) -> None:
        key = MAIN if link.channel_type == ChannelType.MAIN else ChannelKey(link.channel_type, link.channel_id)
        self.tell(LinkMade(key, link.connection_id))
        channel = ServedChannel(
            key,
            lane,
            Steps("source-channel", self.tell, key),
            Steps("target-channel", self.tell, key),
        )
        if key == MAIN:
            self._begin(channel, link.connection_id)
        elif self.session is None:
            lane.connection.close()
        else:
            self._join(self.session, channel)

    def _begin(self, main: ServedChannel, connection_id: int) -> None:
        """A session: a new one, or one that another server began."""
        self.source.client_left()
        self.leave()
        self.session = Session(connection_id or self.config.next_session(), main)
        event = "link-migrating" if connection_id else "link"
        self.source.linked(event)
        self.target.linked(event, self.session)

    def _join(self, session: Session, channel: ServedChannel) -> None:
        before = session.others.get(channel.key)
        if before is not None:
            before.lane.connection.close()
        session.others[channel.key] = channel
        self.target.joined(channel)

    def _heard(self, lane: ServerLane, message: AnyMessage, name: str) -> None:
        """A message from the client; one that its machine does not allow ends the channel, and on main the session."""
        session = self.session
        channel = None if session is None else session.channel_of(lane)
        if session is None or channel is None:
            lane.connection.close()
            return
        try:
            self._heed(session, channel, message, name)
        except WireError as error:
            if channel.key == MAIN:
                self.throw_out(error)
            else:
                channel.lane.connection.close()
                self._lost(lane, error)

    def _heed(self, session: Session, channel: ServedChannel, message: AnyMessage, name: str) -> None:
        if isinstance(message, AttachChannels):
            if self.target.attached():
                session.main.send(ChannelsList(channels=(ChannelItem(type=INPUTS.type, id=INPUTS.id),)))
        elif not self.source.heard(channel, message, name):
            self.target.heard(channel, message, name)

    def throw_out(self, error: WireError | None) -> None:
        """End the session of the client."""
        self.leave(error)
        self.source.client_left()

    def _lost(self, lane: ServerLane, error: WireError | None) -> None:
        """A connection is gone."""
        session = self.session
        channel = None if session is None else session.channel_of(lane)
        if session is None or channel is None:
            return
        self.tell(LinkLost(channel.key, error))
        for steps in (channel.source, channel.target):
            if steps.allows("client-left"):
                steps.heard("client-left")
        if channel.key == MAIN:
            self.throw_out(error)
        else:
            session.others.pop(channel.key, None)


def _exists(channel_type: ChannelType, channel_id: int) -> bool:
    return channel_type in STATES and channel_id == 0


def _unprotected(channel_type: ChannelType) -> LinkCode:
    return LinkCode.OK
