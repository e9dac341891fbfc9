"""Machines for tests: inventories, destinations that lack this and that, and the streams that sources write.

Names come from small pools, so that sources and destinations meet. `Writer` writes a stream as it was told, or with a
fault that a checker must find.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st

from tests.protocols.vmstate.building import (
    EOF,
    Device,
    configuration,
    description,
    field,
    header,
    join,
    ram_finish,
    ram_start,
    subsection,
    vmsd,
)
from wireformat.protocols.handshake.inventories.abilities import Abilities, SectionAbility, SubsectionAbility
from wireformat.protocols.handshake.inventories.inventory import applied, section_order, wire_order
from wireformat.protocols.handshake.inventories.resolution import Resolution
from wireformat.protocols.handshake.items.inventory import (
    FeatureItem,
    MachineItem,
    RamBlockItem,
    SectionEntries,
    SectionFlags,
    SectionItem,
    SubsectionFlags,
    SubsectionItem,
)
from wireformat.protocols.handshake.messages import Inventory

NAMES = ("0000:00:01.0/nic", "0000:00:02.0/nic", "a~b/c", "cpu", "rtc", "timer")
SUBSECTIONS = ("rss", "mtu/x", "a~1", "late")
FEATURES = ("uso4", "tso")
RAM = SectionItem(idstr="ram", instance_id=0, version=4, oldest=4, flags=SectionFlags.ITERABLE)
BLOCKS = ("pc.ram", "pc.bios", "/rom@etc/acpi/tables")

everywhere = settings(max_examples=100, deadline=None, derandomize=True)
versions = st.integers(0, 4)


def subsection_item(name: str, version: int = 1, *, droppable: bool = False, present: bool = True) -> SubsectionItem:
    """A subsection of an inventory."""
    flags = SubsectionFlags.DROPPABLE if droppable else SubsectionFlags(0)
    return SubsectionItem(name=name, version=version, flags=flags | (SubsectionFlags.PRESENT if present else 0))


def section_item(
    idstr: str,
    version: int = 1,
    *subsections: SubsectionItem,
    instance_id: int = 0,
    oldest: int | None = None,
    features: tuple[FeatureItem, ...] = (),
) -> SectionItem:
    """A section of an inventory, which the source can write in one version unless `oldest` says more."""
    return SectionItem(
        idstr=idstr,
        instance_id=instance_id,
        version=version,
        oldest=version if oldest is None else oldest,
        entries=SectionEntries(subsections=subsections, features=features),
    )


def block_item(name: str, used: int = 1 << 20, largest: int | None = None, page_size: int = 0) -> RamBlockItem:
    """A RAM block of an inventory."""
    size = used if largest is None else largest
    return RamBlockItem(idstr=name, used_length=used, max_length=size, page_size=page_size)


def inventory_of(*sections: SectionItem, machine: str = "pc", blocks: tuple[RamBlockItem, ...] = ()) -> Inventory:
    """An inventory of a machine with pages of 4 KiB."""
    return Inventory(
        machine=MachineItem(type=machine, architecture="x86_64", page_bits=12),
        page_sizes=(),
        ram_blocks=blocks,
        sections=sections,
    )


def abilities_of(*sections: SectionAbility, machine: str = "pc", blocks: tuple[RamBlockItem, ...] = ()) -> Abilities:
    """A destination with the same kind of machine."""
    return Abilities(machine, "x86_64", 12, blocks, sections)


# Strategies.


@st.composite
def subsection_items(draw: st.DrawFn) -> tuple[SubsectionItem, ...]:
    names = draw(st.sets(st.sampled_from(SUBSECTIONS)))
    return tuple(
        subsection_item(name, draw(versions), droppable=draw(st.booleans())) for name in sorted(names, key=wire_order)
    )


@st.composite
def section_items(draw: st.DrawFn, idstr: str, instance_id: int) -> SectionItem:
    version = draw(versions)
    names = sorted(draw(st.sets(st.sampled_from(FEATURES))), key=wire_order)
    return section_item(
        idstr,
        version,
        *draw(subsection_items()),
        instance_id=instance_id,
        oldest=draw(st.integers(0, version)),
        features=tuple(FeatureItem(name=name, value=draw(st.sampled_from((b"", b"\1")))) for name in names),
    )


@st.composite
def block_items(draw: st.DrawFn, name: str) -> RamBlockItem:
    used = draw(st.integers(1, 3)) << 12
    return block_item(name, used, used + (draw(st.integers(0, 2)) << 12), draw(st.sampled_from((0, 4096, 1 << 21))))


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Machines with a few sections and blocks."""
    keys = draw(st.sets(st.tuples(st.sampled_from(NAMES), st.integers(0, 1)), max_size=6))
    names = sorted(draw(st.sets(st.sampled_from(BLOCKS))), key=wire_order)
    sections = sorted((draw(section_items(*key)) for key in sorted(keys)), key=section_order)
    blocks = tuple(draw(block_items(name)) for name in names)
    return inventory_of(*sections, machine=draw(st.sampled_from(("pc", "q35"))), blocks=blocks)


