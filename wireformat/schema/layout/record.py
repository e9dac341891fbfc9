"""What all layouts of records share: which arguments a value has, depth, and what decoding makes of the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import construct

from wireformat.limits import MAX_DEPTH
from wireformat.schema import model
from wireformat.schema.layout.scope import Element, Scope, malformed, unfit, wrong_type
from wireformat.schema.path import Path
from wireformat.schema.traverse import fields_of

DERIVED = (model.Const, model.Reserved, model.Computed, model.Checksum)
"""Nodes whose value nobody chooses."""


class RecordElement(Element):
    """A record of one version. Subclasses decode and encode the fields of their layout."""

    def __init__(
        self, record: model.Record, version: str | None, is_cyclic: bool, elements: Mapping[str, Element]
    ) -> None:
        super().__init__()
        self.record = record
        self.elements = elements
        self.fields = fields_of(record, version)
        names = {field.name for field in self.fields}
        self._absent = tuple(field for field in record.fields if field.name not in names)
        self._is_cyclic = is_cyclic

    def decode_fields(self, stream: Any, scope: Scope, path: Path, values: dict[str, Any]) -> None:
        """Decode the fields into `values`, which `scope` reads as well."""
        raise NotImplementedError

    def encode_fields(self, given: dict[str, Any], stream: Any, scope: Scope, path: Path) -> None:
        """Write the fields; `given` are the arguments, which `scope` reads as well."""
        raise NotImplementedError

    def decode(self, stream: Any, scope: Scope, path: Path) -> Any:
        """An instance of the record's class, a dict, or a `Container` with all fields."""
        start = stream.tell()
        values: dict[str, Any] = {field.name: field.default for field in self._absent}
        inner = scope.inner(values, self.record.source, self._is_cyclic)
        if inner.depth > MAX_DEPTH:
            raise malformed("depth", f"more than {MAX_DEPTH} records deep", inner, path, start, MAX_DEPTH)
        self.decode_fields(stream, inner, path, values)
        return self._value(values, scope)

    def _value(self, values: dict[str, Any], scope: Scope) -> Any:
        if not scope.typed:
            return construct.Container(values)
        arguments = {name: values[name] for name in self.arguments()}
        return arguments if self.record.cls is None else self.record.cls(**arguments)

    def arguments(self) -> list[str]:
        """The names that a value of this record has, whatever the version."""
        names = [field.name for field in self.record.fields if field.name and not isinstance(field.of, DERIVED)]
        return [*names, "unknown"] if self.record.layout == "tlv" else names

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """An instance of the record's class; a mapping where the record has none, or where types do not matter."""
        given = self._given(value, scope, path)
        inner = scope.inner(given, self.record.source, self._is_cyclic)
        if inner.depth > MAX_DEPTH:
            raise unfit("depth", f"more than {MAX_DEPTH} records deep", inner, path, MAX_DEPTH)
        for field in self._absent:
            if field.name in given and given[field.name] != field.default:
                detail = f"only from version {field.since} to {field.until}".replace(" to None", " on")
                raise unfit("version", detail.replace("from version None ", ""), inner, (*path, field.name))
        self.encode_fields(given, stream, inner, path)

    def _given(self, value: Any, scope: Scope, path: Path) -> dict[str, Any]:
        """The arguments by name."""
        cls = self.record.cls
        if cls is not None and type(value) is cls:
            return {name: getattr(value, name) for name in self.arguments()}
        if not isinstance(value, Mapping) or (cls is not None and scope.typed):
            raise wrong_type(value, "dict" if cls is None else cls.__name__, scope, path)
        return self._from_mapping(value, scope, path)

    def _from_mapping(self, value: Mapping[str, Any], scope: Scope, path: Path) -> dict[str, Any]:
        names = self.arguments()
        for name in value:
            if scope.typed and name not in names:
                raise unfit("type", f"{name!r} is no field of {self.record.name}", scope, path, names, name)
        defaults = {field.name: field.default for field in self.record.fields if field.optional or field.many}
        defaults.setdefault("unknown", ())
        for name in names:
            if name not in value and name not in defaults:
                raise unfit("missing", f"{name!r} is not given", scope, path, name)
        return {name: value[name] if name in value else defaults[name] for name in names}
