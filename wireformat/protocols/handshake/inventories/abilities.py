"""What a destination can load, as far as it is known: what `judge` compares an inventory with [handshake D.8].

Knowledge comes from different places and is never whole. A `-dump-vmstate` knows the device classes of a program with
their version ranges and subsections, but neither paths nor memory nor the machine's actual devices; a stream or a
manifest knows those, but not what else the program could load. Wherever nothing is known (`None`, "", 0), nothing is
refused: an inventory that passes may still fail to load, and what is refused would have failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from wireformat.protocols.handshake.items.inventory import RamBlockItem, SectionFlags, SectionItem
from wireformat.protocols.handshake.messages import Inventory

LARGEST = (1 << 32) - 1
"""The largest version: one that is not bounded."""


@dataclass(frozen=True, slots=True)
class SubsectionAbility:
    """A subsection that can be loaded, in versions `oldest` to `newest`."""

    name: str
    newest: int = LARGEST
    oldest: int = 0


@dataclass(frozen=True, slots=True)
class SectionAbility:
    """A section that can be loaded, in versions `oldest` to `newest`.

    `instance_id` None: any instance, and below any device path. `subsections` and `features` (names and values) None:
    not known, so that none is refused. `required`: the destination does not work without it.
    """

    idstr: str
    instance_id: int | None = None
    newest: int = LARGEST
    oldest: int = 0
    subsections: tuple[SubsectionAbility, ...] | None = None
    features: tuple[tuple[str, bytes], ...] | None = None
    required: bool = False

    def loads_subsection(self, name: str, version: int) -> bool:
        """Whether a subsection in that version can be loaded."""
        if self.subsections is None:
            return True
        return any(one.name == name and one.oldest <= version <= one.newest for one in self.subsections)

    def has_feature(self, name: str, value: bytes) -> bool:
        """Whether the backend gives the guest the same feature, with the same value."""
        return self.features is None or (name, value) in self.features


ANYTHING = SectionAbility("")
"""The ability to load a section that nothing is known about."""


@dataclass(frozen=True)
class Abilities:
    """All that is known of a destination; what is left at its default is not judged.

    `ram_blocks` are the blocks that it has, `sections` those that it can load.
    """

    machine: str = ""
    architecture: str = ""
    page_bits: int = 0
    ram_blocks: tuple[RamBlockItem, ...] | None = None
    sections: tuple[SectionAbility, ...] | None = None

    def find(self, idstr: str, instance_id: int) -> SectionAbility | None:
        """The ability to load a section: by its key, else by its name below whatever device path."""
        if self.sections is None:
            return ANYTHING
        exact = self._by_key.get((idstr, instance_id))
        if exact is not None:
            return exact
        return next((self._by_key[name, None] for name in _suffixes(idstr) if (name, None) in self._by_key), None)

    @cached_property
    def _by_key(self) -> dict[tuple[str, int | None], SectionAbility]:
        return {(ability.idstr, ability.instance_id): ability for ability in self.sections or ()}


def _suffixes(idstr: str) -> Iterator[str]:
    """A name and what is left of it behind each slash: `0000:00:03.0/virtio-net` ends with `virtio-net`."""
    yield idstr
    for place, letter in enumerate(idstr):
        if letter == "/":
            yield idstr[place + 1 :]


def abilities_of_inventory(inventory: Inventory, *, whole: bool = False) -> Abilities:
    """A destination that has the devices of an inventory.

    `whole`: the inventory lists every subsection and feature that the destination knows. Otherwise, as with one made
    of a stream, the destination may know more of them than were sent.
    """
    machine = inventory.machine
    return Abilities(
        machine=machine.type,
        architecture=machine.architecture,
        page_bits=machine.page_bits,
        ram_blocks=inventory.ram_blocks,
        sections=tuple(_section_ability(section, whole) for section in inventory.sections),
    )


def _section_ability(section: SectionItem, whole: bool) -> SectionAbility:
    known = tuple(SubsectionAbility(one.name, one.version) for one in section.entries.subsections)
    return SectionAbility(
        section.idstr,
        section.instance_id,
        newest=section.version,
        subsections=known if whole else None,
        features=tuple((one.name, one.value) for one in section.entries.features) if whole else None,
        required=bool(section.flags & SectionFlags.REQUIRED),
    )
