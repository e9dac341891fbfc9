"""Inventories from streams: of crafted ones, and of real programs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.captures.bundle import Capture, Captures
from tests.protocols.handshake.states import (
    RAM,
    Writer,
    block_item,
    everywhere,
    inventories,
    inventory_of,
    section_item,
    subsection_item,
)
from tests.protocols.vmstate.building import (
    EOF,
    OTHER,
    SIMPLE,
    Device,
    configuration,
    description,
    field,
    header,
    join,
    package,
    ram_finish,
    ram_start,
    struct,
    subsection,
    vmsd,
)
from wireformat.codec import codec_for
from wireformat.protocols.handshake.file_messages import Manifest
from wireformat.protocols.handshake.inventories.inventory import (
    applied,
    inventory_of_manifest,
    inventory_of_stream,
    section_order,
    wire_order,
)
from wireformat.protocols.handshake.inventories.resolution import Resolution
from wireformat.protocols.handshake.items.inventory import (
    OmittedItem,
    SectionFlags,
    SectionItem,
    SubsectionFlags,
    VersionItem,
)
from wireformat.protocols.handshake.messages import Inventory, ResultEntries
from wireformat.protocols.vmstate.stream import read_stream


def read(data: bytes) -> Inventory:
    """The inventory of a stream that has no fault."""
    stream = read_stream(data)
    assert (stream.fault, stream.findings) == (None, ())
    return inventory_of_stream(stream)


def names(inventory: Inventory) -> list[tuple[str, int]]:
    return [(section.idstr, section.instance_id) for section in inventory.sections]


def seen(section: SectionItem) -> SectionItem:
    """What a stream shows of a section: one version, every subsection present, no features."""
    subsections = tuple(
        subsection_item(one.name, one.version, droppable=one.name == "late") for one in section.entries.subsections
    )
    return section_item(section.idstr, section.version, *subsections, instance_id=section.instance_id)


@pytest.mark.slow
@pytest.mark.requirement("HS-090")
@everywhere
@given(inventories())
def test_a_stream_shows_what_its_source_had(inventory: Inventory) -> None:
    sections = sorted((*inventory.sections, RAM), key=section_order)
    whole = replace(inventory, sections=tuple(sections))
    found = inventory_of_stream(read_stream(Writer().stream(whole, Resolution())), droppable={"late"})
    assert found.sections == tuple(one if one == RAM else seen(one) for one in sections)
    assert [(one.idstr, one.used_length) for one in found.ram_blocks] == [
        (one.idstr, one.used_length) for one in inventory.ram_blocks
    ]
    assert (found.machine.type, found.machine.page_bits) == (inventory.machine.type, 12)


def test_sections_of_one_key_are_one_section() -> None:
    first = Device("ide", vmsd("ide", field("a", "uint8", 1)), b"\1", version_id=2)
    inner = vmsd("ide", field("a", "uint8", 1), subsections=[vmsd("ide/x", field("b", "uint8", 1))])
    second = Device("ide", inner, join(b"\1", subsection("ide/x", b"\2")), version_id=1)
    found = read(join(header(), configuration(), first.section(1), second.section(2), EOF, description(first, second)))
    assert found.sections == (section_item("ide", 2, subsection_item("ide/x")),)


def test_subsections_of_structs_and_of_subsections_belong_to_the_section() -> None:
    deepest = vmsd("d/deepest", field("z", "uint8", 1), version=3)
    deep = vmsd("d/deep", field("y", "uint8", 1), version=2, subsections=[deepest])
    outer = vmsd("dev", field("part", "struct", 1, struct(vmsd("part", field("x", "uint8", 1), subsections=[deep]))))
    body = join(b"\1", subsection("d/deep", b"\2", 2), subsection("d/deepest", b"\3", 3))
    machine = Device("dev", outer, body)
    found = read(join(header(), configuration(), machine.section(1), EOF, description(machine)))
    assert found.sections == (section_item("dev", 1, subsection_item("d/deep", 2), subsection_item("d/deepest", 3)),)


def test_flags_tell_when_a_section_is_sent() -> None:
    data = join(
        header(),
        configuration(),
        SIMPLE.section(1),
        ram_start(("a", 4096)),
        ram_finish(),
        OTHER.section(2),
        EOF,
        description(SIMPLE, OTHER),
    )
    flags = {section.idstr: section.flags for section in read(data).sections}
    assert flags == {
        "ram": SectionFlags.ITERABLE,
        "simple": SectionFlags.EARLY,
        "0000:00:01.0/other": SectionFlags(0),
    }


def test_sections_inside_a_package_are_listed_and_not_early() -> None:
    data = join(
        header(),
        configuration(),
        ram_start(("a", 4096)),
        package(SIMPLE.section(1)),
        ram_finish(),
        EOF,
        description(SIMPLE),
    )
    assert {section.idstr: section.flags for section in read(data).sections}["simple"] == SectionFlags(0)


@pytest.mark.requirement("HS-097")
def test_what_may_be_left_out_is_listed_by_name() -> None:
    known = "kvmclock/clock_is_reliable"
    machine = inventory_of(section_item("kvmclock", 1, subsection_item(known), subsection_item("kvmclock/other")))
    found = read(Writer().stream(machine, Resolution()))
    flags = {one.name: one.flags for one in found.sections[0].entries.subsections}
    assert flags == {
        known: SubsectionFlags.PRESENT | SubsectionFlags.DROPPABLE,
        "kvmclock/other": SubsectionFlags.PRESENT,
    }


def test_an_old_stream_names_no_machine() -> None:
    stream = read_stream(join(header(), SIMPLE.section(1, footer=False), EOF, description(SIMPLE)))
    found = inventory_of_stream(stream, architecture="x86_64")
    assert (found.machine.type, found.machine.architecture) == ("", "x86_64")


@pytest.mark.parametrize(("name", "sizes"), [("7.2/tcp-postcopy", (4096,)), ("7.2/pc-minimal", ())])
def test_host_page_sizes_come_from_postcopy(captures: Captures, name: str, sizes: tuple[int, ...]) -> None:
    assert inventory_of_stream(read_stream(captures[name].data)).page_sizes == sizes


def test_a_real_machine(captures: Captures) -> None:
    found = inventory_of_stream(read_stream(captures["7.2/pc-minimal"].data))
    assert (found.machine.type, found.machine.page_bits) == ("pc-i440fx-7.2", 12)
    assert [block.idstr for block in found.ram_blocks][:3] == ["pc.ram", "pc.rom", "pc.bios"]
    cpu = next(section for section in found.sections if section.idstr == "cpu")
    assert (cpu.version, [one.name for one in cpu.entries.subsections][:1]) == (12, ["cpu/msr_smi_count"])


def test_two_sections_of_one_key_in_a_real_stream(captures: Captures) -> None:
    found = names(inventory_of_stream(read_stream(captures["7.2/isapc"].data)))
    assert found.count(("isa-ide", 0)) == 1


def test_early_sections_of_a_real_stream(captures: Captures) -> None:
    found = inventory_of_stream(read_stream(captures["10.0/q35-virtio-mem"].data))
    early = [section.idstr for section in found.sections if section.flags & SectionFlags.EARLY]
    assert [name.rpartition("/")[2] for name in early] == ["virtio-mem-device-early"]


@pytest.mark.requirement("HS-090")
def test_every_real_inventory_is_canonical(stream_capture: Capture) -> None:
    """Sorted by their bytes, no key twice, and small: the largest of all is below 4 KiB."""
    found = inventory_of_stream(read_stream(stream_capture.data))
    codec = codec_for(Inventory)
    encoded = codec.encode(found)
    assert codec.decode(encoded) == found
    assert len(set(names(found))) == len(found.sections)
    written = [codec_for(SectionItem).encode(section) for section in found.sections]
    assert written == sorted(written)
    assert len(encoded) < 4096


@everywhere
@given(inventories())
def test_order_is_that_of_the_bytes(inventory: Inventory) -> None:
    for items in (inventory.sections, inventory.ram_blocks):
        written = [codec_for(type(item)).encode(item) for item in items]
        assert written == sorted(written)


def test_wire_order_counts_first() -> None:
    assert sorted(("b", "aa", "é", "a"), key=wire_order) == ["a", "b", "aa", "é"]


def test_applied() -> None:
    before = inventory_of(
        section_item("a", 3, subsection_item("x"), subsection_item("y"), oldest=1), section_item("b", 2)
    )
    promise = (
        (OmittedItem(idstr="a", instance_id=0, subsection="x"),),
        (VersionItem(idstr="a", instance_id=0, version=2),),
    )
    expected = inventory_of(section_item("a", 2, subsection_item("y"), oldest=1), section_item("b", 2))
    assert applied(before, *promise) == expected


@pytest.mark.requirement("HS-184")
def test_nothing_of_a_manifest_can_be_left_out_or_lowered() -> None:
    inventory = inventory_of(
        section_item("a", 3, subsection_item("x", droppable=True), oldest=1), blocks=(block_item("pc.ram"),)
    )
    manifest = Manifest(
        versions=(1,),
        result=ResultEntries(version=1, payload="v1-raw"),
        machine=inventory.machine,
        ram_blocks=inventory.ram_blocks,
        sections=inventory.sections,
        header_size=4096,
    )
    fixed = inventory_of(section_item("a", 3, subsection_item("x")), blocks=inventory.ram_blocks)
    assert inventory_of_manifest(manifest) == fixed
