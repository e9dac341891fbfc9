"""What a destination can load, and how sections find it."""

from __future__ import annotations

import pytest

from tests.protocols.handshake.states import block_item, inventory_of, section_item, subsection_item
from wireformat.protocols.handshake.inventories.abilities import (
    ANYTHING,
    LARGEST,
    Abilities,
    SectionAbility,
    SubsectionAbility,
    abilities_of_inventory,
)
from wireformat.protocols.handshake.items.inventory import FeatureItem, SectionFlags, SectionItem

BY_NAME = SectionAbility("virtio-net", newest=11)
BY_PATH = SectionAbility("0000:00:03.0/virtio-net", 0, newest=12)
DESTINATION = Abilities(sections=(BY_NAME, BY_PATH, SectionAbility("b/c")))


@pytest.mark.parametrize(
    ("idstr", "instance_id", "found"),
    [
        ("0000:00:03.0/virtio-net", 0, BY_PATH),
        ("0000:00:03.0/virtio-net", 1, BY_NAME),
        ("0000:00:04.0/virtio-net", 7, BY_NAME),
        ("a/0000:00:04.0/virtio-net", 0, BY_NAME),
        ("virtio-net", 0, BY_NAME),
        ("a/b/c", 0, SectionAbility("b/c")),
        ("c", 0, None),
        ("my-virtio-net", 0, None),
        ("virtio-net/x", 0, None),
    ],
)
def test_a_section_is_found_by_key_then_by_name(idstr: str, instance_id: int, found: SectionAbility | None) -> None:
    assert DESTINATION.find(idstr, instance_id) == found


def test_where_nothing_is_known_anything_can_be_loaded() -> None:
    assert Abilities().find("whatever", 3) is ANYTHING
    assert ANYTHING.loads_subsection("x", 77)
    assert ANYTHING.has_feature("x", b"")


def test_where_nothing_is_there_nothing_can_be_loaded() -> None:
    assert Abilities(sections=()).find("cpu", 0) is None


@pytest.mark.parametrize(("version", "loads"), [(1, False), (2, True), (3, True), (4, False)])
def test_subsections_have_a_range_of_versions(version: int, loads: bool) -> None:
    ability = SectionAbility("cpu", subsections=(SubsectionAbility("x", 3, 2),))
    assert ability.loads_subsection("x", version) is loads
    assert not ability.loads_subsection("y", version)


def test_a_feature_has_a_value() -> None:
    ability = SectionAbility("nic", features=(("tso", b"\1"),))
    assert ability.has_feature("tso", b"\1")
    assert not ability.has_feature("tso", b"\2")


def test_the_devices_of_an_inventory() -> None:
    section = section_item("cpu", 12, subsection_item("x", 2), features=(FeatureItem(name="f", value=b"1"),))
    inventory = inventory_of(section, blocks=(block_item("pc.ram"),))
    found = abilities_of_inventory(inventory)
    assert (found.machine, found.architecture, found.page_bits) == ("pc", "x86_64", 12)
    assert found.ram_blocks == inventory.ram_blocks
    assert found.sections == (SectionAbility("cpu", 0, newest=12),)
    whole = abilities_of_inventory(inventory, whole=True)
    assert whole.sections == (SectionAbility("cpu", 0, 12, 0, (SubsectionAbility("x", 2, 0),), (("f", b"1"),)),)


def test_required_sections_stay_required() -> None:
    section = SectionItem(idstr="cpu", instance_id=0, version=1, oldest=1, flags=SectionFlags.REQUIRED)
    found = abilities_of_inventory(inventory_of(section)).sections
    assert found is not None
    assert found[0].required


def test_the_largest_version_is_that_of_the_wire() -> None:
    assert LARGEST == 0xFFFFFFFF
