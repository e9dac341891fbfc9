"""Iterative sections other than RAM: each kind of record, its bulk data, and what ends a body."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.building import EOF, configuration, end, header, join, part, start, written
from wireformat.protocols.vmstate.assembly import assemble
from wireformat.protocols.vmstate.document import documents
from wireformat.protocols.vmstate.elements import RecordsBody
from wireformat.protocols.vmstate.iterative import (
    BLOCK_CHUNK_SIZE,
    HANDLERS,
    BitmapChunk,
    BlockRecord,
    HashTableChunk,
    HashTableHeader,
    StorageAttributes,
    StorageKeys,
    VfioRecord,
    handler_for,
)
from wireformat.protocols.vmstate.stream import read_stream


def bodies(name: str, *sections: bytes) -> list[RecordsBody]:
    """The bodies of a stream's sections; it must be written back, also from JSON."""
    data = join(header(), configuration(), sections, EOF)
    stream = read_stream(data)
    assert stream.problems() == []
    assert written(stream) == data
    assert b"".join(assemble(documents(stream, "base64"))) == data
    found = [section.body for section in stream.sections() if isinstance(section.body, RecordsBody)]
    assert [body.handler for body in found] == [name] * len(sections)
    return found


def u64(*numbers: int) -> bytes:
    """64-bit numbers."""
    return b"".join(number.to_bytes(8, "big") for number in numbers)


@pytest.mark.requirement("VM-080")
def test_disks() -> None:
    piece = u64(2048 << 9 | 0x01) + b"\4disk" + b"d" * BLOCK_CHUNK_SIZE
    zero = u64(4096 << 9 | 0x09) + b"\4disk"
    first, second, last = bodies(
        "block",
        start(1, "block", u64(0x02)),
        part(1, piece + zero + u64(50 << 9 | 0x04, 0x02)),
        end(1, u64(100 << 9 | 0x04, 0x02)),
    )
    assert [item.data.size for item in second.items] == [BLOCK_CHUNK_SIZE, 0, 0, 0]
    records = [item.record for item in second.items if isinstance(item.record, BlockRecord)]
    assert [(one.word.sector, one.device) for one in records] == [(2048, "disk"), (4096, "disk"), (50, None), (0, None)]
    assert (len(first.items), len(last.items)) == (1, 2)


@pytest.mark.requirement("VM-081", "VM-082")
def test_dirty_bitmaps() -> None:
    """The sequence of flags that real streams show [qemu-stream 2.3]."""
    bits = b"\x44\2b1" + u64(0) + b"\0\0\1\0" + u64(4) + b"\xff\0\0\0"
    zeroes = b"\x42" + u64(256) + b"\0\0\1\0"
    (opening, closing) = bodies(
        "dirty-bitmap",
        start(3, "dirty-bitmap", b"\x1c\2n0\2b0\0\1\0\0\1" + b"\x14\2b1\0\1\0\0\3" + b"\1"),
        end(3, bits + zeroes + b"\x24\2b0" + b"\1"),
    )
    first, second, _ = (item.record for item in opening.items if isinstance(item.record, BitmapChunk))
    assert (first.node, first.bitmap, first.granularity, first.bitmap_flags) == ("n0", "b0", 65536, 1)
    assert (second.node, second.bitmap, second.bitmap_flags) == (None, "b1", 3)
    found = [item.record for item in closing.items if isinstance(item.record, BitmapChunk)]
    assert [(one.bitmap, one.start_sector, one.sector_count, one.bits) for one in found] == [
        ("b1", 0, 256, b"\xff\0\0\0"),
        (None, 256, 256, None),
        ("b0", None, None, None),
        (None, None, None, None),
    ]


@pytest.mark.parametrize(("flags", "more"), [(b"\x81\1", (1, None)), (b"\x81\x81\0\2", (0x81, 2))])
def test_longer_flags(flags: bytes, more: tuple[int, int | None]) -> None:
    (body,) = bodies("dirty-bitmap", start(3, "dirty-bitmap", flags))
    (item,) = body.items
    assert isinstance(item.record, BitmapChunk)
    assert (item.record.extra_flags, item.record.more_flags) == more


@pytest.mark.requirement("VM-084")
def test_a_hash_page_table() -> None:
    chunk = b"\0\0\1\0" + b"\0\2" + b"\0\5" + b"e" * 32
    opening, middle, last = bodies(
        "spapr/htab",
        start(4, "spapr/htab", b"\0\0\0\x15"),
        part(4, bytes(4) + chunk + bytes(8)),
        end(4, bytes(12)),
    )
    assert (opening.head, opening.items) == (HashTableHeader(shift=21), ())
    assert middle.items[0].record == HashTableChunk(index=256, valid_count=2, invalid_count=5)
    assert [item.data.size for item in middle.items] == [32, 0]
    assert len(last.items) == 1


def test_no_hash_page_table() -> None:
    """A guest that uses radix trees has none: no body goes on behind its head then."""
    none = b"\xff\xff\xff\xff"
    found = bodies("spapr/htab", start(4, "spapr/htab", none), part(4, none), end(4, none))
    assert [(body.head, body.items) for body in found] == [(HashTableHeader(shift=-1), ())] * 3


def test_storage_attributes() -> None:
    more = u64(0x5000 | 0x02, 3) + b"abc"
    opening, last = bodies(
        "s390-storage_attributes",
        start(5, "s390-storage_attributes", u64(0x01)),
        end(5, more + u64(0x08, 0x01)),
    )
    assert [item.data.size for item in last.items] == [3, 0, 0]
    assert last.items[0].record == StorageAttributes(word=0x5002, count=3)
    assert len(opening.items) == 1


def test_storage_keys() -> None:
    (body,) = bodies("s390-skeys", start(5, "s390-skeys", u64(0x02, 5) + b"keys!" + u64(0x01)))
    assert [(item.record, item.data.size) for item in body.items] == [
        (StorageKeys(word=2, count=5), 5),
        (StorageKeys(word=1), 0),
    ]


def test_vfio() -> None:
    mark = 0xFFFF_FFFF_EF10_0000
    name = "0000:00:05.0/vfio"
    found = bodies(name, start(6, name, u64(mark + 3, mark + 4, 4) + b"data" + u64(mark + 1)), part(6, u64(mark + 5)))
    records = [[item.record for item in body.items if isinstance(item.record, VfioRecord)] for body in found]
    assert [[(one.mark.name, one.size) for one in body] for body in records] == [
        [("DEV_SETUP_STATE", None), ("DEV_DATA_STATE", 4), ("END_OF_STATE", None)],
        [("DEV_INIT_DATA_SENT", None)],
    ]


def test_data_that_is_cut() -> None:
    data = join(header(), configuration(), start(5, "s390-skeys", u64(0x02, 500) + b"few", footer=False))
    stream = read_stream(data)
    assert stream.fault is not None
    assert (stream.fault.id, stream.fault.path) == ("truncated", 'devices["s390-skeys"]')
    assert written(stream) == data


def test_handlers_by_name() -> None:
    assert handler_for("block") is HANDLERS["block"]
    assert handler_for("0000:00:05.0/vfio") is HANDLERS["vfio"]
    assert handler_for("spapr/htab") is HANDLERS["spapr/htab"]
    assert handler_for("ram") is None
    assert handler_for("vfio/else") is None
