"""Small streams: memory and disks are gone, all else is as it was, and strict rules find nothing."""

from __future__ import annotations

import pytest

from tests.captures.bundle import Capture, Captures
from tests.protocols.vmstate import crafted
from tests.protocols.vmstate.crafted import (
    BLOCK,
    MULTIFD_FLUSH,
    PAGE_SIZE,
    block_list,
    compressed_page,
    configuration,
    deflated,
    description,
    header,
    machine,
    package,
    patched_page,
    plain_page,
    ram_end,
    ram_part,
    ram_start,
    section,
    stream,
    timer,
    u64,
    word,
    zero_page,
)
from wireformat.protocols.vmstate.difference import differences
from wireformat.protocols.vmstate.shrinking import KeepRam, shrink
from wireformat.protocols.vmstate.stream import Stream, read_stream
from wireformat.protocols.vmstate.strict import findings

EMPTY = ram_start(block_list(pc_ram=8 * PAGE_SIZE)), ram_part(), ram_end()


def shrunk(data: bytes, keep_ram: KeepRam = "none") -> bytes:
    return b"".join(bytes(piece) for piece in shrink(read_stream(data), keep_ram))


def test_no_pages_are_left() -> None:
    data = machine(plain_page(0, b"secret", BLOCK), zero_page(1), word(0, MULTIFD_FLUSH))
    assert shrunk(data) == machine()


def test_each_page_is_left_once_as_a_zero_page() -> None:
    """Fails when a page that was sent twice stays twice, or one that was not sent comes in."""
    records = plain_page(2, b"secret", BLOCK), plain_page(3, b"secret"), patched_page(3, b"\x00\x01x"), zero_page(6)
    again = compressed_page(2, deflated(b"secret"))
    expected = zero_page(2, BLOCK), zero_page(3), zero_page(6)
    assert shrunk(machine(*records, again), "zero") == machine(*expected)


def test_zero_pages_stand_in_the_first_section_that_may_hold_pages() -> None:
    ram = ram_start(block_list(pc_ram=8 * PAGE_SIZE))
    data = stream(ram, ram_part(zero_page(0, BLOCK)), ram_part(plain_page(1, b"x")), ram_end(plain_page(2, b"y")))
    expected = stream(ram, ram_part(zero_page(0, BLOCK), zero_page(1), zero_page(2)) + ram_end())
    assert shrunk(data, "zero") == expected


def test_every_block_is_named() -> None:
    blocks = block_list(pc_ram=2 * PAGE_SIZE, vga=2 * PAGE_SIZE)
    records = plain_page(0, b"a", BLOCK), plain_page(1, b"b", "vga")
    expected = zero_page(0, BLOCK), zero_page(1, "vga")
    data, small = (stream(ram_start(blocks), ram_part(*one), ram_end()) for one in (records, expected))
    assert shrunk(data, "zero") == small


def test_what_disks_hold_is_left_out() -> None:
    progress, end = u64(50 << 9 | 4), u64(2)
    piece = u64(0x01) + crafted.counted("disk") + b"secret".ljust(1 << 20, b"\0")
    zero = u64(0x09) + crafted.counted("disk")
    start = section(1, 1, end, "block")
    data = stream(start, section(2, 1, piece + zero + progress + end), section(3, 1, end))
    assert shrunk(data) == stream(start, section(2, 1, progress + end), section(3, 1, end))


def test_the_contents_of_a_package_are_kept() -> None:
    data = stream(*EMPTY, package(timer(1), timer(2)))
    assert shrunk(data) == data


def test_zero_fill_behind_the_end_goes() -> None:
    assert shrunk(machine() + bytes(1000)) == machine()


def test_a_file_with_pages_at_fixed_places_becomes_a_stream(captures: Captures) -> None:
    """Fails when the capability stays, so that QEMU looks for pages that are not there."""
    stream = read_stream(captures["10.2/file-mapped-ram"].data)
    data = b"".join(bytes(piece) for piece in shrink(stream))
    small = read_stream(data)
    assert stream.configuration is not None
    assert small.configuration is not None
    assert stream.configuration.capabilities is not None
    assert small.configuration.capabilities is None
    assert b"mapped-ram" not in data
    assert b"configuration/capabilities" not in data
    assert [block.mapped for block in small.ram.blocks] == [None] * len(stream.ram.blocks)
    assert findings(small) == []


def test_a_stream_that_is_cut_off_stays_so() -> None:
    whole = machine(plain_page(0, b"x", BLOCK), plain_page(1, b"y"))
    cut = whole[: whole.index(b"y") + 1]
    small = shrunk(cut)
    assert small == header() + configuration() + ram_start(block_list(pc_ram=8 * PAGE_SIZE))
    fault = read_stream(small).fault
    assert fault is not None
    assert fault.id == "truncated"


def test_streams_without_footers_stay_without() -> None:
    def bare(part: bytes) -> bytes:
        return part[:-5]

    head, tail = header() + bare(ram_start(block_list(pc_ram=8 * PAGE_SIZE))), bare(ram_end()) + b"\0"
    data = head + bare(ram_part(zero_page(0, BLOCK), zero_page(1))) + tail
    assert shrunk(data) == head + bare(ram_part()) + tail


KEEP_RAM: tuple[KeepRam, ...] = ("none", "zero")


@pytest.mark.slow
def test_captures_keep_all_but_memory_and_disks(stream_capture: Capture) -> None:
    stream = read_stream(stream_capture.data)
    for keep_ram in KEEP_RAM:
        check_small(stream, keep_ram)


def check_small(stream: Stream, keep_ram: KeepRam) -> None:
    """Compare a stream with what is left of it."""
    small = read_stream(b"".join(bytes(piece) for piece in shrink(stream, keep_ram)))
    changed = {difference.path[0] for difference in differences(stream, small)}
    assert changed <= {"ram", "sections"}
    assert ("sections" in changed) <= ("block" in {section.idstr for section in stream.sections()})
    assert findings(small) == []
    assert [block.name for block in small.ram.blocks] == [block.name for block in stream.ram.blocks]
    if keep_ram == "none":
        assert small.ram.runs.record_count < 10 * len(small.ram.runs)


def test_the_description_is_kept_byte_for_byte() -> None:
    text = description(crafted.TIMER)
    assert shrunk(stream(*EMPTY, timer(), behind=text)).endswith(text)
