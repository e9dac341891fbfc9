"""Items of a field in the order of their bytes."""

from __future__ import annotations

import pytest

from tests.codec.specimens import Migrate, Point, Sorted
from wireformat.codec import ascending, decode, encode
from wireformat.errors import EncodeError, SchemaError
from wireformat.schema import lift, model


def test_items_are_in_the_order_of_their_bytes() -> None:
    assert ascending(Sorted, "words", ["b", "aa", "", "c"]) == ("", "b", "c", "aa")
    assert ascending(Sorted, "names", ["b", "aa", "", "c"]) == ("", "aa", "b", "c")
    points = [Point(x=2, y=0), Point(x=1, y=-1), Point(x=1, y=1)]
    assert ascending(Sorted, "points", points) == (points[2], points[1], points[0])


def test_equal_items_stand_once() -> None:
    assert ascending(Sorted, "names", ["a", "b", "a"]) == ("a", "b")
    assert ascending(Sorted, "inner", [Sorted(), Sorted(level=3)]) == (Sorted(),)


def test_what_is_in_order_can_be_encoded() -> None:
    value = Sorted(words=ascending(Sorted, "words", {"x", "yy", "z", ""}), inner=ascending(Sorted, "inner", [Sorted()]))
    assert decode(Sorted, encode(value)) == value


def test_items_of_any_schema() -> None:
    field = model.Field("f", model.Int(2, little=True), many=True, tag=1)
    framing = model.Tlv(model.Int(1), model.Int(1), ascending=True)
    schema = model.Schema("r", {"r": model.Record("r", (field,), layout="tlv", tlv=framing)})
    assert ascending(schema, "f", [1, 256, 2]) == (256, 1, 2)


def test_what_is_no_item() -> None:
    with pytest.raises(EncodeError) as caught:
        ascending(Sorted, "names", ["a", 5])
    assert (caught.value.id, caught.value.path) == ("type", "names")
    with pytest.raises(SchemaError) as unknown:
        ascending(lift(Migrate), "nothing", [])
    assert (unknown.value.id, unknown.value.path) == ("reference", "Migrate")
