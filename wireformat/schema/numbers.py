"""Numbers: integers of one to eight bytes in both byte orders, floating point, enumerations and flags."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TypeVar

import construct

from wireformat.errors import SchemaError
from wireformat.schema import model
from wireformat.schema.values import OpenEnum, OpenFlags
from wireformat.schema.wire import Part, Wire

E = TypeVar("E", bound=IntEnum)
F = TypeVar("F", bound=IntFlag)

Int8ub: Wire[int] = construct.Int8ub
Int16ub: Wire[int] = construct.Int16ub
Int24ub: Wire[int] = construct.Int24ub
Int32ub: Wire[int] = construct.Int32ub
Int64ub: Wire[int] = construct.Int64ub
Int8sb: Wire[int] = construct.Int8sb
Int16sb: Wire[int] = construct.Int16sb
Int24sb: Wire[int] = construct.Int24sb
Int32sb: Wire[int] = construct.Int32sb
Int64sb: Wire[int] = construct.Int64sb
Int8ul: Wire[int] = construct.Int8ul
Int16ul: Wire[int] = construct.Int16ul
Int24ul: Wire[int] = construct.Int24ul
Int32ul: Wire[int] = construct.Int32ul
Int64ul: Wire[int] = construct.Int64ul
Int8sl: Wire[int] = construct.Int8sl
Int16sl: Wire[int] = construct.Int16sl
Int24sl: Wire[int] = construct.Int24sl
Int32sl: Wire[int] = construct.Int32sl
Int64sl: Wire[int] = construct.Int64sl
Float32b: Wire[float] = construct.Float32b
Float64b: Wire[float] = construct.Float64b
Float32l: Wire[float] = construct.Float32l
Float64l: Wire[float] = construct.Float64l


def EnumOf(of: Wire[int], cls: type[E], open: bool = True) -> Wire[E]:  # noqa: N802
    """A number named by `cls`. Open: unknown numbers are kept, for which `cls` is an `OpenEnum`."""
    if open and not issubclass(cls, OpenEnum):
        raise SchemaError("vocabulary", f"{cls.__name__} keeps no unknown numbers; derive it from OpenEnum")
    return Part(model.Enum, of=of, name=cls.__name__, members=_members(cls), open=open, cls=cls)


def FlagsOf(of: Wire[int], cls: type[F], open: bool = True) -> Wire[F]:  # noqa: N802
    """Bits named by `cls`. Open: unknown bits are kept, for which `cls` is an `OpenFlags`."""
    if open and not issubclass(cls, OpenFlags):
        raise SchemaError("vocabulary", f"{cls.__name__} remembers unknown bits; derive it from OpenFlags")
    return Part(model.Flags, of=of, name=cls.__name__, members=_members(cls), open=open, cls=cls)


def _members(cls: type[IntEnum] | type[IntFlag]) -> tuple[tuple[str, int], ...]:
    return tuple((name, int(member.value)) for name, member in cls.__members__.items())
