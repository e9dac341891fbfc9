"""Open enumerations and flags: unknown numbers stay what they are and are never remembered."""

from __future__ import annotations

import pickle

import pytest

from wireformat.schema.values import OpenEnum, OpenFlags, Unknown


class Colour(OpenEnum):
    RED = 1
    BLUE = 2


class Mode(OpenFlags):
    READ = 1
    WRITE = 2
    LOCK = 8


def test_unknown_members_equal_and_hash_as_integers() -> None:
    assert Colour(77) == 77
    assert hash(Colour(77)) == hash(77)
    assert {77: "x"}[Colour(77)] == "x"
    assert isinstance(Colour(77), Colour)
    assert (Colour(77).name, repr(Colour(77))) == ("77", "<Colour.77: 77>")
    assert Colour(1) is Colour.RED


def test_unknown_bits_are_kept() -> None:
    mode = Mode(0x21)
    assert (int(mode), mode.name) == (0x21, "READ|0x20")
    assert mode | Mode.WRITE == 0x23
    assert mode & Mode.READ == Mode.READ
    assert Mode(9).name == "READ|LOCK"
    assert int(~Mode.READ & 0xF) == 14
    assert Mode(0).name == "0x0"


def test_nothing_is_remembered() -> None:
    for number in range(100, 1100):
        Colour(number)
        Mode(number)
    assert set(Colour._value2member_map_) == {1, 2}
    assert len(Mode._value2member_map_) <= 4


@pytest.mark.parametrize("wrong", ["RED", 1.5, None])
def test_only_integers_are_members(wrong: object) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        Colour(wrong)
    with pytest.raises(ValueError, match="is not a valid"):
        Mode(wrong)


def test_pickle() -> None:
    values = (Colour(77), Mode(0x21), Unknown(3, b"x"))
    assert pickle.loads(pickle.dumps(values)) == values
