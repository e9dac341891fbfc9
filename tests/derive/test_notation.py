"""The model in words."""

from __future__ import annotations

import pytest

from wireformat.derive.notation import (
    counted,
    expression,
    fixed_size,
    framing,
    framing_text,
    number,
    size_text,
    type_name,
)
from wireformat.schema import model

U8, U32 = model.Int(1), model.Int(4)
PAIR = model.Record("Pair", (model.Field("a", U8), model.Field("b", U32)))
WORD = model.Record("Word", (model.Field("low", U32, mask=15),), layout="bits", base=U32)
OPEN = model.Record("Open", (model.Field("rest", model.Data(None, 9)),))
LATER = model.Record("Later", (model.Field("a", U8, since="2"),), versions=("1", "2"))
SCHEMA = model.Schema("Pair", {record.name: record for record in (PAIR, WORD, OPEN, LATER)})


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (7, "7"),
        (255, "0xff"),
        (("get", "a", "b"), "a.b"),
        (("get", "_params", "page_size"), "page_size"),
        (("!=", ("&", ("get", "flags"), 32), 0), "flags & 0x20 != 0"),
        (("&", ("get", "flags"), ("!=", 1, 0)), "flags & (1 != 0)"),
        (("-", 9, ("-", 5, 1)), "9 - (5 - 1)"),
        (("-", ("-", 9, 5), 1), "9 - 5 - 1"),
        (("*", ("+", 1, 2), 3), "(1 + 2) * 3"),
        (("and", ("==", ("get", "a"), 1), ("~", ("get", "b"))), "a == 1 and not b"),
    ],
)
def test_expressions_are_arithmetic(expr: model.Expr, text: str) -> None:
    """Fails when brackets are missing or superfluous."""
    assert expression(expr) == text


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (model.Int(2), "u16"),
        (model.Int(8, signed=True, little=True), "i64 little-endian"),
        (model.Float(4), "f32"),
        (model.Data(16, 16), "16 bytes"),
        (model.Data(16, 16, encoding="utf-8"), "16 bytes of text"),
        (model.Data(U8, 255, encoding="utf-8"), "text, size in u8, at most 255"),
        (model.Data(None, 255), "bytes to the end"),
        (model.Data(("get", "n"), 255), "n bytes"),
        (model.Const(U32, 0x51), "u32, always 0x51"),
        (model.Const(model.Data(2, 2), b"ab"), "2 bytes, always b'ab'"),
        (model.Reserved(U8), "u8, reserved"),
        (model.Enum(U8, "Code", (("A", 1),), open=True), "Code (u8)"),
        (model.Flags(U32, "Bits", (("A", 1),), open=True), "Bits (u32)"),
        (model.List(U8, 9, 3), "list of u8, 3 of them"),
        (model.List(U8, 9, U32), "list of u8, count in u32"),
        (model.List(model.Ref("Pair"), 9, None), "list of Pair to the end"),
        (model.Chain(U8, b"\1", b"\0", 9), "chain of u8"),
        (model.Region(U8, model.Ref("Pair"), 9), "u8 bytes that hold Pair"),
        (model.Maybe(U32, U8), "optional u8"),
        (model.When(("get", "x"), U8), "u8, if x"),
        (model.Announced(b"\5", U8), "u8, if announced"),
        (model.Union(("get", "x"), ((1, U8), (2, U32)), unknown=True), "one of 2, by x, others kept"),
        (model.Pointed(model.Data(None, 9), U32, U32), "pointer to bytes to the end"),
        (model.Computed(U32, ("size_of", "body")), "u32, size of body"),
        (model.Computed(U32, ("record_size", "")), "u32, size of the record"),
        (model.Checksum(U32, "crc32", 0), "u32, crc32 of the record"),
        (model.Opaque("StopIf", "unknown"), "not understood: StopIf"),
    ],
)
def test_every_node_has_a_name(node: model.Node, text: str) -> None:
    assert type_name(node) == text


@pytest.mark.parametrize(
    ("node", "size"),
    [
        (U32, 4),
        (model.Data(5, 5, pad=4), 8),
        (model.List(U32, 9, 3), 12),
        (model.List(model.Data(None, 9), 9, 3), None),
        (model.Const(U32, 1), 4),
        (model.Ref("Pair"), 5),
        (model.Ref("Word"), 4),
        (model.Ref("Open"), None),
        (model.Ref("Later"), None),
        (model.When(("get", "x"), U8), None),
    ],
)
def test_sizes_that_never_change(node: model.Node, size: int | None) -> None:
    assert fixed_size(SCHEMA, node) == size


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (model.Field("a", U32), "4"),
        (model.Field("a", model.Data(U8, 255)), "1+"),
        (model.Field("a", model.When(("get", "x"), U32)), "0 or 4"),
        (model.Field("a", model.Announced(b"\5\1x", U32)), "0 or 7"),
        (model.Field("a", model.When(("get", "x"), model.Data(U8, 9))), "0 or 1+"),
        (model.Field("a", U32, mask=240), "bits 0xf0"),
    ],
)
def test_sizes_in_words(field: model.Field, text: str) -> None:
    assert size_text(SCHEMA, field) == text


def test_frames_of_entries_in_words() -> None:
    spaced = model.Tlv(model.Int(2), U32, reserved=model.Int(2))
    assert framing_text(spaced) == "entries of tag (u16), reserved (u16), size (u32), value"
    assert framing_text(model.Tlv(U8, U8)) == "entries of tag (u8), size (u8), value"
    ascending = model.Tlv(U8, U8, ascending=True)
    assert framing_text(ascending) == "entries of tag (u8), size (u8), value; the bytes of repeated values ascend"
    assert framing(spaced) == (("tag", model.Int(2)), ("reserved", model.Int(2)), ("size", U32))


def test_one_byte_is_not_several() -> None:
    assert [type_name(model.Data(size, 9)) for size in (0, 1, 2)] == ["0 bytes", "1 byte", "2 bytes"]
    assert type_name(model.Data(1, 1, encoding="ascii")) == "1 byte of text"
    assert [counted(number, "item") for number in (0, 1, 7)] == ["0 items", "1 item", "7 items"]


def test_small_numbers_are_decimal() -> None:
    assert [number(value) for value in (0, 9, 10, -3)] == ["0", "9", "0xa", "-3"]
