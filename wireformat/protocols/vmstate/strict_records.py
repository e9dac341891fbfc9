"""Strict rules about disks and dirty bitmaps: flags that mean something, names that have been given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.elements import RecordsBody, RecordsItem, Section
from wireformat.protocols.vmstate.iterative import BitmapChunk, BitmapFlag, BlockFlag, BlockRecord
from wireformat.protocols.vmstate.stream import Stream
from wireformat.protocols.vmstate.strict_sections import path_of

DISK_KINDS: Final = BlockFlag.DEVICE_BLOCK | BlockFlag.EOS | BlockFlag.PROGRESS
BITMAP_KINDS: Final = BitmapFlag.START | BitmapFlag.COMPLETE | BitmapFlag.BITS
RESERVED_BITMAP_FLAGS: Final = 0xF8
BITMAP_UNIT: Final = 16
"""Bytes that buffers are filled up to: four words of the host, 32 bytes but for hosts of 32 bits."""


def disks(stream: Stream) -> Iterator[DecodeError]:
    """A record of `block` is a piece of disk, a sign of progress or the end; only a piece can be zero."""
    for record, place in _records(stream, "block"):
        if isinstance(record, BlockRecord):
            yield from _disk(record, place)


def _disk(record: BlockRecord, place: tuple[str, int]) -> Iterator[DecodeError]:
    flags = record.word.flags
    kinds = flags & DISK_KINDS
    if flags & ~(DISK_KINDS | BlockFlag.ZERO_BLOCK):
        yield _wrong("vmstate/disk", f"unknown flags {int(flags):#x}", place)
    elif kinds not in tuple(BlockFlag) or (flags & BlockFlag.ZERO_BLOCK and kinds != BlockFlag.DEVICE_BLOCK):
        yield _wrong("vmstate/disk", f"flags {int(flags):#x} do not belong together", place)
    if kinds == BlockFlag.PROGRESS and record.word.sector > 100:
        yield _wrong("vmstate/disk", f"progress of {record.word.sector} percent", place)


def bitmaps(stream: Stream) -> Iterator[DecodeError]:
    """A chunk of `dirty-bitmap` concerns one bitmap, which has a name and has been started."""
    bitmaps = _Bitmaps()
    for record, place in _records(stream, "dirty-bitmap"):
        if isinstance(record, BitmapChunk):
            yield from bitmaps.chunk(record, place)


class _Bitmaps:
    """What the chunks of all sections have said so far; names last until others come."""

    def __init__(self) -> None:
        self._node: str | None = None
        self._name: str | None = None
        self._started: set[tuple[str | None, str | None]] = set()

    def chunk(self, chunk: BitmapChunk, place: tuple[str, int]) -> Iterator[DecodeError]:
        """What is wrong with a chunk."""
        self._node = self._node if chunk.node is None else chunk.node
        self._name = self._name if chunk.bitmap is None else chunk.bitmap
        kinds = chunk.flags & BITMAP_KINDS
        for detail in (*self._flags(chunk, kinds), *(self._bitmap(chunk, kinds) if kinds else ())):
            yield _wrong("vmstate/bitmap", detail, place)
        if kinds == BitmapFlag.START:
            self._started.add((self._node, self._name))

    def _flags(self, chunk: BitmapChunk, kinds: BitmapFlag) -> Iterator[str]:
        if chunk.flags & BitmapFlag.EXTRA_FLAGS:
            yield "extra flags, which no version defines"
        if kinds and kinds not in tuple(BitmapFlag):
            yield f"flags {int(chunk.flags):#x} do not belong together"
        if not kinds and not chunk.flags & BitmapFlag.EOS:
            yield f"flags {int(chunk.flags):#x} announce nothing"
        if chunk.flags & BitmapFlag.ZEROES and kinds != BitmapFlag.BITS:
            yield "ZEROES without BITS"
        if (chunk.bitmap_flags or 0) & RESERVED_BITMAP_FLAGS:
            yield f"reserved bits in the bitmap's flags {chunk.bitmap_flags:#x}"

    def _bitmap(self, chunk: BitmapChunk, kinds: BitmapFlag) -> Iterator[str]:
        if self._node is None or self._name is None:
            yield "chunk of a bitmap that has no name yet"
        elif kinds != BitmapFlag.START and (self._node, self._name) not in self._started:
            yield f"{kinds.name} of bitmap {self._name!r} of {self._node!r} before its START"
        if chunk.bits is not None and len(chunk.bits) % BITMAP_UNIT:
            yield f"buffer of {len(chunk.bits)} bytes, no multiple of {BITMAP_UNIT}"


def _records(stream: Stream, handler: str) -> Iterator[tuple[object, tuple[str, int]]]:
    """The records of a handler's sections: record, path and offset."""
    for section in stream.sections():
        if isinstance(section.body, RecordsBody) and section.body.handler == handler:
            path = path_of(section.idstr, section.instance_id)
            for number, (item, position) in enumerate(_positions(section, section.body.items)):
                yield item.record, (f"{path}.records[{number}]", position)


def _positions(section: Section, items: tuple[RecordsItem, ...]) -> Iterator[tuple[RecordsItem, int]]:
    """Records back to back, each behind the data of the one before."""
    position = section.body_span.position
    for item in items:
        yield item, position
        position = item.data.position + item.data.size


def _wrong(id: str, detail: str, place: tuple[str, int]) -> DecodeError:
    source = "qemu-stream 2.2" if id == "vmstate/disk" else "qemu-stream 2.3"
    return DecodeError(id, detail, path=place[0], offset=place[1], source=source)
