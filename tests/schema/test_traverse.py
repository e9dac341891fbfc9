"""Questions about models."""

from __future__ import annotations

from typing import Any

import pytest

from wireformat.errors import SchemaError
from wireformat.schema import (
    Announced,
    Bytes,
    Chain,
    If,
    Int8ub,
    Int16ub,
    Int32ub,
    List,
    Nested,
    OneOf,
    Pointed,
    Record,
    Region,
    RestBytes,
    SizedBytes,
    String8,
    Tagged,
    Unknown,
    Wire,
    XdrOpaque,
    XdrOptional,
    const,
    field,
    lift,
    model,
    this,
    tlv,
)
from wireformat.schema.record import RecordType
from wireformat.schema.traverse import (
    children,
    cyclic_records,
    ends_announced,
    fields_of,
    least_size,
    references,
    self_delimiting,
    value_type,
    walk,
)


class Leaf(Record):
    """A leaf."""

    x: int = field(Int16ub, "a number")


class Tree(Record):
    """A tree."""

    tag: int = const(Int8ub, 1, "one")
    leaf: Leaf = field(Nested(Leaf), "a leaf")
    trees: tuple[Tree, ...] = field(List(Nested(lambda: Tree), count=Int8ub, max=3), "more")


class Forest(Record):
    """Holds trees and is in none."""

    tree: Tree = field(Nested(Tree), "a tree")


class Entries(Tagged):
    """Entries."""

    a: int = tlv(1, Int8ub, "a")


class Aged(Record, versions=("9", "10", "11")):
    """Versions are in order of place, not of text."""

    a: int = field(Int8ub, "first", until="9", default=0)
    b: int = field(Int8ub, "second", since="10", default=0)
    c: int = field(Int8ub, "third", since="10", until="10", default=0)


def of(*wires: Wire[Any]) -> model.Schema:
    """A record of an integer and these fields."""
    parts = {f"f{index}": field(wire, "a field") for index, wire in enumerate((Int8ub, *wires))}
    return lift(RecordType("R", (Record,), parts))


def test_walking() -> None:
    node = model.Region(model.Int(2), model.Union(("get", "a"), ((1, model.Ref("x")), (2, model.Int(1)))), 9)
    assert list(children(node)) == [model.Int(2), node.of]
    assert list(walk(node)) == [node, model.Int(2), node.of, model.Ref("x"), model.Int(1)]
    assert references(lift(Tree).record) == {"Leaf", "Tree"}


def test_cycles() -> None:
    assert cyclic_records(lift(Forest)) == {"Tree"}
    assert cyclic_records(lift(Leaf)) == frozenset()


@pytest.mark.parametrize(("version", "names"), [("9", ["a"]), ("10", ["b", "c"]), ("11", ["b"]), (None, ["b"])])
def test_fields_of_a_version(version: str | None, names: list[str]) -> None:
    assert [item.name for item in fields_of(lift(Aged).record, version)] == names


def test_unknown_versions() -> None:
    with pytest.raises(SchemaError, match=r"Aged has no version '12' \(9, 10, 11\)") as caught:
        fields_of(lift(Aged).record, "12")
    assert caught.value.id == "version"
    assert len(fields_of(lift(Leaf).record, "12")) == 1


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (SizedBytes(Int8ub, max=9), True),
        (Nested(Tree), True),
        (RestBytes(9), False),
        (List(Int8ub, count=None), False),
        (Pointed(RestBytes(9)), False),
        (Nested(Entries), False),
        (If(this.f0, RestBytes(9)), False),
        (OneOf(this.f0, {1: Int8ub}, unknown=Unknown), False),
        (Region(Int8ub, RestBytes(9), max=9), True),
        (Region(Int8ub, Nested(Entries), max=9), True),
    ],
)
def test_self_delimiting(wire: Wire[Any], expected: bool) -> None:
    assert self_delimiting(of(wire)) is expected


@pytest.mark.parametrize(
    ("wires", "expected"),
    [
        ((Announced(b"m", Int8ub),), True),
        ((Announced(b"m", Int8ub), If(this.f0, Int8ub)), True),
        ((Announced(b"m", Int8ub), Int8ub), False),
        ((XdrOptional(Announced(b"m", Int8ub)),), True),
        ((Region(Int8ub, Announced(b"m", Int8ub), max=3),), False),
        ((Nested(Tree),), False),
    ],
)
def test_ends_announced(wires: tuple[Wire[Any], ...], expected: bool) -> None:
    assert ends_announced(of(*wires)) is expected


@pytest.mark.parametrize(
    ("wire", "least"),
    [
        (Int32ub, 4),
        (Bytes(5), 5),
        (String8, 1),
        (XdrOpaque(9), 4),
        (List(Int16ub, count=3), 6),
        (List(Int16ub, count=Int8ub), 1),
        (Chain(Int8ub, b"\1", b"\0", max=3), 1),
        (Pointed(RestBytes(9)), 8),
        (XdrOptional(Int8ub), 4),
        (If(this.f0, Int8ub), 0),
        (Nested(Tree), 4),
        (Nested(Entries), 0),
        (OneOf(this.f0, {1: Int32ub, 2: Int16ub}), 2),
        (Region(Int16ub, Int8ub, max=3), 2),
    ],
)
def test_least_size(wire: Wire[Any], least: int) -> None:
    schema = of(wire)
    assert least_size(schema, schema.record.fields[1].of) == least


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (model.Int(1), int),
        (model.Float(4), float),
        (model.Data(1, 1), bytes),
        (model.Data(1, 1, encoding="utf-8"), str),
        (model.List(model.Int(1), 1, 1), tuple),
        (model.Chain(model.Int(1), b"1", b"0", 1), tuple),
        (model.Enum(model.Int(1), "E", (), open=True), int),
        (model.Flags(model.Int(1), "F", (), open=True, cls=Leaf), Leaf),
        (model.Region(model.Int(1), model.Data(None, 9), 9), bytes),
        (model.Ref("Leaf"), Leaf),
        (model.Ref("Bare"), None),
        (model.Maybe(model.Int(1), model.Int(1)), None),
    ],
)
def test_the_types_of_values(node: model.Node, expected: type | None) -> None:
    schema = model.Schema("Leaf", {**lift(Leaf).records, "Bare": model.Record("Bare", ())})
    assert value_type(schema, node) is expected
