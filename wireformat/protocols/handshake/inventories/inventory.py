"""The inventory of a machine, read off the stream that it wrote [handshake D.8].

A stream says which sections it has and in which versions; its VM description says which subsections were sent. Neither
says what *could* have been sent: subsections that were not needed then are not known, and every section can be had in
the one version that it has. Where a stream names one section twice, as `isapc` does, a loader loads both into the same
device [qemu-stream 1.2], and so they are one section here.

Architecture, and the page sizes of the host, are not in a stream: "" and 0 stand for what nothing tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from wireformat.protocols.handshake.file_messages import Manifest
from wireformat.protocols.handshake.inventories.known_state import known_state
from wireformat.protocols.handshake.items.inventory import (
    MachineItem,
    OmittedItem,
    RamBlockItem,
    SectionEntries,
    SectionFlags,
    SectionItem,
    SubsectionFlags,
    SubsectionItem,
    VersionItem,
)
from wireformat.protocols.handshake.messages import Inventory
from wireformat.protocols.vmstate.description import Vmsd
from wireformat.protocols.vmstate.elements import CommandElement, DeviceBody, Section
from wireformat.protocols.vmstate.messages import ElementType, PostcopyAdvise
from wireformat.protocols.vmstate.ram import RamBlock
from wireformat.protocols.vmstate.stream import Stream

Key = tuple[str, int]
"""What names a section: idstr and instance."""


def wire_order(name: str, number: int = 0) -> tuple[int, bytes, int]:
    """Sorts items that begin with a counted name, and perhaps a number, by the bytes that they are written as."""
    data = name.encode()
    return len(data), data, number


def section_order(
    item: SectionItem | OmittedItem | VersionItem,
) -> tuple[tuple[int, bytes, int], tuple[int, bytes, int]]:
    """Sorts items that begin with a section's key by their bytes."""
    return wire_order(item.idstr, item.instance_id), wire_order(getattr(item, "subsection", ""))


def inventory_of_stream(stream: Stream, *, architecture: str = "", droppable: Set[str] | None = None) -> Inventory:
    """What the source of a stream sent. `droppable` names the subsections that may be left out; by default those
    listed in the data file."""
    may_go = known_state().droppable.keys() if droppable is None else droppable
    return Inventory(
        machine=machine_of(stream, architecture),
        page_sizes=page_sizes_of(stream),
        ram_blocks=ram_blocks_of(stream),
        sections=tuple(found.item(may_go) for found in found_sections(stream)),
    )


def inventory_of_manifest(manifest: Manifest) -> Inventory:
    """What the manifest of a FILE container lists. Nothing of it can be left out any more."""
    return Inventory(
        machine=manifest.machine,
        page_sizes=(),
        ram_blocks=manifest.ram_blocks,
        sections=tuple(map(_fixed, manifest.sections)),
    )


def _fixed(section: SectionItem) -> SectionItem:
    kept = tuple(
        replace(subsection, flags=subsection.flags & ~SubsectionFlags.DROPPABLE)
        for subsection in section.entries.subsections
    )
    return replace(section, oldest=section.version, entries=replace(section.entries, subsections=kept))


def machine_of(stream: Stream, architecture: str = "") -> MachineItem:
    """The machine that a stream names; up to 2.3 it names none."""
    configuration = stream.configuration
    bits = configuration.target_page_bits if configuration else None
    if bits is None and stream.ram.page_size:
        bits = stream.ram.page_size.bit_length() - 1
    name = configuration.name if configuration else ""
    return MachineItem(type=name, architecture=architecture, page_bits=bits or 0)


def page_sizes_of(stream: Stream) -> tuple[int, ...]:
    """The sizes of host pages that postcopy needed to know, ascending; the only ones that a stream tells."""
    word = 0
    for element in stream.elements:
        if isinstance(element, CommandElement) and isinstance(element.command.body, PostcopyAdvise):
            for sizes in element.command.body.page_sizes:
                word |= sizes.block_page_sizes
    return tuple(1 << bit for bit in range(32) if word >> bit & 1)


def ram_blocks_of(stream: Stream) -> tuple[RamBlockItem, ...]:
    """The blocks that a stream lists. It does not tell how far one may grow: not at all, then."""
    blocks = {block.name: block for block in stream.ram.blocks}
    return tuple(_ram_block(blocks[name]) for name in sorted(blocks, key=wire_order))


