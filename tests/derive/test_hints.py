"""Hints: the numbers that decide what follows, by path."""

from __future__ import annotations

import pytest

from wireformat.derive.hints import hints_of, source_of
from wireformat.schema import (
    Bytes,
    Int8ub,
    List,
    OneOf,
    Record,
    Region,
    SizedBytes,
    Unknown,
    Wire,
    field,
    lift,
    this,
)
from wireformat.schema.expression import expression
from wireformat.schema.record import RecordType


@pytest.mark.parametrize(
    ("wire", "hints"),
    [
        (OneOf(this.kind, {5: Int8ub, 9: Int8ub}), {("kind",): (5, 9)}),
        (Region(Int8ub, OneOf(this.kind, {5: Int8ub}, unknown=Unknown), max=9), {("kind",): (5, 6)}),
        (OneOf(this.word.flags & 0x0F, {1: Int8ub}), {("word", "flags"): (1,)}),
        (SizedBytes(this.size, max=2), {("size",): (0, 1, 2)}),
        (SizedBytes(this.size, max=99), {("size",): (0, 1, 2, 3)}),
        (List(Int8ub, count=this.count, max=99), {("count",): (0, 1)}),
        (Bytes(this._params.page_size), {}),
        (SizedBytes(Int8ub, max=9), {}),
    ],
)
def test_hints(wire: Wire[object], hints: dict[tuple[str, ...], tuple[int, ...]]) -> None:
    schema = lift(RecordType("R", (Record,), {"v": field(wire, "a field")}))
    assert hints_of(schema.record.fields, 3, 1) == hints


def test_sources() -> None:
    assert source_of(expression(this.a & this.b)) == [("a",), ("b",)]
    assert source_of(expression(this.a + 1)) == []
    assert source_of(7) == []
