"""`wireformat inventory`: what is printed, and which exit code says what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.captures.bundle import Captures
from tests.captures.dumps import dump_text
from tests.cli.conftest import Call
from tests.protocols.handshake.states import RAM, Writer, inventory_of, section_item, subsection_item
from wireformat.protocols.handshake.files.container import front, manifest_of
from wireformat.protocols.handshake.inventories.inventory import inventory_of_stream
from wireformat.protocols.handshake.inventories.resolution import Resolution
from wireformat.protocols.handshake.messages import ResultEntries
from wireformat.protocols.vmstate.stream import read_stream

RESULT = ResultEntries(version=1, payload="v1-raw")
KNOWN = "kvmclock/clock_is_reliable"


def dump(folder: Path, name: str) -> Path:
    """A bundled dump as a file."""
    path = folder / f"{name.replace('/', '-')}.json"
    path.write_bytes(dump_text(name))
    return path


def made(folder: Path, name: str, *subsections: str, version: int = 2) -> Path:
    """The stream of a machine with memory and a `kvmclock`."""
    clock = section_item("kvmclock", version, *map(subsection_item, subsections))
    path = folder / name
    path.write_bytes(Writer().stream(inventory_of(RAM, clock), Resolution()))
    return path


@pytest.fixture
def container(small: Path, tmp_path: Path) -> Path:
    """The small stream in a container."""
    path = tmp_path / "small.container"
    data = small.read_bytes()
    path.write_bytes(front(manifest_of(RESULT, inventory_of_stream(read_stream(data)))) + data)
    return path


SMALL = """\
arduino-uno, pages of 256 bytes: 209 bytes as a message

RAM blocks
  name    bytes
  sram    4,096
  flash  32,768

Sections: 4
  section      instance  version  subsections
  cpu                 0        1
  ram                 0        4
  timer               0        2
  globalstate         0        1
