"""Reading the bodies of the `ram` section into the index of runs.

Plain and zero pages, nearly every byte of a stream, are found by the scanner. What it leaves over is decoded one
record at a time: the block list, records that name their block, patches, compressed pages, the end [qemu-stream 2.1].
"""

from __future__ import annotations

from wireformat.codec import codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.block_list import BlockForm, read_blocks
from wireformat.protocols.vmstate.elements import PART_ROW, BlockList, RamBody
from wireformat.protocols.vmstate.page_size import guess_page_size
from wireformat.protocols.vmstate.ram import (
    CONTINUE,
    EOS,
    FULL,
    HOOK,
    MEM_SIZE,
    MULTIFD_FLUSH,
    PAGE,
    PAGE_FLAGS,
    RamBlock,
    RamRecord,
    ZeroPage,
    bulk_kinds,
)
from wireformat.protocols.vmstate.runs import Runs
from wireformat.protocols.vmstate.scan import Scanner
from wireformat.protocols.vmstate.window import Window

SOURCE = "qemu-stream 2.1"
PROVISIONAL_PAGE_SIZE = 4096
SMALLEST_MASK = 0xFF
"""Bits that are flags whatever the page size; MEM_SIZE goes with none of the others."""

MAX_BLOCKS_IN_ALL = (1 << 16) - 1
RECORD_OVERHEAD = 8 + 256 + 8


class RamIndex:
    """Where every page of a stream is: the blocks, and runs of records in stream order.

    `page_size` is the target page size in bytes, None until something tells it. `blocks` are those of all block
    lists; a run names its block by the place in it.
    """

    def __init__(self, page_size: int | None = None) -> None:
        self.page_size = page_size
        self.blocks: list[RamBlock] = []
        self.runs = Runs()


class RamReader:
    """Appends what the bodies of `ram` hold to an index; the current block lasts from body to body."""

    def __init__(self, window: Window, index: RamIndex) -> None:
        self.index = index
        self.form = BlockForm()
        self._window = window
        self._numbers: dict[str, int] = {}
        self._lengths: list[int] = []
        self._current = -1
        self._scanner: Scanner | None = None
        self._start = 0
        self._lists: list[BlockList] = []

    def begin(self, part_of: int | None = None) -> None:
        """Begin a body; `part_of` is the section id of a PART, which gets a row of its own."""
        self._start = len(self.index.runs)
        self._lists = []
        if part_of is not None:
            self.index.runs.append(0, PART_ROW, part_of, 1, self._window.position)

    def body(self) -> RamBody:
        """What the body has held so far."""
        return RamBody(self._start, len(self.index.runs), tuple(self._lists))

    def step(self) -> bool:
        """Read some records; true when the one that ends the body has been read."""
        if self._scanner is not None and self._current >= 0:
            self._scan(self._scanner)
        return self._record()

    def _scan(self, scanner: Scanner) -> None:
        window, base = self._window, self._window.base
        block = self._current
        start, end = window.position - base, window.end - base
        window.position = base + scanner.scan(window.buffer, start, end, base, block, self._lengths[block])

    def _record(self) -> bool:
        """Decode one record that the scanner does not take."""
        window = self._window
        window.need(8)
        position, flags = window.position, self._flags()
        if flags == EOS:
            window.skip(8)
            return True
        if flags == MEM_SIZE:
            self._block_list(position)
        elif flags == MULTIFD_FLUSH:
            window.skip(8)
            self.index.runs.append(0, flags, 0, 1, position)
        else:
            self._page(position, flags)
        return False

    def _flags(self) -> int:
        word = int.from_bytes(self._window.peek(8), "big")
        if word & SMALLEST_MASK == MEM_SIZE and not self.index.page_size:
            return MEM_SIZE
        flags = word & self._mask()
        kind = flags & ~CONTINUE
        if kind & PAGE_FLAGS and not self.index.page_size:
            self._learn_page_size()
            return self._flags()
        if kind & (kind - 1) or not kind or kind & (FULL | HOOK) or kind > MULTIFD_FLUSH:
            raise self._wrong("vmstate/ram-flags", f"flags {flags:#x} of word {word:#x}", self._window.position)
        if flags != kind and not kind & PAGE_FLAGS:
            raise self._wrong("vmstate/ram-flags", f"flags {flags:#x} continue nothing", self._window.position)
        if kind in (EOS, MULTIFD_FLUSH) and word != kind:
            raise self._wrong("vmstate/ram-flags", f"offset in word {word:#x}, which has none", self._window.position)
        return flags

    def _mask(self) -> int:
        return (self.index.page_size or PROVISIONAL_PAGE_SIZE) - 1

    def _learn_page_size(self) -> None:
        self.index.page_size = guess_page_size(self._window, self._window.position)

    def _block_list(self, position: int) -> None:
        window = self._window
        total = int.from_bytes(window.peek(8), "big") - MEM_SIZE
        window.skip(8)
        try:
            entries = read_blocks(window, total, self.form)
        except DecodeError:
            window.position = position
            raise
        if len(self.index.blocks) + len(entries) > MAX_BLOCKS_IN_ALL:
            raise DecodeError("limit", f"more than {MAX_BLOCKS_IN_ALL} RAM blocks", offset=position, source=SOURCE)
        row = len(self.index.runs)
        self.index.runs.append(len(self.index.blocks), MEM_SIZE, total, len(entries), position)
        for entry in entries:
            self._numbers[entry.block.name] = len(self.index.blocks)
            self._lengths.append(entry.block.used_length)
            self.index.blocks.append(entry.block)
        regions = tuple(entry.region for entry in entries)
        self._lists.append(
            BlockList(row, total, tuple(entry.block for entry in entries), regions if any(regions) else ())
        )

    def _page(self, position: int, flags: int) -> None:
        page_size = self.index.page_size or PROVISIONAL_PAGE_SIZE
        params = {"page_size": page_size}
        if not self._window.final:
            self._window.need(8 + (page_size if flags & PAGE else 1))
        record, end = self._window.decode(codec_for(RamRecord), position, params, first=page_size + RECORD_OVERHEAD)
        block = self._block(record, position)
        if record.word.offset >= self._lengths[block]:
            raise self._wrong(
                "vmstate/ram-offset",
                f"page at {record.word.offset:#x} of a block of {self._lengths[block]:#x} bytes",
                position,
            )
        self._current = block
        self._append(record, block, flags, position, end)
        self._window.position = end

    def _append(self, record: RamRecord, block: int, flags: int, position: int, end: int) -> None:
        offset = record.word.offset
        regular = flags & PAGE or (isinstance(record.body, ZeroPage) and record.body.fill == 0)
        if regular:
            self._bulk().open(block, flags, offset, position, flags | CONTINUE, end)
        else:
            self.index.runs.append(block, flags, offset, 1, position)

    def _bulk(self) -> Scanner:
        if self._scanner is None:
            page_size = self.index.page_size or PROVISIONAL_PAGE_SIZE
            self._scanner = Scanner(bulk_kinds(page_size), page_size, self.index.runs)
        return self._scanner

    def _block(self, record: RamRecord, position: int) -> int:
        if record.block is None:
            if self._current < 0:
                raise self._wrong("vmstate/ram-continue", "continues, but no record precedes it", position)
            return self._current
        number = self._numbers.get(record.block)
        if number is None:
            raise self._wrong("vmstate/ram-block", f"block {record.block!r} is not in the list", position)
        return number

    def _wrong(self, id: str, detail: str, position: int) -> DecodeError:
        return DecodeError(id, detail, offset=position, source=SOURCE)
