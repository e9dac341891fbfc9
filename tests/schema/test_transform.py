"""Schemas made from schemas: versions, names, prose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.codec.specimens import SCHEMAS, Envelope, Frame, Migrate, Page
from wireformat.codec import Codec
from wireformat.errors import SchemaError
from wireformat.schema import (
    Int8ub,
    Message,
    Nested,
    OneOf,
    Region,
    Unknown,
    computed,
    field,
    lift,
    model,
    tag_of,
    this,
)
from wireformat.schema.transform import (
    at_version,
    former_names,
    lives,
    living,
    mapped,
    reachable,
    with_field_names,
    with_references,
    without_prose,
)

VERSIONS = ("1", "2", "10")


class Late(Message, code=9, versions=VERSIONS, since="2"):
    """A message of later versions."""

    x: int = field(Int8ub, "x")


class Early(Message, code=8, versions=VERSIONS, until="2"):
    """A message of earlier versions."""

    x: int = field(Int8ub, "x")


class Outer(Message, versions=VERSIONS):
    """Holds either."""

    kind: int = computed(Int8ub, tag_of("body"), "which")
    body: Any = field(
        Region(Int8ub, OneOf(this.kind, {8: Nested(Early), 9: Nested(Late)}, unknown=Unknown), max=9), "body"
    )


def names(schema: model.Schema) -> list[str]:
    return [one.name for one in schema.record.fields]


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("1", ["port", "old", "host"]),
        ("2", ["port", "old", "host", "subject"]),
        ("10", ["port", "host", "subject", "extra"]),
    ],
)
def test_a_version_has_its_fields_and_no_word_of_others(version: str, wanted: list[str]) -> None:
    schema = at_version(lift(Migrate), version)
    assert names(schema) == wanted
    assert {(one.since, one.until) for one in schema.record.fields} == {(None, None)}
    assert schema.record.versions == ()


def test_a_version_writes_the_same_bytes() -> None:
    plain = model.Schema("m", {"m": replace(at_version(lift(Migrate), "2").record, cls=None)})
    value = {"port": 5, "old": 7, "host": "h", "subject": "s"}
    assert Codec(plain).encode(value) == Codec(Migrate, "2").encode(Migrate(**value))


@pytest.mark.parametrize(
    ("version", "arms", "records"),
    [("1", [8], {"Outer", "Early"}), ("2", [8, 9], {"Outer", "Early", "Late"}), ("10", [9], {"Outer", "Late"})],
)
def test_a_union_has_the_arms_of_the_version(version: str, arms: list[int], records: set[str]) -> None:
    schema = at_version(lift(Outer), version)
    region = schema.record.fields[1].of
    assert isinstance(region, model.Region)
    assert isinstance(region.of, model.Union)
    assert [tag for tag, _ in region.of.arms] == arms
    assert set(schema.records) == records


@pytest.mark.parametrize(
    ("cls", "living"), [(Late, {"2", "10"}), (Early, {"1", "2"}), (Outer, {"1", "2", "10"})], ids=lambda x: str(x)
)
def test_lives(cls: type[Message], living: set[str]) -> None:
    assert {version for version in VERSIONS if lives(lift(cls).record, version)} == living


def test_the_newest_version_is_meant_where_none_is_given() -> None:
    assert [lives(lift(cls).record, None) for cls in (Late, Early, Outer)] == [True, False, True]


def test_a_schema_without_dead_arms_is_itself() -> None:
    outer = lift(Outer)
    assert living(outer, "2") is outer
    without = living(outer, None)
    assert without.record.fields[0] == outer.record.fields[0]
    assert without.records["Early"] == outer.records["Early"]
    assert without == living(outer, "10") != outer


def test_a_version_must_have_the_root() -> None:
    assert living(lift(Early), None) == lift(Early)
    with pytest.raises(SchemaError) as caught:
        living(lift(Early), "10")
    assert (caught.value.id, caught.value.actual) == ("version", "10")


def test_unknown_versions_are_refused() -> None:
    for call in (lambda: lives(lift(Late).record, "3"), lambda: at_version(lift(Migrate), "3")):
        with pytest.raises(SchemaError) as caught:
            call()
        assert caught.value.id == "version"


def test_mapped_reaches_everything() -> None:
    node = model.Region(
        model.Int(2), model.Union(("get", "a"), ((1, model.List(model.Int(2), 3, None)), (2, model.Int(2)))), 9
    )
    wider = mapped(node, lambda part: model.Int(4) if part == model.Int(2) else part)
    assert wider == model.Region(
        model.Int(4), model.Union(("get", "a"), ((1, model.List(model.Int(4), 3, None)), (2, model.Int(4)))), 9
    )


def test_reachable_begins_with_the_root() -> None:
    assert list(reachable(lift(Envelope).records, "Envelope")) == ["Envelope", "Hello", "Bye"]
    assert list(reachable(lift(Envelope).records, "Bye")) == ["Bye"]


def test_without_prose() -> None:
    schema = without_prose(SCHEMAS["Named"])
    assert schema.record.doc == ""
    assert {one.doc for one in schema.record.fields} == {""}
    assert names(schema) == names(SCHEMAS["Named"])


def test_references_get_new_names() -> None:
    record = with_references(lift(Envelope).record, {"Bye": "Farewell"})
    assert "Farewell" in str(record)
    assert "'Bye'" not in str(record)
    assert "'Hello'" in str(record)


def test_fields_get_new_names_wherever_they_are_read() -> None:
    renamed = with_field_names(lift(Page), {("Page", "word"): "head", ("Word", "flags"): "bits"})
    assert names(renamed) == ["head", "name", "body"]
    name, body = renamed.record.fields[1:]
    assert isinstance(name.of, model.When)
    assert name.of.cond == ("==", ("&", ("get", "head", "bits"), 4), 0)
    assert isinstance(body.of, model.When)
    assert body.of.cond == ("&", ("get", "head", "bits"), 1)
    assert [one.name for one in renamed.records["Word"].fields] == ["address", "bits", "kind"]


def test_computed_numbers_follow_new_names() -> None:
    renamed = with_field_names(lift(Frame), {("Frame", "payload"): "cargo", ("Frame", "length"): "size"})
    size, cargo = renamed.record.fields[0], renamed.record.fields[3]
    assert isinstance(size.of, model.Computed)
    assert size.of.rule == ("size_of", "cargo")
    assert isinstance(cargo.of, model.Data)
    assert cargo.of.size == ("get", "size")


def test_former_names() -> None:
    class Now(Message):
        """Two say what they were called, one of them wrongly."""

        port: int = field(Int8ub, "x", renamed_from="door")
        name: int = field(Int8ub, "x", renamed_from="nothing")
        same: int = field(Int8ub, "x", renamed_from="door")

    class Before(Message):
        """Before."""

        door: int = field(Int8ub, "x")
        same: int = field(Int8ub, "x")

    before = model.Schema("Now", {"Now": replace(lift(Before).record, name="Now")})
    assert former_names(before, lift(Now)) == {("Now", "port"): "door"}
