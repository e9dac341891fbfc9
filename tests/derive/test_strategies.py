"""Strategies draw what is valid, for every schema that the codec tests know, and reach what matters."""

from __future__ import annotations

from typing import Any

import construct
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from tests.codec import specimens
from wireformat.codec import codec_for
from wireformat.derive.strategies import drawn, values
from wireformat.protocols.spice.link import LinkMessage
from wireformat.schema import (
    Announced,
    Bytes,
    EnumOf,
    Int8ub,
    List,
    Nested,
    OneOf,
    OpenEnum,
    Record,
    Region,
    SizedBytes,
    Unknown,
    XdrOptional,
    bit_field,
    computed,
    const,
    field,
    tag_of,
    this,
)

CLASSES = [cls for cls in vars(specimens).values() if isinstance(cls, type) and issubclass(cls, Record)]
SPECIMENS = [cls for cls in CLASSES if cls.__module__ == specimens.__name__]
PARAMS = {"page_size": 256, "has_page_size": 1, "wide": 1}
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


class Kind(OpenEnum):
    """A kind."""

    ONE = 1
    TWO = 2


class Small(Record):
    """A byte."""

    x: int = field(Int8ub, "a byte")


class Choice(Record):
    """What follows is decided by a plain number."""

    kind: Kind = field(EnumOf(Int8ub, Kind), "which")
    size: int = field(Int8ub, "bytes")
    count: int = field(Int8ub, "items")
    body: Any = field(Region(Int8ub, OneOf(this.kind, {1: Nested(Small), 2: Int8ub}, unknown=Unknown), max=30), "body")
    data: bytes = field(SizedBytes(this.size, max=4), "bytes")
    items: tuple[int, ...] = field(List(Int8ub, count=this.count, max=2), "items")


class Strict(Record):
    """Unknown kinds are refused."""

    kind: int = field(Int8ub, "which")
    body: Any = field(OneOf(this.kind, {200: Int8ub, 201: Nested(Small)}), "body")


class Free(Record):
    """The number follows from the body."""

    kind: int = computed(Int8ub, tag_of("body"), "which")
    body: Any = field(
        Region(Int8ub, OneOf(this.kind, {1: Nested(Small), 2: Nested(Choice)}, unknown=Unknown), max=90), "body"
    )


class Endless(Record):
    """A record in itself."""

    next: Endless | None = field(XdrOptional(Nested(lambda: Endless)), "next", default=None)
    more: tuple[Endless, ...] = field(List(Nested(lambda: Endless), count=Int8ub, max=9), "more")


class Perhaps(Record):
    """A part that is announced by what follows it: where it is absent, nothing decodes."""

    first: int | None = field(Announced(b"\0", Int8ub), "announced")
    zeros: bytes = const(Bytes(2), b"\0\0", "as an announcement")


class Page(Record):
    """A page, and a word cut by the page size."""

    data: bytes = field(Bytes(this._params.page_size), "contents")


class Word(Record, bits=Int8ub):
    """Parts of a byte."""

    low: Kind = bit_field(0x0F, "low", of=EnumOf(Int8ub, Kind))
    high: int = bit_field(0x30, "high", shift=4)


@pytest.mark.parametrize("cls", [Choice, Strict, Free, Endless, Perhaps, Page, Word, *SPECIMENS])
def test_what_is_drawn_is_valid(cls: type[Record]) -> None:
    codec = codec_for(cls)

    @QUICK
    @given(values(cls, params=PARAMS))
    def run(value: Record) -> None:
        assert type(value) is cls
        assert codec.decode(codec.encode(value, PARAMS), PARAMS) == value

    run()


@pytest.mark.parametrize(
    ("cls", "wanted"),
    [
        (Choice, lambda value: isinstance(value.body, Small) and len(value.items) == 2),
        (Choice, lambda value: isinstance(value.body, Unknown)),
        (Choice, lambda value: value.size == 4),
        (Strict, lambda value: value.kind == 201),
        (Free, lambda value: isinstance(value.body, Unknown) and value.body.tag > 2),
        (Free, lambda value: isinstance(value.body, Choice)),
        (Endless, lambda value: value.next is not None and value.next.more),
        (Word, lambda value: value.low == Kind.TWO and value.high == 3),
        (Word, lambda value: value.low == 9),
    ],
)
def test_what_is_drawn_is_varied(cls: type[Record], wanted: Any) -> None:
    assert wanted(find(values(cls), wanted, settings=settings(max_examples=2000, deadline=None, database=None)))


def test_versions() -> None:
    class Growing(Record, versions=("1", "2")):
        """A field is new."""

        new: int = field(Int8ub, "new", since="2", default=0)

    found = find(values(Growing, "2"), lambda value: value.new == 7)
    assert found == Growing(new=7)
    with_zero_only = find(values(Growing, "1"), lambda value: True)
    assert with_zero_only == Growing(new=0)


def test_strangers_agree_with_construct() -> None:
    struct = construct.Struct(
        "n" / construct.Int8ub,
        "text" / construct.PaddedString(4, "ascii"),
        "list" / construct.Array(this.n & 3, construct.Int16ul),
        "maybe" / construct.If(this.n > 100, construct.Prefixed(construct.Int8ub, construct.GreedyBytes)),
    )
    codec = codec_for(struct)

    @QUICK
    @given(st.data())
    def run(data: st.DataObject) -> None:
        value = data.draw(values(struct))
        encoded = codec.encode(value)
        theirs = struct.parse(encoded)
        assert (theirs.n, theirs.text, tuple(theirs["list"]), theirs.maybe) == tuple(value.values())
        assert struct.build(value) == encoded

    run()


@pytest.mark.parametrize(("version", "kinds"), [("1", {"Early", "Steady"}), ("10", {"Late", "Steady"})])
def test_bodies_of_a_version(version: str, kinds: set[str]) -> None:
    seen: set[str] = set()

    @QUICK
    @given(values(specimens.Letter, version))
    def run(value: specimens.Letter) -> None:
        seen.add(type(value.body).__name__)
        kind = {"Early": 1, "Late": 2, "Steady": 3}.get(type(value.body).__name__) or value.body.tag
        assert codec_for(specimens.Letter, version).encode(value)[0] == kind

    run()
    assert seen == kinds | {"Unknown"}


def test_drawn_is_the_same_for_the_same_number() -> None:
    values_of = [drawn(Choice, 20, number) for number in (1, 1, 2)]
    assert values_of[0] == values_of[1] != values_of[2]
    assert all(type(value) is Choice for value in values_of[0])
    assert 1 < len({repr(value) for value in values_of[0]}) <= 20


def test_drawn_gives_up_where_nothing_is_valid() -> None:
    class Impossible(Record):
        """Its text is longer than it may be."""

        size: int = field(Int8ub, "size")
        data: bytes = field(SizedBytes(this.size + 10, max=4), "data")

    assert drawn(Impossible, 20) == []


def test_a_condition_may_read_what_is_computed_later() -> None:
    """Whether filler stands in a link message follows from counts that are not drawn."""
    found = drawn(LinkMessage, 100)
    assert len(found) == 100
    assert {bool(value.common or value.channel) for value in found} == {True, False}
