"""Wires made of others: lists, bounded parts, parts that may be absent, unions, pointers, nested records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from wireformat.limits import MAX_ITEMS
from wireformat.schema import model
from wireformat.schema.data import amount
from wireformat.schema.expression import expression
from wireformat.schema.numbers import Int32ub
from wireformat.schema.values import Unknown
from wireformat.schema.wire import Part, Reference, Wire

T = TypeVar("T")


def Nested(record: type[T] | Callable[[], type[T]]) -> Wire[T]:  # noqa: N802
    """A record in a record. A function lets records refer to ones declared later, or to themselves."""
    return Reference(record)


def List(of: Wire[T], count: Any, max: int = MAX_ITEMS) -> Wire[tuple[T, ...]]:  # noqa: N802
    """`count` items: a number, an expression, an integer wire before them, None for all that fit."""
    return Part(model.List, of=of, max=max, count=amount(count))


def XdrArray(of: Wire[T], max: int) -> Wire[tuple[T, ...]]:  # noqa: N802
    """XDR's array of variable length [RFC 4506 4.13]."""
    return Part(model.List, of=of, max=max, count=Int32ub)


def Chain(of: Wire[T], more: bytes, end: bytes, max: int) -> Wire[tuple[T, ...]]:  # noqa: N802
    """Items that each follow the bytes `more`; the bytes `end` stop them."""
    return Part(model.Chain, of=of, more=more, end=end, max=max)


def Region(size: Any, of: Wire[T], max: int) -> Wire[T]:  # noqa: N802
    """`of` in exactly as many bytes as `size` says."""
    return Part(model.Region, size=amount(size), of=of, max=max)


def XdrOptional(of: Wire[T]) -> Wire[T | None]:  # noqa: N802
    """XDR's optional data [RFC 4506 4.19]."""
    return Part(model.Maybe, flag=Int32ub, of=of)


def If(cond: Any, of: Wire[T]) -> Wire[T | None]:  # noqa: N802
    """`of` where `cond` is not zero, else None."""
    return Part(model.When, cond=expression(cond), of=of)


def Announced(marker: bytes, of: Wire[T]) -> Wire[T | None]:  # noqa: N802
    """`of` behind the bytes `marker`, where they stand, else None."""
    return Part(model.Announced, marker=marker, of=of)


def OneOf(  # noqa: N802
    on: Any, arms: Mapping[int, Wire[Any]], unknown: type[Unknown] | bool = False
) -> Wire[Any]:
    """The arm that the expression `on` names. `unknown=Unknown` keeps other members byte for byte."""
    parts = tuple((int(tag), arm) for tag, arm in arms.items())
    return Part(model.Union, on=expression(on), arms=parts, unknown=bool(unknown))


def Pointed(  # noqa: N802
    of: Wire[T], size: Wire[int] | None = None, offset: Wire[int] | None = None
) -> Wire[T]:
    """Size and offset here (32 bits little-endian unless given), the bytes `of` behind the fixed part."""
    little = model.Int(4, little=True)
    return Part(model.Pointed, of=of, size_int=size or little, offset_int=offset or little)


def Reserved(of: Wire[Any], policy: Literal["reject", "ignore"] = "reject") -> Wire[None]:  # noqa: N802
    """Zero, and otherwise refused or ignored."""
    return Part(model.Reserved, of=of, policy=policy)
