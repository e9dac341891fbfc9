"""Strict rules about guest memory: the list of blocks, the place of pages in a file, pages that are not sent plain."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from wireformat.errors import DecodeError
from wireformat.protocols.vmstate import compressed, xbzrle
from wireformat.protocols.vmstate.elements import BlockList, CommandElement, RamBody, RamParts, Section
from wireformat.protocols.vmstate.images import RamImage
from wireformat.protocols.vmstate.messages import CommandCode
from wireformat.protocols.vmstate.ram import (
    COMPRESS_PAGE,
    CONTINUE,
    MULTIFD_FLUSH,
    PAGE_FLAGS,
    XBZRLE,
    ZERO,
    MappedRamHeader,
    RamBlock,
)
from wireformat.protocols.vmstate.stream import Stream, flattened
from wireformat.protocols.vmstate.window import shifted
from wireformat.schema.path import join

LIST_SOURCE: Final = "qemu-stream 2.1.1"
MAPPED_VERSION: Final = 1


def block_lists(stream: Stream) -> Iterator[DecodeError]:
    """Blocks have names of their own and lengths of whole pages; a second list says the same as the first."""
    lists = list(_lists(stream))
    for position, block_list in lists:
        yield from _names(block_list, position)
        yield from _lengths(block_list, stream.ram.page_size or 1, position)
    for position, block_list in lists[1:]:
        if _sizes(block_list.blocks) != _sizes(lists[0][1].blocks):
            yield _wrong_list("a second list of blocks differs from the first", "ram.blocks", position)


def _lists(stream: Stream) -> Iterator[tuple[int, BlockList]]:
    """Each list of blocks with its position."""
    for element in flattened(stream.elements):
        if isinstance(element, Section | RamParts) and isinstance(element.body, RamBody):
            for block_list in element.body.block_lists:
                yield stream.ram.runs[block_list.row].position, block_list


def _names(block_list: BlockList, position: int) -> Iterator[DecodeError]:
    for name, count in Counter(block.name for block in block_list.blocks).items():
        path = join(("ram", name))
        if count > 1:
            yield _wrong_list(f"{count} blocks of this name", path, position)
        if not name or not name.isprintable():
            detail = f"{name[:40]!r} is not printable" if name else "block without a name"
            yield DecodeError("vmstate/name", detail, path=path, offset=position, source=LIST_SOURCE)


def _lengths(block_list: BlockList, page_size: int, position: int) -> Iterator[DecodeError]:
    for block in block_list.blocks:
        if block.used_length % page_size:
            detail = f"{block.used_length:#x} bytes are no multiple of the page size {page_size:#x}"
            yield _wrong_list(detail, join(("ram", block.name)), position)


def _sizes(blocks: Sequence[RamBlock]) -> dict[str, int]:
    return {block.name: block.used_length for block in blocks}


def places(stream: Stream) -> Iterator[DecodeError]:
    """The header of a block in a mapped-ram file makes sense, and no page is sent in the stream."""
    is_mapped = False
    for position, block_list in _lists(stream):
        for block in block_list.blocks:
            if block.mapped is not None:
                is_mapped = True
                yield from _place(block, block.mapped, stream.ram.page_size, position)
    if is_mapped:
        rows = zip(stream.ram.runs.flags, stream.ram.runs.positions, strict=True)
        stray = next((position for flags, position in rows if flags & PAGE_FLAGS), None)
        if stray is not None:
            yield _misplaced("a page record in a file with pages at fixed places", "ram", stray)


def _place(block: RamBlock, header: MappedRamHeader, page_size: int | None, position: int) -> Iterator[DecodeError]:
    path = join(("ram", block.name, "mapped"))
    if header.version != MAPPED_VERSION:
        yield _misplaced(f"version {header.version} instead of {MAPPED_VERSION}", f"{path}.version", position)
    if page_size is not None and header.page_size != page_size:
        yield _misplaced(f"{header.page_size:#x} instead of {page_size:#x}", f"{path}.page_size", position)
    if not header.pages_offset or not header.page_size:
        return
    if header.pages_offset % header.page_size:
        yield _misplaced(f"{header.pages_offset:#x} is not aligned to pages", f"{path}.pages_offset", position)
    bitmap_size = -(-block.used_length // (header.page_size * 64)) * 8
    if header.bitmap_offset + bitmap_size > header.pages_offset:
        yield _misplaced("the bitmap reaches into the pages", f"{path}.bitmap_offset", position)


def encoded_pages(stream: Stream) -> Iterator[DecodeError]:
    """Zero pages are filled with zero, compressed pages inflate to one page, patches follow their grammar."""
    runs, images = stream.ram.runs, _Images(stream)
    for row, (flags, count) in enumerate(zip(runs.flags, runs.counts, strict=True)):
        kind = flags & ~CONTINUE & PAGE_FLAGS
        if kind == ZERO and count == 1:
            yield from _fill(images.of(row), row)
        elif kind in (XBZRLE, COMPRESS_PAGE):
            yield from _payload(images.of(row), row, kind)


class _Images:
    """The images of a stream's blocks, made once."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._images: dict[str, RamImage] = {}

    def of(self, row: int) -> RamImage:
        """The image that a row of the index concerns."""
        name = self._stream.ram.blocks[self._stream.ram.runs.blocks[row]].name
        if name not in self._images:
            self._images[name] = RamImage(self._stream, name)
        return self._images[name]


