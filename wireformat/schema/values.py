"""Values that a schema needs beside Python's own: what is kept although nobody knows it.

A peer chooses unknown numbers, so nothing here may remember one: the standard library's `IntFlag` keeps every unknown
combination for ever, which lets a peer fill our memory. Unknown members are made anew each time; they equal and hash
as the integers they are.
"""

from __future__ import annotations

from enum import KEEP, IntEnum, IntFlag
from typing import Any, NamedTuple


class Unknown(NamedTuple):
    """A member of an open union, or an entry of a TLV record, that the schema does not know."""

    tag: int
    data: bytes


class OpenEnum(IntEnum):
    """An enumeration that keeps unknown numbers, as members named by their number."""

    @classmethod
    def _missing_(cls, value: object) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        return _member(cls, int(value), str(int(value)))

    def __hash__(self) -> int:
        return hash(self._value_)


class OpenFlags(IntFlag, boundary=KEEP):
    """A set of bits that keeps unknown bits."""

    @classmethod
    def _missing_(cls, value: object) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        bits = _unsigned(cls, int(value))
        known = [
            name for name, member in cls.__members__.items() if member.value and member.value & bits == member.value
        ]
        rest = bits
        for name in known:
            rest &= ~cls.__members__[name].value
        return _member(cls, bits, "|".join([*known, *([f"0x{rest:x}"] if rest or not known else [])]))

    def __hash__(self) -> int:
        return hash(self._value_)


def _member(cls: type[IntEnum] | type[IntFlag], value: int, name: str) -> Any:
    member = int.__new__(cls, value)
    member._name_ = name
    member._value_ = value
    return member


def _unsigned(cls: type[IntFlag], value: int) -> int:
    """The bits of a complement: as many as the members have."""
    if value >= 0:
        return value
    width = max((member.value.bit_length() for member in cls.__members__.values()), default=0)
    return int(value + (1 << max(width, value.bit_length())))
