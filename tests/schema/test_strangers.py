"""Other people's constructs: what is understood whole, and what is named instead."""

from __future__ import annotations

import random
import re
from typing import Any

import construct as c
import pytest
from construct import this

from wireformat.codec import Codec, reference
from wireformat.schema import Record, field, lift, lift_report, model
from wireformat.schema.lint import lint

HEADER = c.Struct(
    "magic" / c.Const(b"AB"),
    "n" / c.Int8ub,
    "name" / c.PaddedString(8, "utf8"),
    "blob" / c.Prefixed(c.Int16ul, c.GreedyBytes),
    "list" / c.PrefixedArray(c.Int8ub, c.Int16ub),
    "kind" / c.Enum(c.Int8ub, a=1, b=2),
    "flags" / c.FlagsEnum(c.Int8ub, x=1, y=2),
    "triple" / c.Array(3, c.Int24ul),
    "maybe" / c.If(this.n > 2, c.Int8sb),
    c.Padding(3),
    "bytes" / c.Bytes(this.n),
    "inner" / c.Struct("q" / c.Hex(c.Int32ub), "w" / c.PascalString(c.Int8ub, "ascii")),
    "arm" / c.Switch(this.n, {1: c.Int8ub, 2: c.Int16ub}, default=c.Error),
    "either" / c.IfThenElse(this.n == 1, c.Int8ub, c.Int16ub),
    "fixed" / c.FixedSized(2, c.Struct("one" / c.Int8ub, "two" / c.Default(c.Int8ub, 5))),
    "float" / c.Float32l,
    "rest" / c.GreedyString("utf8"),
    c.Terminated,
)

VALUE = {
    "n": 1,
    "name": "hé",
    "blob": b"qq",
    "list": (1, 2),
    "kind": 1,
    "flags": 3,
    "triple": (1, 2, 3),
    "maybe": None,
    "bytes": b"z",
    "inner": {"q": 1, "w": "x"},
    "arm": 4,
    "either": 5,
    "fixed": {"one": 1, "two": 2},
    "float": 0.5,
    "rest": "end",
}


def test_plain_structs_lift_whole() -> None:
    assert lift_report(HEADER) == []
    codec = Codec(HEADER)
    data = codec.encode(VALUE)
    assert codec.decode(data) == VALUE
    theirs = HEADER.parse(data)
    assert (theirs.name, list(theirs.list), theirs.inner.w, theirs.rest) == ("hé", [1, 2], "x", "end")
    again = {**theirs, "kind": int(theirs.kind), "flags": VALUE["flags"]}
    assert HEADER.build(again) == data


@pytest.mark.parametrize(
    ("wire", "node"),
    [
        (c.Int16un, model.Int(2, little=c.Int16un.parse(b"\1\0") == 1)),
        (c.BytesInteger(5, signed=True), model.Int(5, signed=True)),
        (c.Prefixed(c.Int8ub, c.GreedyBytes), model.Data(model.Int(1), 255)),
        (c.Prefixed(c.Int8ub, c.Int16ub), model.Region(model.Int(1), model.Int(2), 255)),
        (c.PaddedString(4, "ascii"), model.Data(4, 4, encoding="ascii", nul="pad")),
        (c.Padding(3), model.Reserved(model.Data(3, 3), "ignore")),
        (c.Const(7, c.Int8ub), model.Const(model.Int(1), 7)),
        (c.Array(2, c.Int8ub), model.List(model.Int(1), 2, 2)),
        (c.Int8ub.compile(), model.Int(1)),
        (c.HexDump(c.Bytes(2)), model.Data(2, 2)),
        (c.Rebuild(c.Int8ub, c.len_(this.x)), model.Int(1)),
        (c.Aligned(4, c.Int32ub), model.Int(4)),
    ],
)
def test_nodes(wire: Any, node: model.Node) -> None:
    assert lift(wire).record.fields[0].of == node
    assert lift_report(wire) == []


