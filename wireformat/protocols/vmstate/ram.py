"""The `ram` section: records of guest memory.

A record is a 64-bit word, page offset in the high bits and flags in the low bits, and what the flags call for. The
body of the section ends with the record EOS. Records of plain and zero pages are found in bulk by `scan`, whose table
is computed here from the declarations; every other record goes through the codec [qemu-stream 2.1].
"""

from __future__ import annotations

from wireformat.protocols.vmstate.scan import RecordKind
from wireformat.schema import (
    Bytes,
    FlagsOf,
    If,
    Int8ub,
    Int16ub,
    Int32ub,
    Int64ub,
    Nested,
    OneOf,
    OpenFlags,
    Record,
    SizedBytes,
    String8,
    bit_field,
    const,
    field,
    this,
)

MAX_PAGE_SIZE = 1 << 16
MAX_PAYLOAD = 1 << 17
"""Bytes of one compressed page; no more than a page and a little in any correct stream."""


FULL, ZERO, MEM_SIZE, PAGE, EOS = 0x001, 0x002, 0x004, 0x008, 0x010
CONTINUE, XBZRLE, HOOK, COMPRESS_PAGE, MULTIFD_FLUSH = 0x020, 0x040, 0x080, 0x100, 0x200
"""The flags as plain numbers, for code that handles every record of a stream."""

PAGE_FLAGS = ZERO | PAGE | XBZRLE | COMPRESS_PAGE
"""The kinds of record that concern one page and may carry CONTINUE."""


class RamFlag(OpenFlags):
    """What a RAM word announces [qemu-stream 2.1]."""

    FULL = FULL
    ZERO = ZERO
    MEM_SIZE = MEM_SIZE
    PAGE = PAGE
    EOS = EOS
    CONTINUE = CONTINUE
    XBZRLE = XBZRLE
    HOOK = HOOK
    COMPRESS_PAGE = COMPRESS_PAGE
    MULTIFD_FLUSH = MULTIFD_FLUSH


class RamWord(Record, bits=Int64ub, source="qemu-stream 2.1"):
    """Where a page belongs, and what follows."""

    flags: RamFlag = bit_field(
        this._params.page_size - 1, "kind of record, and CONTINUE", of=FlagsOf(Int64ub, RamFlag, open=True)
    )
    offset: int = bit_field(
        0xFFFF_FFFF_FFFF_FFFF - (this._params.page_size - 1),
        "offset of the page in its block, bytes; for MEM_SIZE the sum of all block lengths",
    )


class ZeroPage(Record, source="qemu-stream 2.1"):
    """A page filled with one byte."""

    fill: int = field(Int8ub, "the byte; anything but zero is from before 1.5")


class PlainPage(Record, source="qemu-stream 2.1"):
    """A page as it is."""

    data: bytes = field(Bytes(this._params.page_size), "contents of the page")


class XbzrlePage(Record, source="qemu-stream 2.1.3"):
    """A patch against what the receiver has."""

    encoding: int = const(Int8ub, 1, "XBZRLE")
    data: bytes = field(SizedBytes(Int16ub, max=MAX_PAGE_SIZE), "runs of unchanged and new bytes")


class CompressedPage(Record, source="qemu-stream 2.1"):
    """A page as one complete zlib stream."""

    data: bytes = field(SizedBytes(Int32ub, max=MAX_PAYLOAD), "inflates to exactly one page")


class NoBody(Record, source="qemu-stream 2.1"):
    """Nothing follows the word."""


class RamRecord(Record, source="qemu-stream 2.1"):
    """One record of the section."""

    word: RamWord = field(Nested(RamWord), "offset and flags")
    block: str | None = field(
        If((this.word.flags & PAGE_FLAGS != 0) & (this.word.flags & CONTINUE == 0), String8),
        "RAM block; left out with CONTINUE, which means that of the record before",
        default=None,
    )
    body: ZeroPage | PlainPage | XbzrlePage | CompressedPage | NoBody = field(
        OneOf(
            this.word.flags & (0x3FF ^ CONTINUE),
            {
                ZERO: Nested(ZeroPage),
                MEM_SIZE: Nested(NoBody),
                PAGE: Nested(PlainPage),
                EOS: Nested(NoBody),
                XBZRLE: Nested(XbzrlePage),
                HOOK: Nested(NoBody),
                COMPRESS_PAGE: Nested(CompressedPage),
                MULTIFD_FLUSH: Nested(NoBody),
            },
        ),
        "what the flags call for",
    )


class MappedRamHeader(Record, source="qemu-stream 8.1"):
    """Where a block's pages lie in a mapped-ram file."""

    version: int = field(Int32ub, "layout; 1")
    page_size: int = field(Int64ub, "target page size, bytes")
    bitmap_offset: int = field(Int64ub, "position of the bitmap of present pages in the file")
    pages_offset: int = field(Int64ub, "position of the first page in the file")


class RamBlock(Record, source="qemu-stream 2.1.1"):
    """One block of guest memory; the list of them follows MEM_SIZE until their lengths reach its sum."""

    name: str = field(String8, "name, such as `pc.ram`")
    used_length: int = field(Int64ub, "size, bytes")
    page_size: int | None = field(
        If(this._params.has_page_size, Int64ub),
        "page size of the block when it is not the usual one and postcopy is possible; nothing else tells of it",
        default=None,
    )
    address: int | None = field(
        If(this._params.has_address, Int64ub), "guest physical address, with x-ignore-shared", default=None
    )
    mapped: MappedRamHeader | None = field(
        If(this._params.has_mapped, Nested(MappedRamHeader)), "place in the file, with mapped-ram", default=None
    )


def bulk_kinds(page_size: int) -> tuple[RecordKind, ...]:
    """The records worth finding in bulk: fixed bodies, block left out."""
    proceed = CONTINUE
    return (
        RecordKind(int(RamFlag.PAGE) | proceed, page_size, None),
        RecordKind(int(RamFlag.ZERO) | proceed, 1, b"\0"),
    )
