"""The published JSON Schema is what the model's classes say; every model fits it, and a wrong one does not."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests.codec.specimens import SCHEMAS
from tests.house.project import ROOT
from wireformat.derive.model_schema import FORMAT, FORMAT_VERSION, json_schema, schema_document
from wireformat.derive.subject import subject_of
from wireformat.protocols import NAMES, protocol
from wireformat.protocols.vmstate.messages import Command
from wireformat.schema import lift, model_json

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
PUBLISHED = ROOT / "spec" / "schemas" / "model.json"


def document(schema: Any) -> dict[str, Any]:
    """As another program reads it."""
    read: dict[str, Any] = json.loads(json.dumps(schema_document(schema)))
    return read


def test_the_published_file_is_current() -> None:
    assert json.loads(PUBLISHED.read_text()) == json_schema()
    VALIDATOR.check_schema(json_schema())


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_specimens_fit_and_read_back(name: str) -> None:
    VALIDATOR.validate(document(SCHEMAS[name]))
    assert model_json.from_json(document(SCHEMAS[name])) == SCHEMAS[name]


@pytest.mark.slow
def test_protocols_fit() -> None:
    for name in NAMES:
        for entry in subject_of(protocol(name)).entries.values():
            VALIDATOR.validate(document(entry.schema))


@pytest.mark.parametrize(
    "change",
    [
        {"version": FORMAT_VERSION + 1},
        {"format": "x"},
        {"root": 5},
        {"more": 1},
        {"records": {"r": {"node": "Record", "name": "r", "fields": [{"node": "Field", "name": "x"}]}}},
        {"records": {"r": {"node": "Record", "name": "r", "fields": [], "layout": "spiral"}}},
    ],
)
def test_what_is_no_model_is_refused(change: dict[str, Any]) -> None:
    assert document(lift(Command))["format"] == FORMAT
    assert not VALIDATOR.is_valid(document(lift(Command)) | change)


def test_every_kind_of_node_is_described() -> None:
    definitions = json_schema()["$defs"]
    assert all(definitions[name]["description"] for name in model_json.KINDS)
