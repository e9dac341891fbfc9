"""What senders owe: requirements of whoever writes a stream, held against what QEMU wrote and what we write from it."""

from __future__ import annotations

import pytest

from tests.captures.bundle import Capture, Captures
from wireformat.protocols.vmstate.ram import PAGE_FLAGS, XBZRLE
from wireformat.protocols.vmstate.shrinking import shrink
from wireformat.protocols.vmstate.stream import Stream, read_stream

USUAL = 4096
SMALLEST = {
    "7.2/avr-uno": 256,
    "7.2/arm-vexpress": 1024,
    "7.2/aarch64-virt": 1024,
    "10.0/aarch64-virt": 1024,
    "10.0/alpha-clipper": 8192,
    "10.0/or1k-sim": 8192,
    "10.0/sparc64-sun4u": 8192,
}
"""The smallest target page that a capture's processor family ever had, where it is not the usual one."""

LARGER = ("7.2/aarch64-virt", "10.0/aarch64-virt")
"""Captures of processors that came with larger pages than their family began with."""


def page_bits(stream: Stream) -> int | None:
    """What the configuration says of the target page."""
    return stream.configuration.target_page_bits if stream.configuration else None


@pytest.mark.requirement("VM-023")
def test_page_bits_tell_which_pages_are_not_the_smallest(stream_capture: Capture) -> None:
    """Fails when they are missed, or read where none were sent."""
    stream = read_stream(stream_capture.data)
    size = stream.ram.page_size or 0
    smallest = SMALLEST.get(stream_capture.name, USUAL)
    assert page_bits(stream) == (None if size == smallest else size.bit_length() - 1)


@pytest.mark.requirement("VM-023")
@pytest.mark.parametrize("name", LARGER)
def test_page_bits_are_sent_again(captures: Captures, name: str) -> None:
    """Fails when a stream made from another is left without them."""
    stream = read_stream(captures[name].data)
    small = read_stream(b"".join(bytes(piece) for piece in shrink(stream)))
    assert (page_bits(stream), page_bits(small), small.ram.page_size) == (12, 12, 4096)


def sent(stream: Stream) -> set[str]:
    """The blocks of which a page is sent."""
    return {stream.ram.blocks[run.block].name for run in stream.ram.runs if run.flags & PAGE_FLAGS}


@pytest.mark.requirement("VM-064")
def test_pages_of_a_shared_block_are_not_sent(captures: Captures) -> None:
    """Not by QEMU, and not by us where every page that was sent becomes a zero page; the block is in the list."""
    stream = read_stream(captures["10.0/file-shared-ram"].data)
    small = read_stream(b"".join(bytes(piece) for piece in shrink(stream, "zero")))
    for each in (stream, small):
        names = {block.name for block in each.ram.blocks}
        assert each.configuration is not None
        assert each.configuration.capabilities is not None
        assert each.configuration.capabilities.names == ("x-ignore-shared",)
        assert (names - sent(each), len(names)) == ({"m0"}, 6)


@pytest.mark.requirement("VM-074")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("7.2/tcp-xbzrle"),
        pytest.param("10.0/tcp-xbzrle", marks=pytest.mark.slow),
        pytest.param("10.2/tcp-xbzrle", marks=pytest.mark.slow),
    ],
)
def test_no_page_is_patched_in_the_first_pass(captures: Captures, name: str) -> None:
    """Fails when a patch comes before any page that is sent for the first time."""
    stream = read_stream(captures[name].data)
    size = stream.ram.page_size or USUAL
    seen: set[tuple[int, int]] = set()
    pages_at_first_patch = 0
    for run in stream.ram.runs:
        if run.flags & XBZRLE and not pages_at_first_patch:
            pages_at_first_patch = len(seen)
        if run.flags & PAGE_FLAGS:
            seen.update((run.block, run.offset + number * size) for number in range(run.count))
    assert 0 < pages_at_first_patch == len(seen) > 2000
