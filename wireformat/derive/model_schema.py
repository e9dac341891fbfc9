"""The JSON Schema of the model's JSON form, derived from the model's own classes.

Programs in other languages read a schema as JSON; this tells them its shape: one definition for each kind of node, its
docstring as description. The published file `spec/schemas/model.json` is held to it by a test. `version` is that of the
form: it grows when a reader of the old form would misread the new one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from wireformat.schema import model, model_json

FORMAT, FORMAT_VERSION = "wireformat-model", 2
"""What a schema as JSON says of itself."""

EXPRESSION = {
    "description": 'A number, ["get", name, …] or [operator, operand, …].',
    "anyOf": [{"type": "integer"}, {"type": "array", "minItems": 2, "items": True}],
}
VALUE = {"description": "A number, text, truth value, null, array, or an object: bytes as `hex`, a record as `record`."}


def schema_document(schema: model.Schema) -> dict[str, Any]:
    """A schema as JSON, with the name and version of its form."""
    return {"format": FORMAT, "version": FORMAT_VERSION, **model_json.to_json(schema)}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `schema_document`."""
    definitions = {name: _definition(kind) for name, kind in model_json.KINDS.items()}
    nodes = [{"$ref": f"#/$defs/{kind.__name__}"} for kind in get_args(model.Node)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A wireformat schema as data",
        "description": (model.__doc__ or "").strip(),
        "type": "object",
        "required": ["format", "version", "root", "records"],
        "properties": {
            "format": {"const": FORMAT},
            "version": {"const": FORMAT_VERSION},
            "root": {"type": "string"},
            "records": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Record"}},
        },
        "additionalProperties": False,
        "$defs": {**definitions, "node": {"anyOf": nodes}, "expression": EXPRESSION, "value": VALUE},
    }


def _definition(kind: type[Any]) -> dict[str, Any]:
    """The definition of one kind of node; attributes that have a default may be left out."""
    hints = get_type_hints(kind, localns={"Expr": int | tuple[Any, ...]})
    fields = [field for field in dataclasses.fields(kind) if field.compare]
    required = [field.name for field in fields if field.default is dataclasses.MISSING]
    return {
        "description": " ".join((kind.__doc__ or "").split()),
        "type": "object",
        "required": ["node", *required],
        "properties": {
            "node": {"const": kind.__name__},
            **{field.name: _type(field.name, hints[field.name]) for field in fields},
        },
        "additionalProperties": False,
    }


SIMPLE: Mapping[Any, dict[str, Any]] = {
    int: {"type": "integer"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    bytes: {
        "type": "object",
        "required": ["hex"],
        "properties": {"hex": {"type": "string", "pattern": "^([0-9a-f]{2})*$"}},
    },
    Any: {"$ref": "#/$defs/value"},
}


def _type(name: str, hint: Any) -> dict[str, Any]:
    """The JSON Schema of an annotation."""
    if hint == model.Node:
        return {"$ref": "#/$defs/node"}
    if dataclasses.is_dataclass(hint):
        return {"$ref": f"#/$defs/{getattr(hint, '__name__', '')}"}
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if get_origin(hint) is tuple:
        return _array(name, get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        return _alternatives(name, get_args(hint))
    return SIMPLE[hint]


def _array(name: str, items: tuple[Any, ...]) -> dict[str, Any]:
    if items == (Any, ...):
        return {"$ref": "#/$defs/expression"}
    if items[-1:] == (...,):
        return {"type": "array", "items": _type(name, items[0])}
    return {"type": "array", "prefixItems": [_type(name, item) for item in items], "items": False}


def _alternatives(name: str, hints: tuple[Any, ...]) -> dict[str, Any]:
    """A node stands for all its kinds; an integer beside an expression is part of it."""
    kinds = set(get_args(model.Node))
    if kinds <= set(hints):
        rest = [hint for hint in hints if hint not in kinds]
        return {"anyOf": [{"$ref": "#/$defs/node"}, *(_type(name, hint) for hint in rest)]}
    is_expression = any(get_origin(hint) is tuple and get_args(hint) == (Any, ...) for hint in hints)
    shown = [hint for hint in hints if not (is_expression and hint is int)]
    return _type(name, shown[0]) if len(shown) == 1 else {"anyOf": [_type(name, hint) for hint in shown]}
