"""`wireformat decode`: every form of its output, and one clear line for every input that is no stream."""

from __future__ import annotations

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest

from tests.captures.bundle import Captures
from tests.cli.conftest import Call
from wireformat.cli.decode import part_of, plain_json
from wireformat.cli.exits import UsageError

DEVICES = ["timer", "cpu", "globalstate"]
SMALL_TREE = """\
header
  version: 3
configuration
  name: arduino-uno
page_size: 256 (0x100)
ram
  flash
    used_length: 32768 (0x8000)
    zero: 128 (0x80)
  sram
    used_length: 4096 (0x1000)
    zero: 16 (0x10)
devices
  timer: section 0, version 2, 24 bytes at 0x5ab
    cpu_ticks_offset: 0
"""


def test_the_tree(call: Call, small: Path) -> None:
    answer = call("decode", small)
    assert (answer.code, answer.errors) == (0, "")
    assert answer.text.startswith(SMALL_TREE)
    assert answer.lines[-2:] == ["description", "  size: 1079 (0x437)"]


def test_only_devices(call: Call, small: Path) -> None:
    answer = call("decode", small, "--devices")
    titles = [line.split(":")[0].strip() for line in answer.lines if line[:2] == "  " and line[2] != " "]
    assert answer.lines[0] == "devices"
    assert titles == DEVICES


def test_devices_in_the_notation_of_qemu(call: Call, captures: Captures) -> None:
    answer = call("decode", captures["7.2/isapc"].path, "--devices", "--json")
    assert json.loads(answer.text) == captures["7.2/isapc"].state


def test_one_document(call: Call, small: Path) -> None:
    answer = call("decode", small, "--json")
    document = json.loads(answer.text)
    assert document["format"] == "wireformat/vmstate"
    assert (document["page_size"], document["complete"], document["findings"]) == (256, True, [])
    assert [e["type"] for e in document["elements"]] == (
        ["header", "configuration", "start", "part", "end", "full", "full", "full", "eof", "description"]
    )


def test_a_line_for_each_element(call: Call, small: Path) -> None:
    """Both forms hold the same objects."""
    document = json.loads(call("decode", small, "--json").text)
    head, *elements = map(json.loads, call("decode", small, "--ndjson").lines)
    assert elements == document.pop("elements")
    assert head == document


def test_ram_in_three_forms(call: Call, pc: Path) -> None:
    """Fails when a digest is not that of the bytes that base64 gives."""
    counts, digest, base64 = (
        next(e for e in map(json.loads, call("decode", pc, "--ndjson", "--ram", form).lines) if e["type"] == "part")
        for form in ("none", "digest", "base64")
    )
    assert counts["ram"]["counts"] == {"page": 111, "zero": 4115}
    pages = [(one, whole) for one, whole in zip(digest["ram"], base64["ram"], strict=True) if one["kind"] == "page"]
    assert sum(one["count"] for one, _ in pages) == 111
    for one, whole in pages:
        data = b64decode(whole["base64"])
        assert (one["size"], one["sha256"]) == (len(data), sha256(data).hexdigest())
        assert len(data) == 4096 * one["count"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("header.version", ["version: 3"]),
        ("configuration", ["name: pc-i440fx-7.2"]),
        ('ram["pc.bios"]', ["used_length: 262144 (0x40000)", "zero: 18 (0x12)", "page: 46 (0x2e)"]),
        ('devices["0000:00:01.3/piix4_pm"].smb.smb_stat', ["smb_stat: 0"]),
        ('devices["dma@1"].command', ["command: 0"]),
        ("devices.apic.tpr", ["tpr: 0"]),
    ],
)
def test_a_part(call: Call, pc: Path, path: str, expected: list[str]) -> None:
    answer = call("decode", pc, "--path", path)
    assert (answer.code, answer.lines) == (0, expected)


def test_a_part_as_json(call: Call, pc: Path) -> None:
    answer = call("decode", pc, "--json", "--path", "devices.globalstate")
    assert json.loads(answer.text) == {"size": 8, "runstate": b"running".ljust(100, b"\0").hex()}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("devices.nothing.here", "no devices.nothing in this stream"),
        ('devices["0000:00:09.0/x"]', 'no devices["0000:00:09.0/x"] in this stream'),
        ("header.version[0]", "no header.version[0] in this stream"),
        ("devices[[", "'devices[[' is no path: unexpected text at character 7"),
        (".header", "'.header' is no path: unexpected text at character 0"),
    ],
)
def test_a_path_that_leads_nowhere(call: Call, small: Path, path: str, message: str) -> None:
    answer = call("decode", small, "--path", path)
    assert (answer.code, answer.data) == (2, b"")
    assert answer.errors == f"wireformat decode: {message}\n"


def test_bytes_beside_fields(call: Call, small: Path) -> None:
    """Fails when an offset or a byte is not that of the field: each is looked up in the file."""
    content = small.read_bytes()
    lines = call("decode", small, "--hex", "--path", "devices.cpu").lines
    for line in lines:
        offset, data = int(line[:10], 16), bytes.fromhex(line[12:36].rstrip().rstrip("…"))
        assert content[offset : offset + len(data)] == data
    assert lines[0].split() == ["0x000005d9", "00", "00", "00", "00", "env.pc_w:", "0"]
    assert lines[8].split() == ["0x00000665", "80", "env:", "80"]


def test_bytes_beside_the_whole_tree(call: Call, small: Path) -> None:
    lines = call("decode", small, "--hex").lines
    assert lines[1] == "0x00000004  00 00 00 03                  version: 3"
    assert lines[2] == " " * 39 + "configuration"


