"""`wireformat encode`: the exact inverse of decode, and one line for every input that is not its JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.captures.bundle import Captures
from tests.cli.conftest import Call

HEAD = {"type": "stream", "format": "wireformat/vmstate", "format_version": 1, "page_size": 256, "description": None}


@pytest.mark.parametrize("form", ["--json", "--ndjson"])
@pytest.mark.parametrize("name", ["7.2/avr-uno", "7.2/pc-2.2", "7.2/tcp-postcopy", "7.2/s390x-ccw"])
def test_it_undoes_decode(call: Call, captures: Captures, name: str, form: str) -> None:
    capture = captures[name]
    document = call("decode", capture.path, form, "--ram", "base64").data
    answer = call("encode", "-", data=document)
    assert (answer.code, answer.errors) == (0, "")
    assert answer.data == capture.data


def test_a_stream_without_end_comes_back_too(call: Call, cut: Path) -> None:
    document = call("decode", cut, "--json", "--ram", "base64").data
    assert call("encode", "-", data=document).data == cut.read_bytes()


@pytest.mark.slow
def test_through_real_pipes(start: Call, small: Path) -> None:
    document = start("decode", "-", "--json", "--ram", "base64", data=small.read_bytes()).data
    assert start("encode", "-", data=document).data == small.read_bytes()


def test_into_a_file(call: Call, small: Path, tmp_path: Path) -> None:
    document, target = tmp_path / "stream.json", tmp_path / "again.mig"
    document.write_bytes(call("decode", small, "--json", "--ram", "base64").data)
    answer = call("encode", document, "-o", target)
    assert (answer.code, answer.data) == (0, b"")
    assert target.read_bytes() == small.read_bytes()


def test_an_edit_changes_these_bytes_only(call: Call, small: Path) -> None:
    document = json.loads(call("decode", small, "--json", "--ram", "base64").data)
    cpu = next(e for e in document["elements"] if e.get("idstr") == "cpu")
    cpu["fields"]["env.sp"] = 0x1234
    again, before = call("encode", "-", data=json.dumps(document).encode()).data, small.read_bytes()
    assert {at: again[at] for at in range(len(before)) if again[at] != before[at]} == {0x5DF: 0x12, 0x5E0: 0x34}


def test_a_longer_machine_name_moves_the_rest(call: Call, small: Path) -> None:
    document = json.loads(call("decode", small, "--json", "--ram", "base64").data)
    document["elements"][1]["name"] = "arduino-duemilanove"
    again, before = call("encode", "-", data=json.dumps(document).encode()).data, small.read_bytes()
    assert again[8:32] == b"\7\0\0\0\x13arduino-duemilanove"
    assert again[32:] == before[24:]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "{file}: no JSON of wireformat decode: Expecting value: line 1 column 1 (char 0)"),
        ("no JSON", "{file}: no JSON of wireformat decode: Expecting value: line 1 column 1 (char 0)"),
        ("[1, 2]", "{file}: no JSON of wireformat decode: object expected, list found"),
        ("5", "{file}: no JSON of wireformat decode: object expected, int found"),
        ('{\n"a": 1}', "{file}: no JSON of wireformat decode: 'elements'"),
        ('{"a": 1}', "format: no document of the format wireformat/vmstate"),
        ('{"a": 1,\n"elements": []}', "format: no document of the format wireformat/vmstate"),
    ],
)
def test_what_is_no_document(call: Call, tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "document.json"
    file.write_text(text)
    answer = call("encode", file)
    assert (answer.code, answer.data) == (2, b"")
    assert answer.errors == f"wireformat encode: {message.format(file=file)}\n"


def test_bytes_that_are_no_text(call: Call, small: Path) -> None:
    """A stream given to encode instead of decode."""
    answer = call("encode", small)
    assert answer.code == 2
    assert answer.errors.startswith(f"wireformat encode: {small}: no JSON of wireformat decode: ")


@pytest.mark.parametrize(
    ("element", "message"),
    [
        ({"type": "full"}, "elements[0]: KeyError: 'section_id'"),
        ({"type": "nothing"}, "elements[0]: no element of type 'nothing'"),
        ({}, "elements[0]: KeyError: 'type'"),
        ({"type": "header", "version": "x"}, "elements[0].version: str instead of int"),
        ({"type": "header", "version": 1 << 40}, "elements[0].version: "),
        ({"type": "raw", "base64": "QQ=%="}, "elements[0]: Error: "),
        ({"type": "part", "section_id": 2, "ram": {"counts": {}}}, "elements[0].ram: RAM records were left out"),
    ],
)
def test_what_cannot_be_encoded(call: Call, element: dict[str, object], message: str) -> None:
    """The line names the element and the field."""
    answer = call("encode", "-", data=json.dumps(HEAD | {"elements": [element]}).encode())
    assert answer.code == 2
    assert answer.errors.startswith(f"wireformat encode: {message}")
    assert answer.errors.count("\n") == 1


def test_a_document_without_page_contents(call: Call, small: Path) -> None:
    answer = call("encode", "-", data=call("decode", small, "--json").data)
    assert answer.code == 2
    assert "RAM records were left out; decode with --ram base64" in answer.errors


def test_a_target_that_cannot_be_written(call: Call, small: Path, tmp_path: Path) -> None:
    document = call("decode", small, "--json", "--ram", "base64").data
    answer = call("encode", "-", "-o", tmp_path / "none" / "x", data=document)
    assert answer.code == 2
    assert answer.errors == f"wireformat encode: {tmp_path}/none/x: No such file or directory\n"