@st.composite
def section_abilities(draw: st.DrawFn, key: tuple[str, int]) -> SectionAbility:
    idstr, instance_id = key
    oldest = draw(versions)
    known = [
        SubsectionAbility(name, draw(versions), draw(st.integers(0, 1)))
        for name in sorted(draw(st.sets(st.sampled_from(SUBSECTIONS))))
    ]
    features = st.sets(st.tuples(st.sampled_from(FEATURES), st.sampled_from((b"", b"\1"))))
    return SectionAbility(
        idstr if draw(st.booleans()) else idstr.rpartition("/")[2],
        draw(st.sampled_from((instance_id, instance_id, None))),
        newest=draw(st.integers(oldest, 4)),
        oldest=oldest,
        subsections=draw(st.none() | st.just(tuple(known))),
        features=draw(st.none() | features.map(sorted).map(tuple)),
        required=draw(st.booleans()),
    )


@st.composite
def destinations(draw: st.DrawFn) -> Abilities:
    """Destinations that load some of what the machines of `inventories` have."""
    keys = draw(st.sets(st.tuples(st.sampled_from(NAMES), st.integers(0, 1)), max_size=6))
    found = {(one.idstr, one.instance_id): one for one in (draw(section_abilities(key)) for key in sorted(keys))}
    blocks = tuple(draw(block_items(name)) for name in sorted(draw(st.sets(st.sampled_from(BLOCKS)))))
    return Abilities(
        draw(st.sampled_from(("pc", "q35", ""))),
        draw(st.sampled_from(("x86_64", ""))),
        draw(st.sampled_from((12, 0))),
        draw(st.none() | st.just(blocks)),
        draw(st.none() | st.just(tuple(found.values()))),
    )


# Streams.


@dataclass(frozen=True)
class Writer:
    """Writes the stream of a machine; with its faults not as promised."""

    forgets_omissions: bool = False
    forgets_versions: bool = False
    describes: bool = True

    def stream(self, inventory: Inventory, promise: Resolution) -> bytes:
        """The stream of a source that made a promise; with memory where the inventory has the section `ram`."""
        kept = Resolution(
            () if self.forgets_omissions else promise.omitted, () if self.forgets_versions else promise.versions
        )
        sent = applied(inventory, kept.omitted, kept.versions)
        devices = [device(section) for section in sent.sections if section.idstr != "ram"]
        blocks = [(block.idstr, block.used_length) for block in sent.ram_blocks]
        has_ram = len(devices) < len(sent.sections)
        return join(
            header(),
            configuration(sent.machine.type),
            (ram_start(*blocks), ram_finish()) if has_ram else b"",
            (one.section(number) for number, one in enumerate(devices, 10)),
            EOF,
            description(*devices) if self.describes else b"",
        )


def device(section: SectionItem) -> Device:
    """A device with one byte of its own and one in each subsection."""
    listed = section.entries.subsections
    flag = field("flag", "uint8", 1)
    keys = vmsd(
        section.idstr.rpartition("/")[2],
        flag,
        version=section.version,
        subsections=[vmsd(one.name, flag, version=one.version) for one in listed],
    )
    body = join(b"\7", (subsection(one.name, b"\1", one.version) for one in listed))
    return Device(section.idstr, keys, body, section.instance_id, section.version)
