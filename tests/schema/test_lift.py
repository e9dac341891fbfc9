"""Lifting record classes: names, versions, sharing, and the report."""

from __future__ import annotations

import time

from construct import Adapter

from wireformat.schema import (
    Int8ub,
    Int16ub,
    List,
    Nested,
    Record,
    XdrOptional,
    field,
    lift,
    lift_report,
    model,
)
from wireformat.schema.lift import is_record


class Part(Record):
    """A part."""

    x: int = field(Int8ub, "a number", renamed_from="ex")


class Whole(Record, source="spec 1", versions=("1", "2")):
    """A whole."""

    parts: tuple[Part, ...] = field(List(Nested(Part), count=Int8ub, max=4), "many")
    again: Whole | None = field(XdrOptional(Nested(lambda: Whole)), "itself", since="2", default=None)


class Shouting(Adapter):  # type: ignore[misc]
    """Nobody knows what it does."""


class Strange(Record):
    """A record with a foreign part."""

    odd: int = field(Shouting(Int8ub), "odd")


def test_records_and_their_fields() -> None:
    schema = lift(Whole)
    assert schema.root == "Whole"
    assert set(schema.records) == {"Whole", "Part"}
    assert schema.record.fields == (
        model.Field("parts", model.List(model.Ref("Part"), 4, model.Int(1)), "many"),
        model.Field(
            "again", model.Maybe(model.Int(4), model.Ref("Whole")), "itself", since="2", optional=True, default=None
        ),
    )
    assert schema.records["Part"].fields == (model.Field("x", model.Int(1), "a number", renamed_from="ex"),)
    assert schema.record.cls is Whole


def test_parts_share_the_versions_of_the_whole() -> None:
    assert lift(Whole).records["Part"].versions == ("1", "2")
    assert lift(Part).record.versions == ()


def test_lifting_happens_once() -> None:
    assert lift(Whole) is lift(Whole)
    assert lift(lift(Whole)) is lift(Whole)
    assert is_record(Whole)
    assert not is_record(Int8ub)


def test_two_classes_of_one_name() -> None:
    first = type(Record)("Twin", (Record,), {"a": field(Int8ub, "a")})
    second = type(Record)("Twin", (Record,), {"b": field(Int16ub, "b")})
    both = type(Record)("Both", (Record,), {"x": field(Nested(first), "x"), "y": field(Nested(second), "y")})
    schema = lift(both)
    assert [item.of for item in schema.record.fields] == [model.Ref("Twin"), model.Ref("Twin_2")]
    assert schema.records["Twin_2"].fields[0].of == model.Int(2)


def test_foreign_parts_are_reported() -> None:
    assert lift_report(Strange) == [("odd", "Shouting: outside the vocabulary")]
    assert lift(Strange).record.fields[0].of == model.Opaque("Shouting", "outside the vocabulary")
    assert lift_report(lift(Strange)) == [("Strange.odd", "Shouting: outside the vocabulary")]
    assert lift_report(Whole) == []


def test_many_records_are_made_and_lifted_quickly() -> None:
    start = time.process_time()
    for number in range(300):
        fields = {f"f{index}": field(Int8ub, "a byte") for index in range(5)}
        assert len(lift(type(Record)(f"R{number}", (Record,), fields)).record.fields) == 5
    assert time.process_time() - start < 0.5
