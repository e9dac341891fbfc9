"""From the model to construct objects: one builder for each node, one element for each record and version.

Records refer to each other by name and are built when first met, so a recursive schema ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import construct

from wireformat.errors import SchemaError
from wireformat.schema import model
from wireformat.schema.layout.bits import Bits
from wireformat.schema.layout.choices import Choice, Conditional, Constant, Marked, Optional, Zero
from wireformat.schema.layout.data import Data
from wireformat.schema.layout.entries import Entries
from wireformat.schema.layout.numbers import Named, Number, Real
from wireformat.schema.layout.parts import Bounded, Items, Links
from wireformat.schema.layout.record import RecordElement
from wireformat.schema.layout.scope import Element, Scope
from wireformat.schema.layout.sequence import Derived, Pointer, Sequence, field_key
from wireformat.schema.path import Path
from wireformat.schema.transform import living
from wireformat.schema.traverse import cyclic_records, fields_of, least_size, value_type

LAYOUTS: Mapping[str, type[Sequence] | type[Entries] | type[Bits]] = {
    "sequence": Sequence,
    "tlv": Entries,
    "bits": Bits,
}


class Nested(Element):
    """A record in a record, looked up when first used."""

    def __init__(self, builder: Builder, name: str) -> None:
        super().__init__()
        self._builder = builder
        self._name = name

    def decode(self, stream: Any, scope: Scope, path: Path) -> Any:
        """The record."""
        return self._builder.record(self._name).decode(stream, scope, path)

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """The record."""
        self._builder.record(self._name).encode(value, stream, scope, path)


class Builder:
    """The elements of one version of a schema."""

    def __init__(self, schema: model.Schema, version: str | None) -> None:
        self._schema = living(schema, version)
        self._version = version
        self._cyclic = cyclic_records(schema)
        self._records: dict[str, RecordElement] = {}
        self._numbers: dict[model.Int, Element] = {}

    def record(self, name: str) -> RecordElement:
        """The element of a record. Raises `SchemaError` for an unknown version or a part that was not understood."""
        known = self._records.get(name)
        if known is None:
            record = self._schema.records[name]
            fields = fields_of(record, self._version)
            elements = {field_key(field, index): self.element(field.of) for index, field in enumerate(fields)}
            known = LAYOUTS[record.layout](record, self._version, name in self._cyclic, elements)
            self._records[name] = known
        return known

    def element(self, node: model.Node) -> Element:
        """The element of a node; integers, of which a schema has thousands, share theirs."""
        if isinstance(node, model.Int):
            return self._numbers.get(node) or self._numbers.setdefault(node, Number(node))
        return BUILDERS[type(node)](node, self)

    def least(self, node: model.Node) -> int:
        """Bytes that a node never goes below."""
        return least_size(self._schema, node, self._version)

    def type_of(self, node: model.Node) -> type | None:
        """The type of the values of a union's arm, None when it has none of its own."""
        return value_type(self._schema, node)


def _choice(node: model.Union, builder: Builder) -> Element:
    arms = {tag: builder.element(arm) for tag, arm in node.arms}
    return Choice(node, arms, {tag: builder.type_of(arm) for tag, arm in node.arms})


def _items(node: model.List, builder: Builder) -> Element:
    return Items(node, builder.element(node.of), builder.least(node.of))


def _plain(make: Callable[[Any], Element]) -> Callable[[Any, Builder], Element]:
    def build(node: Any, builder: Builder) -> Element:
        return make(node)

    return build


def _around(make: Callable[[Any, Element], Element]) -> Callable[[Any, Builder], Element]:
    def build(node: Any, builder: Builder) -> Element:
        return make(node, builder.element(node.of))

    return build


def _nested(node: model.Ref, builder: Builder) -> Element:
    return Nested(builder, node.name)


def _opaque(node: model.Opaque, builder: Builder) -> Element:
    raise SchemaError("opaque", f"{node.cls} cannot be used: {node.reason}", actual=node.cls)


BUILDERS: Mapping[type, Callable[[Any, Builder], Element]] = {
    model.Int: _plain(Number),
    model.Float: _plain(Real),
    model.Data: _plain(Data),
    model.Enum: _plain(Named),
    model.Flags: _plain(Named),
    model.Pointed: _plain(Pointer),
    model.Computed: _plain(Derived),
    model.Checksum: _plain(Derived),
    model.Const: _around(Constant),
    model.Reserved: _around(Zero),
    model.List: _items,
    model.Chain: _around(Links),
    model.Region: _around(Bounded),
    model.Maybe: _around(Optional),
    model.When: _around(Conditional),
    model.Announced: _around(Marked),
    model.Union: _choice,
    model.Ref: _nested,
    model.Opaque: _opaque,
}


def construct_of(schema: model.Schema, version: str | None = None) -> RecordElement:
    """The construct object of a schema's root record. Raises `SchemaError`, ids `version` and `opaque`."""
    return Builder(schema, version).record(schema.root)


def element_of(node: model.Node, schema: model.Schema) -> Element:
    """The construct object of a single node that refers to the records of `schema`."""
    return Builder(schema, None).element(node)


def struct_of(schema: model.Schema, version: str | None = None) -> Any:
    """The root record as a `construct.Struct`: for `parse`, `build`, and embedding into other constructs."""
    return Layout(construct_of(schema, version))


class Layout(construct.Struct):  # type: ignore[misc]
    """A struct whose parsing and building are those of a record; `subcons` shows its fields."""

    def __init__(self, element: RecordElement) -> None:
        named = zip(element.fields, element.elements.values(), strict=True)
        super().__init__(*(construct.Renamed(part, field.name or None, field.doc) for field, part in named))
        self.element = element

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:
        return self.element._parse(stream, context, path)

    def _build(self, obj: Any, stream: Any, context: Any, path: Any) -> Any:
        return self.element._build(obj, stream, context, path)
