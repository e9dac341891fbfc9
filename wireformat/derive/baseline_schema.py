"""The JSON Schema of a baseline, so that other programs can read one. Records are those of `model.json` beside it."""

from __future__ import annotations

from typing import Any, get_args

from wireformat.derive import baseline
from wireformat.errors import Kind

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `baseline.freeze`."""
    properties = {
        "format": {"const": baseline.FORMAT},
        "version": {"const": baseline.FORMAT_VERSION},
        "protocol": {**TEXT, "description": "The protocol's name."},
        "protocol_version": {**TEXT, "description": "The version of the protocol that is frozen."},
        "roles": TEXTS,
        "messages": {**TEXTS, "description": "What a party sends on its own: names of records."},
        "parts": {**TEXTS, "description": "Declared records that no message refers to."},
        "records": _table({"$ref": "model.json#/$defs/Record"}),
        "machine": {
            "description": "Next state by role, state and event; the first state of a role is where it starts.",
            "anyOf": [{"type": "null"}, _table(_table(_table(TEXT)))],
        },
        "events": {**_table(TEXT), "description": "The machine's name of a message, where it is another."},
        "errors": {**_table({"enum": list(get_args(Kind))}), "description": "The kind of each error id."},
        "limits": _table({"type": "integer", "minimum": 0}),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A frozen version of a protocol",
        "description": (baseline.__doc__ or "").strip(),
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _table(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": of}
