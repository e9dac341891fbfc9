"""The records of `ram`: word, block, body, with every page size."""

from __future__ import annotations

from typing import Any

import pytest

from wireformat.codec import codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.ram import (
    COMPRESS_PAGE,
    CONTINUE,
    EOS,
    MEM_SIZE,
    MULTIFD_FLUSH,
    PAGE,
    XBZRLE,
    ZERO,
    CompressedPage,
    MappedRamHeader,
    NoBody,
    PlainPage,
    RamBlock,
    RamFlag,
    RamRecord,
    RamWord,
    XbzrlePage,
    ZeroPage,
    bulk_kinds,
)
from wireformat.protocols.vmstate.scan import RecordKind

CODEC = codec_for(RamRecord)
MAPPED = MappedRamHeader(version=1, page_size=4096, bitmap_offset=0x8E, pages_offset=1 << 20)


def record(flags: int, offset: int, block: str | None, body: Any) -> RamRecord:
    """A record."""
    return RamRecord(word=RamWord(flags=RamFlag(flags), offset=offset), block=block, body=body)


CASES = {
    "zero": (record(ZERO, 0x3000, "a", ZeroPage(fill=0)), b"\0\0\0\0\0\0\x30\2\1a\0"),
    "zero continued": (record(ZERO | CONTINUE, 0x3000, None, ZeroPage(fill=5)), b"\0\0\0\0\0\0\x30\x22\5"),
    "plain": (record(PAGE | CONTINUE, 0, None, PlainPage(data=b"x" * 4096)), b"\0" * 7 + b"\x28" + b"x" * 4096),
    "patch": (record(XBZRLE, 0x1000, "ram", XbzrlePage(data=b"\1\1\7")), b"\0\0\0\0\0\0\x10\x40\3ram\1\0\3\1\1\7"),
    "compressed": (
        record(COMPRESS_PAGE | CONTINUE, 0, None, CompressedPage(data=b"zz")),
        b"\0\0\0\0\0\0\1\x20\0\0\0\2zz",
    ),
    "sum": (record(MEM_SIZE, 0x110D2000, None, NoBody()), bytes.fromhex("00000000110d2004")),
    "end": (record(EOS, 0, None, NoBody()), b"\0" * 7 + b"\x10"),
    "flush": (record(MULTIFD_FLUSH, 0, None, NoBody()), b"\0" * 6 + b"\2\0"),
}


@pytest.mark.parametrize(("value", "data"), CASES.values(), ids=CASES)
def test_a_record(value: RamRecord, data: bytes) -> None:
    params = {"page_size": 4096}
    assert CODEC.decode(data, params) == value
    assert CODEC.encode(value, params) == data


@pytest.mark.parametrize("size", [256, 1024, 4096, 65536])
def test_the_page_size_divides_a_word(size: int) -> None:
    value = record(PAGE | CONTINUE, 3 * size, None, PlainPage(data=bytes(size)))
    data = (3 * size | PAGE | CONTINUE).to_bytes(8, "big") + bytes(size)
    assert CODEC.decode(data, {"page_size": size}) == value
    assert CODEC.encode(value, {"page_size": size}) == data


@pytest.mark.parametrize("flags", [0, PAGE | ZERO, 0x400, 0x001])
def test_flags_without_a_body(flags: int) -> None:
    with pytest.raises(DecodeError) as caught:
        CODEC.decode(flags.to_bytes(8, "big") + bytes(99), {"page_size": 4096})
    assert caught.value.id == "tag"


@pytest.mark.parametrize("size", range(8 + 4 + 3))
def test_every_cut_asks_for_more(size: int) -> None:
    with pytest.raises(DecodeError) as caught:
        CODEC.decode_from(CASES["patch"][1][:size], params={"page_size": 4096})
    assert caught.value.need_more


@pytest.mark.requirement("VM-062", "VM-063")
@pytest.mark.parametrize("page_size", [None, 1 << 21])
@pytest.mark.parametrize("address", [None, 0xFFFC0000])
@pytest.mark.parametrize(
    "mapped", [None, MappedRamHeader(version=1, page_size=4096, bitmap_offset=0x8E, pages_offset=1 << 20)]
)
def test_every_form_of_a_block(page_size: int | None, address: int | None, mapped: MappedRamHeader | None) -> None:
    block = RamBlock(name="pc.ram", used_length=1 << 28, page_size=page_size, address=address, mapped=mapped)
    data = b"\6pc.ram" + (1 << 28).to_bytes(8, "big")
    data += b"" if page_size is None else page_size.to_bytes(8, "big")
    data += b"" if address is None else address.to_bytes(8, "big")
    data += b"" if mapped is None else bytes.fromhex("00000001 0000000000001000 000000000000008e 0000000000100000")
    params = {
        "has_page_size": page_size is not None,
        "has_address": address is not None,
        "has_mapped": mapped is not None,
    }
    assert codec_for(RamBlock).encode(block, params) == data
    assert codec_for(RamBlock).decode(data, params) == block


def test_what_is_found_in_bulk() -> None:
    """Zero pages are checked, since another fill is a record of its own."""
    assert bulk_kinds(1024) == (RecordKind(0x28, 1024, None), RecordKind(0x22, 1, b"\0"))
