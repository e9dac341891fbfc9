"""The values that the test vectors of VM-state encode, as JSON forms, with parameters where a layout needs some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VERSION: str | None = None
RAM = {"page_size": 4096}
SMALL = {"page_size": 1024}
BLOCK = {"has_page_size": 0, "has_address": 0, "has_mapped": 0}
FULL_BLOCK = {"has_page_size": 1, "has_address": 1, "has_mapped": 0}
MAPPED = {"has_page_size": 0, "has_address": 0, "has_mapped": 1}
PARAMS: Mapping[str, Mapping[str, Any]] = {"RamWord": RAM, "RamRecord": RAM, "PlainPage": SMALL, "RamBlock": BLOCK}


def _section(id: int, name: str, instance: int, version: int) -> dict[str, Any]:
    return {"section_id": id, "idstr": name, "instance_id": instance, "version_id": version}


def _ram(flags: list[str], offset: int | str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"word": {"flags": flags, "offset": offset}, **more, "body": body}


def _block(**more: Any) -> dict[str, Any]:
    return {"name": "pc.ram", "used_length": 134217728, **more}


def _mapped() -> dict[str, int]:
    return {"version": 1, "page_size": 4096, "bitmap_offset": 0x1000, "pages_offset": 0x100000}


VALUES: Mapping[str, tuple[tuple[Any, ...], ...]] = {
    "Header": (("version 3", {"version": 3}),),
    "Configuration": (
        ("name only", {"name": "pc-q35-7.2"}),
        ("with page size", {"name": "virt-7.2", "target_page_bits": 12}),
        ("with capabilities", {"name": "pc-i440fx-10.0", "capabilities": {"names": ["mapped-ram"]}}),
        ("with uuid", {"name": "pc-i440fx-7.2", "uuid": "5c9c2f8e41d04b0c9a7d1f3ab0c4d2e6"}),
    ),
    "Capabilities": (("two", {"names": ["x-ignore-shared", "mapped-ram"]}), ("none", {"names": []})),
    "SectionStart": (("ram", _section(2, "ram", 0, 4)),),
    "SectionFull": (
        ("device on a bus", _section(9, "0000:00:03.0/virtio-net", 0, 11)),
        ("device without", _section(0, "timer", 0, 2)),
    ),
    "SectionPart": (("ram", {"section_id": 2}),),
    "SectionEnd": (("ram", {"section_id": 2}),),
    "SectionFooter": (("ram", {"section_id": 2}),),
    "VmDescription": (("empty", {"text": b'{"configuration": {}, "page_size": 4096, "devices": []}'.hex()}),),
    "Ping": (("one", {"value": 1}),),
    "PageSizes": (("4 KiB and 2 MiB", {"block_page_sizes": 0x201000, "target_page_size": 4096}),),
    "PostcopyAdvise": (
        ("with page sizes", {"page_sizes": [{"block_page_sizes": 4096, "target_page_size": 4096}]}),
        ("for dirty bitmaps only", {"page_sizes": []}),
    ),
    "DiscardRange": (("one page", {"start": 0x5000, "length": 4096}),),
    "PostcopyRamDiscard": (("one range", {"block": "pc.ram", "ranges": [{"start": 0x5000, "length": 4096}]}),),
    "Packaged": (("40 KiB", {"size": 40960}),),
    "RecvBitmap": (("pc.ram", {"block": "pc.ram"}),),
    "Command": (
        ("PING", {"command": "PING", "body": {"Ping": {"value": 1}}}),
        ("OPEN_RETURN_PATH", {"command": "OPEN_RETURN_PATH", "body": {"OpenReturnPath": {}}}),
        (
            "POSTCOPY_RAM_DISCARD",
            {
                "command": "POSTCOPY_RAM_DISCARD",
                "body": {"PostcopyRamDiscard": {"block": "pc.ram", "ranges": [{"start": 0x5000, "length": 4096}]}},
            },
        ),
        ("RECV_BITMAP", {"command": "RECV_BITMAP", "body": {"RecvBitmap": {"block": "pc.ram"}}}),
    ),
    "RamWord": (("zero page", {"flags": ["ZERO", "CONTINUE"], "offset": 0x9F000}),),
    "RamRecord": (
        ("zero page of a named block", _ram(["ZERO"], 0x9F000, {"ZeroPage": {"fill": 0}}, block="pc.ram")),
        ("zero page, block as before", _ram(["ZERO", "CONTINUE"], 0xA0000, {"ZeroPage": {"fill": 0}})),
        (
            "XBZRLE patch",
            _ram(["CONTINUE", "XBZRLE"], 0x4000, {"XbzrlePage": {"data": "800c04deadbeef"}}),
        ),
        ("end of the body", _ram(["EOS"], 0, {"NoBody": {}})),
    ),
    "ZeroPage": (("zeroes", {"fill": 0}),),
    "XbzrlePage": (("four bytes at 1536", {"data": "800c04deadbeef"}),),
    "RamBlock": (
        ("plain", {"name": "pc.ram", "used_length": 134217728}),
        ("with page size and address", _block(page_size=2097152, address=0), FULL_BLOCK),
        ("in a mapped-ram file", _block(mapped=_mapped()), MAPPED),
    ),
    "MappedRamHeader": (
        ("128 MiB", {"version": 1, "page_size": 4096, "bitmap_offset": 0x1000, "pages_offset": 0x100000}),
    ),
    "BlockRecord": (
        ("first chunk of a disk", {"word": {"flags": ["DEVICE_BLOCK", "ZERO_BLOCK"], "sector": 2048}, "device": "d0"}),
        ("progress", {"word": {"flags": ["PROGRESS"], "sector": 100}}),
        ("end", {"word": {"flags": ["EOS"], "sector": 0}}),
    ),
    "BitmapChunk": (
        (
            "start of a bitmap",
            {
                "flags": ["BITMAP_NAME", "DEVICE_NAME", "START"],
                "node": "disk0",
                "bitmap": "daily",
                "granularity": 65536,
                "bitmap_flags": 3,
            },
        ),
        ("bits", {"flags": ["BITS"], "start_sector": 0, "sector_count": 8192, "bits": "ff000000000000aa"}),
        ("end", {"flags": ["EOS"]}),
    ),
    "HashTableHeader": (("16 MiB", {"shift": 24}), ("no table", {"shift": -1})),
    "HashTableChunk": (("two entries", {"index": 64, "valid_count": 2, "invalid_count": 6}),),
    "StorageAttributes": (("eight frames", {"word": 0x1002, "count": 8}), ("end", {"word": 1})),
    "StorageKeys": (("eight pages", {"word": 0x1002, "count": 8}), ("end", {"word": 1})),
    "VfioRecord": (("data", {"mark": "DEV_DATA_STATE", "size": 1048576}), ("end", {"mark": "END_OF_STATE"})),
}

BROKEN: Mapping[str, tuple[tuple[str, bytes], ...]] = {}
