"""The published JSON Schemas fit what decode prints, refuse what it never prints, and name what is declared."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.captures.bundle import Captures, rows
from wireformat.codec.json_form import carried
from wireformat.protocols.vmstate.document import SECTION_TYPES, documents
from wireformat.protocols.vmstate.document_ram import KINDS
from wireformat.protocols.vmstate.iterative import (
    BitmapChunk,
    BitmapFlag,
    BlockFlag,
    BlockRecord,
    BlockWord,
    HashTableChunk,
    HashTableHeader,
    StorageAttributes,
    StorageKeys,
    VfioMark,
    VfioRecord,
)
from wireformat.protocols.vmstate.messages import Capabilities, Command, Configuration
from wireformat.protocols.vmstate.ram import MappedRamHeader, RamBlock
from wireformat.protocols.vmstate.state import device_state
from wireformat.protocols.vmstate.stream import read_stream
from wireformat.schema import Record, lift, model

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[3] / "spec" / "schemas"
STREAM = json.loads((FOLDER / "vmstate-stream.json").read_text())
DEVICES = json.loads((FOLDER / "vmstate-devices.json").read_text())
LINE = STREAM["$defs"]["line"] | {"$defs": STREAM["$defs"]}

FORMS = ("none", "digest", "base64")
TELLING = (
    "7.2/avr-uno",
    "7.2/file-savevm",
    "7.2/m68k-virt",
    "7.2/pc-2.2",
    "7.2/s390x-ccw",
    "7.2/tcp-postcopy",
    "7.2/tcp-postcopy-recovery1",
    "7.2/tcp-validate-uuid",
    "10.0/file-shared-ram",
    "10.0/or1k-sim",
)
"""Captures for the fast tests: one for each form that an element can have."""

LARGE = 6_000_000

LONG = "10.0/tcp-xbzrle"
"""Its 160,000 records take minutes; those of `10.2/tcp-xbzrle` are of the same form."""


def each() -> list[Any]:
    """All captures; those that are not telling are slow, the largest left out."""
    names = [row["name"] for row in rows() if row["size"] < LARGE and row["name"] != LONG]
    return [pytest.param(name, marks=() if name in TELLING else pytest.mark.slow) for name in names]


@pytest.mark.parametrize("schema", [STREAM, DEVICES])
def test_the_schema_is_one(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", each())
def test_every_line_of_a_capture_fits(captures: Captures, name: str) -> None:
    """In all three forms of memory; lines that are equal in them are looked at once."""
    stream = read_stream(captures[name].data)
    validator = Draft202012Validator(LINE)
    lines = {json.dumps(line): line for form in FORMS for line in documents(stream, form)}
    assert [text[:200] for text, line in lines.items() if not validator.is_valid(line)] == []
    assert list(Draft202012Validator(DEVICES).iter_errors(device_state(stream))) == []


@pytest.fixture(scope="module")
def whole(captures: Captures) -> dict[str, Any]:
    """A small document with every page in it."""
    head, *elements = documents(read_stream(captures["7.2/avr-uno"].data), "base64")
    return {**head, "elements": elements}


def test_a_whole_document_fits(whole: dict[str, Any]) -> None:
    assert list(Draft202012Validator(STREAM).iter_errors(whole)) == []


def without_description(document: dict[str, Any]) -> None:
    del document["description"]


def of_another_format(document: dict[str, Any]) -> None:
    document["format"] = "wireformat/nbd"


def of_a_later_version(document: dict[str, Any]) -> None:
    document["format_version"] = 2


def with_a_surplus_key(document: dict[str, Any]) -> None:
    document["elements"][1]["machine"] = "pc"


def with_an_unknown_element(document: dict[str, Any]) -> None:
    document["elements"].append({"type": "footer"})


def with_fields_and_data(document: dict[str, Any]) -> None:
    document["elements"][-3]["data"] = "00"


def with_half_a_byte(document: dict[str, Any]) -> None:
    document["elements"][-3].pop("fields")
    document["elements"][-3]["data"] = "0"


def with_a_float(document: dict[str, Any]) -> None:
    document["elements"][-3]["fields"]["size"] = 1.5


def with_a_negative_count(document: dict[str, Any]) -> None:
    document["elements"][3]["ram"][0]["count"] = -1


def with_a_page_that_has_no_contents(document: dict[str, Any]) -> None:
    document["elements"][3]["ram"][0]["kind"] = "page"


def with_a_long_section_id(document: dict[str, Any]) -> None:
    document["elements"][2]["section_id"] = 1 << 32


def with_the_payload_of_another_command(document: dict[str, Any]) -> None:
    document["elements"].append({"type": "command", "command": "PING", "body": {"RecvBitmap": {"block": "pc.ram"}}})


def with_records_of_another_handler(document: dict[str, Any]) -> None:
    end = document["elements"][4]
    del end["ram"]
    document["elements"][4] = end | {"handler": "dirty-bitmap", "records": [{"word": 1}]}


def with_a_handler_that_nobody_declared(document: dict[str, Any]) -> None:
    end = document["elements"][4]
    del end["ram"]
    document["elements"][4] = end | {"handler": "cmma", "records": []}


BREAKS = [
    without_description,
    of_another_format,
    of_a_later_version,
    with_a_surplus_key,
    with_an_unknown_element,
    with_fields_and_data,
    with_half_a_byte,
    with_a_float,
    with_a_negative_count,
    with_a_page_that_has_no_contents,
    with_a_long_section_id,
    with_the_payload_of_another_command,
    with_records_of_another_handler,
    with_a_handler_that_nobody_declared,
]


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_document_is_refused(whole: dict[str, Any], broken: Callable[[dict[str, Any]], None]) -> None:
    document = copy.deepcopy(whole)
    broken(document)
    assert not Draft202012Validator(STREAM).is_valid(document)


@pytest.mark.parametrize(
    "state",
    [
        {"timer": {}},
        {"timer (0)": {"cpu_ticks_offset": 5}},
        {"timer (0)": {"cpu_ticks_offset": "0x5"}},
        {"timer (0)": {"unused": "0000"}},
        {"ram (2)": {"section sizes": {"pc.ram": 4096}}},
        {"timer (0)": None},
    ],
)
def test_broken_state_is_refused(state: dict[str, Any]) -> None:
    assert not Draft202012Validator(DEVICES).is_valid(state)


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object schema in a schema."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("additionalProperties") is False:
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


BULK = {"size", "sha256", "base64"}


@pytest.mark.parametrize(
    "record",
    [
        BlockRecord,
        BlockWord,
        BitmapChunk,
        HashTableHeader,
        HashTableChunk,
        StorageAttributes,
        StorageKeys,
        VfioRecord,
        RamBlock,
        MappedRamHeader,
        Configuration,
        Capabilities,
    ],
)
def test_a_declared_record_has_its_object(record: type[Record]) -> None:
    """A field that is added to a declaration must be added here: this fails until it is."""
    declared = {field.name for field in carried(lift(record).record)}
    found = [set(one["properties"]) - {"type"} for one in objects(STREAM)]
    assert declared in [names if names == declared else names - BULK for names in found]


def test_every_command_has_its_payload() -> None:
    schema = lift(Command)
    code, body = schema.record.fields
    assert isinstance(code.of, model.Enum)
    assert isinstance(body.of, model.Region)
    assert isinstance(body.of.of, model.Union)
    names = {number: name for name, number in code.of.members}
    declared = {
        names[number]: {schema.records[arm.name].name: {field.name for field in carried(schema.records[arm.name])}}
        for number, arm in body.of.of.arms
        if isinstance(arm, model.Ref)
    }
    published = {
        one["properties"]["command"]["const"]: {
            name: set(payload["properties"]) for name, payload in one["properties"]["body"]["properties"].items()
        }
        for one in STREAM["$defs"]["command"]["anyOf"]
    }
    assert published == declared


@pytest.mark.parametrize("members", [BlockFlag, BitmapFlag, VfioMark])
def test_names_are_those_of_the_declarations(members: type) -> None:
    text = json.dumps(STREAM)
    assert json.dumps([member.name for member in members])[1:-1] in text


def test_kinds_of_records_and_sections() -> None:
    counts = STREAM["$defs"]["ram_counts"]["properties"]["counts"]["properties"]
    assert set(counts) | {"blocks", "multifd_flush"} == set(KINDS.values())
    assert set(SECTION_TYPES.values()) <= set(STREAM["$defs"])
