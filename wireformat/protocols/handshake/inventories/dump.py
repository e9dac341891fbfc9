"""The JSON of `-dump-vmstate`: every device class that a program has, with its versions and subsections.

A dump is of a program with one machine type, not of a machine: it has no device paths, no instances and no memory, and
sections that belong to no device class are missing [qemu-stream 11.1]. Classes that share a VMState description, such
as the many UHCI controllers, are one entry here, able to do what any of them can; the name of the description is what
a stream calls the section, behind the device's path.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wireformat.errors import DecodeError
from wireformat.protocols.handshake.inventories.abilities import Abilities, SectionAbility, SubsectionAbility
from wireformat.protocols.handshake.inventories.inventory import wire_order
from wireformat.protocols.handshake.inventories.known_state import known_state
from wireformat.protocols.handshake.items.inventory import (
    MachineItem,
    SectionEntries,
    SectionItem,
    SubsectionFlags,
    SubsectionItem,
)
from wireformat.protocols.handshake.messages import Inventory

SOURCE = "qemu-stream 11.1"
MACHINE = "vmschkmachine"
"""The key that every dump has: the machine type stands there."""

MAX_DEPTH = 32
MAX_NAME = 255
MAX_VERSION = (1 << 31) - 1
"""Versions are C `int`s."""


@dataclass(slots=True)
class VersionRange:
    """The versions that a program loads; it writes the newest."""

    newest: int
    oldest: int

    def widen(self, other: VersionRange) -> None:
        """Take in what another class can."""
        self.newest = max(self.newest, other.newest)
        self.oldest = min(self.oldest, other.oldest)


@dataclass(slots=True)
class DumpedSection:
    """What a program can load under one name."""

    name: str
    versions: VersionRange
    subsections: dict[str, VersionRange] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dump:
    """A whole dump: machine type, and sections in wire order."""

    machine: str
    sections: tuple[DumpedSection, ...]


def is_dump(text: bytes) -> bool:
    """Whether text is a JSON object in which a machine type stands where dumps have it."""
    return text.lstrip()[:1] == b"{" and f'"{MACHINE}"'.encode() in text


def parse_dump(text: bytes) -> Dump:
    """Read a dump. Raises `DecodeError` with id `mismatch` when it is not JSON of the known shape."""
    try:
        top = json.loads(text)
        machine = _text(top[MACHINE]["Name"])
        found: dict[str, DumpedSection] = {}
        for name, device in top.items():
            if name != MACHINE:
                _add(found, device)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        detail = f"no output of -dump-vmstate: {type(error).__name__}: {error}"
        raise DecodeError("mismatch", detail, path="dump", source=SOURCE) from None
    return Dump(machine, tuple(found[name] for name in sorted(found, key=wire_order)))


def _add(found: dict[str, DumpedSection], device: Mapping[str, Any]) -> None:
    description = device["Description"]
    name, versions = _text(description["name"]), _versions(device)
    section = found.setdefault(name, DumpedSection(name, versions))
    section.versions.widen(versions)
    for subsection in _subsections(description, 0):
        one, range_ = _text(subsection["name"]), _versions(subsection)
        section.subsections.setdefault(one, range_).widen(range_)


def _subsections(description: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    """The subsections of a description, those of structs in it and of subsections too."""
    if depth > MAX_DEPTH:
        raise ValueError(f"more than {MAX_DEPTH} structs in one another")
    for entry in description.get("Fields", ()):
        if "Description" in entry:
            yield from _subsections(entry["Description"], depth + 1)
    for subsection in description.get("Subsections", ()):
        yield subsection
        yield from _subsections(subsection, depth + 1)


def _versions(entry: Mapping[str, Any]) -> VersionRange:
    return VersionRange(_number(entry["version_id"]), _number(entry["minimum_version_id"]))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value.encode()) <= MAX_NAME:
        raise ValueError(f"{value!r:.40} is no name of 1 to {MAX_NAME} bytes")
    return value


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_VERSION:
        raise ValueError(f"{value!r} is no version")
    return value


def inventory_of_dump(dump: Dump, *, architecture: str = "") -> Inventory:
    """Everything that the program could send, as if the machine had one device of each class.

    It is more than any machine sends: whoever can load it all can load whatever a machine of this program has.
    """
    return Inventory(
        machine=MachineItem(type=dump.machine, architecture=architecture, page_bits=0),
        page_sizes=(),
        sections=tuple(map(_section_item, dump.sections)),
    )


def _section_item(section: DumpedSection) -> SectionItem:
    version = section.versions.newest
    entries = SectionEntries(subsections=tuple(_subsection_items(section)))
    return SectionItem(idstr=section.name, instance_id=0, version=version, oldest=version, entries=entries)


def _subsection_items(section: DumpedSection) -> Iterator[SubsectionItem]:
    droppable = known_state().droppable
    for name in sorted(section.subsections, key=wire_order):
        flags = SubsectionFlags.DROPPABLE if name in droppable else SubsectionFlags(0)
        yield SubsectionItem(name=name, version=section.subsections[name].newest, flags=flags)


def abilities_of_dump(dump: Dump, *, architecture: str = "") -> Abilities:
    """What the program of a dump can load, below whatever path; sections that no dump shows are not judged."""
    undumped = known_state().undumped.keys() - {section.name for section in dump.sections}
    shown = tuple(map(_section_ability, dump.sections))
    hidden = tuple(SectionAbility(name) for name in sorted(undumped))
    return Abilities(machine=dump.machine, architecture=architecture, sections=shown + hidden)


def _section_ability(section: DumpedSection) -> SectionAbility:
    known = tuple(
        SubsectionAbility(name, versions.newest, versions.oldest) for name, versions in section.subsections.items()
    )
    return SectionAbility(
        section.name, newest=section.versions.newest, oldest=section.versions.oldest, subsections=known
    )
