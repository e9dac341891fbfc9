"""The messages behind START: the payload in frames, and the hand-over of the guest [handshake D.1, D.14].

Blocks carry the stream where `v1-framed` was agreed; every other payload needs no message of its own. Then source and
destination say in turns: all was sent; it is loaded; only the destination may run the guest; it does.
"""

from __future__ import annotations

from wireformat.protocols.channels.framing import FRAMING, REVISIONS
from wireformat.protocols.handshake.messages import DIGEST_SIZE, HandshakeMessage
from wireformat.schema import Bytes, Int64ub, RestBytes, TaggedMessage, tlv

MAX_PIECE = 1 << 20


class Handover(HandshakeMessage, code=0x8010, sender="source", channel="main", source="handshake D.14"):
    """Say that the source is paused and its state complete."""

    size: int = tlv(0x8001, Int64ub, "bytes of the payload")
    digest: bytes = tlv(0x8002, Bytes(DIGEST_SIZE), "SHA-256 of the payload")


class Loaded(HandshakeMessage, code=0x8011, sender="destination", channel="main", source="handshake D.14"):
    """Say that the state is loaded and does not run."""


class Grant(HandshakeMessage, code=0x8012, sender="source", channel="main", source="handshake D.14"):
    """Give up the right to resume: from here on only the destination may run the guest."""


class Running(HandshakeMessage, code=0x8013, sender="destination", channel="main", source="handshake D.14"):
    """Say that the guest runs at the destination."""


class PayloadBlock(
    TaggedMessage,
    tlv=FRAMING,
    code=0x8020,
    sender="source",
    channel="main",
    source="handshake D.1",
    versions=REVISIONS,
    since="2",
):
    """Carry a piece of the payload `v1-framed`."""

    data: bytes = tlv(0x8001, RestBytes(MAX_PIECE), "bytes of the stream, following those before")


class PayloadEnd(
    TaggedMessage,
    tlv=FRAMING,
    code=0x8021,
    sender="source",
    channel="main",
    source="handshake D.1",
    versions=REVISIONS,
    since="2",
):
    """End the payload `v1-framed`: without it the stream was cut."""

    size: int = tlv(0x8001, Int64ub, "bytes of the stream")
    digest: bytes = tlv(0x8002, Bytes(DIGEST_SIZE), "SHA-256 of the stream")
