"""Iterative sections other than `ram`: disks, dirty bitmaps, s390 and POWER stores, VFIO.

Each body is a sequence of declared records up to one that ends it. Bulk data (disk contents, hash table entries) is
not part of a record: the handler tells how many bytes follow, and the reader notes their place [qemu-stream 2.2-2.4].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wireformat.schema import (
    EnumOf,
    FlagsOf,
    If,
    Int8ub,
    Int16ub,
    Int32sb,
    Int32ub,
    Int64ub,
    Nested,
    OpenEnum,
    OpenFlags,
    Record,
    SizedBytes,
    String8,
    bit_field,
    field,
    this,
)

BLOCK_CHUNK_SIZE = 1 << 20
"""Bytes of one piece of disk, always sent whole."""

MAX_BITMAP_BUFFER = 10240


class BlockFlag(OpenFlags):
    """What a record of the `block` section announces [qemu-stream 2.2]."""

    DEVICE_BLOCK = 0x01
    EOS = 0x02
    PROGRESS = 0x04
    ZERO_BLOCK = 0x08


class BlockWord(Record, bits=Int64ub, source="qemu-stream 2.2"):
    """Which sector, and what follows."""

    flags: BlockFlag = bit_field(0x1FF, "kind of record", of=FlagsOf(Int64ub, BlockFlag, open=True))
    sector: int = bit_field(
        0xFFFF_FFFF_FFFF_FE00, "first sector of 512 bytes; for PROGRESS the percentage done", shift=9
    )


class BlockRecord(Record, source="qemu-stream 2.2"):
    """One piece of a disk, or a sign of progress. One MiB of data follows unless all of it is zero."""

    word: BlockWord = field(Nested(BlockWord), "sector and flags")
    device: str | None = field(
        If(this.word.flags & 0x01 != 0, String8), "name of the disk, with DEVICE_BLOCK", default=None
    )


class BitmapFlag(OpenFlags):
    """What a chunk of the `dirty-bitmap` section announces [qemu-stream 2.3]."""

    EOS = 0x01
    ZEROES = 0x02
    BITMAP_NAME = 0x04
    DEVICE_NAME = 0x08
    START = 0x10
    COMPLETE = 0x20
    BITS = 0x40
    EXTRA_FLAGS = 0x80


class BitmapChunk(Record, source="qemu-stream 2.3"):
    """One chunk: names when they change, then a new bitmap, a stretch of one, or the end of one."""

    flags: BitmapFlag = field(FlagsOf(Int8ub, BitmapFlag, open=True), "what the chunk holds")
    extra_flags: int | None = field(If(this.flags & 0x80 != 0, Int8ub), "more flags; never sent by QEMU", default=None)
    more_flags: int | None = field(
        If((this.flags & 0x80 != 0) & (this.extra_flags & 0x80 != 0), Int16ub),
        "still more flags; never sent by QEMU",
        default=None,
    )
    node: str | None = field(
        If(this.flags & 0x08 != 0, String8), "block node or its alias; else as before", default=None
    )
    bitmap: str | None = field(If(this.flags & 0x04 != 0, String8), "bitmap or its alias; else as before", default=None)
    granularity: int | None = field(
        If(this.flags & 0x10 != 0, Int32ub), "with START: bytes of disk that one bit stands for", default=None
    )
    bitmap_flags: int | None = field(
        If(this.flags & 0x10 != 0, Int8ub), "with START: 0x01 enabled, 0x02 persistent", default=None
    )
    start_sector: int | None = field(
        If(this.flags & 0x40 != 0, Int64ub), "with BITS: first sector of 512 bytes", default=None
    )
    sector_count: int | None = field(If(this.flags & 0x40 != 0, Int32ub), "with BITS: sectors covered", default=None)
    bits: bytes | None = field(
        If(this.flags & 0x42 == 0x40, SizedBytes(Int64ub, max=MAX_BITMAP_BUFFER)),
        "with BITS but not ZEROES: the bits, lowest first",
        default=None,
    )


class HashTableHeader(Record, source="qemu-stream 2.4"):
    """What a body of `spapr/htab` opens with."""

    shift: int = field(Int32sb, "in START the binary logarithm of the table's size, -1 for none; else 0")


class HashTableChunk(Record, source="qemu-stream 2.4"):
    """Consecutive entries of the hash page table; 16 bytes for each valid one follow. All zero: the last."""

    index: int = field(Int32ub, "number of the first entry")
    valid_count: int = field(Int16ub, "valid entries")
    invalid_count: int = field(Int16ub, "invalid entries behind them")


class StorageAttributes(Record, source="qemu-stream 2.4"):
    """A word of `s390-storage_attributes`: frame number and flags; with MORE as many bytes as it counts follow."""

    word: int = field(Int64ub, "guest frame number << 12 | flags: 0x01 EOS, 0x02 MORE, 0x04 ERROR, 0x08 DONE")
    count: int | None = field(If(this.word & 0xFFF == 0x02, Int64ub), "with MORE: bytes", default=None)


class StorageKeys(Record, source="qemu-stream 2.4"):
    """A word of `s390-skeys`: address and flags; with SKEYS one byte for each page follows."""

    word: int = field(Int64ub, "address | flags: 0x01 EOS, 0x02 SKEYS, 0x04 ERROR")
    count: int | None = field(If(this.word & 0xFFF == 0x02, Int64ub), "with SKEYS: pages", default=None)


class VfioMark(OpenEnum):
    """The marks of a VFIO device's section [qemu-stream 2.4]."""

    END_OF_STATE = 0xFFFF_FFFF_EF10_0001
    DEV_CONFIG_STATE = 0xFFFF_FFFF_EF10_0002
    DEV_SETUP_STATE = 0xFFFF_FFFF_EF10_0003
    DEV_DATA_STATE = 0xFFFF_FFFF_EF10_0004
    DEV_INIT_DATA_SENT = 0xFFFF_FFFF_EF10_0005
    DEV_CONFIG_LOAD_READY = 0xFFFF_FFFF_EF10_0006


