"""What counts as understood: equal where both know a field, absent where only the reader does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.derive import planted
from tests.derive.proofs import entry, one, thing
from wireformat.derive.compat_aim import changed, edited, known_only
from wireformat.derive.compat_probes import probes, steering
from wireformat.derive.compat_values import Difference, difference, partner
from wireformat.schema import (
    Bytes,
    Int8ub,
    Int16ub,
    OpenFlags,
    Record,
    Unknown,
    const,
    field,
    lift,
    model,
    reserved,
    tlv,
    tlvs,
)
from wireformat.schema.record import layout_of

BYTE = field(Int8ub, "x")
A, B, AB = thing(a=BYTE), thing(b=BYTE), thing(a=BYTE, b=BYTE)
WAS_A = thing(b=field(Int8ub, "x", renamed_from="a"))
WITH_DEFAULT = thing(a=BYTE, b=field(Int8ub, "x", default=7))
SINGLE, MANY = entry(tlv(1, Int8ub, "x", default=0)), entry(tlvs(1, Int8ub, "x"))
ZERO, FIXED = thing(a=reserved(Int8ub, "x")), thing(a=const(Int8ub, 3, "x"))


class Bits(OpenFlags):
    """Two bits."""

    LOW = 1
    HIGH = 2


class Swapped(OpenFlags):
    """The same, the other way round."""

    LOW = 2
    HIGH = 1


@pytest.mark.parametrize(
    ("written", "read", "path"),
    [
        (A(a=1), A(a=1), None),
        (A(a=1), A(a=2), "a"),
        (A(a=1), B(b=1), "b"),
        (A(a=0), B(b=0), "b"),
        (A(a=1), WAS_A(b=1), None),
        (WAS_A(b=1), A(a=1), None),
        (AB(a=1, b=2), A(a=1), None),
        (A(a=1), WITH_DEFAULT(a=1, b=7), None),
        (A(a=1), WITH_DEFAULT(a=1, b=8), "b"),
        (ZERO(), A(a=0), None),
        (ZERO(), A(a=1), "a"),
        (FIXED(), A(a=3), None),
        (FIXED(), A(a=4), "a"),
        (SINGLE(x=5), MANY(x=(5,)), None),
        (SINGLE(x=0), MANY(x=()), None),
        (MANY(x=(0,)), SINGLE(x=0), None),
        (MANY(x=(1, 2)), SINGLE(x=2), "x"),
        (one(Int8ub)(head=1, x=(A(a=1), A(a=2))), one(Int8ub)(head=1, x=(A(a=1), A(a=3))), "x[1].a"),
        (one(Int8ub)(head=1, x=(1, 2)), one(Int8ub)(head=1, x=(1,)), "x"),
        (one(Int8ub)(head=1, x=A(a=1)), one(Int8ub)(head=1, x=Unknown(1, b"\1")), None),
        (one(Int8ub)(head=1, x=Unknown(1, b"\1")), one(Int8ub)(head=1, x=A(a=1)), "x"),
        (one(Int8ub)(head=1, x="a"), one(Int8ub)(head=1, x=b"a"), "x"),
        (one(Int8ub)(head=1, x=planted.Colour.BLUE), one(Int8ub)(head=1, x=planted.Fewer.BLUE), None),
        (one(Int8ub)(head=1, x=planted.Colour.GREEN), one(Int8ub)(head=1, x=planted.Fewer(2)), None),
        (one(Int8ub)(head=1, x=planted.Colour.GREEN), one(Int8ub)(head=1, x=2), None),
        (one(Int8ub)(head=1, x=Bits(1)), one(Int8ub)(head=1, x=Swapped(1)), "x"),
        (one(Int8ub)(head=1, x=Bits(4)), one(Int8ub)(head=1, x=Swapped(4)), None),
    ],
)
def test_difference(written: Record, read: Record, path: str | None) -> None:
    found = difference(written, read)
    assert (None if found is None else found.path) == path


def test_a_difference_says_both() -> None:
    assert difference(A(a=1), A(a=2)) == Difference("a", 1, 2)
    assert difference(A(a=1), B(b=2)) == Difference("b", None, 2)


def test_partner_prefers_the_name() -> None:
    old = model.Field("a", model.Int(1))
    renamed = model.Field("b", model.Int(1), renamed_from="a")
    same = model.Field("a", model.Int(2))
    assert partner(old, [renamed, same]) is same
    assert partner(old, [renamed]) is renamed
    assert partner(renamed, [old]) is old
    assert partner(old, [model.Field("", model.Int(1))]) is None


def test_probes_meet_both_limits() -> None:
    sizes = [len(probe) for probe in probes(model.Data(model.Int(1), 40), model.Data(model.Int(1), 20), b"")]
    assert {0, 19, 20, 21, 39, 40, 41} <= set(sizes)
    numbers = set(probes(model.Int(2), model.Int(1), 0))
    assert {0, 1, 255, 256, 65535} <= numbers <= set(range(65536))
    assert {len(items) for items in probes(model.List(model.Int(1), 9, model.Int(1)), None, (1,))} >= {0, 1, 8, 9, 10}


def test_sizes_beside_a_field_follow() -> None:
    assert steering(model.Data(("get", "n"), 9, encoding="utf-8"), "é") == {"n": 2}
    assert steering(model.Region(model.Int(1), model.List(model.Int(1), 9, ("get", "n")), 9), (1, 2)) == {"n": 2}
    assert steering(model.Data(model.Int(1), 9), b"") == {}


def test_the_first_record_is_edited() -> None:
    value = one(Int8ub)(head=1, x=(5, A(a=1), A(a=2)))
    assert edited(value, A, lambda record: changed(record, {"a": 9})) == changed(value, {"x": (5, A(a=9), A(a=2))})
    assert edited(value, B, lambda record: record) is None


def test_unknown_entries_are_dropped() -> None:
    value = one(Int8ub)(head=1, x=(SINGLE(x=1, unknown=(Unknown(9, b""),)),))
    assert known_only(value).x == (SINGLE(x=1),)


def test_samples_are_what_they_seem() -> None:
    """`thing` declares as a class statement does."""
    fields: dict[str, Any] = dict(layout_of(thing(a=field(Int16ub, "x"), b=field(Bytes(2), "x")))[1])
    assert list(fields) == ["a", "b"]
    assert [each.name for each in lift(AB).record.fields] == ["a", "b"]
