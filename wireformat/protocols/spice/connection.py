"""One SPICE connection from either side: the link stage, then the messages of one channel [spice-migration 1 to 3].

`receive_data` takes bytes of any number, `next_event` gives what they meant, `data_to_send` what must leave. Nothing
here reads a clock, and nothing a peer sends leaves as an exception: what breaks the link or the stream becomes the last
event, and `wants_close`. A body that does not decode is told and skipped. What every client must answer is answered
here: PING, and the acknowledgements that SET_ACK asks for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar, Final, Literal, TypeAlias

from wireformat.errors import DecodeError, LocalProtocolError, WireError
from wireformat.protocols.spice.common_messages import Ack, AckSync, Ping, Pong, SetAck
from wireformat.protocols.spice.events import (
    BodyRefused,
    Closed,
    Event,
    Failed,
    Linked,
    LinkRefused,
    MessageReceived,
)
from wireformat.protocols.spice.inbox import Inbox
from wireformat.protocols.spice.link_client import LinkClient, LinkClientConfig, RefusedError, code_of, refused
from wireformat.protocols.spice.link_server import LinkServer, LinkServerConfig
from wireformat.protocols.spice.link_stage import LinkInfo
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.stream import AnyMessage, MessageReader, MessageWriter, OpaqueMessage, Received
from wireformat.schema import Message

MAX_HELD: Final = 1 << 20
"""Bytes that a held connection takes, or one whose peer does not read has to send, before it wants no more."""

State: TypeAlias = Literal["linking", "open", "closed"]
Stage: TypeAlias = Callable[[Inbox, bytearray], LinkClient | LinkServer]
"""What makes the link stage of a side, from where bytes come in to where they go out."""


class Connection:
    """Either side. `answers` tells whether it answers by itself; a held connection reads no message until `release`."""

    role: ClassVar[Sender]
    peer: ClassVar[Sender]

    def __init__(self, stage: Stage, version: str | None, is_held: bool) -> None:
        self.state: State = "linking"
        self.answers = True
        self.wants_close = False
        self.is_held = is_held
        self.holds_after: tuple[type[Message], ...] = ()
        """Messages behind which nothing more is read until `release`."""
        self._inbox = Inbox()
        self._outgoing = bytearray()
        self._version = version
        self._events: deque[Event] = deque()
        self._reader: MessageReader | None = None
        self._writer: MessageWriter | None = None
        self._first_serial = 1
        self._is_ended = False
        self._stage = stage(self._inbox, self._outgoing)
        self._stage.start()

    @property
    def link(self) -> LinkInfo | None:
        """What was agreed on; None before the link is made."""
        return self._stage.link

    @property
    def wants_data(self) -> bool:
        """Whether more should be read from the peer now: not where it does not read what it asked for."""
        is_full = self.is_held and self.state == "open" and len(self._inbox) > MAX_HELD
        return not self.wants_close and not is_full and len(self._outgoing) <= MAX_HELD

    @property
    def next_serial(self) -> int:
        """The serial of the next message that is sent; it may be set."""
        return self._first_serial if self._writer is None else self._writer.next_serial

    @next_serial.setter
    def next_serial(self, serial: int) -> None:
        if self._writer is None:
            self._first_serial = serial
        else:
            self._writer.next_serial = serial

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the peer. What comes after the end is dropped."""
        if self.state != "closed":
            self._inbox.feed(data)
            self._advance()

    def receive_eof(self) -> None:
        """The peer will send nothing more, or the connection is gone."""
        self._is_ended = True
        self._advance()

    def release(self) -> None:
        """Read messages from now on, those first that have arrived."""
        self.is_held = False
        self._advance()

    def send(self, message: AnyMessage) -> None:
        """Queue a message. Raises `LocalProtocolError` when it cannot be sent now, or not by this side here."""
        if self._writer is None or self.state != "open":
            raise LocalProtocolError("spice/not-open", f"the connection is {self.state}", path=type(message).__name__)
        self._outgoing += self._writer.encode(message)

    def close(self) -> None:
        """End the connection, once everything was sent."""
        self._end()

    def data_to_send(self) -> bytes:
        """What must be sent to the peer, once."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    def next_event(self) -> Event | None:
        """The next event; None until more happens."""
        return self._events.popleft() if self._events else None

    def events(self) -> Iterator[Event]:
        """The events that there are."""
        while self._events:
            yield self._events.popleft()

    def _advance(self) -> None:
        if self.state == "linking":
            self._link()
        if self._is_reading:
            self._read()

    def _link(self) -> None:
        try:
            self._stage.advance()
            if self.link is None and self._is_ended:
                raise refused(None, self.peer)
        except WireError as error:
            self._refuse(error)
            return
        if self.link is not None:
            self._open(self.link)

    def _open(self, link: LinkInfo) -> None:
        version, inbox = self._version, self._inbox
        self._reader = MessageReader(link.channel_type, self.peer, link.is_mini, version=version, inbox=inbox)
        self._writer = MessageWriter(link.channel_type, self.role, link.is_mini, version=version)
        self._writer.next_serial = self._first_serial
        self.state = "open"
        self._events.append(Linked(link))

    def _refuse(self, error: WireError) -> None:
        by: Literal["us", "peer"] = "peer" if isinstance(error, RefusedError) else "us"
        self._finish(LinkRefused(code_of(error), error, by))

    def _read(self) -> None:
        assert self._reader is not None
        try:
            while self._is_reading and (received := self._reader.next_message()) is not None:
                self._take(received)
            if self._is_reading and self._is_ended:
                self._reader.close()
                self._finish(Closed())
        except DecodeError as error:
            self._finish(Failed(error))

    @property
    def _is_reading(self) -> bool:
        return self.state == "open" and not self.is_held

    def _take(self, received: Received) -> None:
        self._count()
        if received.error is not None:
            assert isinstance(received.message, OpaqueMessage)
            self._events.append(BodyRefused(received.number, received.name, received.message.data, received.error))
        else:
            for one in (*received.parts, received):
                self._events.append(MessageReceived(one.message, one.number, one.name, one.serial))
                self._heed(one.message)
                self.is_held = self.is_held or isinstance(one.message, self.holds_after)

    def _heed(self, message: AnyMessage) -> None:
        """Do what a message asks of every peer."""

    def _count(self) -> None:
        """A message has been received."""

    def _finish(self, event: Event) -> None:
        self._events.append(event)
        self._end()

    def _end(self) -> None:
        self.state = "closed"
        self.wants_close = True
        self._inbox.take_all()


class ClientConnection(Connection):
    """The client's side. After SET_ACK it acknowledges once for each window of messages."""

    role = "client"
    peer = "server"

    def __init__(
        self, config: LinkClientConfig, *, answers: bool = True, is_held: bool = False, version: str | None = None
    ) -> None:
        super().__init__(partial(LinkClient, config), version, is_held)
        self.answers = answers
        self._window = 0
        self._left = 0

    def _heed(self, message: AnyMessage) -> None:
        if not self.answers:
            return
        if isinstance(message, Ping):
            self.send(Pong(id=message.id, timestamp=message.timestamp))
        elif isinstance(message, SetAck):
            self._window = self._left = message.window
            self.send(AckSync(generation=message.generation))

    def _count(self) -> None:
        if not self._window:
            return
        self._left -= 1
        if not self._left:
            self._left = self._window
            if self.answers:
                self.send(Ack())


class ServerConnection(Connection):
    """The server's side. After `demand_acks` it counts what the client has not acknowledged."""

    role = "server"
    peer = "client"

    def __init__(self, config: LinkServerConfig, *, version: str | None = None) -> None:
        super().__init__(partial(LinkServer, config), version, is_held=False)
        self.unacknowledged = 0
        self._window = 0
        self._generation = 0
        self._synced = 0

    @property
    def may_send(self) -> bool:
        """Whether the client keeps up: at most two windows are not acknowledged."""
        return not self._window or self.unacknowledged <= 2 * self._window

    def demand_acks(self, window: int) -> None:
        """Ask for an acknowledgement after each `window` messages."""
        self._generation += 1
        self.send(SetAck(generation=self._generation, window=window))
        self._window, self.unacknowledged = window, 0

    def send(self, message: AnyMessage) -> None:
        """Queue a message; as for every connection."""
        super().send(message)
        self.unacknowledged += bool(self._window)

    def _heed(self, message: AnyMessage) -> None:
        if isinstance(message, AckSync):
            self._synced = message.generation
        elif isinstance(message, Ack) and self._synced == self._generation:
            self.unacknowledged = max(0, self.unacknowledged - self._window)
