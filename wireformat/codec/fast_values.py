"""What generated code needs at run time: twins, number tables, and the checks that are not worth inlining.

A *twin* is a mutable class with the very layout of a frozen record. Decoding fills a twin and then sets the object's
`__class__` to the frozen class, which costs half of what any constructor does. A twin must reset both `__setattr__` and
`__delattr__`: they share one C slot, and resetting one alone makes every store more than twice as slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import itemgetter, or_
from struct import Struct
from typing import Any, NamedTuple, cast

from wireformat.codec.fast_shape import arguments, header_of, holds_value
from wireformat.codec.fast_source import Program, RefusedError
from wireformat.limits import MAX_FLAG_NAMES
from wireformat.schema import model
from wireformat.schema.traverse import value_type
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
            raise RefusedError
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
            raise RefusedError
        value = bits if self._node.cls is None else self._node.cls(bits)
        if len(self) < MAX_FLAG_NAMES:
            self[bits] = value
        return value


def table_name(program: Program, node: model.Enum | model.Flags) -> str:
    """The name of the look-up from numbers to values."""
    return program.name("named", (node, node.cls), lambda: _table(node))


def _table(node: model.Enum | model.Flags) -> Members | Combinations:
    return Members(node) if isinstance(node, model.Enum) else Combinations(node)


def floats(*values: object) -> None:
    """Refuse all that is not a floating-point number or an integer."""
    for value in values:
        if not isinstance(value, float):
            integers(value)


def all_floats(values: Iterable[object]) -> None:
    """As `floats`, quick when all are plain."""
    if set(map(type, values)) - {float}:
        floats(*values)


def items(value: object) -> None:
    """Refuse all that is not a tuple."""
    if not isinstance(value, tuple | list):
        raise RefusedError


def mappings(value: object) -> None:
    """Refuse all that is not a mapping."""
    if not isinstance(value, Mapping):
        raise RefusedError


def check_of(node: model.Enum | model.Flags) -> Callable[[object], None]:
    """A check of values of an enumeration or of flags that are not plainly members."""
    numbers = frozenset(number for _, number in node.members)
    bits = reduce(or_, numbers, 0)

    def check(value: object) -> None:
        integers(value)
        if node.open:
            return
        known = value in numbers if isinstance(node, model.Enum) else not cast(int, value) & ~bits
        if not known:
            raise RefusedError

    return check


def count(value: object) -> int:
    """Items of a list that may be absent."""
    if value is None:
        return 0
    items(value)
    return len(cast(tuple[Any, ...], value))


def octets(value: object) -> None:
    """Refuse all that is not bytes; what is merely like bytes may change while it is read."""
    if not isinstance(value, bytes):
        raise RefusedError


def tags(union: model.Union, schema: model.Schema) -> dict[type, int]:
    """The number of each arm by the type of its values; the first arm of a type counts."""
    found = [(value_type(schema, arm), tag) for tag, arm in reversed(union.arms)]
    return {kind: tag for kind, tag in found if kind is not None}


def are_told_apart(union: model.Union, schema: model.Schema) -> bool:
    """Whether the type of a value alone tells its arm, where an arm's values have a type."""
    nodes = [arm for _, arm in union.arms]
    types = [kind for kind in (value_type(schema, arm) for arm in nodes) if kind is not None]
    open_arms = [arm for arm in nodes if value_type(schema, arm) is None and not isinstance(arm, model.Ref)]
    return not open_arms and len(set(types)) == len(types)


def completion(record: model.Record) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function that gives a mapping the defaults that it leaves out; others must be there, and no more."""
    names = arguments(record)
    defaults = {field.name: field.default for field in record.fields if field.optional or field.many}
    defaults.setdefault("unknown", ())

    def complete(value: Mapping[str, Any]) -> dict[str, Any]:
        if not value.keys() <= set(names):
            raise RefusedError
        return {name: value[name] if name in value else defaults[name] for name in names}

    return complete


def empty(record: model.Record, present: Iterable[model.Field]) -> Any:
    """The value of a record of entries, of which it has none; `present` are the fields of the version."""
    defaults = {field.name: field.default for field in record.fields if holds_value(field)}
    return record.cls(**defaults | {field.name: () for field in present if field.many}, unknown=())


class Unknowns:
    """What a TLV record may keep without knowing it, and how that is merged with what it knows."""

    def __init__(self, tlv: model.Tlv, known: frozenset[int]) -> None:
        self._tlv = tlv
        self._known = known
        self._header = Struct(header_of(tlv))

    def checked(self, entries: object) -> list[Unknown]:
        """The entries in order; refuses what is no entry, is known, or critical."""
        items(entries)
        found = list(cast(Iterable[Unknown], entries))
        for entry in found:
            if not isinstance(entry, Unknown) or not isinstance(entry.data, bytes) or len(entry.data) > self._tlv.max:
                raise RefusedError
            integers(entry.tag)
            if entry.tag & self._tlv.critical or entry.tag in self._known:
                raise RefusedError
        return sorted(found, key=itemgetter(0))

    def merge(self, parts: list[bytes], entries: list[Unknown], below: int | None) -> list[Unknown]:
        """Append the bytes of the entries whose tags are `below` that number; returns the others."""
        for place, (tag, data) in enumerate(entries):
            if below is not None and tag > below:
                return entries[place:]
            parts.append(self._header.pack(tag, len(data)) + data)
        return []


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
        raise RefusedError


def integers(*values: object) -> None:
    """Refuse all that is not an integer; `bool` is not."""
    for value in values:
        if not isinstance(value, int) or isinstance(value, bool):
            raise RefusedError


def all_integers(values: Iterable[object]) -> None:
    """As `integers`, quick when all are plain."""
    if set(map(type, values)) - {int}:
        integers(*values)
