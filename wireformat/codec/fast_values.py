"""What generated code needs at run time: twins, number tables, and the checks that are not worth inlining.

A *twin* is a mutable class with the very layout of a frozen record. Decoding fills a twin and then sets the object's
`__class__` to the frozen class, which costs half of what any constructor does. A twin must reset both `__setattr__` and
`__delattr__`: they share one C slot, and resetting one alone makes every store more than twice as slow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from wireformat.codec.fast_source import Program, Refused
from wireformat.limits import MAX_FLAG_NAMES
from wireformat.schema import model
from wireformat.schema.values import Unknown

LITERALS = (type(None), bool, int, str, bytes)


def twin(cls: type) -> type:
    """A mutable class whose instances may turn into `cls`."""
    names = {
        "__slots__": (),
        "__init__": object.__init__,
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
        "__module__": cls.__module__,
    }
    return type.__new__(type(cls), f"{cls.__name__}Twin", (cls,), names)


class Members(dict[int, Any]):
    """The values of an `Enum`: a number gives its member; unknown numbers are made anew each time, or refused."""

    __slots__ = ("_node",)

    def __init__(self, node: model.Enum) -> None:
        super().__init__((number, number if node.cls is None else node.cls(number)) for _, number in node.members)
        self._node = node

    def __missing__(self, number: int) -> Any:
        if not self._node.open:
            raise Refused
        return number if self._node.cls is None else self._node.cls(number)


class Combinations(dict[int, Any]):
    """The values of a `Flags`, remembered up to a limit, since a peer chooses how many there are."""

    __slots__ = ("_known", "_node")

    def __init__(self, node: model.Flags) -> None:
        super().__init__()
        self._node = node
        self._known = 0
        for _, bits in node.members:
            self._known |= bits

    def __missing__(self, bits: int) -> Any:
        if not self._node.open and bits & ~self._known:
            raise Refused
        value = bits if self._node.cls is None else self._node.cls(bits)
        if len(self) < MAX_FLAG_NAMES:
            self[bits] = value
        return value


def table_name(program: Program, node: model.Enum | model.Flags) -> str:
    """The name of the look-up from numbers to values."""
    kind = Members if isinstance(node, model.Enum) else Combinations
    return program.name("named", (node, node.cls), lambda: kind(node))


class Number(NamedTuple):
    """How `struct` writes many of one kind: byte order, letter, and the bytes of one."""

    order: str
    letter: str
    size: int


def number(node: model.Node) -> Number | None:
    """The struct notation of a plain number."""
    if isinstance(node, model.Int) and node.fmt:
        return Number("<" if node.little else ">", node.fmt, node.size)
    if isinstance(node, model.Float):
        return Number("<" if node.little else ">", "f" if node.size == 4 else "d", node.size)
    return None


def unknown_name(program: Program) -> str:
    """The name of the class of unknown members."""
    return program.shared("Unknown", Unknown)


def default_name(program: Program, record: model.Record, field: model.Field) -> str:
    """The source of what an absent field reads as."""
    if type(field.default) in LITERALS:
        return repr(field.default)
    return program.name("default", (record.name, field.name), lambda: field.default)


def texts(value: object) -> None:
    """Refuse all that is not text."""
    if not isinstance(value, str):
        raise Refused


def integers(*values: object) -> None:
    """Refuse all that is not an integer; `bool` is not."""
    for value in values:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused


def all_integers(values: Iterable[object]) -> None:
    """As `integers`, quick when all are plain."""
    if set(map(type, values)) - {int}:
        integers(*values)
