"""Headers that count themselves and frames of entries, byte for byte as [handshake D.3, D.4, D.6] print them.

The declarations here are those of the handshake as far as the printed bytes need them: what is tested is that the
vocabulary can say this, and that both codecs mean the printed bytes by it.
"""

from __future__ import annotations

from typing import Any

import pytest

from wireformat.codec import fast, reference
from wireformat.schema import (
    Bytes,
    Int8ub,
    Int16ub,
    Int32ub,
    List,
    Message,
    Nested,
    OneOf,
    Record,
    Region,
    RestText,
    Tagged,
    TaggedMessage,
    Unknown,
    computed,
    const,
    crc32,
    field,
    lift,
    model,
    record_size,
    reserved,
    size_of,
    tag_of,
    this,
    tlv,
    tlvs,
)

FRAMING = model.Tlv(model.Int(2), model.Int(4), critical=0x8000, reserved=model.Int(2))


class ChannelEntries(Tagged, tlv=FRAMING):
    """Which channel."""

    type: str | None = tlv(0x8001, RestText(32), "type", default=None)
    index: int | None = tlv(0x8002, Int16ub, "index", default=None)
    proof: bytes | None = tlv(0x8003, Bytes(16), "proof", default=None)
    epoch: int | None = tlv(0x8005, Int32ub, "epoch", default=None)


class ChannelHeader(Message, sender="either"):
    """The first bytes of a channel."""

    magic: int = const(Int32ub, 0x5145564D, "magic")
    marker: int = const(Int32ub, 0x48530001, "marker")
    kind: int = field(Int8ub, "kind")
    flags: int = field(Int8ub, "flags")
    length: int = computed(Int16ub, record_size(), "bytes of the header")
    crc: int = computed(Int32ub, crc32(at=12), "sum")
    binding: bytes = field(Bytes(16), "binding", default=bytes(16))
    entries: ChannelEntries = field(
        Region(this.length - 32, Nested(ChannelEntries), max=4064), "entries", default=ChannelEntries()
    )


class Hello(TaggedMessage, tlv=FRAMING, code=0x8001, sender="source"):
    """Versions and a nonce."""

    versions: tuple[int, ...] = tlv(0x8001, List(Int16ub, count=None, max=64), "versions")
    nonce: bytes = tlv(0x8002, Bytes(32), "nonce")


class Problem(Tagged, tlv=FRAMING):
    """One error."""

    code: int = tlv(0x8001, Int16ub, "code")
    path: str = tlv(0x8002, RestText(512), "path")
    expected: str | None = tlv(0x0003, RestText(512), "expected", default=None)
    actual: str | None = tlv(0x0004, RestText(512), "actual", default=None)
    text: str | None = tlv(0x0005, RestText(512), "text", default=None)


class Reject(TaggedMessage, tlv=FRAMING, code=0x800B, sender="either"):
    """Errors."""

    errors: tuple[Problem, ...] = tlvs(0x8040, Nested(Problem), "errors", max=64)


class Frame(Message, sender="either"):
    """Any message."""

    type: int = computed(Int16ub, tag_of("payload"), "type")
    flags: None = reserved(Int16ub, "flags", policy="ignore")
    seq: int = field(Int32ub, "number")
    length: int = computed(Int32ub, size_of("payload"), "bytes of the payload")
    crc: int = computed(Int32ub, crc32(at=12), "sum")
    payload: Any = field(
        Region(
            this.length, OneOf(this.type, {0x8001: Nested(Hello), 0x800B: Nested(Reject)}, unknown=Unknown), 1 << 24
        ),
        "entries",
    )


REJECT = Reject(
    errors=(
        Problem(
            code=0x0301,
            path="/capabilities/zero-copy-send",
            expected='"on"',
            actual='"unsupported"',
            text="destination lacks zero-copy-send",
        ),
    )
)

PRINTED: list[tuple[str, Record, str]] = [
    (
        "main from the source",
        ChannelHeader(kind=1, flags=1),
        "5145564d 48530001 01010020 b0618ee8 00000000 00000000 00000000 00000000",
    ),
    (
        "main from the destination",
        ChannelHeader(kind=1, flags=0),
        "5145564d 48530001 01000020 2b12643c 00000000 00000000 00000000 00000000",
    ),
    (
        "data",
        ChannelHeader(
            kind=2,
            flags=1,
            binding=bytes(range(16)),
            entries=ChannelEntries(type="multifd", index=3, proof=b"\xaa" * 16, epoch=0),
        ),
        "5145564d 48530001 0201005d 9155fa89 00010203 04050607 08090a0b 0c0d0e0f"
        "80010000 00000007 6d756c74 69666480 02000000 00000200 03800300 00000000"
        "10aaaaaa aaaaaaaa aaaaaaaa aaaaaaaa aa800500 00000000 04000000 00",
    ),
    (
        "hello",
        Frame(
            seq=0,
            payload=Hello(versions=(1, 2, 0x1A1A), nonce=bytes(range(32)), unknown=(Unknown(0x0A0A, b"\x42"),)),
        ),
        "80010000 00000000 0000003f c1a1ea4e 80010000 00000006 00010002 1a1a8002"
        "00000000 00200001 02030405 06070809 0a0b0c0d 0e0f1011 12131415 16171819"
        "1a1b1c1d 1e1f0a0a 00000000 000142",
    ),
    (
        "reject",
        Frame(seq=0, payload=REJECT),
        "800b0000 00000000 0000007f 15c5a7b8 80400000 00000077 80010000 00000002"
        "03018002 00000000 001c2f63 61706162 696c6974 6965732f 7a65726f 2d636f70"
        "792d7365 6e640003 00000000 0004226f 6e220004 00000000 000d2275 6e737570"
        "706f7274 65642200 05000000 00002064 65737469 6e617469 6f6e206c 61636b73"
        "207a6572 6f2d636f 70792d73 656e64",
    ),
]


@pytest.mark.parametrize(("value", "printed"), [case[1:] for case in PRINTED], ids=[case[0] for case in PRINTED])
def test_both_codecs_mean_the_printed_bytes(value: Record, printed: str) -> None:
    schema, data = lift(type(value)), bytes.fromhex(printed)
    assert reference.encode(schema, value) == data
    assert fast.encoder(schema)(value, {}) == data
    assert reference.decode(schema, data) == (value, len(data))
    assert fast.decoder(schema)(data, 0, len(data), {}) == (value, len(data))
