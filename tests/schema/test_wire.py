"""Wires parse and build by what they lift to; references wait until they are needed."""

from __future__ import annotations

import pytest

from wireformat.errors import DecodeError
from wireformat.schema import Int8ub, Int16ub, List, Nested, Record, field, model
from wireformat.schema.wire import Part, Reference


class Pair(Record):
    """Two numbers."""

    a: int = field(Int8ub, "first")
    b: int = field(Int8ub, "second")


def test_a_part_holds_what_it_stands_for() -> None:
    part = List(Int16ub, count=2)
    assert isinstance(part, Part)
    assert (part.node, part.arguments["count"], part.arguments["of"]) == (model.List, 2, Int16ub)
    assert part.parse(b"\0\1\0\2") == (1, 2)
    assert part.build((1, 2)) == b"\0\1\0\2"
    with pytest.raises(DecodeError) as caught:
        part.parse(b"\0\1\0")
    assert (caught.value.id, caught.value.path) == ("truncated", "[1]")


def test_a_reference_is_looked_up_when_used() -> None:
    calls = []

    def later() -> type[Pair]:
        calls.append(1)
        return Pair

    reference = Nested(later)
    assert isinstance(reference, Reference)
    assert calls == []
    assert reference.parse(b"\1\2").b == 2
    assert reference.build(Pair(a=1, b=2)) == b"\1\2"
    assert calls == [1, 1]
