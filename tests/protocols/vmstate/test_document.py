"""A stream as JSON: what each object says, in three degrees of detail."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any

import pytest

from tests.protocols.vmstate.building import (
    EOF,
    SIMPLE,
    Device,
    command,
    compressed,
    configuration,
    description,
    description_text,
    field,
    header,
    join,
    package,
    page,
    ram_finish,
    ram_flush,
    ram_part,
    ram_start,
    rich_stream,
    start,
    vmsd,
    xbzrle,
    zero,
)
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.description import parse
from wireformat.protocols.vmstate.document import (
    FORMAT,
    description_document,
    documents,
    error_document,
)
from wireformat.protocols.vmstate.document import description_text as text_of
from wireformat.protocols.vmstate.document_ram import PIECE_COUNT, RamForm
from wireformat.protocols.vmstate.messages import CommandCode
from wireformat.protocols.vmstate.stream import read_stream

PAGE = bytes(range(256)) * 16


def objects(*elements: bytes, ram: RamForm = "base64") -> list[dict[str, Any]]:
    """The objects of a stream with a configuration, behind that of the configuration; all must be JSON."""
    data = join(header(), configuration(bits=12), elements)
    return list(json.loads(json.dumps(list(documents(read_stream(data), ram)))))[3:]


def test_the_stream_itself() -> None:
    head, first, second, *_ = documents(read_stream(rich_stream()))
    assert (head["format"], head["format_version"], head["page_size"], head["complete"]) == (FORMAT, 1, 256, True)
    assert head["findings"] == []
    assert [device["name"] for device in head["description"]["devices"]] == ["simple", "0000:00:01.0/other"]
    assert first == {"type": "header", "version": 3}
    assert second == {
        "type": "configuration",
        "name": "rich",
        "target_page_bits": 8,
        "uuid": bytes(range(16)).hex(),
    }


def test_a_described_device() -> None:
    section, end, text = objects(SIMPLE.section(4), EOF, description(SIMPLE))
    assert section == {
        "type": "full",
        "section_id": 4,
        "idstr": "simple",
        "instance_id": 0,
        "version_id": 1,
        "footer": True,
        "fields": {"a": 7, "b": 255},
    }
    assert (end, text) == ({"type": "eof"}, {"type": "description"})


def test_a_device_that_nobody_describes() -> None:
    assert objects(SIMPLE.section(4), EOF)[0]["data"] == SIMPLE.body.hex()


def test_wide_numbers_are_text() -> None:
    wide = Device("w", vmsd("w", field("a", "uint64", 8)), b"\xff" * 8)
    assert objects(wide.section(1), EOF, description(wide))[0]["fields"] == {"a": str((1 << 64) - 1)}


def test_records_of_ram() -> None:
    parts = objects(
        ram_start(("a", 1 << 20)),
        ram_part(page(0, PAGE, "a"), zero(4096), zero(8192), zero(0x3000, fill=9), ram_flush()),
        ram_part(xbzrle(0, b"\1\1\7"), compressed(0x1000, PAGE)),
        EOF,
    )
    opening, first, second, _ = parts
    blocks = [{"name": "a", "used_length": 1 << 20}]
    assert opening["ram"] == [{"kind": "blocks", "total": 1 << 20, "blocks": blocks}]
    assert (first["type"], first["idstr"], first["section_id"]) == ("part", "ram", 2)
    assert first["ram"] == [
        {"kind": "page", "block": "a", "named": True, "offset": 0, "count": 1, "base64": b64encode(PAGE).decode()},
        {"kind": "zero", "block": "a", "named": False, "offset": 4096, "count": 2},
        {"kind": "zero", "block": "a", "named": False, "offset": 0x3000, "count": 1, "fill": 9},
        {"kind": "multifd_flush"},
    ]
    assert [record["kind"] for record in second["ram"]] == ["xbzrle", "compressed"]
    assert b64decode(second["ram"][0]["base64"]) == b"\1\0\3\1\1\7"


def test_a_digest_of_pages() -> None:
    part = objects(ram_start(("a", 8192)), ram_part(page(0, PAGE, "a"), page(4096, PAGE)), EOF, ram="digest")[1]
    assert part["ram"][0]["size"] == 8192
    assert part["ram"][0]["sha256"] == sha256(PAGE + PAGE).hexdigest()


def test_counts_only() -> None:
    """Consecutive PARTs become one object, with the number of them."""
    records = ram_part(page(0, PAGE, "a"), zero(4096)), ram_part(), ram_part(zero(0), xbzrle(0, b"\1\1\7"))
    opening, parts, _ = objects(ram_start(("a", 8192)), *records, EOF, ram="none")
    assert opening["ram"]["block_lists"] == [{"total": 8192, "blocks": [{"name": "a", "used_length": 8192}]}]
    assert parts["parts"] == 3
    assert parts["ram"] == {"counts": {"page": 1, "zero": 2, "xbzrle": 1}}


def test_long_runs_are_taken_apart() -> None:
    """A run of any length must not become one line of any length."""
    count = PIECE_COUNT + 5
    pages = page(0, 1, "a"), *(page(n * 4096, n & 0xFF) for n in range(1, count))
    part = objects(ram_start(("a", 4096 * count)), ram_part(*pages), EOF)[1]
    found = [(one["named"], one["offset"], one["count"]) for one in part["ram"]]
    assert found == [(True, 0, PIECE_COUNT), (False, 4096 * PIECE_COUNT, 5)]


def test_commands_and_packages() -> None:
    carrier = objects(package(command(CommandCode.PING), SIMPLE.section(3)), EOF)[0]
    assert (carrier["type"], carrier["command"]) == ("command", "PACKAGED")
    assert carrier["package"][0] == {"type": "command", "command": "PING", "body": {"Ping": {"value": 0x42}}}
    assert carrier["package"][1]["data"] == SIMPLE.body.hex()


def test_records_of_iterative_sections() -> None:
    section = objects(start(3, "dirty-bitmap", b"\x1c\2n0\2b0\0\1\0\0\1" + b"\1"), EOF)[0]
    assert section["handler"] == "dirty-bitmap"
    assert section["records"] == [
        {
            "flags": ["BITMAP_NAME", "DEVICE_NAME", "START"],
            "node": "n0",
            "bitmap": "b0",
            "granularity": 65536,
            "bitmap_flags": 1,
        },
        {"flags": ["EOS"]},
    ]


def test_bulk_data_of_iterative_sections() -> None:
    body = (15).to_bytes(4, "big") + bytes(4) + b"\0\1\0\0" + b"e" * 16 + bytes(8)
    section = objects(start(3, "spapr/htab", (15).to_bytes(4, "big")), ram_finish()[:0], EOF)[0]
    assert (section["head"], section["records"]) == ({"shift": 15}, [])
    data = join(start(3, "spapr/htab", bytes(4)), b"\2\0\0\0\3" + body[:4] + body[4:] + b"\x7e\0\0\0\3", EOF)
    assert objects(data)[1]["records"][0]["base64"] == b64encode(b"e" * 16).decode()


def test_what_is_not_complete_is_raw() -> None:
    """With all bytes wanted an incomplete element has no better form; else its records are told."""
    cut = join(ram_start(("a", 8192)), ram_part(page(0, PAGE, "a"), zero(4096))[:-20])
    assert objects(cut)[1]["type"] == "raw"
    assert objects(cut, ram="digest")[1]["complete"] is False


def test_a_description_that_json_cannot_hold_stays_text() -> None:
    lists = Device("l", vmsd("l", field("i", "qlist", 3, ", ".join([vmsd("e")] * 2))), b"\1\1\0")
    text = description_text(lists)
    assert description_document(parse(text)) == text.decode()
    plain = description_text(SIMPLE)
    assert description_document(parse(plain)) == json.loads(plain)
    assert text_of(json.loads(plain)) == plain


@pytest.mark.parametrize("text", [b'{"devices":[]}', b'{"devices": [], "x": "\\ud800"}', b'{"devices": [], "x": 1e2}'])
def test_any_text_can_be_kept(text: bytes) -> None:
    assert text_of(description_document(parse(text))) == text


def test_an_error() -> None:
    error = DecodeError("range", "too large", path="ram", offset=7, source="qemu-stream 2")
    assert error_document(error) == {
        "id": "range",
        "path": "ram",
        "offset": 7,
        "text": "too large",
        "source": "qemu-stream 2",
    }
