"""Differences between streams: by field, by page, and none where only the way of sending differs."""

from __future__ import annotations

import pytest

from tests.captures.bundle import Capture, Captures
from tests.protocols.vmstate import crafted
from tests.protocols.vmstate.crafted import (
    BLOCK,
    PAGE_SIZE,
    SWITCHOVER_START,
    block_list,
    command,
    compressed_page,
    deflated,
    described,
    description,
    device,
    machine,
    memory,
    number_field,
    patched_page,
    plain_page,
    ram_end,
    ram_part,
    ram_start,
    stream,
    zero_page,
)
from wireformat.protocols.vmstate.difference import Difference, aligned, compare_values, differences
from wireformat.protocols.vmstate.images import Extent
from wireformat.protocols.vmstate.stream import read_stream
from wireformat.schema.path import parse


def compared(first: bytes, second: bytes, within: str = "") -> list[Difference]:
    return list(differences(read_stream(first), read_stream(second), parse(within)))


def places(first: bytes, second: bytes, within: str = "") -> list[str]:
    return [difference.place for difference in compared(first, second, within)]


@pytest.mark.slow
def test_a_stream_does_not_differ_from_itself(stream_capture: Capture) -> None:
    stream = read_stream(stream_capture.data)
    assert list(differences(stream, stream)) == []


def test_a_field_of_a_device() -> None:
    assert compared(machine(ticks=1), machine(ticks=2)) == [Difference("changed", ("devices", "timer", "ticks"), 1, 2)]


def test_pages_are_joined_to_ranges() -> None:
    first = [plain_page(n, b"same", BLOCK if n == 0 else None) for n in range(8)]
    second = [*first, plain_page(1, b"a"), plain_page(2, b"b"), plain_page(3, b"same"), plain_page(7, b"c")]
    found = compared(machine(*first), machine(*second))
    assert [difference.place for difference in found] == [
        'ram["pc.ram"][0x1000-0x3000]',
        'ram["pc.ram"][0x7000-0x8000]',
    ]
    assert [difference.page_count for difference in found] == [2, 1]


@pytest.mark.parametrize(
    "records",
    [
        [plain_page(0, b"", BLOCK), plain_page(1, b"new")],
        [zero_page(0, BLOCK), plain_page(1, b"old"), patched_page(1, b"\x00\x03new")],
        [plain_page(5, b"", BLOCK), compressed_page(1, deflated(b"new")), zero_page(5)],
    ],
)
def test_how_pages_were_sent_is_no_difference(records: list[bytes]) -> None:
    """Fails when records are compared in place of what they make of memory."""
    assert places(machine(*records), machine(plain_page(1, b"new", BLOCK))) == []


def test_sections_in_pieces_are_no_difference() -> None:
    ram = ram_start(block_list(pc_ram=4 * PAGE_SIZE))
    one = stream(ram, ram_part(plain_page(0, b"a", BLOCK), plain_page(1, b"b")), ram_end())
    other = stream(ram, ram_part(plain_page(0, b"a", BLOCK)), ram_part(), ram_part(plain_page(1, b"b")), ram_end())
    assert places(one, other) == []


def test_blocks_that_differ_in_size_are_compared_as_far_as_both_reach() -> None:
    first = machine(plain_page(0, b"a", BLOCK), plain_page(3, b"b"), pages=4)
    found = compared(first, machine(plain_page(0, b"b", BLOCK), pages=2))
    assert [(one.kind, one.place) for one in found] == [
        ("changed", 'ram["pc.ram"].used_length'),
        ("pages", 'ram["pc.ram"][0x0-0x1000]'),
    ]


def test_what_only_one_has() -> None:
    extra = stream(crafted.timer(), device(1, "rtc", b"\1\2"), behind=description(crafted.TIMER, RTC))
    plain = stream(crafted.timer(), command(SWITCHOVER_START), behind=description(crafted.TIMER))
    found = [(one.kind, one.place) for one in compared(extra, plain)]
    assert found == [("only in second", "commands"), ("only in first", "devices.rtc")]


RTC = described("rtc", number_field("a", 1), number_field("b", 1))


def test_versions_of_sections() -> None:
    body = b"\1\2"
    one, other = (stream(device(1, "rtc", body, version=n), behind=description(RTC)) for n in (1, 2))
    assert compared(one, other) == [Difference("version", ("devices", "rtc"), 1, 2)]


def test_devices_that_only_one_describes_are_compared_as_bytes() -> None:
    one = stream(device(1, "rtc", b"\1\2"), behind=description(RTC))
    other = stream(device(1, "rtc", b"\1\3"))
    assert compared(one, other) == [Difference("changed", ("devices", "rtc"), b"\1\2", b"\1\3")]


def test_the_data_of_disks() -> None:
    def disk(data: bytes) -> bytes:
        piece = crafted.u64(0x01) + crafted.counted("disk") + data.ljust(1 << 20, b"\0")
        start = crafted.section(1, 1, crafted.u64(2), "block")
        return stream(start, crafted.section(3, 1, piece + crafted.u64(2)))

    (found,) = compared(disk(b"a"), disk(b"b"))
    assert found.place == "sections.block[1].records[0].data"
    assert found.first != found.second


def test_a_part_is_compared_alone() -> None:
    first, second = machine(plain_page(0, b"a", BLOCK), ticks=1), machine(plain_page(0, b"b", BLOCK), ticks=2)
    assert places(first, second, "devices") == ["devices.timer.ticks"]
    assert places(first, second, 'ram["pc.ram"]') == ['ram["pc.ram"][0x0-0x1000]']
    assert places(first, second, "devices.timer.clock") == []


def test_memory_is_left_out_when_a_stream_was_not_kept() -> None:
    one = read_stream(memory(plain_page(0, b"a", BLOCK)))
    other = read_stream(memory(plain_page(0, b"b", BLOCK)))
    object.__setattr__(other, "content", None)
    assert list(differences(one, other)) == []


@pytest.mark.slow
def test_files_with_pages_at_fixed_places(captures: Captures) -> None:
    """Written again they are the same."""
    files = [capture for capture in captures if capture.kind == "mapped-ram"]
    assert files
    for capture in files:
        stream = read_stream(capture.data)
        again = read_stream(b"".join(bytes(piece) for piece in stream.encode()))
        assert list(differences(stream, again)) == []


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((1, 2), (1, 3), [("changed", ("x", 1))]),
        ((1, 2), (1,), [("only in first", ("x", 1))]),
        ({"a": 1}, {"a": 1, "b": 2}, [("only in second", ("x", "b"))]),
        ({"a": {"b": (1,)}}, {"a": {"b": (2,)}}, [("changed", ("x", "a", "b", 0))]),
        ({"a": 1}, (1,), [("changed", ("x",))]),
        (None, None, []),
        (b"1", b"1", []),
    ],
)
def test_nested_values(first: object, second: object, expected: list[object]) -> None:
    assert [(one.kind, one.path) for one in compare_values(first, second, ("x",))] == expected


def test_extents_are_cut_at_each_others_borders() -> None:
    one = [Extent("plain", 0, 4, position=100, stride=10), Extent("missing", 4, 2)]
    other = [Extent("zero", 0, 1), Extent("plain", 1, 9, position=500, stride=7)]
    pairs = [(a.page, a.count, a.position, b.position) for a, b in aligned(iter(one), iter(other))]
    assert pairs == [(0, 1, 100, 0), (1, 3, 110, 500), (4, 2, 0, 521)]
