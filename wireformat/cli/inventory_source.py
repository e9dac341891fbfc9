"""Where an inventory comes from: a stream, a FILE container, or the output of `-dump-vmstate`.

The first bytes tell which. Of each there are two views: what a source of this kind would send, and what a destination
of this kind could load.
"""

from __future__ import annotations

from dataclasses import dataclass

from wireformat.cli.exits import UsageError
from wireformat.cli.opening import FIRST, OpenedFile, open_binary, read_file
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.abilities import Abilities, abilities_of_inventory
from wireformat.protocols.handshake.dump import abilities_of_dump, inventory_of_dump, parse_dump
from wireformat.protocols.handshake.inventory import inventory_of_manifest, inventory_of_stream
from wireformat.protocols.handshake.messages import Inventory
from wireformat.protocols.handshake.offers import ErrorItem
from wireformat.protocols.handshake.soundness import manifest_violations


@dataclass(frozen=True, slots=True)
class Source:
    """A file that has been read. `violations` is what the stream of a container has beyond its manifest."""

    name: str
    inventory: Inventory
    abilities: Abilities
    is_dump: bool = False
    violations: tuple[ErrorItem, ...] = ()


def open_source(name: str) -> Source:
    """Read a file of any of the three kinds. Raises `UsageError`, and `DecodeError` for a broken one."""
    with open_binary(name) as file:
        first = file.read(FIRST)
        if first.lstrip()[:1] == b"{":
            return _of_dump(name, first + file.read())
        opened = read_file(file, name, first)
    if opened.stream.fault is not None:
        raise opened.stream.fault
    return _of_stream(name, opened)


def _of_dump(name: str, text: bytes) -> Source:
    try:
        dump = parse_dump(text)
    except DecodeError as error:
        raise UsageError(f"{name}: {error.detail}") from None
    return Source(name, inventory_of_dump(dump), abilities_of_dump(dump), is_dump=True)


def _of_stream(name: str, opened: OpenedFile) -> Source:
    if opened.manifest is None:
        inventory = inventory_of_stream(opened.stream)
        return Source(name, inventory, abilities_of_inventory(inventory))
    inventory = inventory_of_manifest(opened.manifest)
    violations = manifest_violations(opened.stream, opened.manifest)
    return Source(name, inventory, abilities_of_inventory(inventory), violations=violations)