class Custom(c.Adapter):
    """Somebody's own class."""


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (c.Bytes(lambda context: 3), r"Bytes: function \(test_strangers.py:\d+\) instead of an expression"),
        (Custom(c.Int8ub), "Custom: outside the vocabulary"),
        (c.VarInt, "VarInt: integer without a greatest size"),
        (c.GreedyRange(c.Int8ub), "GreedyRange: swallows errors"),
        (c.Optional(c.Int8ub), "Select: swallows errors"),
        (c.Switch(this.a, {1: c.Int8ub}), "Switch: forgets members"),
        (c.Switch(this.a, {"x": c.Int8ub}, default=c.Error), "Switch: members are not named by numbers"),
        (c.BitStruct("a" / c.Nibble, "b" / c.Nibble), "Transformed: outside"),
        (c.Prefixed(c.VarInt, c.GreedyBytes), "Prefixed: size is no plain integer"),
        (c.FocusedSeq("x", "x" / c.Int8ub), "FocusedSeq: not the shape of PrefixedArray"),
        (c.Array(2, c.Padded(4, c.Int8ub)), "Padded: filled up behind a value, and no struct takes the bytes in"),
        (c.Padded(4, c.PascalString(c.Int8ub, "utf8")), "Padded: filled up behind a value whose size varies"),
        (c.Aligned(this.a, c.Int8ub), "Aligned: filled up behind a value whose size varies"),
        (c.Aligned(4, c.Int8ub, pattern=b"x"), "Aligned: filled up with something else than zero bytes"),
        (c.Padding(4, pattern=b"x"), "Padded: filled up with something else than zero bytes"),
        (c.Padded(1, c.Int16ub), "Padded: too small for what it holds"),
        (c.Padded(4, Custom(c.Int8ub)), "Custom: outside the vocabulary"),
        (c.Flag, "Flag: any number but zero"),
        (c.LazyBound(lambda: 1 // 0), "LazyBound: ZeroDivisionError"),
        (c.CString("utf8"), "NullTerminated: outside"),
        (c.Struct("a" / c.Int8ub, "a" / c.Int8ub), "Struct: field a is declared twice"),
        (c.Array(2, c.Struct("a" / c.Int8ub, "a" / c.Int8ub)), "Struct: field a is declared twice"),
    ],
)
def test_what_is_not_understood_is_named(wire: Any, reason: str) -> None:
    path, text = lift_report(c.Struct("part" / wire))[-1]
    assert path == "part"
    assert re.match(reason, text)


ODD = c.Struct("x" / c.Int8ub, "y" / c.Int16ul)
FILLED = c.Aligned(
    4,
    c.Struct(
        "plain" / c.Int8ub,
        "padded" / c.Padded(4, c.Int8ub) * "in four bytes",
        "aligned" / c.Aligned(8, c.Padded(3, "inner" / c.Int16ub)),
        "exact" / c.Aligned(2, c.Int16ul),
        "struct" / c.Aligned(4, ODD),
        "again" / ODD,
        "list" / c.Array(2, c.Padded(5, ODD)),
        c.Aligned(3, c.Padding(1)),
    ),
)
"""35 bytes, and one that fills them up."""


def gap(size: int) -> model.Field:
    """The field that ignored bytes are."""
    return model.Field("", model.Reserved(model.Data(size, size), "ignore"))


def test_what_fills_up_is_a_part_without_a_name() -> None:
    schema = lift(FILLED)
    assert lift_report(FILLED) == []
    assert schema.record.fields == (
        model.Field("plain", model.Int(1)),
        model.Field("padded", model.Int(1), doc="in four bytes"),
        gap(3),
        model.Field("aligned", model.Int(2)),
        gap(6),
        model.Field("exact", model.Int(2, little=True)),
        model.Field("struct", model.Ref("struct_2")),
        gap(1),
        model.Field("again", model.Ref("struct_2")),
        model.Field("list", model.List(model.Ref("list"), 2, 2)),
        gap(1),
        gap(2),
        gap(1),
    )
    assert schema.records["list"].fields == (*schema.records["struct_2"].fields, gap(2))


def test_what_fills_up_is_read_and_written_as_construct_does() -> None:
    codec, source = Codec(FILLED), random.Random(3)
    assert FILLED.sizeof() == 36
    for _ in range(50):
        data = source.randbytes(36)
        theirs = FILLED.parse(data)
        value = codec.decode(data)
        assert {**value, "list": [dict(item) for item in value["list"]]} == plain(theirs)
        assert reference.decode(codec.schema, data) == (value, 36)
        assert codec.encode(value) == FILLED.build(theirs)


class OwnRecord(Record):
    """A record of ours, which has no parts without a name."""

    filled: int = field(c.Padded(4, c.Int8ub), "a number in four bytes")


def test_records_of_ours_fill_nothing_up() -> None:
    assert [finding.id for finding in lint(OwnRecord)] == ["vocabulary"]


def plain(value: Any) -> Any:
    """Containers as dictionaries and lists, without what construct keeps for itself."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "_io"}
    return [plain(item) for item in value] if isinstance(value, list) else value


def test_recursion_ends() -> None:
    tree = c.Struct("x" / c.Int8ub, "next" / c.If(this.x, c.LazyBound(lambda: tree)))
    codec = Codec(tree)
    value = {"x": 1, "next": {"x": 0, "next": None}}
    assert codec.decode(codec.encode(value)) == value
    assert list(lift(tree).records) == ["struct"]


def test_names_of_nested_structs_are_told_apart() -> None:
    schema = lift(c.Struct("a" / c.Struct("s" / c.Struct("x" / c.Int8ub)), "s" / c.Struct("y" / c.Int8ub)))
    assert sorted(schema.records) == ["a", "s", "s_2", "struct"]