class VfioRecord(Record, source="qemu-stream 2.4"):
    """One mark; with DEV_DATA_STATE as many bytes as it counts follow."""

    mark: VfioMark = field(EnumOf(Int64ub, VfioMark, open=True), "what follows")
    size: int | None = field(
        If(this.mark == 0xFFFF_FFFF_EF10_0004, Int64ub), "with DEV_DATA_STATE: bytes of data", default=None
    )


def _never(head: Record) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Handler:
    """How to read the bodies of one kind of section.

    `record` is the declared record; `data_size` tells how many bytes of bulk data follow one; `is_last` whether it
    ends the body. `head` is a record that opens every body; `start_is_head` says that START holds nothing else, and
    `head_ends` whether a head is all of its body whatever the section.
    """

    record: type[Record]
    data_size: Callable[[Any], int]
    is_last: Callable[[Any], bool]
    head: type[Record] | None = None
    start_is_head: bool = False
    head_ends: Callable[[Any], bool] = _never


def _disk_size(record: BlockRecord) -> int:
    flags = record.word.flags & (BlockFlag.DEVICE_BLOCK | BlockFlag.ZERO_BLOCK)
    return BLOCK_CHUNK_SIZE if flags == BlockFlag.DEVICE_BLOCK else 0


def _disk_ends(record: BlockRecord) -> bool:
    return bool(record.word.flags & BlockFlag.EOS)


def _no_data(record: Record) -> int:
    return 0


def _bitmap_ends(record: BitmapChunk) -> bool:
    return bool(record.flags & BitmapFlag.EOS)


def _entries_size(record: HashTableChunk) -> int:
    return 16 * record.valid_count


def _is_absent(head: HashTableHeader) -> bool:
    """Whether there is no table, as in a guest that uses radix trees: nothing follows then."""
    return head.shift == -1


def _table_ends(record: HashTableChunk) -> bool:
    return not (record.index or record.valid_count or record.invalid_count)


def _count_size(record: StorageAttributes | StorageKeys) -> int:
    return record.count or 0


def _store_ends(record: StorageAttributes | StorageKeys) -> bool:
    return record.word & 0xFFF == 0x01


def _vfio_size(record: VfioRecord) -> int:
    return record.size or 0


def _vfio_ends(record: VfioRecord) -> bool:
    """END_OF_STATE ends a body; so does DEV_INIT_DATA_SENT, which stands in its place."""
    return record.mark in (VfioMark.END_OF_STATE, VfioMark.DEV_INIT_DATA_SENT)


HANDLERS: Mapping[str, Handler] = {
    "block": Handler(BlockRecord, _disk_size, _disk_ends),
    "dirty-bitmap": Handler(BitmapChunk, _no_data, _bitmap_ends),
    "spapr/htab": Handler(
        HashTableChunk, _entries_size, _table_ends, HashTableHeader, start_is_head=True, head_ends=_is_absent
    ),
    "s390-storage_attributes": Handler(StorageAttributes, _count_size, _store_ends),
    "s390-skeys": Handler(StorageKeys, _count_size, _store_ends),
    "vfio": Handler(VfioRecord, _vfio_size, _vfio_ends),
}
"""By name of the section, without the path of the device."""


def handler_for(idstr: str) -> Handler | None:
    """The handler of a section, None when its layout is not declared."""
    return HANDLERS.get(idstr) or HANDLERS.get(idstr.rpartition("/")[2])
