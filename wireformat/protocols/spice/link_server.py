"""The server's side of the link stage [spice-migration 1].

Checks come in the order in which real servers make them, since a message that breaks several rules gets the answer of
the first. Some faults are answered by a reply with an error, some by a result, some by nothing. SASL is not spoken: a
client that chooses it is refused as if the mechanism did not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from wireformat.codec import codec_for, encode
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, LinkCode, Mechanism
from wireformat.protocols.spice.inbox import Inbox
from wireformat.protocols.spice.link import (
    LINK_MESSAGE_SIZE,
    LINK_REPLY_SIZE,
    TICKET_SIZE,
    LinkReply,
    LinkResult,
    MechanismChoice,
    ServerLink,
)
from wireformat.protocols.spice.link_stage import (
    SERVER_COMMON,
    LinkFault,
    LinkInfo,
    LinkRequest,
    fault,
    read_message,
    request_of,
    take_body,
    words_of,
)
from wireformat.protocols.spice.ticket import TicketKey

MECHANISM_SIZE: Final = 4
SOURCE: Final = "spice-migration 1.4"
State = Literal["link", "mechanism", "ticket", "over"]


def every_channel(channel_type: ChannelType, channel_id: int) -> bool:
    """A server that has every channel."""
    return True


def everyone(request: LinkRequest) -> LinkCode:
    """A server that takes every client."""
    return LinkCode.OK


def unprotected(channel_type: ChannelType) -> LinkCode:
    """A server that takes every channel over this connection, whether it is plain or TLS."""
    return LinkCode.OK


def incapable(channel_type: ChannelType) -> int:
    """A server without capabilities on any channel."""
    return 0


@dataclass(frozen=True, slots=True)
class LinkServerConfig:
    """What a server asks of a connection. The password never shows; without one, any ticket will do that decrypts.

    `exists` tells whether there is a channel, `protection` whether it may be carried here (OK, NEED_SECURED or
    NEED_UNSECURED), `admit` whether its client is let in, once the ticket is right, `capabilities` what the server can
    on it. `has_ticketing` without a password refuses everyone.
    """

    key: TicketKey = field(repr=False)
    exists: Callable[[ChannelType, int], bool] = every_channel
    admit: Callable[[LinkRequest], LinkCode] = everyone
    protection: Callable[[ChannelType], LinkCode] = unprotected
    capabilities: Callable[[ChannelType], int] = incapable
    common: CommonCapability = SERVER_COMMON
    password: bytes | None = field(default=None, repr=False)
    has_ticketing: bool = False


class LinkServer:
    """The link stage of one connection. `link` is there when it went well. What is to be sent goes to `outbox`."""

    def __init__(self, config: LinkServerConfig, inbox: Inbox, outbox: bytearray) -> None:
        self.link: LinkInfo | None = None
        self._config = config
        self._inbox = inbox
        self._outbox = outbox
        self._state: State = "link"
        self._request: LinkRequest | None = None

    def start(self) -> None:
        """Say nothing: the client speaks first."""

    def advance(self) -> None:
        """Read what is there, and answer. Raises `LinkFault` where the client is refused, after telling it."""
        if self._state == "link":
            self._read_link()
        if self._state == "mechanism":
            self._read_mechanism()
        if self._state == "ticket":
            self._read_ticket()

    def _read_link(self) -> None:
        try:
            request = self._next_request()
        except LinkFault as error:
            self._outbox += b"" if error.code is None else error_reply(error.code)
            raise
        if request is None:
            return
        self._request = request
        self._state = (
            "mechanism" if request.common & self._config.common & CommonCapability.AUTH_SELECTION else "ticket"
        )
        self._outbox += encode(ServerLink(reply=self._reply(request)))

    def _next_request(self) -> LinkRequest | None:
        body = take_body(self._inbox, LINK_MESSAGE_SIZE)
        if body is None:
            return None
        at = self._inbox.offset - len(body)
        request = request_of(read_message(body, at))
        self._check_channel(request, at)
        return request

    def _check_channel(self, request: LinkRequest, at: int) -> None:
        protection = self._config.protection(request.channel_type)
        if protection != LinkCode.OK:
            detail = f"{request.channel_type.name} must not be carried by this connection: {protection.name}"
            raise fault("spice/protection", detail, protection, at, "message.channel_type")
        is_main = request.channel_type == ChannelType.MAIN
        if not is_main and not self._config.exists(request.channel_type, request.channel_id):
            detail = f"there is no channel {request.channel_type.name} {request.channel_id}"
            raise fault("spice/no-channel", detail, None, at, "message.channel_type")

    def _reply(self, request: LinkRequest) -> LinkReply:
        return LinkReply(
            error=LinkCode.OK,
            public_key=self._config.key.public,
            offset=LINK_REPLY_SIZE,
            common=words_of(self._config.common),
            channel=words_of(self._config.capabilities(request.channel_type)),
        )

    def _read_mechanism(self) -> None:
        at = self._inbox.offset
        if len(self._inbox) < MECHANISM_SIZE:
            return
        choice = codec_for(MechanismChoice).decode(self._inbox.take(MECHANISM_SIZE))
        if choice.mechanism != Mechanism.SPICE:
            self._outbox += error_reply(LinkCode.INVALID_DATA)
            detail = f"mechanism {choice.mechanism.name} is not spoken, only {Mechanism.SPICE.name}"
            raise fault("spice/mechanism", detail, LinkCode.INVALID_DATA, at, "mechanism", SOURCE)
        self._state = "ticket"

    def _read_ticket(self) -> None:
        at = self._inbox.offset
        if len(self._inbox) < TICKET_SIZE:
            return
        code = self._judge(self._inbox.take(TICKET_SIZE))
        self._outbox += encode(LinkResult(code=code))
        if code != LinkCode.OK:
            id = "spice/ticket" if code == LinkCode.PERMISSION_DENIED else "spice/session"
            raise fault(id, f"the client is not let in: {code.name}", code, at, "ticket", SOURCE)
        self._state, self.link = "over", self._agreed()

    def _judge(self, ticket: bytes) -> LinkCode:
        config = self._config
        assert self._request is not None
        if config.has_ticketing and config.password is None:
            return LinkCode.PERMISSION_DENIED
        if not config.key.opens(ticket, config.password):
            return LinkCode.PERMISSION_DENIED
        return config.admit(self._request)

    def _agreed(self) -> LinkInfo:
        config, request = self._config, self._request
        assert request is not None
        own, theirs = config.capabilities(request.channel_type), request.capabilities
        return LinkInfo(
            request.connection_id,
            request.channel_type,
            request.channel_id,
            config.common & request.common,
            request.common,
            own,
            theirs,
        )


def error_reply(code: LinkCode) -> bytes:
    """The reply that refuses a link: everything behind the code is zero."""
    return encode(ServerLink(reply=LinkReply(error=code)))
