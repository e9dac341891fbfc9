"""What both sides of the link stage know: who asks for what, what each side can, and what they agree on.

Capabilities travel as words of 32 bits; here a set of them is one number, as many bits as there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from wireformat.codec import codec_for
from wireformat.codec.pair import moved
from wireformat.errors import DecodeError
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, LinkCode
from wireformat.protocols.spice.inbox import Inbox
from wireformat.protocols.spice.link import (
    HEADER_SIZE,
    LINK_MESSAGE_SIZE,
    LINK_REPLY_SIZE,
    MAGIC,
    MAJOR,
    MAX_LINK,
    LinkMessage,
    LinkReply,
)
from wireformat.schema import Bytes, Int32ul, Record, field

CLIENT_COMMON: Final = CommonCapability.AUTH_SELECTION | CommonCapability.AUTH_SPICE | CommonCapability.MINI_HEADER
SERVER_COMMON: Final = CLIENT_COMMON
WORD_BITS: Final = 32
SOURCE: Final = "spice-migration 1.2"
T = TypeVar("T")


class LinkHeader(Record, source="spice-migration 1.1"):
    """The bytes in front of a link message or reply, whatever they are."""

    magic: bytes = field(Bytes(4), "`REDQ`")
    major: int = field(Int32ul, "major version")
    minor: int = field(Int32ul, "minor version")
    size: int = field(Int32ul, "bytes that follow")


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """What a client asks for. `common` and `capabilities` are what it can, in general and on the channel."""

    connection_id: int
    channel_type: ChannelType
    channel_id: int
    common: CommonCapability
    capabilities: int


@dataclass(frozen=True, slots=True)
class LinkInfo:
    """A link that is made. `common` is what both sides can, the rest what each can."""

    connection_id: int
    channel_type: ChannelType
    channel_id: int
    common: CommonCapability
    peer_common: CommonCapability
    own_capabilities: int
    peer_capabilities: int

    @property
    def is_mini(self) -> bool:
        """Whether messages have the small header."""
        return bool(self.common & CommonCapability.MINI_HEADER)


def words_of(bits: int) -> tuple[int, ...]:
    """A set of capabilities as words; none for the empty set."""
    count = (bits.bit_length() + WORD_BITS - 1) // WORD_BITS
    return tuple(bits >> WORD_BITS * index & 0xFFFFFFFF for index in range(count))


def bits_of(words: tuple[int, ...]) -> int:
    """Words as a set of capabilities."""
    return sum(word << WORD_BITS * index for index, word in enumerate(words))


def request_of(message: LinkMessage) -> LinkRequest:
    """What a link message asks for."""
    return LinkRequest(
        message.connection_id,
        message.channel_type,
        message.channel_id,
        CommonCapability(bits_of(message.common)),
        bits_of(message.channel),
    )


class LinkFault(DecodeError):
    """A link message or reply is refused."""

    @property
    def code(self) -> LinkCode | None:
        """What the other side is told; None: nothing."""
        return self.actual if isinstance(self.actual, LinkCode) else None


def fault(id: str, detail: str, code: LinkCode | None, offset: int, path: str, source: str = SOURCE) -> LinkFault:
    """An error of the link stage, with the code that answers it."""
    return LinkFault(id, detail, path=path, offset=offset, actual=code, source=source)


def check_header(start: bytes, at: int, least: int) -> LinkHeader | None:
    """The link header that begins at `at`, checked as servers check it; None when more bytes are needed.

    `least` is the smallest size that is accepted. Raises `LinkFault`.
    """
    if len(start) >= len(MAGIC) and not start.startswith(MAGIC):
        detail = f"{start[:4]!r} instead of {MAGIC!r}"
        raise fault("constant", detail, LinkCode.INVALID_MAGIC, at, "magic", "spice-migration 1.1")
    if len(start) < HEADER_SIZE:
        return None
    header: LinkHeader = codec_for(LinkHeader).decode(start[:HEADER_SIZE])
    check_major(header.major, at)
    if not least <= header.size <= MAX_LINK:
        detail = f"size {header.size} is not between {least} and {MAX_LINK}"
        raise fault("range", detail, LinkCode.INVALID_DATA, at + 12, "size")
    return header


def check_major(major: int, at: int) -> None:
    """That both speak the same major version. Version 0 gets no answer. Raises `LinkFault`."""
    if major != MAJOR:
        code = LinkCode.VERSION_MISMATCH if major else None
        raise fault("spice/major", f"major version {major} instead of {MAJOR}", code, at + 4, "major")


def take_body(inbox: Inbox, least: int) -> bytes | None:
    """What stands behind the next link header; None when more bytes are needed. Raises `LinkFault`."""
    header = check_header(inbox.peek(HEADER_SIZE), inbox.offset, least)
    if header is None or len(inbox) < HEADER_SIZE + header.size:
        return None
    inbox.take(HEADER_SIZE)
    return inbox.take(header.size)


def read_message(data: bytes, at: int) -> LinkMessage:
    """The link message behind a header; `at` is its offset in the stream. Raises `LinkFault`."""
    message = _decode(LinkMessage, data, at)
    _check_words(message, LINK_MESSAGE_SIZE, at)
    return message


def read_reply(data: bytes, at: int) -> LinkReply:
    """The reply behind a header; `at` is its offset in the stream. Raises `LinkFault`."""
    reply = _decode(LinkReply, data, at)
    _check_words(reply, LINK_REPLY_SIZE, at)
    return reply


def _decode(cls: type[T], data: bytes, at: int) -> T:
    try:
        found: T = codec_for(cls).decode(data)
    except DecodeError as error:
        id = "overrun" if error.need_more else error.id
        offset = moved(error, at).offset or at
        raise fault(id, error.detail, LinkCode.INVALID_DATA, offset, error.path, error.source) from None
    return found


def _check_words(part: LinkMessage | LinkReply, least: int, at: int) -> None:
    """Where capabilities may begin. That they end inside was checked when they were read."""
    if (part.common or part.channel) and part.offset < least:
        detail = f"capabilities at {part.offset}, before the {least} bytes of the fixed part end"
        raise fault("pointer", detail, LinkCode.INVALID_DATA, at, "offset")
