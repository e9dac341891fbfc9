"""Both directions of one connection, seen from outside: by a relay, or in a capture [spice-migration 1 to 3].

An observer has no key and needs none, since nothing behind the ticket is encrypted. What a direction says can depend on
the other: the kind of header on what both can, everything behind the ticket on the result. So bytes wait until the
other side has said what they depend on. Whatever breaks a rule, or cannot be known, is kept as bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from wireformat.codec import codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, LinkCode, Mechanism
from wireformat.protocols.spice.link import (
    MAGIC,
    TICKET_SIZE,
    ClientLink,
    LinkResult,
    MechanismChoice,
    ServerLink,
    Ticket,
)
from wireformat.protocols.spice.link_stage import LinkFault, bits_of, check_major
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.observer_direction import LINK_SOURCE, Direction
from wireformat.protocols.spice.sighting import Sighting
from wireformat.protocols.spice.stream import MessageReader

WORD_SIZE: Final = 4
MAX_WAITING: Final = 1 << 16
"""Bytes of a direction that are kept until the other side makes clear what they are."""

Step = Callable[[], bool]
"""Reads one stretch of a direction, or learns what the next will be; False when it can do neither."""


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
        self._client = Direction("client", self._seen, version)
        self._server = Direction("server", self._seen, version)
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
        for direction, other in ((self._client, self._server), (self._server, self._client)):
            if direction.is_ended and (other.is_ended or direction.reader is not None):
                self._finish(direction, time)

    def sightings(self) -> Iterator[Sighting]:
        """What was seen since the last time, in the order in which it became clear."""
        while self._seen:
            yield self._seen.popleft()

    @property
    def _agreed(self) -> CommonCapability:
        if self.request is None or self.reply is None:
            return CommonCapability(0)
        return CommonCapability(bits_of(self.request.message.common) & bits_of(self.reply.reply.common))

    def _direction(self, sender: Sender) -> Direction:
        return self._client if sender == "client" else self._server

    def _advance(self) -> None:
        while any(self._step(direction) for direction in (self._client, self._server)):
            pass

    def _step(self, direction: Direction) -> bool:
        """Read one stretch; False when there is none to read."""
        if direction.is_opaque:
            return direction.take_opaque()
        try:
            return len(direction.inbox) > 0 and (self._steps[direction.sender]() or _is_too_much(direction))
        except DecodeError as error:
            direction.give_up(error)
            return True

    def _finish(self, direction: Direction, time: float | None) -> None:
        """Account for what waits in vain, now that nothing can come that it waits for."""
        if len(direction.inbox) and not direction.is_opaque:
            direction.give_up(direction.cut())
        is_silent = direction.inbox.offset == 0 and not direction.is_opaque
        if direction is self._server and self.request is not None and is_silent:
            error = DecodeError("spice/refused", "the server closed without an answer", offset=0, source=LINK_SOURCE)
            direction.note_silence(error, time, self._arrivals)

    def _client_link(self) -> bool:
        found = self._client.take_link(ClientLink)
        if found is None:
            return False
        request, size = found
        finding: LinkFault | None = None
        try:
            check_major(request.major, self._client.inbox.offset)
        except LinkFault as error:
            finding = error
        self._client.take_part(request, size, finding)
        self.request = request
        self._steps["client"] = self._client_choice
        return True

    def _server_reply(self) -> bool:
        found = self._server.take_link(ServerLink)
        if found is None:
            return False
        self._take_reply(*found)
        self.reply = found[0]
        self._steps["server"] = self._server_result
        return True

    def _take_reply(self, reply: ServerLink, size: int) -> None:
        code = reply.reply.error
        self._server.take_part(reply, size, self._refusal(code))
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
            return _follow(self._client, self._server)
        if not self._agreed & CommonCapability.AUTH_SELECTION:
            self.mechanism = Mechanism.SPICE
        elif len(self._client.inbox) < WORD_SIZE:
            return False
        else:
            choice = codec_for(MechanismChoice).decode(self._client.inbox.peek(WORD_SIZE))
            self.mechanism = choice.mechanism
            finding = _unknown_mechanism(choice.mechanism, self._client.inbox.offset)
            self._client.take_part(choice, WORD_SIZE, finding)
        self._client.is_opaque = self.mechanism != Mechanism.SPICE
        self._steps["client"] = self._client_ticket
        return True

    def _client_ticket(self) -> bool:
        if len(self._client.inbox) < TICKET_SIZE:
            return False
        self._client.take_part(codec_for(Ticket).decode(self._client.inbox.peek(TICKET_SIZE)), TICKET_SIZE)
        self._steps["client"] = self._client_messages
        return True

    def _server_result(self) -> bool:
        if self.mechanism is None:
            return _follow(self._server, self._client)
        if len(self._server.inbox) < WORD_SIZE:
            return False
        if self._server.inbox.peek(WORD_SIZE) == MAGIC:
            return self._second_reply()
        if self.mechanism != Mechanism.SPICE:
            self._server.is_opaque = True
            return True
        result = codec_for(LinkResult).decode(self._server.inbox.peek(WORD_SIZE))
        self._server.take_part(result, WORD_SIZE, self._refusal(result.code))
        self.result = result.code
        if result.code != LinkCode.OK:
            self._end(result.code)
        self._steps["server"] = self._server_messages
        return True

    def _second_reply(self) -> bool:
        """The server refuses the mechanism."""
        found = self._server.take_link(ServerLink)
        if found is None:
            return False
        self._take_reply(*found)
        self._end(found[0].reply.error)
        return True

    def _client_messages(self) -> bool:
        if self.result is None:
            return _follow(self._client, self._server)
        return self._take_message(self._client)

    def _server_messages(self) -> bool:
        return self._take_message(self._server)

    def _take_message(self, direction: Direction) -> bool:
        if direction.reader is None:
            assert self.channel is not None
            direction.reader = MessageReader(
                self.channel, direction.sender, self.is_mini, version=self._version, inbox=direction.inbox
            )
        return direction.take_message(self.is_mini)


def _follow(direction: Direction, other: Direction) -> bool:
    """Where the other side has become unreadable, this one cannot be read either."""
    direction.is_opaque = other.is_opaque
    return direction.is_opaque


def _is_too_much(direction: Direction) -> bool:
    """Whether more waits than may; that is an error. Messages have limits of their own."""
    if direction.reader is None and len(direction.inbox) > MAX_WAITING:
        detail = f"more than {MAX_WAITING} bytes before the other side has answered"
        raise DecodeError("limit", detail, offset=direction.inbox.offset, source=LINK_SOURCE)
    return False


def _unknown_mechanism(mechanism: Mechanism, at: int) -> DecodeError | None:
    if mechanism == Mechanism.SPICE:
        return None
    what = "SASL, which is not decoded" if mechanism == Mechanism.SASL else f"mechanism {mechanism.name}"
    return DecodeError("spice/mechanism", f"the client chose {what}", path="mechanism", offset=at, source=LINK_SOURCE)
