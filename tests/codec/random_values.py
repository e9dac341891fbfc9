"""Random values for any schema, valid as far as their own record can tell, and values made wrong on purpose."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from typing import Any

from wireformat.codec import ascending
from wireformat.errors import WireError
from wireformat.schema import Unknown, model
from wireformat.schema.expression import PENDING, PendingError, evaluate
from wireformat.schema.traverse import fields_of

DERIVED = (model.Const, model.Reserved, model.Computed, model.Checksum)
MOST_ITEMS = 8
"""Of entries that may repeat more often still."""
FEW_ITEMS = 2
"""The same, where values are to be short."""

WRONG = (
    None,
    True,
    -1,
    1 << 70,
    3,
    1.5,
    "\0",
    "\ud800",
    "ä" * 40,
    b"\xff",
    b"x" * 300,
    bytearray(b"ab"),
    (),
    (1,),
    [2],
    {},
)


class Maker:
    """Makes values of one schema and version, with at most `most` of what may repeat without end."""

    def __init__(
        self,
        schema: model.Schema,
        version: str | None,
        params: dict[str, Any],
        seed: int,
        *,
        most: int = MOST_ITEMS,
    ) -> None:
        self._schema = schema
        self._most = most
        self._version = version
        self._params = params
        self._random = random.Random(seed)
        self._depth = 0

    def value(self) -> Any:
        """One value of the root record."""
        return self._record(self._schema.root)

    def _record(self, name: str) -> Any:
        record = self._schema.records[name]
        present = fields_of(record, self._version)
        self._depth += 1
        computed = {field.name: PENDING for field in present if isinstance(field.of, model.Computed)}
        values: dict[str, Any] = dict(computed)
        given: dict[str, Any] = {"unknown": self._unknown(record)} if record.layout == "tlv" else {}
        for field in record.fields:
            if field.name and not isinstance(field.of, DERIVED):
                given[field.name] = self._field(record, field, values) if field in present else field.default
                values[field.name] = given[field.name]
        self._depth -= 1
        return given if record.cls is None else record.cls(**given)

    def _unknown(self, record: model.Record) -> tuple[Unknown, ...]:
        known = {(field.tag or 0) & 0x7FFF for field in record.fields}
        tags = [self._random.choice((2, 6, 66, 500)) for _ in range(self._random.choice((0, 0, 0, 1, 3)))]
        return tuple(Unknown(tag, self._bytes(0, 5)) for tag in sorted(tags) if tag not in known)

    def _field(self, record: model.Record, field: model.Field, values: dict[str, Any]) -> Any:
        if field.many:
            count = 0 if self._depth > 4 else self._random.randint(0, min(field.max or 2, self._most))
            items = tuple(self._node(field.of, values) for _ in range(count))
            return self._in_order(record, field, items) if record.tlv and record.tlv.ascending else items
        if field.optional and self._random.random() < 0.3:
            return field.default
        if field.mask is not None:
            mask = evaluate(field.mask, values, self._params)
            number = (self._random.getrandbits(60) & mask) >> field.shift
            return self._named(field.of, number) if isinstance(field.of, model.Enum | model.Flags) else number
        return self._node(field.of, values)

    def _in_order(self, record: model.Record, field: model.Field, items: tuple[Any, ...]) -> tuple[Any, ...]:
        """Items in the order that the record demands; as they are where one of them does not encode."""
        try:
            schema = model.Schema(record.name, self._schema.records)
            return ascending(schema, field.name, items, self._version, self._params)
        except WireError:
            return items

    def _node(self, node: model.Node, values: dict[str, Any]) -> Any:
        return getattr(self, f"_{type(node).__name__.lower()}")(node, values)

    def _int(self, node: model.Int, values: dict[str, Any]) -> int:
        low, high = node.range
        choices = (low, high, self._random.randint(low, high), self._random.randint(max(low, 0), min(high, 8)))
        return self._random.choice((*choices, choices[-1], choices[-1]))

    def _float(self, node: model.Float, values: dict[str, Any]) -> float:
        return struct.unpack(">f", struct.pack(">f", self._random.uniform(-1e6, 1e6)))[0]

    def _bytes(self, low: int, high: int) -> bytes:
        return self._random.randbytes(self._random.randint(low, high))

    def _data(self, node: model.Data, values: dict[str, Any]) -> Any:
        size = self._amount(node.size, node.max, values)
        if node.encoding is None:
            return self._random.randbytes(size)
        if node.nul == "pad":
            size = self._random.randint(0, size)
        if node.nul == "end":
            size = max(size - 1, 0)
        return "".join(self._random.choice("abcxyz ") for _ in range(size))

    def _amount(self, size: Any, limit: int, values: dict[str, Any]) -> int:
        if isinstance(size, int | tuple):
            try:
                return max(0, min(int(evaluate(size, values, self._params)), limit))
            except Exception:
                pass
        return self._random.randint(0, min(limit, 12))

    def _named(self, node: Any, number: int) -> Any:
        members = [value for _, value in node.members]
        if isinstance(node, model.Enum) and (not node.open or self._random.random() < 0.7):
            number = self._random.choice(members)
        if isinstance(node, model.Flags) and not node.open:
            number &= sum(members)
        return number if node.cls is None else node.cls(number)

    def _enum(self, node: model.Enum, values: dict[str, Any]) -> Any:
        return self._named(node, self._int(node.of, values))

    _flags = _enum

    def _const(self, node: model.Const, values: dict[str, Any]) -> Any:
        return node.value

    def _reserved(self, node: model.Reserved, values: dict[str, Any]) -> None:
        return None

    def _list(self, node: model.List, values: dict[str, Any]) -> tuple[Any, ...]:
        count = self._amount(node.count, node.max, values)
        return tuple(self._node(node.of, values) for _ in range(count))

    def _chain(self, node: model.Chain, values: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(self._node(node.of, values) for _ in range(self._random.randint(0, node.max)))

    def _region(self, node: model.Region, values: dict[str, Any]) -> Any:
        return self._node(node.of, values)

    def _maybe(self, node: model.Maybe, values: dict[str, Any]) -> Any:
        is_absent = self._random.random() < 0.4 or self._depth > 12
        return None if is_absent else self._node(node.of, values)

    _announced = _maybe
    _pointed = _maybe

    def _when(self, node: model.When, values: dict[str, Any]) -> Any:
        try:
            holds = bool(evaluate(node.cond, values, self._params))
        except PendingError:
            holds = self._random.random() < 0.5
        return self._node(node.of, values) if holds else None

    def _union(self, node: model.Union, values: dict[str, Any]) -> Any:
        arms = dict(node.arms)
        try:
            arm = arms.get(evaluate(node.on, values, self._params), self._random.choice(node.arms)[1])
        except Exception:
            if node.unknown and self._random.random() < 0.2:
                return Unknown(999, self._bytes(0, 9))
            arm = self._random.choice(node.arms)[1]
        return self._node(arm, values)

    def _ref(self, node: model.Ref, values: dict[str, Any]) -> Any:
        return self._record(node.name)


def wrong_values(value: Any, schema: model.Schema, seed: int) -> Iterator[Any]:
    """The value with one field exchanged for something else, once for each of some fields."""
    source = random.Random(seed)
    record = schema.record
    names = [field.name for field in record.fields if field.name and not isinstance(field.of, DERIVED)]
    if record.layout == "tlv":
        names.append("unknown")
    for name in source.sample(names, min(4, len(names))):
        old = value[name] if record.cls is None else getattr(value, name)
        for new in (*source.sample(WRONG, 4), *_near(old)):
            yield _changed(value, record, names, name, new)


def _near(old: Any) -> Iterator[Any]:
    """Almost the same: longer, shorter, of another type."""
    if isinstance(old, tuple | bytes | str):
        yield old + old[:1]
        yield old[:-1]
    if isinstance(old, tuple) and not isinstance(old, Unknown):
        yield list(old)
        yield old[::-1]
    if isinstance(old, bytes):
        yield bytearray(old)
    if isinstance(old, int):
        yield float(old) if abs(old) < 1 << 60 else old
        yield bool(old)


def _changed(value: Any, record: model.Record, names: list[str], name: str, new: Any) -> Any:
    if record.cls is None:
        return {**value, name: new}
    return record.cls(**{key: new if key == name else getattr(value, key) for key in names})


def mutated(data: bytes, seed: int) -> Iterator[bytes]:
    """The bytes cut, extended, and with bits and bytes changed."""
    source = random.Random(seed)
    yield data[: source.randint(0, len(data))]
    yield data + source.randbytes(source.randint(1, 3))
    for _ in range(6):
        copy = bytearray(data or b"\0")
        for _ in range(source.choice((1, 1, 2))):
            copy[source.randrange(min(len(copy), source.choice((4, 16, 1000))))] = source.choice(
                (0, 1, 2, 5, 7, 128, 255)
            )
        yield bytes(copy)
        copy[source.randrange(len(copy))] ^= 1 << source.randrange(8)
        yield bytes(copy)
