"""Both directions of one connection, seen from outside: by a relay, or in a capture [spice-migration 1 to 3].

An observer has no key and needs none, since nothing behind the ticket is encrypted. What a direction says can depend on
the other: the kind of header on what both can, everything behind the ticket on the result. So bytes wait until the
other side has said what they depend on. Whatever breaks a rule, or cannot be known, is kept as bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from wireformat.codec import codec_for, encode
from wireformat.errors import DecodeError
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, LinkCode, Mechanism
from wireformat.protocols.spice.inbox import Inbox
from wireformat.protocols.spice.link import (
    HEADER_SIZE,
    MAGIC,
    MAX_LINK,
    TICKET_SIZE,
    ClientLink,
    LinkResult,
    MechanismChoice,
    ServerLink,
    Ticket,
)
from wireformat.protocols.spice.link_stage import LinkFault, bits_of, check_major
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.sighting import OpaqueBytes, Sighting
from wireformat.protocols.spice.stream import MessageReader
from wireformat.schema import Message

WORD_SIZE: Final = 4
MAX_WAITING: Final = 1 << 16
"""Bytes of a direction that are kept until the other side makes clear what they are."""

MECHANISMS: Final = (Mechanism.SPICE,)
LINK_SOURCE: Final = "spice-migration 1"
Step = Callable[[], bool]


class Direction:
    """The bytes of one side, cut into stretches. `step` reads the next, and tells whether it could."""

    def __init__(self, sender: Sender) -> None:
        self.sender: Sender = sender
        self.inbox = Inbox()
        self.is_ended = False
        self.is_opaque = False
        self.reader: MessageReader | None = None
        self._marks: deque[tuple[int, float | None, int]] = deque()

    def feed(self, data: bytes, time: float | None, arrival: int) -> None:
        """Add bytes that came at a time, with which piece of the whole."""
        self.inbox.feed(data)
        self._marks.append((self.inbox.offset + len(self.inbox), time, arrival))

    def when(self, end: int) -> tuple[float | None, int]:
        """When the byte before an offset came."""
        while len(self._marks) > 1 and self._marks[0][0] < end:
            self._marks.popleft()
        return self._marks[0][1:] if self._marks else (None, 0)

    def sighting(self, size: int, **what: Any) -> Sighting:
        """The next bytes, as what they are."""
        offset = self.inbox.offset
        time, arrival = self.when(offset + size)
        self.inbox.take(size)
        return Sighting(self.sender, offset, size, time=time, arrival=arrival, **what)


class Observer:
    """Watches one connection. `version` is the version of the protocol, None the newest."""

    def __init__(self, version: str | None = None) -> None:
        self.request: ClientLink | None = None
        self.reply: ServerLink | None = None
        self.mechanism: Mechanism | None = None
        self.result: LinkCode | None = None
        self._version = version
        self._seen: deque[Sighting] = deque()
        self._arrivals = 0
        self._client = Direction("client")
        self._server = Direction("server")
        self._steps: dict[Sender, Step] = {"client": self._client_link, "server": self._server_reply}

    @property
    def channel(self) -> ChannelType | None:
        """What the connection carries, once the client has said it."""
        return None if self.request is None else self.request.message.channel_type

    @property
    def is_mini(self) -> bool:
        """Whether messages have the small header."""
        return bool(self._agreed & CommonCapability.MINI_HEADER)

    def receive_data(self, sender: Sender, data: bytes, time: float | None = None) -> None:
        """Take bytes of one side."""
        if data:
            self._direction(sender).feed(data, time, self._arrivals)
        self._arrivals += 1
        self._advance()

    def receive_eof(self, sender: Sender, time: float | None = None) -> None:
        """A side will send nothing more."""
        self._direction(sender).is_ended = True
        self._arrivals += 1
        self._advance()
        for direction in (self._client, self._server):
            self._finish(direction, time)

    def sightings(self) -> Iterator[Sighting]:
        """What was seen since the last time, in the order in which it became clear."""
        while self._seen:
            yield self._seen.popleft()

    @property
    def _agreed(self) -> CommonCapability:
        if self.request is None or self.reply is None:
            return CommonCapability(0)
        both = bits_of(self.request.message.common) & bits_of(self.reply.reply.common)
        return CommonCapability(both)

    def _direction(self, sender: Sender) -> Direction:
        return self._client if sender == "client" else self._server

    def _advance(self) -> None:
        while any(self._step(direction) for direction in (self._client, self._server)):
            pass

    def _step(self, direction: Direction) -> bool:
        """Read one stretch; False when there is none to read."""
        if direction.is_opaque:
            return self._take_opaque(direction)
        try:
            return len(direction.inbox) > 0 and (self._steps[direction.sender]() or self._is_too_much(direction))
        except DecodeError as error:
            return self._give_up(direction, error)

    def _is_too_much(self, direction: Direction) -> bool:
        if direction.reader is not None or len(direction.inbox) <= MAX_WAITING:
            return False
        detail = f"more than {MAX_WAITING} bytes before the other side has answered"
        raise DecodeError("limit", detail, offset=direction.inbox.offset, source=LINK_SOURCE)

    def _finish(self, direction: Direction, time: float | None) -> None:
        """Account for what waits in vain, once nothing can come that it waits for."""
        other = self._server if direction is self._client else self._client
        is_over = direction.is_ended and (other.is_ended or direction.reader is not None)
        if is_over and len(direction.inbox) and not direction.is_opaque:
            self._give_up(direction, self._cut(direction))
        if is_over and direction is self._server and self.reply is None and self.request is not None:
            self._note_silence(time)

    def _cut(self, direction: Direction) -> DecodeError:
        try:
            if direction.reader is not None:
                direction.reader.close()
        except DecodeError as error:
            return error
        left = len(direction.inbox)
        detail = f"the connection ends in the link stage, {left} bytes left"
        return DecodeError("truncated", detail, offset=direction.inbox.offset, actual=left, source=LINK_SOURCE)

    def _note_silence(self, time: float | None) -> None:
        """The server has closed without a word: a finding, but no bytes."""
        if self._server.inbox.offset == 0 and not self._server.is_opaque:
            self._server.is_opaque = True
            error = DecodeError("spice/refused", "the server closed without an answer", offset=0, source=LINK_SOURCE)
            nothing = OpaqueBytes(b"")
            self._seen.append(Sighting("server", 0, 0, part=nothing, time=time, arrival=self._arrivals, finding=error))

    def _give_up(self, direction: Direction, error: DecodeError) -> bool:
        """The rest of a direction is bytes; the error stands beside the first of them."""
        direction.is_opaque = True
        data = direction.inbox.peek(len(direction.inbox))
        self._seen.append(direction.sighting(len(data), part=OpaqueBytes(data), finding=error))
        return True

    def _take_opaque(self, direction: Direction) -> bool:
        data = direction.inbox.peek(len(direction.inbox))
        if data:
            self._seen.append(direction.sighting(len(data), part=OpaqueBytes(data)))
        return bool(data)

    def _take_part(self, direction: Direction, part: Message, size: int, finding: DecodeError | None) -> None:
        raw = direction.inbox.peek(size)
        same = encode(part) == raw
        self._seen.append(direction.sighting(size, part=part, finding=finding, raw=None if same else raw))

    def _take_link(self, direction: Direction, cls: Any) -> Any:
        """A link message or reply, and how long it is; None when more bytes are needed."""
        at, start = direction.inbox.offset, direction.inbox.peek(HEADER_SIZE + MAX_LINK)
        if len(start) >= len(MAGIC) and not start.startswith(MAGIC):
            raise DecodeError("constant", f"{start[:4]!r} instead of {MAGIC!r}", path="magic", offset=at)
        try:
            return codec_for(cls).decode_from(start)
        except DecodeError as error:
            if not error.need_more:
                error.offset = at + (error.offset or 0)
                raise
        return None

    def _client_link(self) -> bool:
        found = self._take_link(self._client, ClientLink)
        if found is None:
            return False
        request, size = found
        finding: LinkFault | None = None
        try:
            check_major(request.major, self._client.inbox.offset)
        except LinkFault as error:
            finding = error
        self._take_part(self._client, request, size, finding)
        self.request = request
        self._steps["client"] = self._client_choice
        return True

    def _server_reply(self) -> bool:
        found = self._take_link(self._server, ServerLink)
        if found is None:
            return False
        reply, size = found
        self._take_reply(reply, size)
        self.reply = reply
        self._steps["server"] = self._server_result
        return True

    def _take_reply(self, reply: ServerLink, size: int) -> None:
        code = reply.reply.error
        self._take_part(self._server, reply, size, self._refusal(code))
        if code != LinkCode.OK:
            self._end(code)

    def _refusal(self, code: LinkCode) -> DecodeError | None:
        if code == LinkCode.OK:
            return None
        detail, at = f"the server refused the link: {code.name}", self._server.inbox.offset
        return DecodeError("spice/refused", detail, offset=at, actual=code, source=LINK_SOURCE)

    def _end(self, code: LinkCode) -> None:
        """There is no link: whatever follows is bytes."""
        self.result = code
        self._client.is_opaque = self._server.is_opaque = True

    def _client_choice(self) -> bool:
        if self.reply is None:
            return self._follow(self._client, self._server)
        if not self._agreed & CommonCapability.AUTH_SELECTION:
            self.mechanism = Mechanism.SPICE
        else:
            at = self._client.inbox.offset
            if len(self._client.inbox) < WORD_SIZE:
                return False
            choice = codec_for(MechanismChoice).decode(self._client.inbox.peek(WORD_SIZE))
            self.mechanism = choice.mechanism
            self._take_part(self._client, choice, WORD_SIZE, self._unknown_mechanism(choice.mechanism, at))
        self._client.is_opaque = self.mechanism not in MECHANISMS
        self._steps["client"] = self._client_ticket
        return True

    def _unknown_mechanism(self, mechanism: Mechanism, at: int) -> DecodeError | None:
        if mechanism in MECHANISMS:
            return None
        what = "SASL, which is not decoded" if mechanism == Mechanism.SASL else f"mechanism {mechanism.name}"
        return DecodeError("spice/mechanism", f"the client chose {what}", path="mechanism", offset=at)

    def _client_ticket(self) -> bool:
        if len(self._client.inbox) < TICKET_SIZE:
            return False
        ticket = codec_for(Ticket).decode(self._client.inbox.peek(TICKET_SIZE))
        self._take_part(self._client, ticket, TICKET_SIZE, None)
        self._steps["client"] = self._client_messages
        return True

    def _server_result(self) -> bool:
        if self.mechanism is None:
            return self._follow(self._server, self._client)
        if len(self._server.inbox) < WORD_SIZE:
            return False
        if self._server.inbox.peek(WORD_SIZE) == MAGIC:
            return self._second_reply()
        if self.mechanism not in MECHANISMS:
            self._server.is_opaque = True
            return True
        result = codec_for(LinkResult).decode(self._server.inbox.peek(WORD_SIZE))
        self._take_part(self._server, result, WORD_SIZE, self._refusal(result.code))
        self.result = result.code
        if result.code != LinkCode.OK:
            self._end(result.code)
        self._steps["server"] = self._server_messages
        return True

    def _second_reply(self) -> bool:
        """The server refuses the mechanism."""
        found = self._take_link(self._server, ServerLink)
        if found is None:
            return False
        self._take_reply(*found)
        self._end(found[0].reply.error)
        return True

    def _client_messages(self) -> bool:
        if self.result is None:
            return self._follow(self._client, self._server)
        return self._take_message(self._client)

    def _follow(self, direction: Direction, other: Direction) -> bool:
        """Where the other side has become unreadable, this one cannot be read either."""
        direction.is_opaque = other.is_opaque
        return direction.is_opaque

    def _server_messages(self) -> bool:
        return self._take_message(self._server)

    def _take_message(self, direction: Direction) -> bool:
        if direction.reader is None:
            assert self.channel is not None
            direction.reader = MessageReader(
                self.channel, direction.sender, self.is_mini, version=self._version, inbox=direction.inbox
            )
        offset = direction.inbox.offset
        received = direction.reader.next_message()
        if received is None:
            return False
        size = direction.inbox.offset - offset
        time, arrival = direction.when(direction.inbox.offset)
        self._seen.append(
            Sighting(
                direction.sender,
                offset,
                size,
                received=received,
                is_mini=self.is_mini,
                time=time,
                arrival=arrival,
                finding=received.error,
                version=self._version,
            )
        )
        return True
