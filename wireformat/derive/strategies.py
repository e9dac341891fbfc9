"""Hypothesis strategies for the values of a schema, from the model alone.

What is drawn is *valid*: it encodes, and decodes to itself. Fields are drawn in order, so an expression finds what it
reads. Where a plain number decides what follows (the arm of a union, the size of data), it is drawn from the numbers
that lead somewhere: these are its *hints*. Breaking valid values is the business of `mutate`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, Phase, given, reject, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FailedHealthCheck, Unsatisfiable

from wireformat.codec import ascending, codec_for
from wireformat.derive.hints import Hints, hints_of
from wireformat.derive.strategies_scope import Scope
from wireformat.errors import DecodeError, EncodeError
from wireformat.schema import model
from wireformat.schema.expression import PendingError
from wireformat.schema.lift import lift
from wireformat.schema.transform import living
from wireformat.schema.traverse import fields_of, walk
from wireformat.schema.values import Unknown

MAX_DRAWN_ITEMS = 3
MAX_DRAWN_BYTES = 20

DERIVED = (model.Const, model.Reserved, model.Computed, model.Checksum)


def values(schema: Any, version: str | None = None, params: Mapping[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """Valid values of a record class, construct object or `model.Schema`; `params` are what expressions read."""
    lifted = lift(schema)
    codec = codec_for(schema, version)
    given = params or {}
    must_decode = _is_ambiguous(lifted)
    present = living(lifted, version)

    def is_valid(value: Any) -> bool:
        try:
            data = codec.encode(value, given)
            return not must_decode or bool(codec.decode(data, given) == value)
        except (EncodeError, DecodeError):
            return False

    return _root(present, version, given).filter(is_valid)


def _is_ambiguous(schema: model.Schema) -> bool:
    """Whether what follows an absent part may look like the announcement of that part."""
    fields = (field for record in schema.records.values() for field in record.fields)
    return any(isinstance(node, model.Announced) for field in fields for node in walk(field.of))


def drawn(schema: Any, count: int, number: int = 0, params: Mapping[str, Any] | None = None) -> list[Any]:
    """Up to `count` valid values of the newest version; `number` decides which. Few where most are invalid."""
    found: list[Any] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=set(HealthCheck) - {HealthCheck.filter_too_much},
    )
    @given(values(schema, params=params))
    def collect(value: Any) -> None:
        found.append(value)

    with suppress(Unsatisfiable, FailedHealthCheck):
        collect()
    return found


@st.composite
def _root(draw: Callable[[Any], Any], schema: model.Schema, version: str | None, params: Mapping[str, Any]) -> Any:
    return _Drawing(draw, schema, version, Scope(schema, params)).record(schema.root, {})


class _Drawing:
    """One value being drawn."""

    def __init__(self, draw: Callable[[Any], Any], schema: model.Schema, version: str | None, scope: Scope) -> None:
        self.draw = draw
        self.schema = schema
        self.version = version
        self.scope = scope

    def record(self, name: str, hints: Hints) -> Any:
        """A record, with a scope of its own."""
        record = self.schema.records[name]
        with self.scope.inside(name):
            drawn = self._fields(record, hints)
        return drawn if record.cls is None else record.cls(**drawn)

    def _fields(self, record: model.Record, hints: Hints) -> dict[str, Any]:
        fields = fields_of(record, self.version)
        own = {**hints_of(fields, MAX_DRAWN_BYTES, MAX_DRAWN_ITEMS), **hints}
        self.scope.announce(fields)
        present = {field.name for field in fields}
        drawn = {field.name: field.default for field in record.fields if field.name not in present}
        self.scope.values.update(drawn)
        for field in fields:
            if field.name and not isinstance(field.of, DERIVED):
                drawn[field.name] = self.scope.values[field.name] = self._field(field, record, own)
        if record.layout == "tlv":
            drawn["unknown"] = self._unknown_entries(record, fields)
        return drawn

    def _field(self, field: model.Field, record: model.Record, hints: Hints) -> Any:
        if record.layout == "bits":
            return self._bits(field, record, hints.get((field.name,), ()))
        if field.many:
            limit = self._usual_items() if field.max is None else min(field.max, self._usual_items())
            items = [self.node(field.of, {}) for _ in range(self.draw(st.integers(0, limit)))]
            return self._sorted(record, field, items) if record.tlv and record.tlv.ascending else tuple(items)
        if record.layout == "tlv" and field.optional and not self.draw(st.booleans()):
            return field.default
        inner = {path[1:]: numbers for path, numbers in hints.items() if path[0] == field.name}
        return self.node(field.of, inner)

    def _sorted(self, record: model.Record, field: model.Field, items: list[Any]) -> tuple[Any, ...]:
        """Items in the order of their bytes."""
        try:
            schema = model.Schema(record.name, self.schema.records)
            return ascending(schema, field.name, items, self.version, self.scope.params)
        except EncodeError:
            reject()

    def _bits(self, field: model.Field, record: model.Record, hints: tuple[int, ...]) -> Any:
        base = record.base or model.Int(1)
        bits = (int(self.scope.value(field.mask or 0)) & ((1 << 8 * base.size) - 1)) >> field.shift
        numbers = self._number(field.of, hints, 0, bits)
        return _named(field.of, self.draw(numbers) & bits)

    def node(self, node: model.Node, hints: Hints) -> Any:
        """A value for a node."""
        return DRAWERS[type(node)](self, node, hints)

    def number(self, node: model.Int | model.Enum | model.Flags, hints: Hints) -> Any:
        """An integer or a member."""
        of = node if isinstance(node, model.Int) else node.of
        return _named(node, self.draw(self._number(node, hints.get((), ()), *of.range)))

    def _number(self, node: model.Node, hints: tuple[int, ...], low: int, high: int) -> st.SearchStrategy[int]:
        fitting = [number for number in hints if low <= number <= high]
        if fitting:
            return st.sampled_from(fitting)
        numbers = st.integers(low, high) | st.integers(low, min(high, max(low, 0) + 3))
        if not isinstance(node, (model.Enum, model.Flags)):
            return numbers
        members = st.sampled_from([number for _, number in node.members] or [low])
        if isinstance(node, model.Flags):
            members = st.sets(members).map(_either)
        return members | numbers if node.open else members

    def real(self, node: model.Float, hints: Hints) -> float:
        """A number that equals itself."""
        return float(self.draw(st.floats(width=32 if node.size == 4 else 64, allow_nan=False)))

    def data(self, node: model.Data, hints: Hints) -> Any:
        """Bytes or text of a size that fits."""
        low, high = self._bounds(node.size, node.max, MAX_DRAWN_BYTES)
        if node.encoding is not None:
            return self._text(node, low, high)
        if low <= MAX_DRAWN_BYTES:
            return self.draw(st.binary(min_size=low, max_size=high))
        pattern: bytes = self.draw(st.binary(min_size=1, max_size=MAX_DRAWN_BYTES))
        return (pattern * (low // len(pattern) + 1))[:low]

    def _bounds(self, size: model.Expr | model.Int | None, limit: int, usual: int) -> tuple[int, int]:
        """The least and the greatest size or count that may be drawn."""
        if size is None or isinstance(size, model.Int):
            top = limit if size is None else min(limit, size.range[1])
            return 0, min(top, usual)
        try:
            wanted = int(self.scope.value(size))
        except PendingError:
            return 0, min(limit, usual)
        if not 0 <= wanted <= limit:
            reject()
        return wanted, wanted

    def _text(self, node: model.Data, low: int, high: int) -> str:
        if node.nul == "end":
            low, high = max(low - 1, 0), high - 1
        if node.nul == "pad":
            low = 0
        if low == high:
            printable = st.characters(min_codepoint=32, max_codepoint=126)
            return str(self.draw(st.text(printable, min_size=low, max_size=low)))
        letters = st.characters(codec=node.encoding, exclude_characters="" if node.nul == "keep" else "\0")
        return str(self.draw(st.text(letters, max_size=high // 4)))

    def list(self, node: model.List, hints: Hints) -> tuple[Any, ...]:
        """Items, few of them."""
        low, high = self._bounds(node.count, node.max, self._usual_items())
        return tuple(self.node(node.of, {}) for _ in range(self.draw(st.integers(low, high))))

    def chain(self, node: model.Chain, hints: Hints) -> tuple[Any, ...]:
        """Items, few of them."""
        high = min(node.max, self._usual_items())
        return tuple(self.node(node.of, {}) for _ in range(self.draw(st.integers(0, high))))

    def _usual_items(self) -> int:
        """How many items a list may have; fewer the deeper records are nested, so that drawing ends."""
        return max(MAX_DRAWN_ITEMS - self.scope.depth, 0)

    def inside(self, node: Any, hints: Hints) -> Any:
        """What a region or a pointer holds."""
        return self.node(node.of, hints)

    def perhaps(self, node: Any, hints: Hints) -> Any:
        """A value or None; None where a schema would go on for ever."""
        if self.scope.is_deep or not self.draw(st.booleans()):
            return None
        return self.node(node.of, hints)

    def when(self, node: model.When, hints: Hints) -> Any:
        """A value where the condition holds; perhaps one where it reads what is computed later."""
        try:
            holds = bool(self.scope.value(node.cond))
        except PendingError:
            return self.perhaps(node, hints)
        return self.node(node.of, hints) if holds else None

    def union(self, node: model.Union, hints: Hints) -> Any:
        """A value of the arm that the tag names; of any arm where the tag is computed from it."""
        arms = dict(node.arms)
        try:
            tag = int(self.scope.value(node.on))
        except PendingError:
            return self._free_union(node, arms)
        if tag in arms:
            return self.node(arms[tag], {})
        if not node.unknown:
            reject()
        return self._unknown(tag)

    def _free_union(self, node: model.Union, arms: Mapping[int, model.Node]) -> Any:
        calm = [tag for tag, arm in arms.items() if not self.scope.is_deep or not self.scope.is_cyclic(arm)]
        tag = self.draw(st.sampled_from([*calm, *([None] if node.unknown else [])]))
        if tag is not None:
            return self.node(arms[tag], {})
        of = self.scope.free_tag(node.on)
        return self._unknown(self.draw(st.integers(*of.range).filter(lambda number: number not in arms)))

    def _unknown(self, tag: int) -> Unknown:
        return Unknown(tag, self.draw(st.binary(max_size=MAX_DRAWN_BYTES)))

    def _unknown_entries(self, record: model.Record, fields: Iterable[model.Field]) -> tuple[Unknown, ...]:
        framing = record.tlv or model.Tlv(model.Int(2), model.Int(2))
        known = {(field.tag or 0) & ~framing.critical for field in fields}
        tags = st.integers(*framing.tag.range).map(lambda tag: tag & ~framing.critical)
        found = self.draw(st.lists(tags.filter(lambda tag: tag not in known), max_size=2))
        return tuple(self._unknown(tag) for tag in sorted(found))

    def nested(self, node: model.Ref, hints: Hints) -> Any:
        """A record."""
        return self.record(node.name, hints)


def _either(bits: Iterable[int]) -> int:
    found = 0
    for bit in bits:
        found |= bit
    return found


def _named(node: model.Node, number: int) -> Any:
    cls = getattr(node, "cls", None)
    return number if cls is None else cls(number)


DRAWERS: Mapping[type, Callable[[_Drawing, Any, Hints], Any]] = {
    model.Int: _Drawing.number,
    model.Enum: _Drawing.number,
    model.Flags: _Drawing.number,
    model.Float: _Drawing.real,
    model.Data: _Drawing.data,
    model.List: _Drawing.list,
    model.Chain: _Drawing.chain,
    model.Region: _Drawing.inside,
    model.Pointed: _Drawing.inside,
    model.Maybe: _Drawing.perhaps,
    model.Announced: _Drawing.perhaps,
    model.When: _Drawing.when,
    model.Union: _Drawing.union,
    model.Ref: _Drawing.nested,
}
