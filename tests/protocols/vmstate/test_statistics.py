"""Numbers of a stream: they add up, from a file and from a pipe alike."""

from __future__ import annotations

import pytest

from tests.captures.bundle import Capture
from tests.protocols.vmstate.crafted import (
    BLOCK,
    PAGE_SIZE,
    SWITCHOVER_START,
    TIMER,
    block_list,
    command,
    compressed_page,
    deflated,
    description,
    machine,
    memory,
    package,
    patched_page,
    plain_page,
    ram_end,
    ram_part,
    ram_start,
    stream,
    timer,
    zero_page,
)
from wireformat.protocols.vmstate.statistics import count
from wireformat.protocols.vmstate.stream import read_stream
from wireformat.protocols.vmstate.window import Window


@pytest.mark.slow
def test_the_parts_add_up_to_the_whole(stream_capture: Capture) -> None:
    data = stream_capture.data
    statistics = count(read_stream(data))
    assert sum(share.size for share in statistics.shares.values()) == statistics.size == len(data)


def test_records_by_kind_and_pages_by_block() -> None:
    records = [
        plain_page(0, b"a", BLOCK),
        zero_page(1),
        zero_page(2),
        patched_page(0, b"\x00\x01b"),
        compressed_page(3, deflated(b"c")),
        plain_page(1, b"d"),
    ]
    (block,) = count(read_stream(memory(*records))).blocks
    assert block.records == {"page": 2, "zero": 2, "xbzrle": 1, "compressed": 1}
    assert (block.length, block.pages, block.sent, block.zero) == (8 * PAGE_SIZE, 8, 4, 1)
    assert block.zero_share == 0.25


def test_a_block_without_pages_has_no_share() -> None:
    (block,) = count(read_stream(memory())).blocks
    assert (block.sent, block.zero_share) == (0, 0.0)


def test_a_pass_ends_where_the_offset_falls_back() -> None:
    first = [zero_page(n, BLOCK if n == 0 else None) for n in range(8)]
    second = [plain_page(2, b"x"), plain_page(5, b"y")]
    third = [plain_page(2, b"z")]
    statistics = count(read_stream(memory(*first, *second, *third)))
    assert [one.records for one in statistics.passes] == [{"zero": 8}, {"page": 2}, {"page": 1}]


def test_the_next_block_is_no_new_pass() -> None:
    blocks = block_list(pc_ram=4 * PAGE_SIZE, vga=4 * PAGE_SIZE)
    records = zero_page(3, BLOCK), zero_page(0, "vga"), zero_page(0, BLOCK)
    data = stream(ram_start(blocks), ram_part(*records), ram_end(), behind=description())
    assert [one.records for one in count(read_stream(data)).passes] == [{"zero": 2}, {"zero": 1}]


def test_elements_are_counted_by_what_they_are() -> None:
    parts = ram_part(zero_page(0, BLOCK)), ram_part(), ram_part(zero_page(1))
    ram = ram_start(block_list(pc_ram=8 * PAGE_SIZE)), *parts, ram_end()
    carried = package(timer(), timer())
    data = stream(*ram, command(SWITCHOVER_START), carried, behind=description(TIMER, TIMER))
    statistics = count(read_stream(data))
    sizes = {name: (share.count, share.size) for name, share in statistics.shares.items()}
    assert sizes["ram part"] == (3, len(b"".join(parts)))
    assert statistics.parts == 3
    assert sizes["devices"] == (2, 2 * len(timer()))
    assert sizes["commands"] == (2, 5 + len(carried) - 2 * len(timer()))
    assert sizes["eof"] == (1, 1)


def test_devices_with_the_size_of_their_state() -> None:
    (device,) = count(read_stream(machine())).devices
    assert (device.key, device.section_id, device.version_id, device.size, device.is_described) == (
        "timer",
        0,
        1,
        12,
        True,
    )


def test_a_stream_that_only_passed_by_gives_the_same_numbers() -> None:
    """Fails when counting needs the contents of pages."""
    data = machine(plain_page(0, b"a", BLOCK), zero_page(1), patched_page(0, b"\x00\x01b"))
    window = Window()
    pieces = [data[start : start + 100] for start in range(0, len(data), 100)]

    def more(window: Window) -> None:
        if pieces:
            window.feed(pieces.pop(0))
        else:
            window.final = True

    passed = read_stream(window, more=more, page_size=PAGE_SIZE)
    assert passed.content is None
    assert count(passed) == count(read_stream(data))
