"""Where an inventory comes from, and what it is judged by.

A source is a stream, a FILE container, or the output of `-dump-vmstate`; a destination is one of these, or a saved
profile. The first bytes tell which.
"""

from __future__ import annotations

from dataclasses import dataclass

from wireformat.cli.exits import UsageError
from wireformat.cli.opening import FIRST, OpenedFile, open_binary, read_file
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.files.profile import read_profile
from wireformat.protocols.handshake.files.profile_abilities import abilities_of_profile
from wireformat.protocols.handshake.inventories.abilities import Abilities, abilities_of_inventory
from wireformat.protocols.handshake.inventories.dump import abilities_of_dump, inventory_of_dump, is_dump, parse_dump
from wireformat.protocols.handshake.inventories.inventory import inventory_of_manifest, inventory_of_stream
from wireformat.protocols.handshake.inventories.soundness import manifest_violations
from wireformat.protocols.handshake.items.inventory import SectionItem
from wireformat.protocols.handshake.messages import Inventory
from wireformat.protocols.handshake.negotiation.offers import ErrorItem


@dataclass(frozen=True, slots=True)
class Source:
    """What a machine would send. `violations` is what the stream of a container has beyond its manifest."""

    name: str
    inventory: Inventory
    is_dump: bool = False
    violations: tuple[ErrorItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """What could be loaded. `sections` are those of the machine itself, none where only the program is known."""

    name: str
    abilities: Abilities
    sections: tuple[SectionItem, ...] = ()


def open_source(name: str) -> Source:
    """Read a file that a source could have written. Raises `UsageError`, and `DecodeError` for a broken one."""
    found = _open(name)
    if isinstance(found, OpenedFile):
        return _of_stream(name, found)
    try:
        return Source(name, inventory_of_dump(parse_dump(found)), is_dump=True)
    except DecodeError as error:
        raise UsageError(f"{name}: {error.detail}") from None


def open_destination(name: str) -> Destination:
    """Read a file that tells what a destination can load. Raises `UsageError`, also for a broken one."""
    try:
        found = _open(name)
        if isinstance(found, OpenedFile):
            inventory = _of_stream(name, found).inventory
            return Destination(name, abilities_of_inventory(inventory), inventory.sections)
        if is_dump(found):
            return Destination(name, abilities_of_dump(parse_dump(found)))
        return Destination(name, abilities_of_profile(read_profile(found)))
    except DecodeError as error:
        raise UsageError(f"{name}: {error}") from None


def _open(name: str) -> bytes | OpenedFile:
    """JSON as it is, or a stream. Raises the fault of the stream."""
    with open_binary(name) as file:
        first = file.read(FIRST)
        if first.lstrip()[:1] == b"{":
            return (first + file.read()).lstrip()
        opened = read_file(file, name, first)
    if opened.stream.fault is not None:
        raise opened.stream.fault
    return opened


def _of_stream(name: str, opened: OpenedFile) -> Source:
    if opened.manifest is None:
        return Source(name, inventory_of_stream(opened.stream))
    violations = manifest_violations(opened.stream, opened.manifest)
    return Source(name, inventory_of_manifest(opened.manifest), violations=violations)
