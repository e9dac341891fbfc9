"""The vocabulary: what each wire lifts to, and that it parses and builds on its own."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Any

import construct
import pytest

from wireformat import schema as v
from wireformat.errors import SchemaError
from wireformat.limits import MAX_BUFFERED, MAX_ITEMS
from wireformat.schema import lift, model
from wireformat.schema.wire import Part


class Colour(v.OpenEnum):
    """Open."""

    RED = 1


class Shape(IntEnum):
    """Closed."""

    ROUND = 3


class Bit(IntFlag):
    """Closed."""

    A = 1


INT8 = model.Int(1)
INT32 = model.Int(4)


@pytest.mark.parametrize(
    ("wire", "node"),
    [
        (v.Int8ub, INT8),
        (v.Int24sl, model.Int(3, signed=True, little=True)),
        (v.Int64ul, model.Int(8, little=True)),
        (v.Float64l, model.Float(8, little=True)),
        (v.Bytes(4), model.Data(4, 4)),
        (v.Bytes(v.this.n), model.Data(("get", "n"), MAX_BUFFERED)),
        (v.SizedBytes(v.Int8ub, max=9), model.Data(INT8, 9)),
        (v.RestBytes(9), model.Data(None, 9)),
        (v.Text(v.Int32ub, max=9, encoding="ascii"), model.Data(INT32, 9, encoding="ascii")),
        (v.RestText(9, nul="end"), model.Data(None, 9, encoding="utf-8", nul="end")),
        (v.PaddedText(8), model.Data(8, 8, encoding="utf-8", nul="pad")),
        (v.String8, model.Data(INT8, 255, encoding="utf-8")),
        (v.XdrOpaque(9), model.Data(INT32, 9, pad=4)),
        (v.XdrString(9), model.Data(INT32, 9, pad=4, encoding="utf-8", nul="forbid")),
        (v.XdrArray(v.Int8ub, 3), model.List(INT8, 3, INT32)),
        (v.List(v.Int8ub, count=v.this.n), model.List(INT8, MAX_ITEMS, ("get", "n"))),
        (v.Chain(v.Int8ub, b"\1", b"\0", max=3), model.Chain(INT8, b"\1", b"\0", 3)),
        (v.Region(v.this.n, v.Int8ub, max=3), model.Region(("get", "n"), INT8, 3)),
        (v.XdrOptional(v.Int8ub), model.Maybe(INT32, INT8)),
        (v.If(v.this.n > 1, v.Int8ub), model.When((">", ("get", "n"), 1), INT8)),
        (v.Announced(b"m", v.Int8ub), model.Announced(b"m", INT8)),
        (v.OneOf(v.this.n, {1: v.Int8ub}), model.Union(("get", "n"), ((1, INT8),))),
        (v.OneOf(v.this.n, {}, unknown=v.Unknown), model.Union(("get", "n"), (), unknown=True)),
        (
            v.Pointed(v.RestBytes(9)),
            model.Pointed(model.Data(None, 9), model.Int(4, little=True), model.Int(4, little=True)),
        ),
        (v.Pointed(v.RestBytes(9), v.Int8ub, v.Int32ub), model.Pointed(model.Data(None, 9), INT8, INT32)),
        (v.Reserved(v.Bytes(2), "ignore"), model.Reserved(model.Data(2, 2), "ignore")),
        (v.EnumOf(v.Int8ub, Colour), model.Enum(INT8, "Colour", (("RED", 1),), open=True)),
        (v.EnumOf(v.Int8ub, Shape, open=False), model.Enum(INT8, "Shape", (("ROUND", 3),), open=False)),
        (v.FlagsOf(v.Int8ub, Bit, open=False), model.Flags(INT8, "Bit", (("A", 1),), open=False)),
    ],
)
def test_what_a_wire_means(wire: Any, node: model.Node) -> None:
    assert lift(wire).record.fields[0].of == node
    assert isinstance(wire, construct.Construct)


def test_members_of_enumerations_are_instances_of_the_class() -> None:
    assert v.EnumOf(v.Int8ub, Colour).parse(b"\1") is Colour.RED
    assert v.EnumOf(v.Int8ub, Shape, open=False).parse(b"\3") is Shape.ROUND


def test_open_enumerations_must_forget() -> None:
    with pytest.raises(SchemaError, match="OpenEnum"):
        v.EnumOf(v.Int8ub, Shape)
    with pytest.raises(SchemaError, match="OpenFlags"):
        v.FlagsOf(v.Int8ub, Bit)


def test_every_integer_is_what_its_name_says() -> None:
    for size in (8, 16, 24, 32, 64):
        for sign in "us":
            for order in "bl":
                node = lift(getattr(v, f"Int{size}{sign}{order}")).record.fields[0].of
                little = order == "l" and size > 8
                assert node == model.Int(size // 8, signed=sign == "s", little=little)


def test_wires_work_inside_stock_constructs() -> None:
    struct = construct.Struct("n" / construct.Int8ub, "items" / v.List(v.String8, count=v.this.n, max=3))
    assert struct.parse(b"\2\1a\1b")["items"] == ("a", "b")
    assert struct.build({"n": 1, "items": ("xy",)}) == b"\1\2xy"
    assert type(v.String8) is Part
