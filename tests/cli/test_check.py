"""`wireformat check`: a line for each finding, an exit code for each kind of verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.protocols.vmstate.crafted import BLOCK, machine, memory, stream, timer, zero_page
from wireformat.protocols.handshake.files.container import front, manifest_of
from wireformat.protocols.handshake.inventories.inventory import inventory_of_stream
from wireformat.protocols.handshake.messages import ResultEntries
from wireformat.protocols.vmstate.stream import read_stream

RESULT = ResultEntries(version=1, payload="v1-raw")

ODD = memory(zero_page(0, BLOCK, fill=7))
ODD_PLACE = ODD.index(zero_page(0, BLOCK, fill=7))


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A stream with one breach of a strict rule."""
    path = tmp_path / "odd.mig"
    path.write_bytes(ODD)
    return path


def test_silence_is_well(call: Call, pc: Path, small: Path) -> None:
    answer = call("check", pc, small)
    assert (answer.code, answer.text, answer.errors) == (0, "", "")


def test_a_finding_is_a_line(call: Call, odd: Path) -> None:
    answer = call("check", odd)
    text = "page filled with 0x07, which only QEMU before 1.5 sends [vmstate/ram-fill]"
    assert answer.lines == [f'{odd}: ram["pc.ram"][0] at {ODD_PLACE:#x}: {text}']
    assert (answer.code, answer.errors) == (1, "")


def test_a_document(call: Call, odd: Path, small: Path) -> None:
    answer = call("check", "--json", odd, small)
    assert answer.code == 1
    assert json.loads(answer.text)["files"] == [
        {
            "file": str(odd),
            "undescribed": 0,
            "findings": [
                {
                    "id": "vmstate/ram-fill",
                    "path": 'ram["pc.ram"][0]',
                    "offset": ODD_PLACE,
                    "text": "page filled with 0x07, which only QEMU before 1.5 sends",
                    "source": "qemu-stream 2.1",
                }
            ],
        },
        {"file": str(small), "undescribed": 0, "findings": []},
    ]


def test_the_end_that_is_missing(call: Call, cut: Path, odd: Path) -> None:
    answer = call("check", odd, cut)
    assert answer.code == 3
    assert answer.lines[-1].startswith(f"{cut}: ")
    assert answer.lines[-1].endswith("[truncated]")


def test_a_file_that_is_missing_does_not_hide_the_others(call: Call, odd: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    answer = call("check", missing, odd)
    assert answer.code == 2
    assert len(answer.lines) == 1
    assert answer.errors == f"wireformat check: {missing}: No such file or directory\n"
    document = json.loads(call("check", "--json", missing).text)
    assert document["files"] == [{"file": str(missing), "error": f"{missing}: No such file or directory"}]


def test_devices_without_a_description_are_mentioned(call: Call, tmp_path: Path) -> None:
    bare, whole = tmp_path / "bare.mig", tmp_path / "whole.mig"
    bare.write_bytes(stream(timer()))
    whole.write_bytes(machine())
    answer = call("check", bare)
    note = "1 device sections are not described, what they hold was not checked"
    assert (answer.code, answer.text, answer.errors) == (0, "", f"wireformat check: {bare}: {note}\n")
    assert call("check", bare, "--description", whole).errors == ""


@pytest.mark.requirement("HS-181", "HS-184")
def test_a_container_holds_what_its_manifest_lists(call: Call, small: Path, tmp_path: Path) -> None:
    inventory = inventory_of_stream(read_stream(small.read_bytes()))
    good, bad = tmp_path / "good", tmp_path / "bad"
    first, *rest = inventory.sections
    older = replace(rest[0], version=0)
    for path, sections in ((good, inventory.sections), (bad, (older, *rest[1:]))):
        manifest = manifest_of(RESULT, replace(inventory, sections=sections))
        path.write_bytes(front(manifest) + small.read_bytes())
    assert call("check", good).code == 0
    answer = call("check", bad)
    assert (answer.code, answer.errors) == (1, "")
    assert answer.lines == [
        f"{bad}: /sections/{first.idstr}[{first.instance_id}]: a section that was not accepted [handshake/manifest]",
        f"{bad}: /sections/{older.idstr}[{older.instance_id}]/version: another version than was agreed: "
        f"{rest[0].version} instead of 0 [handshake/manifest]",
    ]


@pytest.mark.slow
def test_from_a_pipe(start: Call) -> None:
    assert start("check", "-", data=ODD).lines[0].startswith('-: ram["pc.ram"][0] at ')
