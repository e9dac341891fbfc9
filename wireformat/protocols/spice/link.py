"""The link stage: what both sides say before the first message of a channel [spice-migration 1].

One connection carries one channel. The client sends a link message, the server a reply with a key; the client chooses a
mechanism, if both can, and sends its password encrypted with that key; the server answers with a result. All integers
are little-endian, nothing is aligned.
"""

from __future__ import annotations

from wireformat.protocols.spice.codes import ChannelType, LinkCode, Mechanism
from wireformat.schema import (
    Bytes,
    EnumOf,
    If,
    Int8ul,
    Int32ul,
    List,
    Message,
    Nested,
    Record,
    Region,
    RestBytes,
    SizedBytes,
    Text,
    Wire,
    computed,
    const,
    count_of,
    field,
    size_of,
    this,
)

VERSIONS = ("0.5", "0.8.2", "0.12", "0.14")
"""Releases of the protocol that changed what is declared here."""

MAGIC = b"REDQ"
MAJOR = 2
MINOR = 2
HEADER_SIZE = 16
LINK_MESSAGE_SIZE = 18
LINK_REPLY_SIZE = 178
MAX_LINK = 4096
MAX_CAPABILITY_WORDS = 1024
KEY_SIZE = 162
TICKET_SIZE = 128
MAX_PASSWORD = 60
MAX_SASL_DATA = 1 << 20
SIGNATURE = b"\x30\x81\x9f\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x81\x8d\x00"
"""How the DER form of every RSA key of 1024 bits begins."""

CommonWords: Wire[tuple[int, ...]] = List(Int32ul, this.common_count, max=MAX_CAPABILITY_WORDS)
ChannelWords: Wire[tuple[int, ...]] = List(Int32ul, this.channel_count, max=MAX_CAPABILITY_WORDS)


def filler(fixed_size: int) -> Wire[bytes | None]:
    """What stands between the fixed part and the words, where there are words and `offset` leaves room."""
    word_count = this.common_count + this.channel_count
    return If(word_count * (this.offset > fixed_size), SizedBytes(this.offset - fixed_size, max=MAX_LINK))


class LinkMessage(Record, source="spice-migration 1.2"):
    """What the client asks for."""

    connection_id: int = field(Int32ul, "0: a new session; else the session to join, on main a session that migrates")
    channel_type: ChannelType = field(EnumOf(Int8ul, ChannelType), "what the connection shall carry")
    channel_id: int = field(Int8ul, "which channel of that type, from 0")
    common_count: int = computed(Int32ul, count_of("common"), "words of common capabilities")
    channel_count: int = computed(Int32ul, count_of("channel"), "words of the channel's own capabilities")
    offset: int = field(Int32ul, "where the words begin, from the start of this message", default=LINK_MESSAGE_SIZE)
    filler: bytes | None = field(filler(LINK_MESSAGE_SIZE), "bytes that nobody reads", default=None)
    common: tuple[int, ...] = field(CommonWords, "bits of common capabilities, 32 a word", default=())
    channel: tuple[int, ...] = field(ChannelWords, "bits of the channel's capabilities", default=())
    rest: bytes = field(RestBytes(MAX_LINK), "bytes behind the words, which nobody reads", default=b"")


class LinkReply(Record, source="spice-migration 1.3"):
    """What the server answers."""

    error: LinkCode = field(EnumOf(Int32ul, LinkCode), "OK to go on")
    public_key: bytes = field(Bytes(KEY_SIZE), "RSA key of 1024 bits, DER; zero in an error", default=bytes(KEY_SIZE))
    common_count: int = computed(Int32ul, count_of("common"), "words of common capabilities")
    channel_count: int = computed(Int32ul, count_of("channel"), "words of the channel's own capabilities")
    offset: int = field(Int32ul, "where the words begin, from the start of this reply; 0 in an error", default=0)
    filler: bytes | None = field(filler(LINK_REPLY_SIZE), "bytes that nobody reads", default=None)
    common: tuple[int, ...] = field(CommonWords, "bits of common capabilities, 32 a word", default=())
    channel: tuple[int, ...] = field(ChannelWords, "bits of the channel's capabilities", default=())
    rest: bytes = field(RestBytes(MAX_LINK), "bytes behind the words, which nobody reads", default=b"")


class ClientLink(Message, sender="client", channel="link", versions=VERSIONS, source="spice-migration 1.1"):
    """Open a channel."""

    magic: bytes = const(Bytes(4), MAGIC, "`REDQ`")
    major: int = field(Int32ul, "major version; servers compare it", default=MAJOR)
    minor: int = field(Int32ul, "minor version; not compared", default=MINOR)
    size: int = computed(Int32ul, size_of("message"), "bytes that follow")
    message: LinkMessage = field(Region(this.size, Nested(LinkMessage), max=MAX_LINK), "what the client asks for")


class ServerLink(Message, sender="server", channel="link", versions=VERSIONS, source="spice-migration 1.1"):
    """Answer a link message; a second one refuses the mechanism."""

    magic: bytes = const(Bytes(4), MAGIC, "`REDQ`")
    major: int = field(Int32ul, "major version", default=MAJOR)
    minor: int = field(Int32ul, "minor version", default=MINOR)
    size: int = computed(Int32ul, size_of("reply"), "bytes that follow")
    reply: LinkReply = field(Region(this.size, Nested(LinkReply), max=MAX_LINK), "what the server answers")


class MechanismChoice(
    Message, sender="client", channel="link", since="0.8.2", versions=VERSIONS, source="spice-migration 1.4"
):
    """Choose how to prove who one is; only when both sides set AUTH_SELECTION."""

    mechanism: Mechanism = field(EnumOf(Int32ul, Mechanism), "bit number of the common capability of the mechanism")


class Ticket(Message, sender="client", channel="link", versions=VERSIONS, source="spice-migration 1.4"):
    """Carry the password and a zero byte, encrypted with RSA-OAEP for the key in the reply."""

    encrypted: bytes = field(Bytes(TICKET_SIZE), "the ciphertext")

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}(…)"


class LinkResult(Message, sender="server", channel="link", versions=VERSIONS, source="spice-migration 1.4"):
    """Say whether the channel is open."""

    code: LinkCode = field(EnumOf(Int32ul, LinkCode), "OK when it is; messages follow")


class SaslMechanisms(
    Message, sender="server", channel="link", since="0.8.2", versions=VERSIONS, source="spice-migration 1.5"
):
    """List the SASL mechanisms, with commas before, between and after."""

    names: str = field(Text(Int32ul, max=MAX_SASL_DATA, encoding="ascii"), "`,DIGEST-MD5,`")
