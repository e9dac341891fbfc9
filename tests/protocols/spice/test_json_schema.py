"""The published JSON Schema fits what decode prints of captures, and refuses what it never prints."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.captures.spice_runs import NAMES, run
from tests.house.project import ROOT
from wireformat.protocols.spice.capture_document import documents, nested

pytestmark = pytest.mark.slow

SCHEMA = json.loads((ROOT / "spec" / "schemas" / "spice-capture.json").read_text())
LINE = SCHEMA["$defs"]["line"] | {"$defs": SCHEMA["$defs"]}
SMALL = "minimal-client-semi-seamless"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_a_run_fits(name: str) -> None:
    validator = Draft202012Validator(LINE)
    assert [str(line)[:200] for line in documents(run(name)) if not validator.is_valid(line)] == []


@pytest.mark.parametrize("name", [SMALL, "link-errors", "no-client"])
def test_a_whole_document_fits(name: str) -> None:
    assert list(Draft202012Validator(SCHEMA).iter_errors(nested(run(name)))) == []


def of_another_format(document: dict[str, Any]) -> None:
    document["format"] = "wireformat/vmstate"


def of_a_later_version(document: dict[str, Any]) -> None:
    document["format_version"] = 2


def without_connections(document: dict[str, Any]) -> None:
    del document["connections"]


def without_parts(document: dict[str, Any]) -> None:
    del document["connections"][0]["parts"]


def with_a_surplus_key(document: dict[str, Any]) -> None:
    document["connections"][0]["parts"][0]["password"] = "secret"


def with_value_and_data(document: dict[str, Any]) -> None:
    document["connections"][0]["parts"][0]["data"] = "00"


def from_nobody(document: dict[str, Any]) -> None:
    document["connections"][0]["parts"][0]["from"] = "source"


def of_odd_digits(document: dict[str, Any]) -> None:
    document["connections"][0]["parts"][0]["raw"] = "0"


def with_a_longer_row(document: dict[str, Any]) -> None:
    document["connections"][0]["rows"][0] = [0.1, "c2s", 4, "zeros", 1]


@pytest.mark.parametrize(
    "change",
    [
        of_another_format,
        of_a_later_version,
        without_connections,
        without_parts,
        with_a_surplus_key,
        with_value_and_data,
        from_nobody,
        of_odd_digits,
        with_a_longer_row,
    ],
)
def test_other_documents_do_not_fit(change: Callable[[dict[str, Any]], None]) -> None:
    document = copy.deepcopy(nested(run(SMALL)))
    validator = Draft202012Validator(SCHEMA)
    assert validator.is_valid(document)
    change(document)
    assert not validator.is_valid(document)
