"""What a target profile says of the state that can be loaded: abilities as entries, and back [handshake D.9].

What is not known does not stand in a profile. So a destination that is known to load nothing, or to have no memory,
cannot be told from one of which nothing is known; neither can be migrated to in a way that matters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TypedDict

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.file_messages import Profile
from wireformat.protocols.handshake.inventories.abilities import Abilities, SectionAbility, SubsectionAbility
from wireformat.protocols.handshake.inventories.inventory import wire_order
from wireformat.protocols.handshake.inventories.state_reasons import escaped
from wireformat.protocols.handshake.items.inventory import FeatureItem, MachineItem, RamBlockItem
from wireformat.protocols.handshake.items.profile import (
    LoadableEntries,
    LoadableFlags,
    LoadableSection,
    LoadableSubsection,
)
from wireformat.protocols.handshake.sessions.refusal import violation


class StateEntries(TypedDict):
    """The arguments of a profile that come from `Abilities`."""

    machine: MachineItem | None
    ram_blocks: tuple[RamBlockItem, ...]
    sections: tuple[LoadableSection, ...]


def state_entries(abilities: Abilities) -> StateEntries:
    """Abilities as the arguments of a profile, in wire order."""
    blocks = {block.idstr: block for block in abilities.ram_blocks or ()}
    return StateEntries(
        machine=_machine(abilities),
        ram_blocks=tuple(blocks[name] for name in sorted(blocks, key=wire_order)),
        sections=tuple(sorted(map(_loadable, abilities.sections or ()), key=_section_order)),
    )


def _machine(abilities: Abilities) -> MachineItem | None:
    item = MachineItem(type=abilities.machine, architecture=abilities.architecture, page_bits=abilities.page_bits)
    return item if item.type or item.architecture or item.page_bits else None


def _section_order(section: LoadableSection) -> tuple[tuple[int, bytes, int], int, int, int]:
    return wire_order(section.idstr, section.instance_id), section.newest, section.oldest, int(section.flags)


def _loadable(ability: SectionAbility) -> LoadableSection:
    return LoadableSection(
        idstr=ability.idstr,
        instance_id=ability.instance_id or 0,
        newest=ability.newest,
        oldest=ability.oldest,
        flags=_flags(ability),
        entries=LoadableEntries(subsections=tuple(_subsections(ability)), features=tuple(_features(ability))),
    )


def _flags(ability: SectionAbility) -> LoadableFlags:
    known = {
        LoadableFlags.ANYWHERE: ability.instance_id is None,
        LoadableFlags.ALL_SUBSECTIONS: ability.subsections is not None,
        LoadableFlags.ALL_FEATURES: ability.features is not None,
        LoadableFlags.REQUIRED: ability.required,
    }
    return LoadableFlags(sum(flag for flag, holds in known.items() if holds))


def _subsections(ability: SectionAbility) -> Iterator[LoadableSubsection]:
    by_name = {one.name: one for one in ability.subsections or ()}
    for name in sorted(by_name, key=wire_order):
        yield LoadableSubsection(name=name, newest=by_name[name].newest, oldest=by_name[name].oldest)


def _features(ability: SectionAbility) -> Iterator[FeatureItem]:
    for name, value in sorted(set(ability.features or ()), key=_feature_order):
        yield FeatureItem(name=name, value=value)


def _feature_order(feature: tuple[str, bytes]) -> tuple[tuple[int, bytes, int], bytes]:
    return wire_order(feature[0]), feature[1]


def abilities_of_profile(profile: Profile) -> Abilities:
    """What the destination of a profile can load, as far as the profile tells."""
    machine = profile.machine or MachineItem(type="", architecture="", page_bits=0)
    return Abilities(
        machine=machine.type,
        architecture=machine.architecture,
        page_bits=machine.page_bits,
        ram_blocks=profile.ram_blocks or None,
        sections=tuple(map(_ability, profile.sections)) or None,
    )


def check_sections(profile: Profile) -> None:
    """Raises `Violation` where a profile says two things of one section, or of one block of memory."""
    blocks = Counter((block.idstr,) for block in profile.ram_blocks)
    keys = Counter((one.idstr, one.instance_id, one.flags & LoadableFlags.ANYWHERE) for one in profile.sections)
    for group, counts in (("ram_blocks", blocks), ("sections", keys)):
        for (name, *_), count in counts.items():
            if count > 1:
                raise violation(ErrorCode.DUPLICATE, f"/{group}/{escaped(name)}", f"{name} stands {count} times")


def _ability(section: LoadableSection) -> SectionAbility:
    subsections = tuple(SubsectionAbility(one.name, one.newest, one.oldest) for one in section.entries.subsections)
    features = tuple((one.name, one.value) for one in section.entries.features)
    return SectionAbility(
        section.idstr,
        None if section.flags & LoadableFlags.ANYWHERE else section.instance_id,
        newest=section.newest,
        oldest=section.oldest,
        subsections=subsections if section.flags & LoadableFlags.ALL_SUBSECTIONS else None,
        features=features if section.flags & LoadableFlags.ALL_FEATURES else None,
        required=bool(section.flags & LoadableFlags.REQUIRED),
    )
