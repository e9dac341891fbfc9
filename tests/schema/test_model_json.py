"""The model as JSON: nothing is lost but Python classes."""

from __future__ import annotations

import json

import pytest

from tests.codec import specimens
from wireformat.errors import SchemaError
from wireformat.schema import Int8ub, Record, const, field, lift, model
from wireformat.schema.model_json import from_json, to_json

SCHEMAS = [cls for cls in vars(specimens).values() if isinstance(cls, type) and issubclass(cls, Record)]
SPECIMENS = [cls for cls in SCHEMAS if cls.__module__ == specimens.__name__]


class Small(Record, source="nowhere"):
    """Small."""

    magic: int = const(Int8ub, 7, "seven")
    size: int = field(Int8ub, "bytes", default=1)


def test_form() -> None:
    assert to_json(lift(Small)) == {
        "root": "Small",
        "records": {
            "Small": {
                "node": "Record",
                "name": "Small",
                "doc": "Small.",
                "source": "nowhere",
                "fields": [
                    {
                        "node": "Field",
                        "name": "magic",
                        "doc": "seven",
                        "of": {"node": "Const", "of": {"node": "Int", "size": 1}, "value": 7},
                    },
                    {
                        "node": "Field",
                        "name": "size",
                        "doc": "bytes",
                        "of": {"node": "Int", "size": 1},
                        "optional": True,
                        "default": 1,
                    },
                ],
            }
        },
    }


@pytest.mark.parametrize("cls", SPECIMENS)
def test_round_trip(cls: type[Record]) -> None:
    schema = lift(cls)
    assert from_json(json.loads(json.dumps(to_json(schema)))) == schema


def test_bytes_are_hexadecimal() -> None:
    node = model.Announced(b"\x05ab", model.Int(1))
    schema = model.Schema("r", {"r": model.Record("r", (model.Field("f", node),))})
    assert to_json(schema)["records"]["r"]["fields"][0]["of"]["marker"] == {"hex": "056162"}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"root": "a", "records": {}},
        {"root": "a", "records": {"a": {"node": "Nope"}}},
        {"root": "a", "records": {"a": {"node": "Int", "colour": 1}}},
        {"root": "a", "records": []},
    ],
)
def test_what_is_no_schema(document: dict[str, object]) -> None:
    with pytest.raises(SchemaError) as caught:
        from_json(document)
    assert caught.value.id == "type"


def test_values_that_json_cannot_hold() -> None:
    field = model.Field("f", model.Int(1), optional=True, default=object())
    with pytest.raises(SchemaError, match="cannot be written"):
        to_json(model.Schema("r", {"r": model.Record("r", (field,))}))