def test_a_description_from_another_stream(call: Call, captures: Captures, pc: Path) -> None:
    stream = captures["7.2/tcp-postcopy"].path
    alone = call("decode", stream, "--path", "devices.globalstate")
    taught = call("decode", stream, "--path", "devices.globalstate", "--description", pc)
    assert alone.lines[0].startswith("globalstate: 00 00 00 08 72 75 6e")
    assert taught.lines[0] == "size: 8"


def test_a_description_alone(call: Call, captures: Captures, pc: Path, tmp_path: Path) -> None:
    content = pc.read_bytes()
    text = tmp_path / "description.json"
    text.write_bytes(content[content.rindex(b'{"page_size"') :])
    stream = captures["7.2/tcp-postcopy"].path
    answer = call("decode", stream, "--path", "devices.globalstate.size", "--description", text)
    assert answer.lines == ["size: 8"]


def test_a_page_size_from_the_user(call: Call, captures: Captures, tmp_path: Path) -> None:
    """Cut before the first page, nothing tells the size."""
    start = tmp_path / "start.mig"
    start.write_bytes(captures["7.2/arm-vexpress"].data[:600])
    answer = call("decode", start, "--page-size", 1024, "--path", "page_size")
    assert answer.lines == ["page_size: 1024 (0x400)"]


@pytest.mark.parametrize("size", ["5", "128", "131072", "0", "-4096"])
def test_a_page_size_that_no_target_has(call: Call, small: Path, size: str) -> None:
    answer = call("decode", small, "--page-size", size)
    assert answer.code == 2
    assert "a power of two from 256 to 65536 is needed" in answer.errors


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--hex",), ("--json",), ("--json", "--ram", "base64"), ("--devices",)])
def test_a_pipe_gives_what_the_file_gives(call: Call, start: Call, small: Path, options: tuple[str, ...]) -> None:
    assert start("decode", "-", *options, data=small.read_bytes()).data == call("decode", small, *options).data


def test_what_was_read_before_the_end_is_shown(call: Call, cut: Path) -> None:
    answer = call("decode", cut)
    assert answer.code == 3
    assert "  timer:" + " 00" * 24 in answer.lines
    error = "devices.cpu at 0x640: input ends inside section 4, or its end cannot be told [qemu-stream 1.4]"
    assert answer.lines[-3:] == ["incomplete", "  offset: 1600 (0x640)", f"  error: {error}"]
    assert answer.errors.endswith("; incomplete, decoding ended here\n")


def test_incomplete_documents_say_so(call: Call, cut: Path) -> None:
    document = json.loads(call("decode", cut, "--json").text)
    assert document["complete"] is False
    assert [finding["id"] for finding in document["findings"]] == ["truncated"]
    assert [e["type"] for e in document["elements"] if e["type"] != "raw"][-1] == "full"


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"", 3, "header.magic at 0x0: 4 bytes needed, 0 left"),
        (b"QEV", 3, "header.magic at 0x0: 4 bytes needed, 3 left"),
        (b"just some text\n", 1, "header.magic at 0x0: no VM-state stream: begins with 6a757374"),
        (
            b"\x11\x22\x33\x44\0\0\0\1",
            1,
            "header.magic at 0x0: no VM-state stream: begins with 11223344, as a multifd channel does",
        ),
        (b"QEVM\0\0\0\2", 1, "header.version at 0x4: version 2 (the format before 2009, which nothing reads)"),
        (b"QEVM\0\0\0\3", 3, "input at 0x8: input ends where an element must follow"),
        (b"QEVM\0\0\0\3\x55", 1, "input at 0x8: type 0x55 is unknown"),
    ],
)
def test_no_stream(call: Call, tmp_path: Path, content: bytes, code: int, message: str) -> None:
    path = tmp_path / "content"
    path.write_bytes(content)
    answer = call("decode", path)
    assert answer.code == code
    assert answer.errors.startswith(f"wireformat decode: {path}: {message}")
    assert answer.errors.count("\n") == 1


def test_a_device_that_does_not_fit_is_a_finding(call: Call, small: Path, tmp_path: Path) -> None:
    """One field more in the description than on the wire: the device stays bytes, the rest is shown."""
    content = small.read_bytes()
    start = content.rindex(b'{"page_size"')
    text = content[start:].replace(b'"size": 100}', b'"size": 101}')
    broken = tmp_path / "broken.mig"
    broken.write_bytes(content[:start] + text)
    answer = call("decode", broken)
    assert answer.code == 1
    assert answer.errors.startswith(f"wireformat decode: {broken}: devices.globalstate")
    assert "    env.pc_w: 0" in answer.lines
    assert any(line.startswith("  globalstate: 00 00 00 0a 70 72 65") for line in answer.lines)


def test_parts_of_nested_values() -> None:
    value = {"a": ({"b c": 5}, 6)}
    assert part_of(value, 'a[0]["b c"]') == (5, ("a", 0, "b c"))
    with pytest.raises(UsageError, match=r"no a\[2\] in this stream"):
        part_of(value, "a[2].x")


def test_plain_json_keeps_wide_numbers_and_bytes() -> None:
    assert plain_json({"a": (1, 1 << 53, -(1 << 53)), "b": b"\1\xff", "c": True, "d": "x"}) == {
        "a": [1, "9007199254740992", "-9007199254740992"],
        "b": "01ff",
        "c": True,
        "d": "x",
    }
