"""The client's side of the link stage [spice-migration 1].

It says what it wants, reads the key, sends the ticket, and waits for the result. What remains in the inbox then is the
server's first message. Nothing is sent before the server's answer is understood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from wireformat.codec import codec_for, encode
from wireformat.errors import DecodeError, RemoteProtocolError, WireError
from wireformat.protocols.spice import ticket
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, LinkCode, Mechanism
from wireformat.protocols.spice.inbox import Inbox
from wireformat.protocols.spice.link import (
    LINK_REPLY_SIZE,
    MAGIC,
    ClientLink,
    LinkMessage,
    LinkReply,
    LinkResult,
    MechanismChoice,
    Ticket,
)
from wireformat.protocols.spice.link_stage import (
    CLIENT_COMMON,
    LinkFault,
    LinkInfo,
    bits_of,
    read_reply,
    take_body,
    words_of,
)

RESULT_SIZE: Final = 4
State = Literal["reply", "result", "over"]


@dataclass(frozen=True, slots=True)
class LinkClientConfig:
    """What a client asks for, and how it proves who it is. The password never shows."""

    channel_type: ChannelType = ChannelType.MAIN
    channel_id: int = 0
    connection_id: int = 0
    common: CommonCapability = CLIENT_COMMON
    capabilities: int = 0
    password: bytes = field(default=b"", repr=False)
    encrypt: Callable[[bytes, bytes], bytes] = field(default=ticket.encrypt, repr=False)


class LinkClient:
    """The link stage of one connection. `link` is there when it went well. What is to be sent goes to `outbox`."""

    def __init__(self, config: LinkClientConfig, inbox: Inbox, outbox: bytearray) -> None:
        self.link: LinkInfo | None = None
        self._config = config
        self._inbox = inbox
        self._outbox = outbox
        self._state: State = "reply"
        self._reply: LinkReply | None = None

    def start(self) -> None:
        """Say what is wanted."""
        config = self._config
        message = LinkMessage(
            connection_id=config.connection_id,
            channel_type=config.channel_type,
            channel_id=config.channel_id,
            common=words_of(config.common),
            channel=words_of(config.capabilities),
        )
        self._outbox += encode(ClientLink(message=message))

    def advance(self) -> None:
        """Read what is there, and answer. Raises `WireError` where the link cannot be made."""
        if self._state == "reply":
            self._read_reply()
        if self._state == "result":
            self._read_result()

    def _read_reply(self) -> None:
        reply = self._next_reply()
        if reply is None:
            return
        if reply.error != LinkCode.OK:
            raise refused(reply.error)
        self._reply, self._state = reply, "result"
        self._prove(reply)

    def _next_reply(self) -> LinkReply | None:
        body = take_body(self._inbox, LINK_REPLY_SIZE)
        return None if body is None else read_reply(body, self._inbox.offset - len(body))

    def _prove(self, reply: LinkReply) -> None:
        """Send the mechanism, if both sides can choose, and the ticket."""
        offered = CommonCapability(bits_of(reply.common))
        chooses = bool(offered & self._config.common & CommonCapability.AUTH_SELECTION)
        if chooses and not offered & CommonCapability.AUTH_SPICE:
            detail = "the server takes no ticket, only SASL" if offered & CommonCapability.AUTH_SASL else "no ticket"
            raise DecodeError("spice/mechanism", detail, path="reply.common", source="spice-migration 1.4")
        proof = Ticket(encrypted=self._config.encrypt(reply.public_key, self._config.password))
        if chooses:
            self._outbox += encode(MechanismChoice(mechanism=Mechanism.SPICE))
        self._outbox += encode(proof)

    def _read_result(self) -> None:
        if self._inbox.peek(RESULT_SIZE) == MAGIC:
            self._read_second_reply()
        elif len(self._inbox) >= RESULT_SIZE:
            result = codec_for(LinkResult).decode(self._inbox.take(RESULT_SIZE))
            if result.code != LinkCode.OK:
                raise refused(result.code)
            self._state, self.link = "over", self._agreed()

    def _read_second_reply(self) -> None:
        """The server refuses the mechanism by another reply."""
        reply = self._next_reply()
        if reply is not None:
            raise refused(reply.error)

    def _agreed(self) -> LinkInfo:
        config, reply = self._config, self._reply
        assert reply is not None
        peer = CommonCapability(bits_of(reply.common))
        own, theirs = config.capabilities, bits_of(reply.channel)
        return LinkInfo(
            config.connection_id, config.channel_type, config.channel_id, config.common & peer, peer, own, theirs
        )


class RefusedError(RemoteProtocolError):
    """The peer has ended the link stage."""

    @property
    def code(self) -> LinkCode | None:
        """Why, as it said; None where it closed without a word."""
        return self.actual if isinstance(self.actual, LinkCode) else None


def refused(code: LinkCode | None, by: str = "server") -> RefusedError:
    """The error for a refusal by the peer."""
    said = "closed without an answer" if code is None else f"refused the link: {code.name}"
    return RefusedError("spice/refused", f"the {by} {said}", actual=code, source="spice-migration 1.4")


def code_of(error: WireError) -> LinkCode | None:
    """The code that goes with an error of the link stage."""
    return error.code if isinstance(error, RefusedError | LinkFault) else None
