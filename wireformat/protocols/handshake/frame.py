"""The frame around every message, and the pieces of the striped payload [handshake D.4, D.1]."""

from __future__ import annotations

from wireformat.protocols.handshake import messages
from wireformat.protocols.handshake.messages import MAX_PIECE, REVISIONS
from wireformat.schema import (
    Int16ub,
    Int32ub,
    Int64ub,
    Message,
    Nested,
    OneOf,
    Region,
    SizedBytes,
    TaggedMessage,
    Unknown,
    computed,
    crc32,
    field,
    reserved,
    size_of,
    tag_of,
    this,
)

MAX_FRAME = 16 << 20
FRAME_HEADER = 16

FRAMED: tuple[type[TaggedMessage], ...] = (
    messages.Hello,
    messages.HelloReply,
    messages.Inventory,
    messages.InventoryReply,
    messages.Commit,
    messages.CommitAck,
    messages.ChannelsReady,
    messages.Start,
    messages.Resume,
    messages.ResumeReply,
    messages.Reject,
    messages.Abort,
    messages.Progress,
    messages.ChannelAck,
    messages.Handover,
    messages.Loaded,
    messages.Grant,
    messages.Running,
    messages.PayloadBlock,
    messages.PayloadEnd,
    messages.Manifest,
    messages.ManifestEnd,
)
"""Every message that travels in a frame."""


class Frame(Message, sender="either", source="handshake D.4", versions=REVISIONS):
    """Carry one message."""

    type: int = computed(Int16ub, tag_of("message"), "number of the message; the top bit forbids to skip it")
    flags: None = reserved(Int16ub, "none in revisions 1 and 2", policy="ignore")
    sequence: int = field(Int32ub, "0 for the first frame of a direction, then one more each")
    size: int = computed(Int32ub, size_of("message"), "bytes of the message")
    crc: int = computed(Int32ub, crc32(at=12), "CRC-32 of the frame with this field zero")
    message: TaggedMessage | Unknown = field(
        Region(
            this.size,
            OneOf(this.type, {cls._about.code or 0: Nested(cls) for cls in FRAMED}, unknown=Unknown),
            MAX_FRAME,
        ),
        "entries of the message",
    )


class Piece(Message, sender="source", channel="data", source="handshake D.1", versions=REVISIONS):
    """Carry a piece of the payload `v1-striped`; one without bytes, at the stream's end, is the last of a channel."""

    offset: int = field(Int64ub, "offset of the bytes in the stream")
    size: int = computed(Int32ub, size_of("data"), "bytes")
    data: bytes = field(SizedBytes(this.size, max=MAX_PIECE), "the bytes")
