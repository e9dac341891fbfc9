"""Names of sections tell instances and repetitions apart."""

from __future__ import annotations

import pytest

from wireformat.protocols.vmstate.naming import SectionKeys, section_key, section_path
from wireformat.schema.path import parse


@pytest.mark.parametrize(
    ("idstr", "instance", "repeat", "key"),
    [
        ("timer", 0, 0, "timer"),
        ("apic", 1, 0, "apic@1"),
        ("isa-ide", 0, 1, "isa-ide#1"),
        ("spapr_iommu", 0x80000000, 2, "spapr_iommu@2147483648#2"),
    ],
)
def test_a_key(idstr: str, instance: int, repeat: int, key: str) -> None:
    assert section_key(idstr, instance, repeat) == key


def test_keys_count_repetitions_of_name_and_instance() -> None:
    keys = SectionKeys()
    names = [("ide", 0), ("ide", 1), ("ide", 0), ("ide", 1), ("ram", 0), ("ide", 0)]
    assert [keys.key(*name) for name in names] == ["ide", "ide@1", "ide#1", "ide@1#1", "ram", "ide#2"]


def test_a_path_can_be_taken_apart() -> None:
    """Names with slashes, dots and colons are one step of a path."""
    assert section_path("ram", 0) == "ram"
    assert section_path("timer", 0) == "devices.timer"
    path = section_path("0000:00:03.0/virtio-net", 2)
    assert parse(path) == ("devices", "0000:00:03.0/virtio-net@2")
