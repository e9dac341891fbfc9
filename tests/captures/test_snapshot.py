"""Reading a qcow2 image: what is not one is refused, and a state is put together cluster by cluster."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.captures.snapshot import MAGIC, read_vm_state

CLUSTER = 512
DISK_SIZE = 64 * CLUSTER


def image_with_snapshot() -> bytes:
    """An image of 512-byte clusters: header, snapshot table, L1, L2 of the state, one cluster of data.

    The disk fills one L2 table, so the state begins with the second; its middle cluster is not allocated.
    """
    header = struct.pack(">IIQIIQIIQQIIQ", MAGIC, 2, 0, 0, 9, DISK_SIZE, 0, 0, 0, 0, 0, 1, CLUSTER)
    name = b"s0"
    row = struct.pack(">QIHHIIQII", 2 * CLUSTER, 2, 1, len(name), 0, 0, 0, 0, 8) + struct.pack(">Q", 2 * CLUSTER + 3)
    level_1 = struct.pack(">QQ", 0, 3 * CLUSTER)
    level_2 = struct.pack(">QQQ", 4 * CLUSTER, 0, 4 * CLUSTER)
    parts = (header, row + b"1" + name, level_1, level_2, b"state" * 200)
    return b"".join(part.ljust(CLUSTER, b"\0")[:CLUSTER] for part in parts)


def test_state_is_put_together(tmp_path: Path) -> None:
    image = tmp_path / "disk.qcow2"
    image.write_bytes(image_with_snapshot())
    data = (b"state" * 200)[:CLUSTER]
    assert read_vm_state(image, "s0") == data + bytes(CLUSTER) + data[:3]


def test_unknown_snapshot_is_named(tmp_path: Path) -> None:
    image = tmp_path / "disk.qcow2"
    image.write_bytes(image_with_snapshot())
    with pytest.raises(LookupError, match="no snapshot s1"):
        read_vm_state(image, "s1")


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "no.qcow2"
    image.write_bytes(bytes(128))
    with pytest.raises(ValueError, match="not a qcow2 image"):
        read_vm_state(image, "s0")
