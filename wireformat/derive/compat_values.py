"""Whether a reader understood what a writer meant, told from the two values that one piece of bytes gives.

Fields are matched by name, or by the name that they say they had before. What both know must be equal. What only the
writer knows may get lost. What only the reader knows must read as absent: a reader that finds something there has read
bytes that were meant as something else. Numbers with names must mean the same: a member of the same name has the same
number on either side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, Flag
from typing import Any

from wireformat.schema import model
from wireformat.schema.lift import lift
from wireformat.schema.record import Record
from wireformat.schema.values import Unknown

DERIVED = (model.Const, model.Reserved, model.Computed, model.Checksum)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two values part; `written` is what the writer meant."""

    path: str
    written: Any
    read: Any


def partner(field: model.Field, others: Iterable[model.Field]) -> model.Field | None:
    """The field of the other side that is the same: by name, else by what either was called before."""
    listed = [other for other in others if other.name]
    for other in listed:
        if other.name == field.name:
            return other
    for other in listed:
        if other.renamed_from == field.name or other.name == field.renamed_from:
            return other
    return None


def difference(written: Any, read: Any, path: str = "") -> Difference | None:
    """The first place where the reader did not get what was written; None where there is no such place."""
    return next(_differences(written, read, path), None)


def _differences(written: Any, read: Any, path: str) -> Iterator[Difference]:
    match written, read:
        case Record(), Record():
            yield from _records(written, read, path)
        case Record(), Unknown():
            return
        case (Unknown(), _) | (_, Unknown()):
            yield from _plain(written, read, path)
        case tuple(), tuple():
            yield from _items(written, read, path)
        case _:
            yield from _plain(written, read, path)


def _items(written: tuple[Any, ...], read: tuple[Any, ...], path: str) -> Iterator[Difference]:
    if len(written) != len(read):
        yield Difference(path, written, read)
        return
    for index, (one, other) in enumerate(zip(written, read, strict=True)):
        yield from _differences(one, other, f"{path}[{index}]")


def _records(written: Record, read: Record, path: str) -> Iterator[Difference]:
    theirs = lift(type(written)).record.fields
    for field in lift(type(read)).record.fields:
        if field.name and not isinstance(field.of, DERIVED):
            where = f"{path}.{field.name}".lstrip(".")
            yield from _field(field, partner(field, theirs), written, getattr(read, field.name), where)


def _field(
    field: model.Field, other: model.Field | None, written: Record, value: Any, path: str
) -> Iterator[Difference]:
    """A field of the reader, with what the writer's field of that meaning holds."""
    if other is None:
        if not is_absent(field, value):
            yield Difference(path, None, value)
    elif isinstance(other.of, model.Reserved):
        if value not in (None, 0) and any(_octets(value)):
            yield Difference(path, 0, value)
    elif not isinstance(other.of, model.Computed | model.Checksum):
        theirs = getattr(written, other.name)
        if field.many != other.many:
            count = len(theirs if other.many else value)
            theirs, value = _repeated(other, theirs, count), _repeated(field, value, count)
        yield from _differences(theirs, value, path)


def _repeated(field: model.Field, value: Any, count: int) -> tuple[Any, ...]:
    """The entries that a field stands for, where the other side counts them otherwise and has `count` of them."""
    if field.many:
        return tuple(value)
    return () if is_absent(field, value) and not count else (value,)


def is_absent(field: model.Field, value: Any) -> bool:
    """Whether a field reads as if nothing was there."""
    if field.optional and value == field.default:
        return True
    return value in (None, (), b"", "") or (field.mask is not None and value == 0)


def _octets(value: Any) -> bytes:
    return value if isinstance(value, bytes) else b"\1"


def _plain(written: Any, read: Any, path: str) -> Iterator[Difference]:
    is_same = written == read and isinstance(written, str) == isinstance(read, str)
    if not is_same or not _means_the_same(written, read):
        yield Difference(path, written, read)


def _means_the_same(written: Any, read: Any) -> bool:
    """Whether two equal numbers have names that do not contradict."""
    if not isinstance(written, Enum) or not isinstance(read, Enum):
        return True
    ours, theirs = _numbers(written), _numbers(read)
    shared = [name for name in ours if name in theirs and ours[name] != theirs[name]]
    return not any(_names(written, ours[name]) or _names(read, theirs[name]) for name in shared)


def _numbers(value: Enum) -> dict[str, int]:
    return {name: int(member.value) for name, member in type(value).__members__.items()}


def _names(value: Enum, number: int) -> bool:
    """Whether a value is the member of that number, or has its bits."""
    own = int(value.value)
    return bool(number) and own & number == number if isinstance(value, Flag) else own == number
