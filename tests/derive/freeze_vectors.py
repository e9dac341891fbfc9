"""Makes the test vectors of VM-state: `python -m tests.derive.freeze_vectors` writes the files that do not exist yet.

Valid ones encode the values below; a record without any gets the example that is made from its schema. Invalid ones
are mutations of the valid ones, one for each error and field that turns up, the smallest change first. A file that
exists is never written again: vectors are promises to other programs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from tests.house.project import ROOT
from wireformat.codec import codec_for
from wireformat.codec.json_form import from_json, to_json
from wireformat.derive.examples import example
from wireformat.derive.mutate import mutations, truncations
from wireformat.derive.subject import Entry, subject_of
from wireformat.derive.vectors import Vector, error_of, write_vectors
from wireformat.protocols.vmstate.protocol import PROTOCOL

FOLDER = ROOT / "spec" / "vectors" / "vmstate"
MUTATIONS = 400
MAX_INVALID = 8
MAX_INVALID_SIZE = 128

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


VALUES: Mapping[str, tuple[tuple[str, Any], ...]] = {
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
    "RamBlock": (("plain", {"name": "pc.ram", "used_length": 134217728}),),
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


def valid(entry: Entry) -> tuple[Vector, ...]:
    """The valid vectors of a record."""
    params = dict(PARAMS.get(entry.key, {}))
    codec = codec_for(entry.schema)
    listed = [(name, from_json(entry.schema, values)) for name, values in VALUES.get(entry.key, ())]
    if not listed:
        listed = [("example", codec.decode(example(entry.schema, None, params) or b"", params))]
    made = [_vector(entry, name, value, params) for name, value in listed]
    if entry.key == "RamBlock":
        made += [
            _vector(entry, "with page size and address", _block(entry, page_size=2097152, address=0), FULL_BLOCK),
            _vector(entry, "in a mapped-ram file", _block(entry, mapped=_mapped()), MAPPED),
        ]
    return tuple(made)


def _block(entry: Entry, **more: Any) -> Any:
    return from_json(entry.schema, {"name": "pc.ram", "used_length": 134217728, **more})


def _mapped() -> dict[str, int]:
    return {"version": 1, "page_size": 4096, "bitmap_offset": 0x1000, "pages_offset": 0x100000}


def _vector(entry: Entry, name: str, value: Any, params: Mapping[str, Any]) -> Vector:
    data = codec_for(entry.schema).encode(value, params)
    return Vector(entry.key, name, data, params=tuple(params.items()), values=to_json(entry.schema, value))


def invalid(entry: Entry, sources: tuple[Vector, ...]) -> tuple[Vector, ...]:
    """Mutations of the valid vectors: one for each error and field."""
    found: dict[tuple[str, str], Vector] = {}
    for _, vector in sorted(_broken(sources), key=_order):
        error = error_of(entry.schema, vector)
        if error and (error["id"], error["path"]) not in found and len(found) < MAX_INVALID:
            where = error["path"] or "whole"
            found[error["id"], error["path"]] = Vector(
                entry.key, f"{error['id']}: {where}", vector.data, params=vector.params, error=error
            )
    return tuple(sorted(found.values(), key=_is_about_length))


def _is_about_length(vector: Vector) -> bool:
    """Ends that come too early or too late are the least interesting: they go last."""
    return (vector.error or {})["id"] in ("truncated", "trailing")


def _broken(sources: tuple[Vector, ...]) -> Iterator[tuple[int, Vector]]:
    """Broken bytes with the number of bytes that differ from where they come."""
    for seed, source in enumerate(sources):
        for data in chain(
            truncations(source.data), [source.data + b"\0"], islice(mutations(source.data, seed), MUTATIONS)
        ):
            if len(data) <= MAX_INVALID_SIZE:
                yield _distance(source.data, data), Vector(source.record, "", data, params=source.params)


def _distance(left: bytes, right: bytes) -> int:
    differing = sum(one != other for one, other in zip(left, right, strict=False))
    return differing + abs(len(left) - len(right))


def _order(item: tuple[int, Vector]) -> tuple[int, bytes]:
    return item[0], item[1].data


def write(path: Path, vectors: tuple[Vector, ...]) -> bool:
    """Write a file of vectors unless it exists; whether it was written."""
    if path.exists() or not vectors:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(write_vectors(vectors), indent=1, ensure_ascii=False) + "\n")
    return True


def main() -> None:
    """Write what is missing."""
    for entry in subject_of(PROTOCOL).entries.values():
        good = valid(entry)
        for kind, vectors in (("valid", good), ("invalid", invalid(entry, good))):
            path = FOLDER / kind / f"{entry.key}.json"
            if write(path, vectors):
                print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