def _fill(image: RamImage, row: int) -> Iterator[DecodeError]:
    fill, position, path = image.fill(row), image.position(row), image.path(row)
    if fill:
        detail = f"page filled with {fill:#04x}, which only QEMU before 1.5 sends"
        yield DecodeError("vmstate/ram-fill", detail, path=path, offset=position, source="qemu-stream 2.1")


def _payload(image: RamImage, row: int, kind: int) -> Iterator[DecodeError]:
    position, data = image.payload(row)
    try:
        if kind == COMPRESS_PAGE:
            compressed.inflate(data, image.page_size)
        elif len(data) > image.page_size:
            raise DecodeError("vmstate/xbzrle", f"patch of {len(data)} bytes", offset=0, source=xbzrle.SOURCE)
        else:
            for _ in xbzrle.changes(data, image.page_size):
                pass
    except DecodeError as error:
        yield shifted(error, position, image.path(row))


def never_sent(stream: Stream) -> Iterator[DecodeError]:
    """A patch concerns a page that has been sent."""
    patched = {
        stream.ram.blocks[block].name
        for block, flags in zip(stream.ram.runs.blocks, stream.ram.runs.flags, strict=True)
        if flags & PAGE_FLAGS == XBZRLE
    }
    for name in sorted(patched):
        image = RamImage(stream, name)
        for row, _ in image.orphans():
            detail = "patch of a page that was never sent"
            position = image.position(row)
            yield DecodeError("vmstate/xbzrle", detail, path=image.path(row), offset=position, source=xbzrle.SOURCE)


def multifd(stream: Stream) -> Iterator[DecodeError]:
    """Where pages go through channels of their own none is patched."""
    flags = stream.ram.runs.flags
    if MULTIFD_FLUSH in flags:
        yield from _patched(stream, range(len(flags)), "patch in a stream whose pages go through multifd")


def postcopy(stream: Stream) -> Iterator[DecodeError]:
    """Behind RUN the first page names its block, and none is patched."""
    began, runs = _postcopy_began(stream), stream.ram.runs
    if began is None:
        return
    rows = [row for row in range(bisect_left(runs.positions, began), len(runs)) if runs.flags[row] & PAGE_FLAGS]
    if rows and runs.flags[rows[0]] & CONTINUE:
        detail, position = "continues, but the first page of postcopy names its block", runs.positions[rows[0]]
        yield DecodeError("vmstate/ram-continue", detail, path="ram", offset=position, source="qemu-stream 2.1")
    yield from _patched(stream, rows, "patch in postcopy")


def _patched(stream: Stream, rows: Iterable[int], detail: str) -> Iterator[DecodeError]:
    """The patches among some rows of the index, where there must be none."""
    runs, images = stream.ram.runs, _Images(stream)
    for row in rows:
        if runs.flags[row] & XBZRLE:
            path, position = images.of(row).path(row), runs.positions[row]
            yield DecodeError("vmstate/xbzrle", detail, path=path, offset=position, source=xbzrle.SOURCE)


def _postcopy_began(stream: Stream) -> int | None:
    """The position of POSTCOPY_RUN, None where there is none."""
    for element in flattened(stream.elements):
        if isinstance(element, CommandElement) and element.command.command == CommandCode.POSTCOPY_RUN:
            return element.span.position
    return None


def _wrong_list(detail: str, path: str, position: int) -> DecodeError:
    return DecodeError("vmstate/block-list", detail, path=path, offset=position, source=LIST_SOURCE)


def _misplaced(detail: str, path: str, position: int) -> DecodeError:
    return DecodeError("vmstate/mapped-ram", detail, path=path, offset=position, source="qemu-stream 8.1")
