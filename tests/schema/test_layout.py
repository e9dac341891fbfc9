"""The meaning of every node: values, bytes, and what is refused where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.codec.specimens import BodyKind, Early, Late, Letter, Steady, Telegram
from wireformat.codec import decode, encode, reference
from wireformat.errors import DecodeError, EncodeError, SchemaError, WireError
from wireformat.limits import MAX_BUFFERED
from wireformat.schema import (
    Announced,
    Bytes,
    Chain,
    EnumOf,
    FlagsOf,
    Float32b,
    Float64l,
    If,
    Int8sb,
    Int8ub,
    Int16sl,
    Int16ub,
    Int16ul,
    Int24ul,
    Int32ub,
    Int64ub,
    List,
    Nested,
    OneOf,
    OpenEnum,
    OpenFlags,
    PaddedText,
    Pointed,
    Record,
    Region,
    Reserved,
    RestBytes,
    RestText,
    SizedBytes,
    String8,
    Tagged,
    Text,
    Unknown,
    Wire,
    XdrArray,
    XdrOpaque,
    XdrOptional,
    XdrString,
    bit_field,
    computed,
    const,
    crc32,
    field,
    lift,
    model,
    record_size,
    reserved,
    size_of,
    this,
    tlv,
    tlvs,
)
from wireformat.schema.layout import construct_of
from wireformat.schema.record import RecordType


class Kind(OpenEnum):
    """A kind."""

    ONE = 1


class Flag(OpenFlags):
    """Flags."""

    A = 1
    C = 4


class Pair(Record):
    """Two bytes."""

    a: int = field(Int8ub, "first")
    b: int = field(Int8ub, "second")


class Other(Record):
    """One byte."""

    c: int = field(Int8ub, "only")


def schema_of(wire: Wire[Any], **before: Wire[Any]) -> model.Schema:
    """A record of a field `v`, with fields before it, whose values are dicts."""
    fields = {name: field(of, name) for name, of in {**before, "v": wire}.items()}
    lifted = lift(RecordType("Holder", (Record,), fields))
    return model.Schema("Holder", {**lifted.records, "Holder": replace(lifted.record, cls=None)})


def error_of(wire: Wire[Any], data: str, **before: Wire[Any]) -> tuple[str, str, int | None]:
    """Id, path and offset of the error that bytes give."""
    with pytest.raises(DecodeError) as caught:
        reference.decode(schema_of(wire, **before), bytes.fromhex(data))
    return caught.value.id, caught.value.path, caught.value.offset


@pytest.mark.parametrize(
    ("wire", "value", "data"),
    [
        (Int8sb, -2, "fe"),
        (Int16ul, 0x1234, "3412"),
        (Int24ul, 0x123456, "563412"),
        (Float32b, 1.5, "3fc00000"),
        (Float64l, -2.0, "00000000000000c0"),
        (EnumOf(Int8ub, Kind), Kind.ONE, "01"),
        (EnumOf(Int8ub, Kind), Kind(9), "09"),
        (FlagsOf(Int8ub, Flag), Flag.A | Flag.C, "05"),
        (Bytes(3), b"abc", "616263"),
        (SizedBytes(Int16ub, max=9), b"abc", "0003616263"),
        (RestBytes(9), b"abc", "616263"),
        (String8, "hé", "0368c3a9"),
        (PaddedText(4), "ab", "61620000"),
        (PaddedText(2), "ab", "6162"),
        (Text(Int8ub, max=9, nul="end"), "ab", "03616200"),
        (Text(Int8ub, max=9, encoding="utf-16-be"), "ab", "0400610062"),
        (XdrOpaque(9), b"abcde", "000000056162636465000000"),
        (XdrString(9), "abcd", "0000000461626364"),
        (XdrArray(Int8ub, 9), (1, 2), "000000020102"),
        (List(Int16ub, count=2), (1, 2), "00010002"),
        (List(Nested(Pair), count=None), (Pair(a=1, b=2), Pair(a=3, b=4)), "01020304"),
        (Chain(Int8ub, b"\1", b"\0", max=3), (7, 8), "0107010800"),
        (Region(Int8ub, Nested(Pair), max=9), Pair(a=1, b=2), "020102"),
        (XdrOptional(Int8ub), None, "00000000"),
        (XdrOptional(Int8ub), 5, "0000000105"),
        (Announced(b"mk", Int8ub), 5, "6d6b05"),
        (Announced(b"mk", Int8ub), None, ""),
        (Nested(Pair), Pair(a=1, b=2), "0102"),
    ],
)
def test_values_and_bytes(wire: Wire[Any], value: object, data: str) -> None:
    schema = schema_of(wire)
    assert reference.encode(schema, {"v": value}).hex() == data
    decoded, end = reference.decode(schema, bytes.fromhex(data))
    assert decoded == {"v": value}
    assert end == len(data) // 2


@pytest.mark.parametrize(
    ("wire", "data", "expected"),
    [
        (Int16ub, "01", ("truncated", "v", 0)),
        (SizedBytes(Int8ub, max=9), "0361", ("truncated", "v", 1)),
        (SizedBytes(Int8ub, max=2), "03616263", ("limit", "v", 0)),
        (SizedBytes(Int8sb, max=2), "ff", ("limit", "v", 0)),
        (RestBytes(2), "616263", ("limit", "v", 0)),
        (EnumOf(Int8ub, Kind, open=False), "02", ("member", "v", 0)),
        (FlagsOf(Int8ub, Flag, open=False), "03", ("member", "v", 0)),
        (String8, "0361c328", ("text", "v", 2)),
        (Text(Int8ub, max=9, nul="forbid"), "03610062", ("text", "v", 2)),
        (Text(Int8ub, max=9, nul="end"), "026162", ("text", "v", 3)),
        (Text(Int8ub, max=9, nul="end"), "0461006200", ("text", "v", 2)),
        (PaddedText(4), "61006200", ("padding", "v", 1)),
        (XdrOpaque(9), "0000000161000001", ("padding", "v", 5)),
        (XdrArray(Int8ub, 1), "000000020102", ("limit", "v", 0)),
        (List(Nested(Pair), count=2), "010203", ("truncated", "v[1].b", 3)),
        (List(Int16ub, count=None), "000102", ("truncated", "v[1]", 2)),
        (List(Int8ub, count=None, max=2), "010203", ("limit", "v", 2)),
        (List(Reserved(Bytes(0)), count=None), "01", ("trailing", "v", 0)),
        (Chain(Int8ub, b"\1", b"\0", max=3), "010703", ("constant", "v[1]", 2)),
        (Chain(Int8ub, b"\1", b"\0", max=1), "0107010700", ("limit", "v", 3)),
        (Region(Int8ub, Nested(Pair), max=9), "03010203", ("trailing", "v", 3)),
        (Region(Int8ub, Nested(Pair), max=9), "0101", ("overrun", "v.b", 2)),
        (Region(Int8ub, Nested(Pair), max=9), "0201", ("truncated", "v", 1)),
        (Region(Int8ub, Nested(Pair), max=1), "020102", ("limit", "v", 0)),
        (Region(Int8ub, Region(Int8ub, RestBytes(9), max=9), max=9), "0205", ("truncated", "v", 1)),
        (Region(Int8ub, Region(Int8ub, RestBytes(9), max=9), max=9), "020501", ("overrun", "v", 2)),
        (XdrOptional(Int8ub), "00000002", ("constant", "v", 0)),
        (Announced(b"mk", Int8ub), "6d", ("truncated", "v", 0)),
        (Reserved(Int16ub), "0001", ("reserved", "v", 0)),
        (Reserved(Bytes(2)), "0001", ("reserved", "v", 0)),
    ],
)
def test_refused_bytes(wire: Wire[Any], data: str, expected: tuple[str, str, int]) -> None:
    assert error_of(wire, data) == expected


@pytest.mark.parametrize(
    ("wire", "value", "id"),
    [
        (Int8ub, True, "type"),
        (Int8ub, "1", "type"),
        (Int8ub, 1.0, "type"),
        (Int8ub, 256, "range"),
        (Int8ub, -1, "range"),
        (Float32b, True, "type"),
        (Float32b, 1e300, "range"),
        (EnumOf(Int8ub, Kind, open=False), 2, "member"),
        (FlagsOf(Int8ub, Flag, open=False), 2, "member"),
        (FlagsOf(Int8ub, Flag), 256, "range"),
        (Bytes(3), b"ab", "mismatch"),
        (Bytes(2), bytearray(b"ab"), "type"),
        (Bytes(2), memoryview(b"ab"), "type"),
        (Bytes(2), "ab", "type"),
        (SizedBytes(Int8ub, max=2), b"abc", "limit"),
        (RestBytes(2), b"abc", "limit"),
        (String8, b"ab", "type"),
        (String8, "\ud800", "text"),
        (PaddedText(2), "abc", "limit"),
        (PaddedText(4), "a\0b", "text"),
        (XdrString(9), "a\0b", "text"),
        (Text(Int8ub, max=2, nul="end"), "ab", "limit"),
        (List(Int8ub, count=2), (1,), "mismatch"),
        (List(Int8ub, count=Int8ub, max=1), (1, 2), "limit"),
        (List(Int8ub, count=None), "ab", "type"),
        (Chain(Int8ub, b"\1", b"\0", max=1), (1, 2), "limit"),
        (Chain(Int8ub, b"\1", b"\0", max=1), None, "type"),
        (Region(Int8ub, RestBytes(99), max=2), b"abc", "limit"),
        (Nested(Pair), Other(c=1), "type"),
        (Nested(Pair), {"a": 1, "b": 2}, "type"),
        (Nested(Pair), None, "type"),
    ],
)
def test_refused_values(wire: Wire[Any], value: object, id: str) -> None:
    with pytest.raises(EncodeError) as caught:
        reference.encode(schema_of(wire), {"v": value})
    assert (caught.value.id, caught.value.path) == (id, "v")


def test_reserved_bytes_may_be_ignored() -> None:
    schema = schema_of(Int8ub, spare=Reserved(Bytes(2), "ignore"))
    assert reference.decode(schema, b"\1\2\3") == ({"v": 3}, 3)
    assert reference.encode(schema, {"v": 3}) == b"\0\0\3"


def test_expressions_give_sizes_and_counts() -> None:
    schema = schema_of(List(Bytes(this.size), count=this.count, max=5), size=Int8ub, count=Int8ub)
    value = {"size": 2, "count": 2, "v": (b"ab", b"cd")}
    assert reference.encode(schema, value) == b"\2\2abcd"
    assert reference.decode(schema, b"\2\2abcd") == (value, 6)
    with pytest.raises(EncodeError) as caught:
        reference.encode(schema, {**value, "count": 3})
    assert (caught.value.id, caught.value.expected, caught.value.actual) == ("mismatch", 3, 2)


def test_conditions() -> None:
    schema = schema_of(If(this.flags & 2 != 0, Int8ub), flags=Int8ub)
    assert reference.decode(schema, b"\2\7") == ({"flags": 2, "v": 7}, 2)
    assert reference.decode(schema, b"\1\7") == ({"flags": 1, "v": None}, 1)
    for value in ({"flags": 1, "v": 7}, {"flags": 2, "v": None}):
        with pytest.raises(EncodeError) as caught:
            reference.encode(schema, value)
        assert caught.value.id == ("mismatch" if value["v"] else "type")


def test_parameters() -> None:
    schema = schema_of(Bytes(this._params.page_size, max=4))
    assert reference.decode(schema, b"abcd", params={"page_size": 2}) == ({"v": b"ab"}, 2)
    assert reference.encode(schema, {"v": b"ab"}, params={"page_size": 2}) == b"ab"
    cases: list[tuple[Mapping[str, Any], str]] = [
        ({}, "expression"),
        ({"page_size": 5}, "limit"),
        ({"page_size": "2"}, "expression"),
    ]
    for params, id in cases:
        with pytest.raises(DecodeError) as caught:
            reference.decode(schema, b"abcd", params=params)
        assert caught.value.id == id
    with pytest.raises(EncodeError) as refused:
        reference.encode(schema, {"v": b"ab"})
    assert refused.value.id == "expression"


@pytest.mark.parametrize("wire", [Text(this.size, max=4, nul="pad"), Reserved(Bytes(this.size, max=4))])
def test_nothing_enormous_is_filled_up(wire: Wire[Any]) -> None:
    schema = schema_of(wire, size=Int64ub)
    is_text = isinstance(schema.record.fields[1].of, model.Data)
    value: dict[str, Any] = {"size": 1 << 60, "v": ""} if is_text else {"size": 1 << 60}
    with pytest.raises(EncodeError) as caught:
        reference.encode(schema, value)
    assert (caught.value.id, caught.value.path) == ("limit", "v")


CHOICE = Region(Int8ub, OneOf(this.kind, {1: Nested(Pair), 2: Nested(Other)}, unknown=Unknown), max=9)


def test_unions() -> None:
    schema = schema_of(CHOICE, kind=Int8ub)
    for data, value in [
        ("01020304", {"kind": 1, "v": Pair(a=3, b=4)}),
        ("020107", {"kind": 2, "v": Other(c=7)}),
        ("0902ffff", {"kind": 9, "v": Unknown(9, b"\xff\xff")}),
    ]:
        assert reference.decode(schema, bytes.fromhex(data)) == (value, len(data) // 2)
        assert reference.encode(schema, value).hex() == data
    assert error_of(OneOf(this.kind, {1: Int8ub}), "0203", kind=Int8ub) == ("tag", "v", 1)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(1, Other(c=1)), (1, Unknown(1, b"")), (9, Unknown(8, b"")), (9, Other(c=1)), (9, None)],
)
def test_a_union_refuses_values_of_another_arm(kind: int, value: object) -> None:
    with pytest.raises(EncodeError) as caught:
        reference.encode(schema_of(CHOICE, kind=Int8ub), {"kind": kind, "v": value})
    assert (caught.value.id, caught.value.path) == ("tag", "v")


class Frame(Record, source="frames 2"):
    """Sizes and sums."""

    magic: int = const(Int8ub, 0x7E, "mark")
    size: int = computed(Int8ub, size_of("body"), "bytes of the body")
    sum: int = computed(Int32ub, crc32(at=2), "over everything")
    body: bytes = field(SizedBytes(this.size, max=9), "what is carried")


def test_computed_numbers_and_sums() -> None:
    schema = lift(Frame)
    data = reference.encode(schema, Frame(body=b"abc"))
    assert data.hex() == "7e039a8293da616263"
    assert reference.decode(schema, data) == (Frame(body=b"abc"), 9)


@pytest.mark.parametrize(
    ("position", "byte", "id", "path", "offset"),
    [(0, 0x7D, "constant", "magic", 0), (1, 9, "truncated", "body", 6), (4, 0, "checksum", "sum", 2)],
)
def test_disagreement_is_found(position: int, byte: int, id: str, path: str, offset: int) -> None:
    data = bytearray.fromhex("7e039a8293da616263")
    data[position] = byte
    with pytest.raises(DecodeError) as caught:
        reference.decode(lift(Frame), bytes(data))
    assert (caught.value.id, caught.value.path, caught.value.offset) == (id, path, offset)
    assert caught.value.source == "frames 2"


class Counted(Record):
    """A size apart from its data."""

    size: int = computed(Int8ub, size_of("body"), "bytes of the body")
    body: Pair = field(Nested(Pair), "what is carried")


def test_a_wrong_size_is_a_mismatch() -> None:
    with pytest.raises(DecodeError) as caught:
        reference.decode(lift(Counted), b"\3ab")
    assert (caught.value.id, caught.value.path, caught.value.offset) == ("mismatch", "size", 0)
    assert (caught.value.expected, caught.value.actual) == (2, 3)


class Sized(Record):
    """A size that counts the whole record."""

    size: int = computed(Int16ub, record_size(), "bytes of all this")
    name: str = field(String8, "behind its own size", default="")
    rest: bytes = field(Bytes(this.size - 4), "what is left", default=b"?")


def test_the_size_of_a_whole_record() -> None:
    schema = lift(Sized)
    value = Sized(name="x", rest=b"abc")
    data = reference.encode(schema, value)
    assert data.hex() == "0007" + "0178" + "616263"
    assert reference.decode(schema, data + b"?") == (value, 7)
    assert value.size == 7


@pytest.mark.parametrize(
    ("data", "id", "path", "offset", "expected", "actual"),
    [
        ("0003" + "00", "limit", "rest", 3, MAX_BUFFERED, -1),
        ("ffff" + "00", "truncated", "rest", 3, 0xFFFB, 0),
        ("0006" + "00" + "6161", "mismatch", "size", 0, 5, 6),
    ],
)
def test_sizes_of_records_that_are_wrong(
    data: str, id: str, path: str, offset: int, expected: int, actual: int
) -> None:
    with pytest.raises(DecodeError) as caught:
        reference.decode(lift(Sized), bytes.fromhex(data))
    error = caught.value
    assert (error.id, error.path, error.offset) == (id, path, offset)
    assert (error.expected, error.actual) == (expected, actual)


class Circular(Record):
    """A size that decides about what it counts."""

    size: int = computed(Int8ub, record_size(), "bytes of all this")
    more: int | None = field(If(this.size > 1, Int8ub), "perhaps")


def test_what_reads_the_size_of_a_record_must_agree_with_it() -> None:
    with pytest.raises(EncodeError, match="size 1 instead of 0") as caught:
        reference.encode(lift(Sized), Sized(name=""))
    assert (caught.value.id, caught.value.path) == ("mismatch", "rest")
    with pytest.raises(EncodeError) as conditional:
        reference.encode(lift(Circular), Circular(more=1))
    assert (conditional.value.id, conditional.value.path) == ("expression", "more")


class Linked(Record):
    """Data behind the fixed part."""

    port: int = field(Int16ul, "port")
    host: str | None = field(Pointed(Text(max=9, nul="end")), "name")
    cert: bytes | None = field(Pointed(RestBytes(9)), "certificate", default=None)


def test_pointers() -> None:
    schema = lift(Linked)
    value = Linked(port=1, host="ab", cert=b"xyz")
    data = reference.encode(schema, value)
    assert data.hex() == "0100" + "0300000012000000" + "0300000015000000" + "616200" + "78797a"
    assert reference.decode(schema, data) == (value, len(data))
    assert reference.decode(schema, b"?" + data, offset=1)[0] == value
    bare = Linked(port=1, host=None)
    assert reference.decode(schema, reference.encode(schema, bare))[0] == bare


@pytest.mark.parametrize(
    ("pointer", "id"),
    [
        ("0300000013000000", "pointer"),
        ("0400000012000000", "pointer"),
        ("ff00000012000000", "limit"),
        ("0200000012000000", "text"),
    ],
)
def test_pointers_that_lead_nowhere(pointer: str, id: str) -> None:
    data = bytes.fromhex("0100" + pointer + "00" * 8 + "616200")
    with pytest.raises(DecodeError) as caught:
        reference.decode(lift(Linked), data)
    assert (caught.value.id, caught.value.path) == (id, "host")


class Entries(Tagged, tlv=model.Tlv(model.Int(2), model.Int(1), critical=0x8000, max=20)):
    """Entries."""

    code: int = tlv(0x8001, Int8ub, "critical and mandatory")
    text: str | None = tlv(0x0004, RestText(9), "optional", default=None)
    pairs: tuple[Pair, ...] = tlvs(0x0005, Nested(Pair), "many", max=2, default=())


def test_entries() -> None:
    schema = lift(Entries)
    value = Entries(
        code=7, text="t", pairs=(Pair(a=1, b=2), Pair(a=3, b=4)), unknown=(Unknown(3, b"?"), Unknown(9, b""))
    )
    data = reference.encode(schema, value)
    assert data.hex() == "80010107" + "0003013f" + "00040174" + "0005020102" + "0005020304" + "000900"
    assert reference.decode(schema, data) == (value, len(data))
    assert reference.decode(schema, bytes.fromhex("80010107")) == (Entries(code=7), 4)


@pytest.mark.parametrize(
    ("data", "id", "path", "offset"),
    [
        ("00040174", "missing", "code", 4),
        ("0004017480010107", "order", "code", 4),
        ("8001010780010107", "duplicate", "code", 4),
        ("00010107", "tag", "code", 0),
        ("80010107800700", "tag", "unknown[0]", 4),
        ("800102070000", "trailing", "code", 4),
        ("80010107000505", "truncated", "pairs[0]", 7),
        ("8001010700050105", "overrun", "pairs[0].b", 8),
        ("80010107000502010200050201020005020102", "limit", "pairs[2]", 14),
        ("80010107000415", "limit", "text", 6),
    ],
)
def test_refused_entries(data: str, id: str, path: str, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        reference.decode(lift(Entries), bytes.fromhex(data))
    assert (caught.value.id, caught.value.path, caught.value.offset) == (id, path, offset)


@pytest.mark.parametrize(
    ("change", "id"),
    [
        ({"unknown": (Unknown(4, b""),)}, "tag"),
        ({"unknown": (Unknown(0x8007, b""),)}, "tag"),
        ({"unknown": (Unknown(7, bytearray()),)}, "type"),
        ({"unknown": None}, "type"),
        ({"pairs": (Pair(a=1, b=1),) * 3}, "limit"),
    ],
)
def test_entries_that_cannot_be_written(change: dict[str, Any], id: str) -> None:
    with pytest.raises(EncodeError) as caught:
        reference.encode(lift(Entries), Entries(**{"code": 1, **change}))
    assert caught.value.id == id


class Ascending(Tagged, tlv=model.Tlv(model.Int(2), model.Int(1), critical=0x8000, max=20, ascending=True)):
    """Entries in the order of their bytes."""

    numbers: tuple[int, ...] = tlvs(1, Int16sl, "of fixed size", default=())
    names: tuple[str, ...] = tlvs(2, RestText(18), "perhaps empty", default=())
    level: int = tlv(3, Int8ub, "once", default=0)


@pytest.mark.parametrize(
    ("value", "data", "id", "path", "offset"),
    [
        (Ascending(numbers=(1, -1, 2)), "0001020100 000102ffff 0001020200", "order", "numbers[2]", 10),
        (Ascending(names=("b", "")), "00020162 000200", "order", "names[1]", 4),
        (Ascending(names=("a", "aa", "a")), "00020161 0002026161 00020161", "order", "names[2]", 9),
        (Ascending(names=("", "", "b")), "000200 000200 00020162", "duplicate", "names[1]", 3),
        (Ascending(numbers=(5, 5)), "0001020500 0001020500", "duplicate", "numbers[1]", 5),
    ],
)
def test_values_out_of_order(value: Ascending, data: str, id: str, path: str, offset: int) -> None:
    with pytest.raises(EncodeError) as unwritten:
        encode(value)
    assert (unwritten.value.id, unwritten.value.path) == (id, path)
    with pytest.raises(DecodeError) as unread:
        decode(Ascending, bytes.fromhex(data))
    assert (unread.value.id, unread.value.path, unread.value.offset) == (id, path, offset)


def test_values_in_order_and_unknown_entries_in_any() -> None:
    value = Ascending(numbers=(1, 2, -1), names=("", "a", "aa", "b"), unknown=(Unknown(9, b"b"), Unknown(9, b"a")))
    data = "0001020100 0001020200 000102ffff 000200 00020161 0002026161 00020162 00090162 00090161"
    assert encode(value) == bytes.fromhex(data)
    assert decode(Ascending, bytes.fromhex(data)) == value


def test_the_bytes_of_values_out_of_order_are_named_in_part() -> None:
    with pytest.raises(EncodeError) as caught:
        encode(Ascending(names=("b" * 18, "a")))
    assert caught.value.detail == f"value 61 behind {'62' * 16}…"


class Spaced(Tagged, tlv=model.Tlv(model.Int(2), model.Int(4), critical=0x8000, reserved=model.Int(3))):
    """Entries with three bytes between tag and size."""

    code: int = tlv(0x8001, Int8ub, "mandatory")


def test_what_is_reserved_in_entries_is_zero_and_not_looked_at() -> None:
    schema = lift(Spaced)
    value = Spaced(code=7, unknown=(Unknown(2, b"?"),))
    data = reference.encode(schema, value)
    assert data.hex() == "8001" + "000000" + "0000000107" + "0002" + "000000" + "000000013f"
    used = data.replace(b"\0\0\0\0\0\0\1\7", b"abc\0\0\0\1\7")
    assert reference.decode(schema, used) == (value, len(data))
    with pytest.raises(DecodeError) as caught:
        reference.decode(schema, data[:4])
    assert (caught.value.id, caught.value.path, caught.value.offset) == ("truncated", "code", 2)


class Word(Record, bits=Int16ub):
    """Parts of a number."""

    flags: Flag = bit_field(this._params.page_size - 1, "low bits", of=FlagsOf(Int16ub, Flag, open=False))
    page: int = bit_field(0x0FF0, "page", shift=4)


def test_bits() -> None:
    schema, params = lift(Word), {"page_size": 16}
    assert reference.decode(schema, b"\x0a\xb5", params=params) == (Word(flags=Flag.A | Flag.C, page=0xAB), 2)
    assert reference.encode(schema, Word(flags=Flag.A, page=0xAB), params=params) == b"\x0a\xb1"
    for data, id, path in [(b"\x10\x01", "reserved", ""), (b"\x00\x02", "member", "flags")]:
        with pytest.raises(DecodeError) as caught:
            reference.decode(schema, data, params=params)
        assert (caught.value.id, caught.value.path) == (id, path)
    for value, refusal in [(Word(flags=Flag.A, page=0x1AB), "range"), (Word(flags=Flag(2), page=0), "member")]:
        with pytest.raises(EncodeError) as refused:
            reference.encode(schema, value, params=params)
        assert refused.value.id == refusal


class Growing(Record, versions=("1", "2", "10")):
    """Fields come and go."""

    a: int = field(Int8ub, "always")
    b: int | None = field(Int8ub, "later", since="2", default=None)
    c: int = field(Int8ub, "until then", until="2", default=3)
    spare: None = reserved(Int8ub, "since the tenth", since="10")


@pytest.mark.parametrize(
    ("version", "value", "data"),
    [
        ("1", Growing(a=1, c=4), "0104"),
        ("2", Growing(a=1, b=2, c=4), "010204"),
        ("10", Growing(a=1, b=2), "010200"),
        (None, Growing(a=1, b=2), "010200"),
    ],
)
def test_versions(version: str | None, value: Growing, data: str) -> None:
    schema = lift(Growing)
    assert reference.encode(schema, value, version).hex() == data
    assert reference.decode(schema, bytes.fromhex(data), version=version)[0] == value


def test_fields_that_a_version_lacks() -> None:
    with pytest.raises(EncodeError, match="only from version 2 on") as caught:
        reference.encode(lift(Growing), Growing(a=1, b=2), "1")
    assert (caught.value.id, caught.value.path) == ("version", "b")
    with pytest.raises(SchemaError) as unknown:
        construct_of(lift(Growing), "3")
    assert unknown.value.id == "version"


class Chained(Record):
    """A record that may hold another."""

    next: Chained | None = field(XdrOptional(Nested(lambda: Chained)), "the next one", default=None)


def nested(depth: int) -> Chained:
    """So many records in one another."""
    value = Chained()
    for _ in range(depth - 1):
        value = Chained(next=value)
    return value


@pytest.mark.parametrize(
    ("version", "known", "unknown"),
    [("1", {1, 3}, {2}), ("2", {1, 2, 3}, set()), ("10", {2, 3}, {1}), (None, {2, 3}, {1})],
)
def test_arms_that_a_version_lacks(version: str | None, known: set[int], unknown: set[int]) -> None:
    bodies = {1: Early(seq=5), 2: Late(seq=5), 3: Steady(seq=5)}
    for kind, body in bodies.items():
        data = bytes([kind, 1, 5]) if kind == 1 else bytes([kind, 2, 0, 5])
        kept = body if kind in known else Unknown(kind, data[2:])
        assert decode(Letter, data, version) == Letter(body=kept)
        assert encode(Letter(body=kept), version) == data
        stranger = Unknown(kind, data[2:]) if kind in known else body
        with pytest.raises(EncodeError) as caught:
            encode(Letter(body=stranger), version)
        assert (caught.value.id, caught.value.path) == ("tag", "kind")
    for kind in unknown:
        with pytest.raises(DecodeError) as refused:
            decode(Telegram, bytes([kind, 0, 5]), version)
        assert (refused.value.id, refused.value.path, refused.value.offset) == ("tag", "body", 1)
        with pytest.raises(EncodeError) as unwritten:
            encode(Telegram(kind=BodyKind(kind), body=bodies[kind]), version)
        assert (unwritten.value.id, unwritten.value.path) == ("tag", "body")


@pytest.mark.parametrize(("message", "version"), [(Late(seq=1), "1"), (Early(seq=1), "10")])
def test_a_version_without_a_message_cannot_code_it(message: Early | Late, version: str) -> None:
    with pytest.raises(SchemaError) as caught:
        encode(message, version)
    assert (caught.value.id, caught.value.detail) == (
        "version",
        f"version {version!r} has no {type(message).__name__}",
    )
    with pytest.raises(SchemaError):
        decode(type(message), b"\0\1", version)
    assert encode(Early(seq=1)) == encode(Early(seq=1), "2") == b"\1"


def test_depth_is_limited_on_cycles() -> None:
    schema = lift(Chained)
    data = reference.encode(schema, nested(16))
    assert reference.decode(schema, data)[0] == nested(16)
    with pytest.raises(EncodeError) as caught:
        reference.encode(schema, nested(17))
    assert caught.value.id == "depth"
    with pytest.raises(DecodeError) as refused:
        reference.decode(schema, b"\0\0\0\1" * 1000 + bytes(4))
    assert (refused.value.id, refused.value.offset) == ("depth", 64)


def test_dicts_have_exactly_the_arguments() -> None:
    schema = schema_of(Int8ub)
    for value, id in [({}, "missing"), ({"v": 1, "w": 2}, "type"), ([], "type")]:
        with pytest.raises(EncodeError) as caught:
            reference.encode(schema, value)
        assert caught.value.id == id


def test_opaque_parts_cannot_be_used() -> None:
    schema = model.Schema("r", {"r": model.Record("r", (model.Field("f", model.Opaque("VarInt", "endless")),))})
    with pytest.raises(SchemaError) as caught:
        reference.decode(schema, b"")
    assert (caught.value.id, caught.value.detail) == ("opaque", "VarInt cannot be used: endless")


def test_too_few_bytes_need_more_at_every_cut() -> None:
    data = reference.encode(lift(Frame), Frame(body=b"abc"))
    for size in range(len(data)):
        with pytest.raises(WireError) as caught:
            reference.decode(lift(Frame), data[:size])
        assert caught.value.id == "truncated"


def test_a_list_foresees_its_items() -> None:
    schema = schema_of(List(String8, count=Int8ub))
    with pytest.raises(DecodeError) as caught:
        reference.decode(schema, b"\5\1a")
    assert (caught.value.offset, caught.value.expected) == (3, 4)