"""


def test_a_stream(call: Call, small: Path) -> None:
    assert call("inventory", small).text == SMALL


def test_a_pipe(call: Call, small: Path) -> None:
    assert call("inventory", "-", data=small.read_bytes()).text == SMALL


def test_a_container_shows_its_manifest(call: Call, container: Path) -> None:
    answer = call("inventory", container)
    assert (answer.code, answer.text) == (0, SMALL)


def test_a_dump(call: Call, tmp_path: Path) -> None:
    answer = call("inventory", dump(tmp_path, "7.2/q35"))
    assert answer.code == 0
    assert answer.lines[0] == "pc-q35-7.2: 7,057 bytes as a message"
    assert "Sections: 142" in answer.lines
    assert [line.split() for line in answer.lines if "kvmclock" in line] == [
        ["kvmclock", "0", "1", KNOWN, "(droppable)"]
    ]


def test_json(call: Call, small: Path) -> None:
    document = json.loads(call("inventory", small, "--json").text)
    assert (document["format"], document["format_version"]) == ("wireformat/inventory", 1)
    assert document["size"] == 209
    assert document["inventory"]["machine"]["type"] == "arduino-uno"
    assert [section["idstr"] for section in document["inventory"]["sections"]] == ["cpu", "ram", "timer", "globalstate"]


def test_a_machine_without_a_name(call: Call, captures: Captures) -> None:
    answer = call("inventory", captures["7.2/pc-2.2"].path)
    assert answer.lines[0].startswith("a machine without a name, pages of 4096 bytes: ")


def test_a_stream_with_more_than_its_manifest(call: Call, tmp_path: Path) -> None:
    promised, sent = made(tmp_path, "promised"), made(tmp_path, "sent", "kvmclock/extra", version=3)
    manifest = manifest_of(RESULT, inventory_of_stream(read_stream(promised.read_bytes())))
    path = tmp_path / "liar"
    path.write_bytes(front(manifest) + sent.read_bytes())
    answer = call("inventory", path)
    assert answer.code == 1
    assert answer.errors.splitlines() == [
        f"wireformat inventory: {path}: /sections/kvmclock[0]/version: another version than was agreed: 3 instead of 2 "
        "[SECTION_VERSION]",
        f"wireformat inventory: {path}: /sections/kvmclock[0]/subsections/kvmclock~1extra: a subsection that was not "
        "accepted [SUBSECTION_UNKNOWN]",
    ]


@pytest.mark.requirement("HS-099")
def test_a_destination_that_can(call: Call, captures: Captures, tmp_path: Path) -> None:
    source, destination = captures["7.2/pc-minimal"].path, dump(tmp_path, "10.2/pc-i440fx-7.2")
    answer = call("inventory", source, "--against", destination)
    assert (answer.code, answer.text) == (
        0,
        f"{destination} has nothing against {source}; devices check more when they load\n",
    )


def test_a_destination_that_cannot(call: Call, captures: Captures, tmp_path: Path) -> None:
    answer = call("inventory", captures["7.2/pc-minimal"].path, "--against", dump(tmp_path, "7.2/q35"))
    assert (answer.code, answer.lines) == (
        1,
        ['/machine/type: the machines differ: "pc-i440fx-7.2" instead of "pc-q35-7.2" [MACHINE_TYPE]'],
    )


def test_two_dumps_are_compared_as_the_static_checker_does(call: Call, tmp_path: Path) -> None:
    words = dump(tmp_path, "7.2/pc"), "--against", dump(tmp_path, "10.0/pc-i440fx-7.2")
    answer = call("inventory", *words)
    assert (answer.code, answer.lines) == (
        1,
        [
            "/sections/qxl[0]: the destination has no such section [SECTION_UNKNOWN]",
            "/sections/sysbus-ahci[0]: the destination has no such section [SECTION_UNKNOWN]",
            "/sections/pciespscsi[0]/subsections/esp~1pdma: unknown to the destination, and may not be left out "
            "[SUBSECTION_UNKNOWN]",
            "/sections/sysbusespscsi[0]/subsections/esp~1pdma: unknown to the destination, and may not be left out "
            "[SUBSECTION_UNKNOWN]",
        ],
    )
    document = json.loads(call("inventory", *words, "--json").text)
    assert document["can_migrate"] is False
    assert [error["path"] for error in document["errors"]][:2] == ["/sections/qxl[0]", "/sections/sysbus-ahci[0]"]


def test_what_is_left_out_is_said(call: Call, tmp_path: Path) -> None:
    """A destination of a release that did not know a subsection which the guest will not miss."""
    known = {"name": "kvmclock", "version_id": 2, "minimum_version_id": 1}
    device = {"Name": "kvmclock", "version_id": 2, "minimum_version_id": 1, "Description": known}
    old = tmp_path / "old.json"
    old.write_text(json.dumps({"vmschkmachine": {"Name": "pc"}, "kvmclock": device}))
    source = made(tmp_path, "source", KNOWN)
    answer = call("inventory", source, "--against", old)
    assert (answer.code, answer.lines[0]) == (0, f"left out: {KNOWN} of kvmclock")
    document = json.loads(call("inventory", source, "--against", old, "--json").text)
    assert (document["can_migrate"], document["omitted"]) == (True, [f"kvmclock[0]/{KNOWN}"])


def test_what_the_source_lacks_is_a_warning(call: Call, tmp_path: Path) -> None:
    source, destination = tmp_path / "source", made(tmp_path, "destination")
    source.write_bytes(Writer().stream(inventory_of(RAM), Resolution()))
    answer = call("inventory", source, "--against", destination)
    assert answer.code == 0
    assert answer.lines[0] == (
        "warning: /sections/kvmclock[0]: the source has no state for this section [SECTION_MISSING_ON_SRC]"
    )


def test_a_container_against_a_stream(call: Call, container: Path, small: Path) -> None:
    assert call("inventory", container, "--against", small).code == 0
    assert call("inventory", small, "--against", container).code == 0


def test_a_dump_has_no_devices(call: Call, small: Path, tmp_path: Path) -> None:
    answer = call("inventory", dump(tmp_path, "7.2/pc"), "--against", small)
    assert (answer.code, answer.text) == (2, "")
    assert "a dump has no devices" in answer.errors


def test_standard_input_is_read_once(call: Call) -> None:
    answer = call("inventory", "-", "--against", "-", data=b"")
    assert (answer.code, answer.errors) == (
        2,
        "wireformat inventory: only one of the files can be standard input\n",
    )


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (b"{}", 2, "no output of -dump-vmstate"),
        (b"GET /", 1, "no VM-state stream: begins with 47455420"),
        (b"QEVM\x48\x53\0\1\3", 3, "the container ends before its stream"),
        (b"QEVM\x48\x53\0\1\3\1\0\x20" + bytes(40), 1, "crc at 0xc"),
        (b"", 3, "4 bytes needed, 0 left"),
    ],
)
def test_other_files(call: Call, tmp_path: Path, data: bytes, code: int, message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    answer = call("inventory", path)
    assert (answer.code, answer.text) == (code, "")
    assert message in answer.errors
