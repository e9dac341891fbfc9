"""From the model back to Python classes.

A schema that was read from JSON has lost its classes: its values are dicts, and nobody can tell which arm of a union a
dict belongs to. `revive` gives each record a class, and each enumeration, as if somebody had declared them; values
then have attributes, and unions find their arms. Records that are equal share a class within one call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wireformat.errors import SchemaError
from wireformat.schema import model
from wireformat.schema.declare import MISSING, Declared, Kind
from wireformat.schema.record import Record, RecordType
from wireformat.schema.transform import mapped, reachable
from wireformat.schema.traverse import walk
from wireformat.schema.values import OpenEnum, OpenFlags

KINDS: Mapping[type, Kind] = {
    model.Const: "const",
    model.Reserved: "reserved",
    model.Computed: "computed",
    model.Checksum: "computed",
}
BY_LAYOUT: Mapping[str, Kind] = {"sequence": "field", "tlv": "tlv", "bits": "bits"}


def revive(schemas: Mapping[str, model.Schema]) -> dict[str, model.Schema]:
    """The schemas, all of their records and enumerations with classes.

    Raises `SchemaError`, id `type`, for a default that does not fit its field.
    """
    making = _Making()
    return {key: making.schema(schema) for key, schema in schemas.items()}


class _Making:
    """The classes made so far. Records and enumerations are looked up by equality: defaults may have no hash."""

    def __init__(self) -> None:
        self._records: list[tuple[model.Record, model.Record]] = []
        self._numbers: dict[model.Enum | model.Flags, Any] = {}
        self._within: Mapping[str, model.Record] = {}

    def schema(self, schema: model.Schema) -> model.Schema:
        """A schema with classes, which in turn know the schema that they are declared by."""
        self._within = schema.records
        records = {name: self._record(record) for name, record in schema.records.items()}
        for name, record in records.items():
            if "_schema_" not in vars(record.cls):
                type.__setattr__(record.cls, "_schema_", model.Schema(name, reachable(records, name)))
        return model.Schema(schema.root, records)

    def _record(self, record: model.Record) -> model.Record:
        for before, after in self._records:
            if before == record:
                return after
        named = replace(record, fields=tuple(map(self._field, record.fields)))
        made = replace(named, cls=_class_of(named))
        self._records.append((record, made))
        return made

    def _field(self, field: model.Field) -> model.Field:
        of = mapped(field.of, self._named)
        return replace(field, of=of, default=self._value(field.default, of))

    def _named(self, node: Any) -> Any:
        if not isinstance(node, model.Enum | model.Flags):
            return node
        if node not in self._numbers:
            base: Any = OpenEnum if isinstance(node, model.Enum) else OpenFlags
            self._numbers[node] = base(node.name, list(node.members), module=__name__)
        return replace(node, cls=self._numbers[node])

    def _value(self, value: Any, node: model.Node) -> Any:
        """A default as a value of its class."""
        if isinstance(value, tuple):
            return tuple(self._value(item, node) for item in value)
        if isinstance(value, int) and isinstance(node, model.Enum | model.Flags):
            return node.cls(value)
        if isinstance(value, Mapping):
            return self._default_record(value, node)
        return value

    def _default_record(self, values: Mapping[str, Any], node: model.Node) -> Record:
        """The record, among those that a node leads to, that has these values."""
        leads = [self._within[part.name] for part in walk(node) if isinstance(part, model.Ref)]
        fitting = [self._record(each) for each in leads if values.keys() == set(arguments(each))]
        if not fitting:
            raise SchemaError("type", f"a default that is no record of the field: {dict(values)}")
        record = fitting[0]
        made: Record = record.cls(
            **{field.name: self._value(values[field.name], field.of) for field in record.fields if field.name in values}
        )
        return made


def arguments(record: model.Record) -> list[str]:
    """The names that a value of a record has."""
    names = [field.name for field in record.fields if field.name and type(field.of) not in KINDS]
    return [*names, "unknown"] if record.layout == "tlv" else names


def _class_of(record: model.Record) -> type[Record]:
    """A class with the fields of a record."""
    fields: dict[str, Any] = {
        field.name: Declared(_kind(field, record), None, field.doc, default=_default(field))
        for field in record.fields
        if field.name
    }
    unknown = {"unknown": ()} if record.layout == "tlv" else {}
    body = {"__doc__": record.doc or None, "__module__": __name__, "__qualname__": record.name, **unknown, **fields}
    made: type[Record] = RecordType(record.name, (Record,), body, layout=record.layout)  # type: ignore[assignment]
    return made


def _kind(field: model.Field, record: model.Record) -> Kind:
    return KINDS.get(type(field.of), BY_LAYOUT[record.layout])


def _default(field: model.Field) -> Any:
    """What the class says of a field: a constant's value, or the default of an argument."""
    if isinstance(field.of, model.Const):
        return field.of.value
    if isinstance(field.of, model.Reserved):
        return None
    return field.default if field.optional or field.many else MISSING
