"""`wireformat stats`: tables for people, one document for programs, from files and pipes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Call
from tests.protocols.vmstate.crafted import BLOCK, machine, plain_page, zero_page

DATA = machine(plain_page(0, b"a", BLOCK), zero_page(1), zero_page(2), plain_page(1, b"b"))


def test_tables(call: Call) -> None:
    answer = call("stats", "-", data=DATA)
    assert (answer.code, answer.errors) == (0, "")
    assert answer.lines[0] == f"{len(DATA):,} bytes, pages of 4096 bytes"
    sections = [line for line in answer.lines if line and not line.startswith(" ")][1:]
    assert sections == ["Elements", "RAM blocks", "Passes over memory: 2, in 1 PARTs", "Devices: 1"]
    assert "  pc.ram  32,768      8     3  33.3%             2             2" in answer.lines
    assert "  timer         0        1     12" in answer.lines


def test_a_document(call: Call) -> None:
    document = json.loads(call("stats", "-", "--json", data=DATA).text)
    assert document["size"] == len(DATA)
    assert document["page_size"] == 4096
    assert document["parts"] == 1
    assert document["passes"] == [{"page": 1, "zero": 2}, {"page": 1}]
    assert document["blocks"] == [
        {
            "name": "pc.ram",
            "length": 32768,
            "pages": 8,
            "sent": 3,
            "zero": 1,
            "records": {"page": 2, "zero": 2},
            "zero_share": 0.3333,
        }
    ]
    assert [device["key"] for device in document["devices"]] == ["timer"]


def test_a_pipe_gives_what_the_file_gives(call: Call, start: Call, pc: Path) -> None:
    """Fails when a verb that needs no page contents keeps them, or cannot do without."""
    assert start("stats", "-", data=pc.read_bytes()).text == call("stats", pc).text


def test_many_passes_are_cut_short(call: Call) -> None:
    records = [zero_page(0, BLOCK), *(plain_page(0, b"x") for _ in range(30))]
    answer = call("stats", "-", data=machine(*records))
    assert "… 7 more" in answer.lines


def test_what_was_read_before_the_end_is_counted(call: Call, cut: Path) -> None:
    answer = call("stats", cut)
    assert answer.code == 3
    assert answer.lines[0] == "1,600 bytes, pages of 256 bytes"
    assert "incomplete, decoding ended here" in answer.errors
