"""`wireformat extract`: images of memory, sparse in files, and devices as bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.captures.bundle import Captures
from tests.cli.conftest import Call
from tests.protocols.vmstate.crafted import (
    BLOCK,
    PAGE_SIZE,
    listed,
    machine,
    memory,
    patched_page,
    plain_page,
    ram_end,
    ram_part,
    ram_start,
    stream,
    u32,
    u64,
    zero_page,
)

PAGES = {0: b"first", 2: b"third"}
IMAGE = b"".join(PAGES.get(number, b"").ljust(PAGE_SIZE, b"\0") for number in range(8))
WHOLE = machine(
    *(plain_page(n, PAGES.get(n, b""), None if n else BLOCK) for n in range(4)), *map(zero_page, range(4, 8))
)


def test_an_image_on_standard_output(call: Call) -> None:
    answer = call("extract", "-", "--ram", BLOCK, "-o", "-", data=WHOLE)
    assert (answer.code, answer.errors) == (0, "")
    assert answer.data == IMAGE


def test_an_image_in_a_file_has_holes(call: Call, captures: Captures, tmp_path: Path) -> None:
    target = tmp_path / "image"
    path = captures["7.2/pc-minimal"].path
    assert call("extract", path, "--ram", BLOCK, "-o", target).code == 0
    state = target.stat()
    assert state.st_size == 16 << 20
    assert state.st_blocks * 512 < state.st_size / 8
    assert call("extract", path, "--ram", BLOCK, "-o", "-").data == target.read_bytes()


def test_an_image_replaces_a_longer_file(call: Call, tmp_path: Path) -> None:
    """Fails when old contents shine through the holes."""
    target = tmp_path / "image"
    target.write_bytes(b"\xff" * (len(IMAGE) + 5000))
    call("extract", "-", "--ram", BLOCK, "-o", target, data=WHOLE)
    assert target.read_bytes() == IMAGE


def test_a_device_file_gets_its_zeros(start: Call) -> None:
    """Fails when zeros are skipped on a target that cannot have holes."""
    answer = start("extract", "-", "--ram", BLOCK, "-o", "/dev/stdout", data=WHOLE)
    assert (answer.code, answer.data) == (0, IMAGE)


def test_what_is_missing_is_counted(call: Call) -> None:
    data = memory(plain_page(0, b"first", BLOCK), plain_page(2, b"third"))
    answer = call("extract", "-", "--ram", BLOCK, "-o", "-", data=data)
    assert (answer.code, answer.data) == (0, IMAGE)
    assert answer.errors == "wireformat extract: -: 6 of 8 pages are not in this stream; written as zero\n"


def test_a_block_that_ends_inside_a_page(call: Call) -> None:
    blocks = ram_start(listed([(BLOCK, PAGE_SIZE + 512), ("rest", PAGE_SIZE - 512)]))
    records = plain_page(0, b"a", BLOCK), plain_page(1, b"b" * 600)
    answer = call("extract", "-", "--ram", BLOCK, "-o", "-", data=stream(blocks, ram_part(*records), ram_end()))
    assert (answer.code, answer.errors) == (0, "")
    assert answer.data == b"a".ljust(PAGE_SIZE, b"\0") + b"b" * 512


def test_a_device(call: Call) -> None:
    answer = call("extract", "-", "--device", "timer", "-o", "-", data=machine(ticks=5))
    assert (answer.code, answer.data) == (0, u64(5) + u32(9))


def test_memory_from_a_file_equals_memory_from_a_stream(call: Call, captures: Captures) -> None:
    """The firmware of two runs of one machine: pages at fixed places and pages in records are the same memory."""
    sources = captures["10.2/file-mapped-ram"], captures["10.2/tcp-xbzrle"]
    images = [call("extract", source.path, "--ram", "pc.bios", "-o", "-").data for source in sources]
    assert images[0] == images[1]
    assert len(images[0]) == 256 << 10
    assert images[0][-16] == 0xEA


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "one of --ram and --device is needed"),
        (("--ram", "a", "--device", "b"), "one of --ram and --device is needed"),
        (("--ram", "pc.bios"), "-: no RAM block 'pc.bios'; there are pc.ram"),
        (("--device", "rtc"), "-: no device 'rtc'; there are timer"),
    ],
)
def test_what_is_not_there(call: Call, words: tuple[str, ...], message: str) -> None:
    answer = call("extract", "-", *words, "-o", "-", data=WHOLE)
    assert (answer.code, answer.data, answer.errors) == (2, b"", f"wireformat extract: {message}\n")


@pytest.mark.parametrize(
    ("option", "message"),
    [("--ram", "-: no RAM block in it"), ("--device", "-: no device in it")],
)
def test_a_stream_without_anything(call: Call, option: str, message: str) -> None:
    answer = call("extract", "-", option, "x", "-o", "-", data=stream())
    assert (answer.code, answer.errors) == (2, f"wireformat extract: {message}\n")


def test_a_patch_that_is_malformed_ends_it(call: Call) -> None:
    data = memory(zero_page(0, BLOCK), patched_page(0, b"\x00\x00x"))
    answer = call("extract", "-", "--ram", BLOCK, "-o", "-", data=data)
    assert answer.code == 1
    assert answer.errors.startswith('wireformat extract: ram["pc.ram"][0] at 0x')
    assert "run of no new bytes [qemu-stream 2.1.3]" in answer.errors


def test_the_input_is_not_overwritten(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "guest.mig"
    path.write_bytes(WHOLE)
    answer = call("extract", path, "--ram", BLOCK, "-o", path)
    assert (answer.code, answer.errors) == (2, f"wireformat extract: {path}: is the input\n")
    assert path.read_bytes() == WHOLE
