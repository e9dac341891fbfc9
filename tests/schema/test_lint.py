"""The lint: each rule has a declaration that breaks it, and good declarations break none."""

from __future__ import annotations

from typing import Any

import construct as c
import pytest

from wireformat.schema import (
    Announced,
    Bytes,
    Chain,
    Int8ub,
    Int32ub,
    Message,
    Nested,
    OneOf,
    Record,
    Region,
    SizedBytes,
    String8,
    Tagged,
    Text,
    Unknown,
    Wire,
    computed,
    field,
    record_size,
    size_of,
    tag_of,
    this,
    tlv,
)
from wireformat.schema.declare import Declared
from wireformat.schema.lint import lint
from wireformat.schema.protocol import Protocol
from wireformat.schema.record import RecordType


class Good(Message, code=1, sender="source", versions=("1", "2")):
    """Nothing is wrong here."""

    size: int = computed(Int8ub, size_of("body"), "bytes of the body")
    kind: int = field(Int8ub, "which body")
    page: bytes = field(Bytes(this._params.page_size), "a page")
    body: Any = field(Region(this.size, OneOf(this.kind, {1: Int8ub}, unknown=Unknown), max=9), "body")
    extra: int = field(Int8ub, "later", since="2", default=0)


class Twin(Message, code=1, sender="source"):
    """The same code again."""


class Twice(Tagged):
    """The same tag again."""

    a: int = tlv(1, Int8ub, "first")
    b: int = tlv(1, Int8ub, "second")


class Bare(Record):
    a: int = field(Int8ub, "documented")


def ids(schema: Any) -> list[str]:
    return [finding.id for finding in lint(schema)]


def with_field(declared: Any, **keywords: Any) -> type[Record]:
    """A documented record of a number and another field."""
    body = {"__doc__": "A record.", "a": field(Int8ub, "a number"), "v": declared}
    return RecordType("Case", (Record,), body, **keywords)  # type: ignore[return-value]


def test_good_declarations_pass() -> None:
    assert lint(Good) == []


def test_findings_name_their_place() -> None:
    finding = lint(with_field(field(Int8ub, ""), source="spec 3"))[0]
    assert str(finding) == "Case.v: the field has no documentation [spec 3]"
    assert ids(Bare) == ["undocumented"]


def function(context: Any) -> int:
    """A size that nobody can read."""
    return 3


@pytest.mark.parametrize(
    ("wire", "id"),
    [
        (c.Bytes(function), "vocabulary"),
        (c.Select(c.Int8ub, c.Int16ub), "vocabulary"),
        (c.Optional(c.Int8ub), "vocabulary"),
        (c.GreedyRange(c.Int8ub), "vocabulary"),
        (c.Switch(this.a, {1: c.Int8ub}), "vocabulary"),
        (SizedBytes(Int32ub, max=1 << 30), "unbounded"),
        (Bytes(1 << this.a), "unbounded"),
        (Bytes(this.later), "reference"),
        (Chain(Int8ub, b"\1", b"\0\0", max=3), "vocabulary"),
        (Announced(b"", Int8ub), "vocabulary"),
        (Text(4, max=4, encoding="utf-16", nul="pad"), "vocabulary"),
        (OneOf(this.a, {1: Int8ub}, unknown=Unknown), "vocabulary"),
    ],
)
def test_wires_that_are_refused(wire: Wire[Any], id: str) -> None:
    assert ids(with_field(field(wire, "a field"))) == [id]


@pytest.mark.parametrize(
    ("declared", "keywords", "found"),
    [
        (Declared("field", Int8ub, "new", since="2"), {"versions": ("1", "2")}, ["default"]),
        (field(Int8ub, "new", since="3", default=0), {"versions": ("1", "2")}, ["version"]),
        (field(Nested(Bare), "list", default=[]), {}, ["default", "undocumented"]),
        (computed(Int8ub, size_of("nothing"), "size"), {}, ["reference"]),
        (computed(Int8ub, record_size(), "size"), {}, []),
    ],
)
def test_fields_that_are_refused(declared: Any, keywords: dict[str, Any], found: list[str]) -> None:
    assert sorted(ids(with_field(declared, **keywords))) == found


class Brief(Message, sender="a", versions=("1", "2"), since="2"):
    """Some versions lack it."""


class Wrong(Message, sender="a", versions=("1",), until="7"):
    """Its end is no version."""


class Letter(Record, versions=("1", "2", "3")):
    """Holds what some versions lack."""

    kind: int = field(Int8ub, "kind")
    always: Brief = field(Nested(Brief), "no arm")
    body: Any = field(Region(Int8ub, OneOf(this.kind, {1: Nested(Brief)}), max=9), "arm")


def test_parts_that_some_versions_lack() -> None:
    assert [(finding.id, finding.path, finding.detail) for finding in lint(Letter)] == [
        ("version", "Letter.always", "some versions lack Brief, which is no arm of a union"),
        ("version", "Letter.always", "Brief has no version '3'"),
        ("version", "Letter.body", "Brief has no version '3'"),
    ]
    assert [(finding.id, finding.path, finding.detail) for finding in lint(Wrong)] == [
        ("version", "Wrong", "the record has no version '7'")
    ]


class Alike(Record):
    """Two arms of one type."""

    kind: int = computed(Int8ub, tag_of("value"), "kind")
    value: int | str = field(OneOf(this.kind, {1: Int8ub, 2: Int32ub, 3: String8}), "value")


def test_arms_differ_in_type_where_the_type_decides() -> None:
    assert [(finding.id, finding.path, finding.detail) for finding in lint(Alike)] == [
        ("twice", "Alike.kind", "several arms have values of type int")
    ]


def test_tags_and_codes_are_used_once() -> None:
    assert ids(Twice) == ["twice"]
    protocol = Protocol("p", "a protocol", ("1",), (Good, Twin))
    assert ids(protocol) == ["twice"]
    assert ids(Protocol("p", "a protocol", ("1",), (Good,), records=(Bare,))) == ["undocumented"]
