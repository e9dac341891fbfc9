"""What a destination says of a machine that shall come to it [handshake D.8].

Of every section it says whether it can load it, and what of it it cannot; the source decides what to do about that
(`resolution`). Only a wrong machine or wrong memory ends the matter there and then, and in that case everything else
that is bound to fail is said as well. A destination that is content promises nothing: devices check more when they
load.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from wireformat.protocols.handshake.error_codes import ErrorCode, Severity
from wireformat.protocols.handshake.inventories.abilities import Abilities, SectionAbility
from wireformat.protocols.handshake.inventories.inventory import section_order, wire_order
from wireformat.protocols.handshake.inventories.resolution import Resolution, resolve
from wireformat.protocols.handshake.inventories.state_reasons import error, escaped, in_order, section_path
from wireformat.protocols.handshake.items.inventory import (
    RamBlockItem,
    SectionItem,
    SectionName,
    VerdictEntries,
    VerdictItem,
    VerdictKind,
)
from wireformat.protocols.handshake.items.offer import ErrorEntries
from wireformat.protocols.handshake.messages import MAX_ERRORS, Inventory, InventoryReply
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.refusal import error_entries

NOTHING: Final = VerdictEntries()
"""What the destination lacks of most sections."""


def judge(inventory: Inventory, abilities: Abilities) -> InventoryReply | tuple[ErrorItem, ...]:
    """The destination's answer: verdicts, or every reason why it cannot take this machine at all."""
    reply = _reply(inventory, abilities)
    errors = [*_machine_errors(inventory, abilities), *_ram_errors(inventory, abilities)]
    if not errors:
        return reply
    outcome = resolve(inventory, reply)
    return in_order([*errors, *(() if isinstance(outcome, Resolution) else outcome)])


def _reply(inventory: Inventory, abilities: Abilities) -> InventoryReply:
    sections = sorted(inventory.sections, key=section_order)
    absent = list(_absent(inventory, abilities))
    warnings = [_warning(ability) for ability in absent if not ability.required][:MAX_ERRORS]
    return InventoryReply(
        verdicts=tuple(_verdict(section, abilities.find(section.idstr, section.instance_id)) for section in sections),
        missing_on_source=tuple(_section_name(ability) for ability in absent if ability.required),
        warnings=tuple(sorted(warnings, key=_warning_order)),
    )


def _verdict(section: SectionItem, ability: SectionAbility | None) -> VerdictItem:
    kind, version = _kind(section.version, ability)
    return VerdictItem(
        idstr=section.idstr,
        instance_id=section.instance_id,
        verdict=kind,
        version=version,
        entries=NOTHING if ability is None else _lacking(section, ability),
    )


def _kind(version: int, ability: SectionAbility | None) -> tuple[VerdictKind, int]:
    if ability is None:
        return VerdictKind.UNKNOWN, 0
    if version > ability.newest:
        return VerdictKind.TOO_NEW, ability.newest
    if version < ability.oldest:
        return VerdictKind.TOO_OLD, ability.oldest
    return VerdictKind.OK, version


def _lacking(section: SectionItem, ability: SectionAbility) -> VerdictEntries:
    entries = section.entries
    unknown = {one.name for one in entries.subsections if not ability.loads_subsection(one.name, one.version)}
    missing = {one.name for one in entries.features if not ability.has_feature(one.name, one.value)}
    if not unknown and not missing:
        return NOTHING
    return VerdictEntries(
        unknown_subsections=tuple(sorted(unknown, key=wire_order)),
        missing_features=tuple(sorted(missing, key=wire_order)),
    )


def _absent(inventory: Inventory, abilities: Abilities) -> Iterator[SectionAbility]:
    """The sections of this very destination that the source does not mention, in wire order."""
    mentioned = {(section.idstr, section.instance_id) for section in inventory.sections}
    known = [one for one in abilities.sections or () if one.instance_id is not None]
    for ability in sorted(known, key=_ability_order):
        if (ability.idstr, ability.instance_id) not in mentioned:
            yield ability


def _ability_order(ability: SectionAbility) -> tuple[int, bytes, int]:
    return wire_order(ability.idstr, ability.instance_id or 0)


def _section_name(ability: SectionAbility) -> SectionName:
    return SectionName(idstr=ability.idstr, instance_id=ability.instance_id or 0)


def _warning(ability: SectionAbility) -> ErrorEntries:
    path = section_path(ability.idstr, ability.instance_id or 0)
    found = error(ErrorCode.SECTION_MISSING_ON_SRC, path, "the source has no state for this section")
    return error_entries(replace(found, severity=Severity.WARNING))


def _warning_order(warning: ErrorEntries) -> tuple[int, bytes, int]:
    return wire_order(warning.path)


def _machine_errors(inventory: Inventory, abilities: Abilities) -> Iterator[ErrorItem]:
    machine = inventory.machine
    facts = (
        ("type", abilities.machine, machine.type),
        ("architecture", abilities.architecture, machine.architecture),
        ("page_bits", abilities.page_bits, machine.page_bits),
    )
    for name, expected, actual in facts:
        if expected and actual and expected != actual:
            yield error(ErrorCode.MACHINE_TYPE, f"/machine/{name}", "the machines differ", expected, actual)


def _ram_errors(inventory: Inventory, abilities: Abilities) -> Iterator[ErrorItem]:
    if abilities.ram_blocks is None or not inventory.ram_blocks:
        return
    ours = {block.idstr: block for block in abilities.ram_blocks}
    theirs = {block.idstr: block for block in inventory.ram_blocks}
    for name in ours.keys() - theirs.keys():
        yield _ram_error(name, "", "a block that the source does not have", ours[name].used_length, None)
    for name in theirs.keys() - ours.keys():
        yield _ram_error(name, "", "a block that the destination does not have", None, theirs[name].used_length)
    for name in theirs.keys() & ours.keys():
        yield from _differences(theirs[name], ours[name])


def _differences(theirs: RamBlockItem, ours: RamBlockItem) -> Iterator[ErrorItem]:
    fits = ours.used_length < ours.max_length and theirs.used_length <= ours.max_length
    if theirs.used_length != ours.used_length and not fits:
        yield _ram_error(ours.idstr, "/used_length", "a block of another size", ours.used_length, theirs.used_length)
    if ours.page_size and theirs.page_size and ours.page_size != theirs.page_size:
        yield _ram_error(ours.idstr, "/page_size", "a block of other pages", ours.page_size, theirs.page_size)


def _ram_error(name: str, rest: str, text: str, expected: int | None, actual: int | None) -> ErrorItem:
    return error(ErrorCode.RAMBLOCK, f"/ram_blocks/{escaped(name)}{rest}", text, expected, actual)
