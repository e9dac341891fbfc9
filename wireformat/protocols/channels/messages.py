"""The first bytes of every channel, in each direction [handshake D.3].

The first 32 bytes never change in any revision: a listener can route a connection before it understands more. What
follows are entries, which say which channel of the plan this is and prove that it belongs to the migration.
"""

from __future__ import annotations

from wireformat.protocols.channels.framing import FRAMING, REVISIONS, Label, RestToken
from wireformat.schema import (
    Bytes,
    EnumOf,
    FlagsOf,
    Int8ub,
    Int16ub,
    Int32ub,
    Message,
    Nested,
    OpenEnum,
    OpenFlags,
    Region,
    Tagged,
    computed,
    const,
    crc32,
    field,
    record_size,
    this,
    tlv,
)

MAGIC = 0x5145564D
"""`QEVM`: a reader of the VM-state stream takes the channel for a stream and fails over the next word, its version."""

MARKER = 0x48530001
"""`HS`, layout 1: no version that a VM-state stream ever had."""

FIXED_SIZE = 32
MAX_HEADER = 4096
NO_BINDING = bytes(16)


class ChannelKind(OpenEnum):
    """What a connection is for [handshake D.3]. 0 and 255 are invalid."""

    MAIN = 1
    DATA = 2
    FILE = 3
    RESUME = 4


class HeaderFlags(OpenFlags):
    """Bits of the header; others are sent as zero and ignored."""

    FROM_SOURCE = 1


class HeaderEntries(Tagged, tlv=FRAMING, source="handshake D.3", versions=REVISIONS):
    """Which channel this is. `channel_type` and `index` make up its name, `multifd/3`."""

    channel_type: str | None = tlv(0x8001, RestToken, "registered type of the channel", default=None)
    index: int | None = tlv(0x8002, Int16ub, "number of the channel among those of its type, from 0", default=None)
    proof: bytes | None = tlv(
        0x8003, Bytes(16), "the first half of an HMAC over the name, keyed with the secret of HELLO_REPLY", default=None
    )
    label: str = tlv(0x0004, Label, "text for people", default="")
    epoch: int | None = tlv(0x8005, Int32ub, "0, and one more after each resume", default=None)
    target: str | None = tlv(
        0x8006, RestToken, "what the channel carries, where an index does not say: the disk", default=None, since="2"
    )


class ChannelHeader(Message, sender="either", source="handshake D.3", versions=REVISIONS):
    """Open a channel, or answer on it."""

    magic: int = const(Int32ub, MAGIC, "`QEVM`")
    marker: int = const(Int32ub, MARKER, "`HS` and layout 1")
    kind: ChannelKind = field(EnumOf(Int8ub, ChannelKind), "what the connection is for")
    flags: HeaderFlags = field(FlagsOf(Int8ub, HeaderFlags), "who sends")
    header_size: int = computed(Int16ub, record_size(), "bytes of the header, entries included")
    crc: int = computed(Int32ub, crc32(at=12), "CRC-32 of the header with this field zero")
    binding: bytes = field(Bytes(16), "the migration that the channel belongs to; zero in MAIN and FILE")
    entries: HeaderEntries = field(
        Region(this.header_size - FIXED_SIZE, Nested(HeaderEntries), max=MAX_HEADER - FIXED_SIZE),
        "which channel this is; empty in MAIN and FILE",
        default=HeaderEntries(),
    )
