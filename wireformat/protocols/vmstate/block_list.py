"""The list of RAM blocks behind MEM_SIZE.

Its entries end when their lengths reach the announced sum. Whether an entry carries a page size is not visible: only
blocks of huge pages do, and only when postcopy is possible. Where that is so every reading is tried, shortest first,
until one adds up and a RAM word that may follow stands behind it [qemu-stream 2.1.1].
"""

from __future__ import annotations

from dataclasses import dataclass

from wireformat.codec import codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.elements import Span
from wireformat.protocols.vmstate.ram import EOS, MULTIFD_FLUSH, RamBlock
from wireformat.protocols.vmstate.window import Window

MAX_BLOCKS = 4096
MAX_READINGS = 4096
"""Steps of the search for the entries that carry a page size."""
SOURCE = "qemu-stream 2.1.1"


@dataclass(frozen=True, slots=True)
class BlockForm:
    """Which optional fields the entries have; `maybe_page_size` means that some may have one."""

    has_address: bool = False
    has_mapped: bool = False
    maybe_page_size: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One block, and in a mapped-ram file where its bitmap and pages are."""

    block: RamBlock
    region: Span | None
    end: int


def read_blocks(window: Window, total: int, form: BlockForm) -> list[Entry]:
    """Read the list at the window's position and consume it.

    Raises `DecodeError`: `vmstate/ram-total` when the lengths miss the sum, `vmstate/mapped-ram`, `truncated`, `limit`.
    """
    entries = _guessed(window, total, form) if form.maybe_page_size else None
    if entries is None:
        entries = _plain(window, total, form)
    if entries:
        window.position = entries[-1].end
    return entries


def _plain(window: Window, total: int, form: BlockForm) -> list[Entry]:
    entries: list[Entry] = []
    position, rest = window.position, total
    while rest > 0:
        entry = _entry(window, position, form, has_page_size=False)
        if entry.block.used_length > rest:
            raise DecodeError(
                "vmstate/ram-total",
                f"block lengths exceed their sum {total} by {entry.block.used_length - rest}",
                path="blocks",
                offset=position,
                expected=total,
                source=SOURCE,
            )
        if len(entries) == MAX_BLOCKS:
            raise DecodeError("limit", f"more than {MAX_BLOCKS} RAM blocks", offset=position, source=SOURCE)
        entries.append(entry)
        position, rest = entry.end, rest - entry.block.used_length
    return entries


def _guessed(window: Window, total: int, form: BlockForm) -> list[Entry] | None:
    """The first reading that adds up, page sizes in as few entries as possible; None when none does."""
    open_paths: list[tuple[tuple[Entry, ...], int]] = [((), total)]
    for _ in range(MAX_READINGS):
        if not open_paths:
            break
        entries, rest = open_paths.pop()
        position = entries[-1].end if entries else window.position
        if rest == 0:
            if _word_follows(window, position):
                return list(entries)
            continue
        for has_page_size in (True, False):
            entry = _plausible_entry(window, position, form, has_page_size)
            if entry is not None and entry.block.used_length <= rest and len(entries) < MAX_BLOCKS:
                open_paths.append(((*entries, entry), rest - entry.block.used_length))
    return None


def _plausible_entry(window: Window, position: int, form: BlockForm, has_page_size: bool) -> Entry | None:
    try:
        entry = _entry(window, position, form, has_page_size)
    except DecodeError as error:
        if error.need_more and not window.final:
            raise
        return None
    page_size = entry.block.page_size
    if page_size is not None and (page_size & (page_size - 1) or not 1 << 12 <= page_size <= 1 << 40):
        return None
    return entry if entry.block.name.isprintable() and entry.block.name else None


def _entry(window: Window, position: int, form: BlockForm, has_page_size: bool) -> Entry:
    params = {"has_page_size": has_page_size, "has_address": form.has_address, "has_mapped": form.has_mapped}
    block, end = window.decode(codec_for(RamBlock), position, params)
    if block.mapped is None or not block.mapped.pages_offset:
        return Entry(block, None, end)
    region_end = block.mapped.pages_offset + block.used_length
    if block.mapped.bitmap_offset < end or block.mapped.pages_offset < block.mapped.bitmap_offset:
        raise DecodeError(
            "vmstate/mapped-ram",
            f"pages at {block.mapped.pages_offset:#x} lie before the end of the header",
            offset=position,
            source="qemu-stream 8.1",
        )
    return Entry(block, Span(end, region_end - end), region_end)


def _word_follows(window: Window, position: int) -> bool:
    word = window.peek(8, position - window.position)
    if len(word) < 8:
        raise DecodeError("truncated", "RAM word expected", offset=window.end)
    return int.from_bytes(word, "big") in (EOS, MULTIFD_FLUSH)
