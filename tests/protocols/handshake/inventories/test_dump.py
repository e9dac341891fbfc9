"""What `-dump-vmstate` says of a program."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.captures.bundle import Captures
from tests.captures.dumps import dump_names, dump_text
from wireformat.codec import codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.inventories.dump import abilities_of_dump, inventory_of_dump, is_dump, parse_dump
from wireformat.protocols.handshake.inventories.inventory import inventory_of_stream
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.inventories.resolution import Resolution, resolve
from wireformat.protocols.handshake.messages import Inventory, InventoryReply
from wireformat.protocols.vmstate.stream import read_stream


def description(name: str, version: int = 1, oldest: int = 1, **parts: Any) -> dict[str, Any]:
    """A description or subsection of a dump."""
    return {"name": name, "version_id": version, "minimum_version_id": oldest} | parts


def device(kind: str, found: dict[str, Any]) -> dict[str, Any]:
    """A device class of a dump."""
    versions = {key: found[key] for key in ("version_id", "minimum_version_id")}
    return {"Name": kind, **versions, "Description": found}


def text(**devices: Any) -> bytes:
    """A dump of a `pc`."""
    return json.dumps({"vmschkmachine": {"Name": "pc"}} | devices).encode()


def test_classes_of_one_description_are_one_section() -> None:
    first = device("uhci1", description("uhci", 3, 2, Subsections=[description("uhci/a", 2, 1)]))
    second = device(
        "uhci2", description("uhci", 2, 1, Subsections=[description("uhci/b"), description("uhci/a", 1, 0)])
    )
    found = parse_dump(text(one=first, two=second)).sections
    assert [(one.name, one.versions.newest, one.versions.oldest) for one in found] == [("uhci", 3, 1)]
    assert {name: (one.newest, one.oldest) for name, one in found[0].subsections.items()} == {
        "uhci/a": (2, 0),
        "uhci/b": (1, 1),
    }


def test_subsections_in_structs_and_in_subsections_are_found() -> None:
    deep = description("s/deep", Subsections=[description("s/deepest")])
    inner = {"field": "state", "size": 8, "Description": description("state", Subsections=[deep])}
    found = parse_dump(text(serial=device("isa-serial", description("serial", Fields=[inner])))).sections
    assert set(found[0].subsections) == {"s/deep", "s/deepest"}


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b"{}",
        b'{"vmschkmachine": {}}',
        b'{"vmschkmachine": {"Name": 5}}',
        b'{"vmschkmachine": {"Name": ""}}',
        text(one=5),
        text(one={"Name": "x"}),
        text(one=device("x", description("x" * 256))),
        text(one=device("x", description("x", -1))),
        text(one=device("x", description("x", 1 << 31))),
        text(one=device("x", description("x", True))),
        text(one=device("x", description("x", Fields=7))),
        text(one=device("x", description("x", Subsections=[5]))),
        b'{"vmschkmachine": ' + b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_other_text_is_refused(broken: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_dump(broken)
    assert (caught.value.id, caught.value.path) == ("mismatch", "dump")


def test_structs_that_never_end_are_refused() -> None:
    inner = description("x")
    for _ in range(40):
        inner = description("x", Fields=[{"field": "f", "Description": inner}])
    with pytest.raises(DecodeError, match="more than 32 structs"):
        parse_dump(text(one=device("x", inner)))


def test_is_dump() -> None:
    assert is_dump(dump_text("7.2/q35"))
    assert not is_dump(b'{"page_size": 4096, "devices": []}')
    assert not is_dump(b'QEVM"vmschkmachine"')


@pytest.mark.parametrize(
    ("name", "machine", "sections", "subsections", "size"),
    [
        ("7.2/pc", "pc-i440fx-7.2", 142, 82, 7060),
        ("7.2/q35", "pc-q35-7.2", 142, 82, 7057),
        ("10.0/q35", "pc-q35-10.0", 156, 85, 7633),
        ("10.2/pc-i440fx-7.2", "pc-i440fx-7.2", 142, 85, 7114),
    ],
)
def test_real_programs(name: str, machine: str, sections: int, subsections: int, size: int) -> None:
    """Everything that a program knows is an inventory of some 7 KiB."""
    found = parse_dump(dump_text(name))
    inventory = inventory_of_dump(found)
    assert found.machine == machine
    assert (len(found.sections), sum(len(one.subsections) for one in found.sections)) == (sections, subsections)
    assert len(codec_for(Inventory).encode(inventory)) == size
    assert codec_for(Inventory).decode(codec_for(Inventory).encode(inventory)) == inventory


@pytest.mark.parametrize("name", dump_names())
def test_a_program_can_load_what_it_can_send(name: str) -> None:
    found = parse_dump(dump_text(name))
    inventory = inventory_of_dump(found)
    reply = judge(inventory, abilities_of_dump(found))
    assert isinstance(reply, InventoryReply)
    assert resolve(inventory, reply) == Resolution()


@pytest.mark.parametrize(
    ("capture", "dump"),
    [
        ("7.2/pc-minimal", "7.2/pc"),
        ("7.2/pc-minimal", "10.2/pc-i440fx-7.2"),
        ("7.2/pc-minimal", "10.0/pc-i440fx-7.2"),
        ("7.2/q35-rich", "7.2/q35"),
        ("10.0/q35-virtio-mem", "10.0/q35"),
        ("7.2-to-10.2/xver-plain", "10.2/pc-i440fx-7.2"),
    ],
)
def test_real_machines_are_taken_by_their_program_and_by_later_ones(
    captures: Captures, capture: str, dump: str
) -> None:
    inventory = inventory_of_stream(read_stream(captures[capture].data), architecture="x86_64")
    reply = judge(inventory, abilities_of_dump(parse_dump(dump_text(dump)), architecture="x86_64"))
    assert isinstance(reply, InventoryReply)
    assert resolve(inventory, reply) == Resolution()


def test_what_a_later_program_lost_is_named() -> None:
    """A device class that is gone, and a subsection that may not be left out: as the static checker would say."""
    inventory = inventory_of_dump(parse_dump(dump_text("7.2/pc")))
    reply = judge(inventory, abilities_of_dump(parse_dump(dump_text("10.0/pc-i440fx-7.2"))))
    assert isinstance(reply, InventoryReply)
    errors = resolve(inventory, reply)
    assert isinstance(errors, tuple)
    assert [(error.code, error.path) for error in errors] == [
        (ErrorCode.SECTION_UNKNOWN, "/sections/qxl[0]"),
        (ErrorCode.SECTION_UNKNOWN, "/sections/sysbus-ahci[0]"),
        (ErrorCode.SUBSECTION_UNKNOWN, "/sections/pciespscsi[0]/subsections/esp~1pdma"),
        (ErrorCode.SUBSECTION_UNKNOWN, "/sections/sysbusespscsi[0]/subsections/esp~1pdma"),
    ]
