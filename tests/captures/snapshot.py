"""Cut the VM state out of an internal snapshot of a qcow2 image.

A snapshot keeps its own cluster map (L1 table). The VM state lies in that map behind the end of the disk, at the
first cluster the disk does not use, as an ordinary migration stream followed by zero fill. Numbers are big-endian.
Only what QEMU writes by default is read: no compression, no external data file, clusters wholly allocated or zero.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = 0x514649FB
# magic; cluster_bits; disk size; snapshot count and table
_HEADER = struct.Struct(">I16xIQ28xIQ")
# L1 table offset and entries; sizes of id and name; VM state size (32 bits, old); size of what follows
_SNAPSHOT = struct.Struct(">QIHH16xII")
_OFFSET_MASK = 0x00FFFFFFFFFFFE00
_ZERO_FLAG = 1


@dataclass(frozen=True)
class _Snapshot:
    name: str
    l1_offset: int
    l1_count: int
    state_size: int
    next_offset: int


def read_vm_state(path: Path, name: str) -> bytes:
    """The VM state of the snapshot called `name`, zero fill included. Raises LookupError or ValueError."""
    image = path.read_bytes()
    magic, cluster_bits, disk_size, count, offset = _HEADER.unpack_from(image)
    if magic != MAGIC:
        raise ValueError(f"{path}: not a qcow2 image")
    for _ in range(count):
        snapshot = _read_snapshot(image, offset)
        if snapshot.name == name:
            return _read_state(image, snapshot, disk_size, 1 << cluster_bits)
        offset = snapshot.next_offset
    raise LookupError(f"{path}: no snapshot {name}")


def _read_snapshot(image: bytes, offset: int) -> _Snapshot:
    l1_offset, l1_count, id_size, name_size, state_size, extra_size = _SNAPSHOT.unpack_from(image, offset)
    extra = offset + _SNAPSHOT.size
    if extra_size >= 8:
        (state_size,) = struct.unpack_from(">Q", image, extra)
    name = extra + extra_size + id_size
    end = name + name_size
    return _Snapshot(image[name:end].decode(), l1_offset, l1_count, state_size, -(-end // 8) * 8)


def _read_state(image: bytes, snapshot: _Snapshot, disk_size: int, cluster: int) -> bytes:
    per_table = cluster // 8
    start = -(-disk_size // (per_table * cluster)) * per_table
    l1 = struct.unpack_from(f">{snapshot.l1_count}Q", image, snapshot.l1_offset)
    wanted = range(start, start - (-snapshot.state_size // cluster))
    parts = (_read_cluster(image, l1, number, cluster) for number in wanted)
    return b"".join(parts)[: snapshot.state_size]


def _read_cluster(image: bytes, l1: tuple[int, ...], number: int, cluster: int) -> bytes:
    high, low = divmod(number, cluster // 8)
    table = l1[high] & _OFFSET_MASK
    entry = struct.unpack_from(">Q", image, table + low * 8)[0] if table else 0
    position = entry & _OFFSET_MASK
    if not position or entry & _ZERO_FLAG:
        return bytes(cluster)
    return image[position : position + cluster]
