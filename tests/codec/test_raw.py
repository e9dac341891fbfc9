"""Wrong on purpose: overrides are honoured, and everything else stays right."""

from __future__ import annotations

import zlib

import pytest

from tests.codec.specimens import Sorted
from wireformat.codec import encode, encode_raw
from wireformat.errors import EncodeError, SchemaError
from wireformat.schema import (
    Bytes,
    EnumOf,
    Int8ub,
    Int16ub,
    Int32ub,
    List,
    Nested,
    OpenEnum,
    Pointed,
    Record,
    Region,
    RestBytes,
    RestText,
    SizedBytes,
    Tagged,
    XdrOptional,
    bit_field,
    computed,
    const,
    crc32,
    field,
    model,
    record_size,
    size_of,
    this,
    tlv,
)


class Kind(OpenEnum):
    """A kind."""

    ONE = 1


class Param(Record):
    """A parameter."""

    type: Kind = field(EnumOf(Int8ub, Kind), "type")
    data: bytes = field(SizedBytes(Int8ub, max=3), "data")


class Frame(Record):
    """A frame."""

    magic: int = const(Int8ub, 0x7E, "mark")
    length: int = computed(Int16ub, size_of("body"), "bytes of the body")
    sum: int = computed(Int32ub, crc32(at=3), "over the frame")
    body: bytes = field(SizedBytes(this.length, max=9), "body")
    params: tuple[Param, ...] = field(List(Nested(Param), count=Int8ub, max=2), "parameters")


class Entries(Tagged):
    """Entries."""

    code: int = tlv(1, Int8ub, "code")
    text: str | None = tlv(2, RestText(9), "text", default=None)


class Spaced(Tagged, tlv=model.Tlv(model.Int(1), model.Int(1), reserved=model.Int(2))):
    """Entries with something reserved."""

    code: int = tlv(1, Int8ub, "code")


class Whole(Record):
    """Its size counts everything."""

    size: int = computed(Int16ub, record_size(), "bytes of all this")
    sum: int = computed(Int32ub, crc32(at=2), "over all this")
    mark: bytes = field(Bytes(2), "mark")
    entries: Spaced = field(Region(this.size - 8, Nested(Spaced), max=50), "what is left")


class Word(Record, bits=Int8ub):
    """Bits."""

    low: int = bit_field(0x0F, "low")


class Linked(Record):
    """A pointer."""

    data: bytes = field(Pointed(RestBytes(9)), "data")
    more: int | None = field(XdrOptional(Int8ub), "more", default=None)


FRAME = Frame(body=b"ab", params=(Param(type=Kind.ONE, data=b"x"),))


def summed(hexadecimal: str) -> bytes:
    """A frame with its sum, which stands at byte 3."""
    data = bytes.fromhex(hexadecimal)
    zeroed = data[:3] + bytes(4) + data[3:]
    return data[:3] + zlib.crc32(zeroed).to_bytes(4, "big") + data[3:]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, "7e0002 6162 01010178"),
        ({"length": 9999}, "7e270f 6162 01010178"),
        ({"magic": 1}, "010002 6162 01010178"),
        ({"body": b"abcdefghijkl"}, "7e000c 6162636465666768696a6b6c 01010178"),
        ({"params[0].type": 99}, "7e0002 6162 01630178"),
        ({"params[0]": b"\xff"}, "7e0002 6162 01ff"),
        ({'params["#count"]': 7}, "7e0002 6162 07010178"),
        ({'params[0].data["#size"]': 0}, "7e0002 6162 01010078"),
    ],
)
def test_sums_cover_what_is_written(overrides: dict[str, object], expected: str) -> None:
    assert encode_raw(FRAME, overrides) == summed(expected)


def test_sums_themselves() -> None:
    assert encode_raw(FRAME, {"sum": 5})[3:7] == b"\0\0\0\5"
    assert encode_raw(FRAME, {"sum": b"??"})[3:5] == b"??"
    assert encode_raw(FRAME, {}) == encode(FRAME)


@pytest.mark.parametrize(
    ("value", "overrides", "expected"),
    [
        (Entries(code=1), {'code["#tag"]': 9}, "0009000101"),
        (Entries(code=1), {'code["#size"]': 5}, "0001000501"),
        (Entries(code=1), {"text": b"\xff"}, "0001000101" + "00020001ff"),
        (Word(low=1), {"low": 2}, "02"),
        (Linked(data=b"a"), {'data["#offset"]': 1}, "01000000" + "01000000" + "00000000" + "61"),
        (Linked(data=b"a"), {"data": b"bcd"}, "03000000" + "0c000000" + "00000000" + "626364"),
        (Linked(data=b"a"), {'more["#flag"]': 3}, "01000000" + "0c000000" + "00000003" + "61"),
    ],
)
def test_what_stands_in_front(value: Record, overrides: dict[str, object], expected: str) -> None:
    assert encode_raw(value, overrides).hex() == expected


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, "000d 6d6d 0100000107"),
        ({"size": 5}, "0005 6d6d 0100000107"),
        ({"size": b"\x07"}, "07 6d6d 0100000107"),
        ({"mark": b"long"}, "000f 6c6f6e67 0100000107"),
        ({"entries": b""}, "0008 6d6d"),
        ({'entries.code["#reserved"]': 0xABCD}, "000d 6d6d 01abcd0107"),
        ({'entries.code["#reserved"]': b""}, "000b 6d6d 010107"),
    ],
)
def test_the_size_of_a_record_counts_what_is_written(overrides: dict[str, object], expected: str) -> None:
    data = encode_raw(Whole(mark=b"mm", entries=Spaced(code=7)), overrides)
    before = 1 if overrides.get("size") == b"\x07" else 2
    assert data[:before] + data[before + 4 :] == bytes.fromhex(expected)
    zeroed = data[:2] + bytes(4) + data[6:]
    assert before == 1 or data[2:6] == zlib.crc32(zeroed).to_bytes(4, "big")


def test_entries_may_be_out_of_order() -> None:
    value = Sorted(words=("b", "a", "a"))
    with pytest.raises(EncodeError) as caught:
        encode(value)
    assert (caught.value.id, caught.value.path) == ("order", "words[1]")
    entries = ["000302" + "0162", "000302" + "0161", "000302" + "0161"]
    assert encode_raw(value, {}).hex() == "".join(entries)
    assert encode_raw(value, {"words[1]": b"!"}).hex() == entries[0] + "00030121" + entries[2]


def test_other_schemas() -> None:
    schema = model.Schema("r", {"r": model.Record("r", (model.Field("a b", model.Int(1)),))})
    assert encode_raw({"a b": 1}, {'["a b"]': b"!!"}, schema=schema) == b"!!"


def test_what_cannot_be_written() -> None:
    with pytest.raises(EncodeError) as caught:
        encode_raw(FRAME, {"length": 1 << 16})
    assert (caught.value.id, caught.value.path) == ("range", "length")
    with pytest.raises(SchemaError) as malformed:
        encode_raw(FRAME, {"a..b": 1})
    assert malformed.value.id == "path"
