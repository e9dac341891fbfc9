"""Writing FILE containers: the manifest in front of a stream."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given

from tests.captures.bundle import Capture
from tests.protocols.handshake.states import everywhere, inventories, inventory_of, section_item, subsection_item
from wireformat.protocols.handshake.file_messages import Manifest
from wireformat.protocols.handshake.files.container import ALIGNMENT, FIRST_BYTES, front, is_container, manifest_of
from wireformat.protocols.handshake.files.container_reader import ContainerReader, read_front
from wireformat.protocols.handshake.inventories.inventory import applied, inventory_of_stream
from wireformat.protocols.handshake.inventories.resolution import Resolution
from wireformat.protocols.handshake.items.inventory import OmittedItem, VersionItem
from wireformat.protocols.handshake.messages import Inventory, ResultEntries
from wireformat.protocols.vmstate.stream import read_stream

RESULT = ResultEntries(version=1, payload="v1-raw")


@pytest.mark.requirement("HS-181")
def test_the_first_bytes() -> None:
    """`QEVM`, marker and kind, and the header that D.3 prints, of another kind."""
    start = front(manifest_of(RESULT, inventory_of()))
    assert FIRST_BYTES.hex() == "5145564d4853000103"
    assert start[:12].hex() == "5145564d4853000103010020"
    assert start[16:32] == bytes(16)
    assert start[32:40].hex() == "8030000000000000"


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"QEVM\x48\x53\0\1\3", True),
        (b"QEVM\x48\x53\0\1\3and more", True),
        (b"QEVM\x48\x53\0\1", False),
        (b"QEVM\x48\x53\0\1\1", False),
        (b"QEVM\0\0\0\3\7", False),
        (b"", False),
    ],
)
def test_is_container(data: bytes, answer: bool) -> None:
    assert is_container(data) is answer


@pytest.mark.requirement("HS-181")
@pytest.mark.parametrize(("sections", "size"), [(0, 4096), (118, 4096), (119, 8192), (1000, 36864)])
def test_the_stream_begins_at_the_next_multiple(sections: int, size: int) -> None:
    listed = tuple(section_item(f"device-{number:04}") for number in range(sections))
    start = front(manifest_of(RESULT, inventory_of(*listed)))
    assert len(start) == size
    assert size % ALIGNMENT == 0
    assert start[-1] == 0


@pytest.mark.requirement("HS-181", "HS-184")
@pytest.mark.parametrize("sections", [1500, 16384])
def test_a_manifest_may_be_longer_than_other_messages(sections: int) -> None:
    """Frames of a handshake end at 64 KiB until more is agreed; a file has nobody to agree with."""
    listed = tuple(section_item(f"0000:00:{number:05}.0/device-with-a-name") for number in range(sections))
    start = front(manifest_of(RESULT, inventory_of(*listed)))
    assert len(start) > 1 << 16
    found = read_front(start)
    assert (found.manifest.sections, found.size) == (listed, len(start))


@pytest.mark.requirement("HS-182")
def test_the_end_covers_all_before_it() -> None:
    start = front(manifest_of(RESULT, inventory_of(section_item("cpu", 12))))
    end = start.index(bytes.fromhex("80310000 00000001"))
    assert start[end + 24 : end + 56] == sha256(start[:end]).digest()


def test_a_manifest_lists_what_is_sent() -> None:
    inventory = inventory_of(section_item("cpu", 3, subsection_item("x", droppable=True), oldest=1))
    promise = Resolution(
        (OmittedItem(idstr="cpu", instance_id=0, subsection="x"),),
        (VersionItem(idstr="cpu", instance_id=0, version=2),),
    )
    manifest = manifest_of(RESULT, inventory, promise, profile="oldest here")
    assert manifest.sections == applied(inventory, promise.omitted, promise.versions).sections
    assert (manifest.omitted, manifest.profile, manifest.versions) == (promise.omitted, "oldest here", (1,))
    assert manifest.machine == inventory.machine


@pytest.mark.slow
@everywhere
@given(inventories())
def test_what_is_written_is_read(inventory: Inventory) -> None:
    manifest = manifest_of(RESULT, inventory)
    start = front(manifest)
    reader = ContainerReader()
    reader.receive_data(start + b"QEVM")
    found = reader.take()
    assert found is not None
    assert isinstance(found.manifest, Manifest)
    assert found.manifest == replace(manifest, header_size=len(start))
    assert (found.size, bytes(reader.rest)) == (len(start), b"QEVM")


@pytest.mark.requirement("HS-183")
def test_the_payload_is_the_plain_stream(stream_capture: Capture) -> None:
    """P-15: what stands behind the front is, byte for byte, what a plain file would be."""
    data = stream_capture.data
    file = front(manifest_of(RESULT, inventory_of_stream(read_stream(data)))) + data
    reader = ContainerReader()
    reader.receive_data(file)
    found = reader.take()
    assert found is not None
    assert file[found.size :] == bytes(reader.rest) == data