def _ram_block(block: RamBlock) -> RamBlockItem:
    size = block.used_length
    return RamBlockItem(idstr=block.name, used_length=size, max_length=size, page_size=block.page_size or 0)


@dataclass(slots=True)
class FoundSection:
    """A section as a stream has it: versions seen, and subsections with theirs."""

    idstr: str
    instance_id: int
    version: int
    flags: SectionFlags
    subsections: dict[str, int] = field(default_factory=dict)

    def add(self, other: FoundSection) -> None:
        """Take in what another section of the same key has."""
        self.version = max(self.version, other.version)
        self.flags |= other.flags
        for name, version in other.subsections.items():
            self.subsections[name] = max(version, self.subsections.get(name, 0))

    def item(self, droppable: Set[str]) -> SectionItem:
        """The section as an inventory lists it."""
        return SectionItem(
            idstr=self.idstr,
            instance_id=self.instance_id,
            version=self.version,
            oldest=self.version,
            flags=self.flags,
            entries=SectionEntries(subsections=tuple(self._subsections(droppable))),
        )

    def _subsections(self, droppable: Set[str]) -> Iterator[SubsectionItem]:
        for name in sorted(self.subsections, key=wire_order):
            yield SubsectionItem(name=name, version=self.subsections[name], flags=_flags(name, droppable))


def _flags(name: str, droppable: Set[str]) -> SubsectionFlags:
    return SubsectionFlags.PRESENT | (SubsectionFlags.DROPPABLE if name in droppable else SubsectionFlags(0))


def found_sections(stream: Stream) -> list[FoundSection]:
    """The sections of a stream in wire order, each key once."""
    found: dict[Key, FoundSection] = {}
    early = _early(stream)
    for section in stream.sections():
        one = _found(section, early)
        known = found.setdefault((one.idstr, one.instance_id), one)
        if known is not one:
            known.add(one)
    return [found[key] for key in sorted(found, key=_key_order)]


def _key_order(key: Key) -> tuple[int, bytes, int]:
    return wire_order(*key)


def _found(section: Section, early: Set[int]) -> FoundSection:
    flags = SectionFlags(0)
    if section.type != ElementType.SECTION_FULL:
        flags |= SectionFlags.ITERABLE
    elif section.span.position in early:
        flags |= SectionFlags.EARLY
    subsections = dict(subsections_of(section))
    return FoundSection(section.idstr, section.instance_id, section.version_id, flags, subsections)


def _early(stream: Stream) -> set[int]:
    """Where the FULL sections stand that came while memory was still to come: in front of the first END."""
    fulls: list[int] = []
    early: set[int] = set()
    for element in stream.elements:
        if isinstance(element, Section) and element.type == ElementType.SECTION_FULL:
            fulls.append(element.span.position)
        elif isinstance(element, Section) and element.type == ElementType.SECTION_END:
            early.update(fulls)
            break
    return early


def subsections_of(section: Section) -> Iterator[tuple[str, int]]:
    """Names and versions of the subsections in a section, as the description tells them."""
    entry = section.body.entry if isinstance(section.body, DeviceBody) else None
    if entry is not None and entry.vmsd is not None:
        yield from _subsections(entry.vmsd)


def _subsections(vmsd: Vmsd) -> Iterator[tuple[str, int]]:
    for entry in vmsd.fields:
        for item in entry.items:
            yield from _subsections(item)
    for subsection in vmsd.subsections:
        yield subsection.name, subsection.version
        yield from _subsections(subsection)


def applied(inventory: Inventory, omitted: Iterable[OmittedItem], versions: Iterable[VersionItem]) -> Inventory:
    """The inventory of what is sent once subsections were left out and versions lowered: what a manifest lists."""
    lowered = {(item.idstr, item.instance_id): item.version for item in versions}
    gone = {(item.idstr, item.instance_id, item.subsection) for item in omitted}
    sections = tuple(_applied(section, lowered, gone) for section in inventory.sections)
    return replace(inventory, sections=sections)


def _applied(section: SectionItem, lowered: Mapping[Key, int], gone: Set[tuple[str, int, str]]) -> SectionItem:
    key = section.idstr, section.instance_id
    kept = tuple(one for one in section.entries.subsections if (*key, one.name) not in gone)
    version = lowered.get(key, section.version)
    return replace(
        section,
        version=version,
        oldest=min(section.oldest, version),
        entries=replace(section.entries, subsections=kept),
    )
