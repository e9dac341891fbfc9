"""One example value for any schema, the same every time, from the model alone.

Where a schema comes without test vectors its page shows such a value, encoded. It is small and valid as far as the
model can tell: the first arm of each choice, one item in each list, numbers that show their place. Something that has
no valid value, or is not understood, gives none.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from wireformat.codec import codec_for
from wireformat.errors import WireError
from wireformat.schema import model
from wireformat.schema.expression import PENDING, PendingError, UnresolvedError, evaluate
from wireformat.schema.transform import living
from wireformat.schema.traverse import cyclic_records, fields_of, walk
from wireformat.schema.values import Unknown

DERIVED = (model.Const, model.Reserved, model.Computed, model.Checksum)
MAX_DEPTH = 12
SHOWN_DEPTH = 2
"""How deep a record that may contain itself does so in an example."""
TEXT = "example"
ATTEMPTS = 8
"""Arms that choices take in turn until a value is valid."""


def example(schema: model.Schema, version: str | None = None, params: Mapping[str, Any] | None = None) -> bytes | None:
    """The bytes of an example; None where none can be made."""
    given = params or {}
    for depth, arm in product((SHOWN_DEPTH, 1), range(ATTEMPTS)):
        try:
            value = _Example(living(schema, version), version, given, arm, depth).record(schema.root, 0)
            data = codec_for(schema, version).encode(value, given)
            codec_for(schema, version).decode(data, given)
        except (WireError, UnresolvedError, ArithmeticError, ValueError, TypeError, LookupError, RecursionError):
            continue
        return data
    return None


class _Example:
    """Makes one value. `arm` says which arm choices take, and shifts the numbers; `depth` how often records nest."""

    def __init__(
        self, schema: model.Schema, version: str | None, params: Mapping[str, Any], arm: int, depth: int
    ) -> None:
        self._schema = schema
        self._version = version
        self._params = params
        self._arm = arm
        self._depth = depth
        self._cyclic = cyclic_records(schema)
        self._scope: dict[str, Any] = {}

    def record(self, name: str, depth: int) -> Any:
        """A value of a record."""
        if depth > MAX_DEPTH:
            raise ValueError("nested without end")
        record, outer = self._schema.records[name], self._scope
        present = fields_of(record, self._version)
        self._scope = {field.name: _known(field.of) for field in present if isinstance(field.of, DERIVED)}
        values: dict[str, Any] = {"unknown": ()} if record.layout == "tlv" else {}
        wanted = self._wanted(present)
        for field in record.fields:
            if field.name and not isinstance(field.of, DERIVED):
                values[field.name] = self._field(field, wanted, depth) if field in present else field.default
                self._scope[field.name] = values[field.name]
        self._scope = outer
        return values if record.cls is None else record.cls(**values)

    def _wanted(self, fields: tuple[model.Field, ...]) -> dict[str, int]:
        """Numbers that later fields depend on: tags of arms, small sizes and counts."""
        found: dict[str, int] = {}
        for field in fields:
            for name, number in _steering(field.of, self._arm):
                found.setdefault(name, number)
        return found

    def _field(self, field: model.Field, wanted: Mapping[str, int], depth: int) -> Any:
        if field.name in wanted and isinstance(field.of, model.Int | model.Enum | model.Flags):
            return _typed(field.of, wanted[field.name])
        if field.mask is not None:
            bits = int(evaluate(field.mask, self._scope, self._params)) >> field.shift
            return _typed(field.of, self._number(field.of) & bits)
        if field.many:
            return () if self._goes_on(field.of, depth) else (self.node(field.of, depth),)
        if field.tag is not None and field.optional and self._goes_on(field.of, depth):
            return field.default
        return self.node(field.of, depth)

    def _goes_on(self, node: model.Node, depth: int) -> bool:
        """Whether a part that may be absent leads back to its own record once too often."""
        inside = {inner.name for inner in walk(node) if isinstance(inner, model.Ref)}
        return depth >= self._depth and bool(inside & self._cyclic)

    def _number(self, node: model.Node) -> int:
        if isinstance(node, model.Enum | model.Flags):
            return node.members[min(self._arm, len(node.members) - 1)][1] if node.members else 0
        return 1 + self._arm

    def node(self, node: model.Node, depth: int) -> Any:
        """A value of a node."""
        match node:
            case model.Int() | model.Enum() | model.Flags():
                return _typed(node, self._number(node))
            case model.Float():
                return 1.5
            case model.Data():
                return self._data(node)
            case model.Maybe() | model.Announced() | model.List(count=None | model.Int()) if self._goes_on(node, depth):
                return () if isinstance(node, model.List) else None
            case model.List(of=of):
                return tuple(self.node(of, depth) for _ in range(self._count(node)))
            case model.Chain(of=of, max=most):
                return (self.node(of, depth),)[:most]
            case model.When(cond=cond, of=of):
                return self.node(of, depth) if self._amount(cond, 0) else None
            case model.Union():
                return self._union(node, depth)
            case model.Ref(name=name):
                return self.record(name, depth + 1)
            case model.Opaque():
                raise ValueError(node.reason)
        return self.node(node.of, depth)

    def _count(self, node: model.List) -> int:
        if isinstance(node.count, model.Int) or node.count is None:
            return min(1, node.max)
        return min(self._amount(node.count, 1), node.max)

    def _amount(self, expr: model.Expr, free: int) -> int:
        """What an expression gives; `free` where nothing decides, since the number is computed."""
        try:
            return int(evaluate(expr, self._scope, self._params))
        except PendingError:
            return free

    def _data(self, node: model.Data) -> bytes | str:
        if isinstance(node.size, model.Int) or node.size is None:
            size = min(len(TEXT), node.max)
        else:
            size = self._amount(node.size, min(len(TEXT), node.max))
        if size > node.max or size < 0:
            raise ValueError("size beyond its limit")
        if node.encoding is None:
            return bytes(index & 0xFF for index in range(1, size + 1))
        text = _text(max(size - 1, 0) if node.nul in ("end", "pad") else size, node.encoding)
        return "" if node.nul != "keep" and b"\0" in text.encode(node.encoding) else text

    def _union(self, node: model.Union, depth: int) -> Any:
        try:
            tag = int(evaluate(node.on, self._scope, self._params))
        except UnresolvedError:
            tag = node.arms[min(self._arm, len(node.arms) - 1)][0]
        arms = dict(node.arms)
        if tag not in arms and node.unknown:
            return Unknown(tag, b"\x01\x02")
        return self.node(arms[tag], depth)


def _text(size: int, encoding: str) -> str:
    """Text that takes so many bytes, or a few less where its letters take several."""
    one, two = (len(text.encode(encoding)) for text in ("e", "ee"))
    length = max((size - (2 * one - two)) // (two - one), 0)
    return (TEXT * (length // len(TEXT) + 1))[:length]


def _steering(node: model.Node, arm: int) -> list[tuple[str, int]]:
    """Fields that decide about a node, with a number that leads somewhere."""
    match node:
        case model.Union(on=("get", str() as name), arms=arms) if arms:
            return [(name, arms[min(arm, len(arms) - 1)][0])]
        case model.Data(size=("get", str() as name), max=most):
            return [(name, min(4, most))]
        case model.List(count=("get", str() as name), max=most):
            return [(name, min(1, most))]
    of = getattr(node, "of", None)
    return [] if of is None else _steering(of, arm)


def _known(node: model.Node) -> Any:
    """What expressions read from a field that is no argument."""
    return node.value if isinstance(node, model.Const) else PENDING if isinstance(node, model.Computed) else 0


def _typed(node: model.Node, number: int) -> Any:
    cls = getattr(node, "cls", None)
    return number if cls is None else cls(number)
