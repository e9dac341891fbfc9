"""The model as JSON and back: what baselines freeze and other programs read.

A node is an object whose `node` says its kind; attributes that have their default are left out. Bytes are an object
with `hex`, expressions arrays; a default that is a record is an object with its values as `record`. Python classes do
not survive: values of a schema that was read are dicts and integers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, get_args

from wireformat.errors import SchemaError
from wireformat.schema import model
from wireformat.schema.record import Record

KINDS: Mapping[str, type[Any]] = {
    kind.__name__: kind for kind in (*get_args(model.Node), model.Field, model.Tlv, model.Record)
}


def to_json(schema: model.Schema) -> dict[str, Any]:
    """The schema as an object that `json.dumps` takes."""
    return {
        "root": schema.root,
        "records": {name: _to_json(record) for name, record in schema.records.items()},
    }


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, (tuple, list)):
        return [_to_json(item) for item in value]
    if isinstance(value, (Record, MappingProxyType)):
        return {"record": {name: _to_json(part) for name, part in _values(value)}}
    if type(value).__name__ in KINDS and dataclasses.is_dataclass(value):
        return {"node": type(value).__name__, **_attributes(value)}
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, (bool, float, str)):
        return value
    raise SchemaError("type", f"{value!r} cannot be written as JSON", actual=type(value).__name__)


def _values(value: Record | Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """The values of a record, or of a mapping that stands for one."""
    if isinstance(value, Record):
        return ((name, getattr(value, name)) for name in value._arguments)
    return value.items()


def _attributes(node: Any) -> dict[str, Any]:
    """What differs from the default; `compare=False` marks Python classes."""
    items = ((item, getattr(node, item.name)) for item in dataclasses.fields(node) if item.compare)
    return {item.name: _to_json(value) for item, value in items if value is not item.default and value != item.default}


def from_json(document: Mapping[str, Any]) -> model.Schema:
    """The schema that an object stands for; inverse of `to_json`. Raises `SchemaError`, id `type`."""
    try:
        records = {name: _from_json(record) for name, record in document["records"].items()}
        schema = model.Schema(document["root"], records)
        _ = schema.record
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SchemaError("type", f"not a schema: {type(error).__name__}: {error}") from None
    return schema


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_from_json(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "hex" in value:
        return bytes.fromhex(value["hex"])
    if "record" in value:
        return MappingProxyType({name: _from_json(part) for name, part in value["record"].items()})
    attributes = {name: _from_json(item) for name, item in value.items() if name != "node"}
    return KINDS[value["node"]](**attributes)
