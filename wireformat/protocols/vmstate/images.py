"""What is in a block of guest memory once all of a stream has been applied.

The last record of a page wins. Which one that is stands in a table of row numbers, four bytes a page, made for a
window of pages at a time: memory does not grow with the guest. Neighbours with contents of one origin make an
*extent*, so that what is missing or zero costs nothing. A patch builds on what the page held before, so each patch
remembers the row below it. Pages that the destination was told to forget are missing again, and in a mapped-ram file
the pages at their fixed place lie below all records [qemu-stream 2.1.2, 5, 8.1].
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from heapq import merge
from itertools import groupby
from mmap import MADV_DONTNEED, mmap
from typing import Final, Literal, TypeAlias

from wireformat.errors import DecodeError
from wireformat.protocols.vmstate import compressed, xbzrle
from wireformat.protocols.vmstate.elements import CommandElement
from wireformat.protocols.vmstate.encoder import block_name
from wireformat.protocols.vmstate.messages import DiscardRange, PostcopyRamDiscard
from wireformat.protocols.vmstate.page_size import CANDIDATES
from wireformat.protocols.vmstate.ram import COMPRESS_PAGE, CONTINUE, PAGE, PAGE_FLAGS, XBZRLE, ZERO, RamBlock
from wireformat.protocols.vmstate.runs import Run
from wireformat.protocols.vmstate.stream import Stream, flattened
from wireformat.protocols.vmstate.window import shifted
from wireformat.schema.path import join

WINDOW_COUNT: Final = 1 << 20
"""Pages in the table at a time."""

HELD_SIZE: Final = 16 << 20
"""Bytes of a mapped file that are read before they are given back to the kernel."""

TOUCHED_SIZE: Final = 256 << 10
"""Bytes that the kernel may map when one of them is touched."""

WORD_SIZE: Final = 8

Origin = Literal["missing", "zero", "plain", "made"]
Event: TypeAlias = "tuple[int, int, int, int]"
"""Order in the stream, first page, number of pages, entry of the table: 0 for nothing, else the row and one."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Consecutive pages whose contents have one origin.

    `missing` pages are not in the stream, `zero` pages are zero. `plain` pages lie in the stream, the first at
    `position`, each `stride` bytes behind the one before. A `made` page must be computed, from the record of `entry`.
    """

    origin: Origin
    page: int
    count: int
    position: int = 0
    stride: int = 0
    entry: int = 0

    def cut(self, page: int, count: int) -> Extent:
        """The part of it from `page` on."""
        position = self.position + (page - self.page) * self.stride
        return Extent(self.origin, page, count, position, self.stride, self.entry)


class RamImage:
    """The contents of one block. Raises `KeyError` when the stream has no block of that name.

    `length` is in bytes; pages are numbered from 0. Without the stream's content only `extents` can be asked.
    """

    def __init__(self, stream: Stream, name: str) -> None:
        self.name = name
        self.block = block_called(stream, name)
        self.length = self.block.used_length
        self.page_size = stream.ram.page_size or CANDIDATES[0]
        self.page_count = -(-self.length // self.page_size)
        self._stream = stream
        self._content = stream.content
        self._below: dict[int, int] = {}
        self._read = 0

    def extents(self) -> Iterator[Extent]:
        """All pages in order."""
        page = 0
        for first, last in self._windows():
            if page < first:
                yield Extent("missing", page, first - page)
            yield from self._window(first, last)
            page = last
        if page < self.page_count:
            yield Extent("missing", page, self.page_count - page)

    def page(self, extent: Extent, number: int) -> bytes:
        """The contents of a page that lies in an extent.

        Raises `DecodeError` when a patch or a compressed page is malformed.
        """
        if extent.origin == "plain":
            return self._slice(extent.position + (number - extent.page) * extent.stride, self.page_size)
        return self._made(extent.entry, number) if extent.origin == "made" else bytes(self.page_size)

    def orphans(self) -> Iterator[tuple[int, int]]:
        """The patches of pages that the stream did not hold before: row and page."""
        for first, last in self._windows():
            table = self._table(first, last)
            yield from ((entry - 1, page) for entry, page in self._patches(table, first))

    @cached_property
    def _rows(self) -> array[int]:
        """The rows of the index that concern this block."""
        ram = self._stream.ram
        numbers = {number for number, block in enumerate(ram.blocks) if block.name == self.name}
        pairs = enumerate(zip(ram.runs.blocks, ram.runs.flags, strict=True))
        return array("I", [row for row, (block, flags) in pairs if flags & PAGE_FLAGS and block in numbers])

    def _windows(self) -> Iterator[tuple[int, int]]:
        """The windows that hold anything, first page and last; a block may claim to be larger than any file."""
        numbers: Iterable[int] = range(-(-self.page_count // WINDOW_COUNT))
        if self.block.mapped is None:
            touched: set[int] = set()
            for _, page, count, _ in self._records():
                touched.update(range(page // WINDOW_COUNT, (page + count - 1) // WINDOW_COUNT + 1))
            numbers = sorted(touched)
        for number in numbers:
            yield number * WINDOW_COUNT, min((number + 1) * WINDOW_COUNT, self.page_count)

    def _window(self, first: int, last: int) -> Iterator[Extent]:
        """The extents of some pages."""
        page = first
        for entry, group in groupby(self._table(first, last)):
            count = sum(1 for _ in group)
            if entry:
                yield self._extent(entry, page, count)
            else:
                yield from self._base(page, count)
            page += count

    def _table(self, first: int, last: int) -> array[int]:
        """For each page the entry of its last record."""
        table = array("I", bytes(4 * (last - first)))
        flags = self._stream.ram.runs.flags
        for _, page, count, entry in self._events():
            start, stop = max(page, first) - first, min(page + count, last) - first
            if start >= stop:
                continue
            if entry and flags[entry - 1] & XBZRLE:
                self._below[entry] = table[start]
            table[start:stop] = array("I", (entry,)) * (stop - start)
        return table

    def _patches(self, table: array[int], first: int) -> Iterator[tuple[int, int]]:
        """The patches of a window below which there is nothing, once its table has been made."""
        if self.block.mapped is not None:
            return
        for entry, below in self._below.items():
            page = self._run(entry - 1).offset // self.page_size
            if not below and first <= page < first + len(table):
                yield entry, page

    def _events(self) -> Iterator[Event]:
        discards = list(self._discards())
        return merge(self._records(), discards) if discards else self._records()

    def _records(self) -> Iterator[Event]:
        runs, page_size = self._stream.ram.runs, self.page_size
        offsets, counts = runs.offsets, runs.counts
        for row in self._rows:
            yield 2 * row + 1, offsets[row] // page_size, counts[row], row + 1

    def _discards(self) -> Iterator[Event]:
        """What the destination is told to forget."""
        positions = self._stream.ram.runs.positions
        for position, part in discards(self._stream, self.name):
            first, end = part.start // self.page_size, -(-(part.start + part.length) // self.page_size)
            yield 2 * bisect_left(positions, position), first, max(0, end - first), 0

    def _run(self, row: int) -> Run:
        return self._stream.ram.runs[row]

    def _extent(self, entry: int, page: int, count: int) -> Extent:
        run = self._run(entry - 1)
        body = self._body_position(run)
        kind = run.flags & ~CONTINUE
        if kind == ZERO and not self.fill(entry - 1):
            return Extent("zero", page, count)
        if kind != PAGE:
            return Extent("made", page, count, entry=entry)
        stride = WORD_SIZE + self.page_size
        first = page - run.offset // self.page_size
        return Extent("plain", page, count, body + first * stride, stride)

    def _base(self, page: int, count: int) -> Iterator[Extent]:
        """Pages without a record: missing, unless the file has a place for them."""
        mapped = self.block.mapped
        if mapped is None or not mapped.pages_offset or self._content is None:
            yield Extent("missing", page, count)
            return
        first, end = page // 8, -(-(page + count) // 8)
        bits = int.from_bytes(self._content[mapped.bitmap_offset + first : mapped.bitmap_offset + end], "little")
        for is_present, group in groupby(f"{bits >> page % 8:0{count}b}"[: -count - 1 : -1]):
            length = sum(1 for _ in group)
            if is_present == "1":
                position = mapped.pages_offset + page * self.page_size
                yield Extent("plain", page, length, position, self.page_size)
            else:
                yield Extent("zero", page, length)
            page += length

    def _body_position(self, run: Run) -> int:
        """Where the body of a run's first record stands."""
        return run.position + WORD_SIZE + len(block_name(self._stream.ram, run))

    def _made(self, entry: int, number: int) -> bytes:
        """A page from the record at the bottom and the patches upon it."""
        patches = []
        while entry and self._run(entry - 1).flags & XBZRLE:
            patches.append(entry - 1)
            entry = self._below[entry]
        page = bytearray(self._bottom(entry, number))
        for row in reversed(patches):
            position, patch = self.payload(row)
            try:
                xbzrle.apply(patch, page)
            except DecodeError as error:
                raise shifted(error, position, self.path(row)) from None
        return bytes(page)

    def _bottom(self, entry: int, number: int) -> bytes:
        extent = self._extent(entry, number, 1) if entry else next(self._base(number, 1))
        if extent.origin != "made":
            return self.page(extent, number)
        row = entry - 1
        if self._run(row).flags & ZERO:
            return bytes([self.fill(row)]) * self.page_size
        position, data = self.payload(row)
        try:
            return compressed.inflate(data, self.page_size)
        except DecodeError as error:
            raise shifted(error, position, self.path(row)) from None

    def payload(self, row: int) -> tuple[int, bytes]:
        """Where the payload of a patch or a compressed page stands, and the payload."""
        run = self._run(row)
        body = self._body_position(run)
        skipped, size = (0, 4) if run.flags & COMPRESS_PAGE else (1, 2)
        start = body + skipped + size
        return start, self._slice(start, int.from_bytes(self._slice(body + skipped, size), "big"))

    def fill(self, row: int) -> int:
        """The byte that fills the pages of a row of kind ZERO; one that is not zero stands in a row of its own."""
        run = self._run(row)
        if run.count > 1 or self._content is None:
            return 0
        return self._slice(self._body_position(run), 1)[0]

    def position(self, row: int) -> int:
        """Where a record stands."""
        return self._run(row).position

    def path(self, row: int) -> str:
        """What the first page of a row is called in errors: block and offset."""
        return join(("ram", self.name, self._run(row).offset))

    def _slice(self, position: int, size: int) -> bytes:
        """Bytes of the stream."""
        if self._content is None:
            raise ValueError("the contents of this stream were not kept")
        self._read += max(size, TOUCHED_SIZE)
        if self._read > HELD_SIZE and isinstance(self._content, mmap):
            self._content.madvise(MADV_DONTNEED)
            self._read = 0
        return bytes(self._content[position : position + size])


def block_called(stream: Stream, name: str) -> RamBlock:
    """The block of that name, in the latest list that has it. Raises `KeyError`."""
    for block in reversed(stream.ram.blocks):
        if block.name == name:
            return block
    raise KeyError(name)


def discards(stream: Stream, name: str) -> Iterator[tuple[int, DiscardRange]]:
    """The ranges of a block that the destination is told to forget, with the position of the command."""
    for element in flattened(stream.elements):
        if isinstance(element, CommandElement) and isinstance(element.command.body, PostcopyRamDiscard):
            body = element.command.body
            if body.block == name:
                yield from ((element.span.position, part) for part in body.ranges)
