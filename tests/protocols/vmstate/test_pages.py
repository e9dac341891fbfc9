"""Page records hold every page once, zero pages in nine bytes."""

from __future__ import annotations

import struct

import pytest

from wireformat.protocols.vmstate.pages import BATCH_COUNT, encode_pages
from wireformat.protocols.vmstate.ram import bulk_kinds
from wireformat.protocols.vmstate.runs import Run, Runs
from wireformat.protocols.vmstate.scan import Scanner

PAGE, ZERO = 0x28, 0x22


def encoded(memory: bytes, offset: int, page_size: int) -> bytes:
    return b"".join(b"".join(batch) for batch in encode_pages(memory, offset, page_size))


@pytest.mark.requirement("VM-073")
def test_a_page_and_a_zero_page() -> None:
    page = bytes(4095) + b"\1"
    expected = struct.pack(">Q", 0x7000 | PAGE) + page + struct.pack(">QB", 0x8000 | ZERO, 0)
    assert encoded(page + bytes(4096), 0x7000, 4096) == expected


@pytest.mark.parametrize("place", [0, 7, 8, 255])
def test_one_byte_anywhere_makes_a_page_plain(place: int) -> None:
    page = bytearray(256)
    page[place] = 1
    assert encoded(bytes(page), 0x100, 256) == struct.pack(">Q", 0x100 | PAGE) + page


@pytest.mark.requirement("VM-072")
def test_the_kernel_finds_what_was_encoded() -> None:
    memory = b"".join(bytes(4096) * zeros + b"x" * 4096 * pages for zeros, pages in [(3, 700), (900, 1), (1, 2)])
    stream = encoded(memory, 1 << 24, 4096)
    runs = Runs()
    assert Scanner(bulk_kinds(4096), 4096, runs).scan(stream, 0, len(stream), 0, 0, 1 << 40) == len(stream)
    assert [(run.flags, run.count) for run in runs] == [
        (ZERO, 3), (PAGE, 700), (ZERO, 900), (PAGE, 1), (ZERO, 1), (PAGE, 2),
    ]  # fmt: skip
    assert runs[1] == Run(0, PAGE, (1 << 24) + 3 * 4096, 700, 27)


def test_pages_are_views_and_batches_fit_one_writev() -> None:
    memory = bytearray(b"x" * 4096 * 2000)
    batches = list(encode_pages(memory, 0, 4096))
    assert max(map(len, batches)) <= BATCH_COUNT
    assert sum(map(len, batches)) == 4000
    memory[0] = ord("y")
    assert bytes(batches[0][1][:2]) == b"yx"


def test_no_memory_is_no_records() -> None:
    assert list(encode_pages(b"", 0, 4096)) == []
