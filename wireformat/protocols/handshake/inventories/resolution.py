"""What a source does about the verdicts of a destination [handshake D.8].

This is the one place where something is left out because the destination lacks it: a subsection that the destination
does not know is omitted when it may be, a section that is too new is sent in an older version when the source can write
it. Whatever remains is an error, and all errors are reported together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.inventories.inventory import Key, section_order
from wireformat.protocols.handshake.inventories.state_reasons import (
    error,
    feature_path,
    in_order,
    section_path,
    subsection_path,
)
from wireformat.protocols.handshake.items.inventory import (
    OmittedItem,
    SectionItem,
    SectionName,
    SubsectionFlags,
    VerdictItem,
    VerdictKind,
    VersionItem,
)
from wireformat.protocols.handshake.messages import Inventory, InventoryReply
from wireformat.protocols.handshake.negotiation.offers import ErrorItem


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the source promises: subsections that it leaves out, sections that it sends in an older version.

    Both as they stand in COMMIT, in wire order.
    """

    omitted: tuple[OmittedItem, ...] = ()
    versions: tuple[VersionItem, ...] = ()


def _oldest(inventory: Inventory) -> dict[Key, int]:
    return {(section.idstr, section.instance_id): section.oldest for section in inventory.sections}


def resolve(
    inventory: Inventory, reply: InventoryReply, lowerable: Mapping[Key, int] | None = None
) -> Resolution | tuple[ErrorItem, ...]:
    """What the source does about the verdicts, or every reason why it cannot migrate.

    `lowerable` is the oldest version that it can write of a section; one that is not listed it writes in one only. By
    default the inventory tells.
    """
    oldest = _oldest(inventory) if lowerable is None else lowerable
    verdicts = {(item.idstr, item.instance_id): item for item in reply.verdicts}
    errors = [_missing(name) for name in reply.missing_on_source]
    errors += _strays(verdicts, inventory)
    omitted: list[OmittedItem] = []
    versions: list[VersionItem] = []
    for section in inventory.sections:
        key = section.idstr, section.instance_id
        verdict = verdicts.get(key)
        if verdict is None:
            errors.append(error(ErrorCode.MISSING, section_path(*key), "no verdict on this section"))
            continue
        if _is_content(section, verdict):
            continue
        errors += _errors(section, verdict, oldest.get(key, section.version))
        omitted += _omitted(section, verdict)
        versions += _lowered(section, verdict)
    if errors:
        return in_order(errors)
    return Resolution(tuple(sorted(omitted, key=section_order)), tuple(sorted(versions, key=section_order)))


def _missing(name: SectionName) -> ErrorItem:
    text = "the destination must load this section, and the source has none"
    return error(ErrorCode.SECTION_MISSING_ON_SRC, section_path(name.idstr, name.instance_id), text)


def _strays(verdicts: Mapping[Key, VerdictItem], inventory: Inventory) -> Iterator[ErrorItem]:
    listed = {(section.idstr, section.instance_id) for section in inventory.sections}
    for key in verdicts.keys() - listed:
        yield error(ErrorCode.UNEXPECTED, section_path(*key), "a verdict on a section that was not listed")


def _is_content(section: SectionItem, verdict: VerdictItem) -> bool:
    """Whether a section can be sent as it is: so it is with nearly all."""
    entries = verdict.entries
    lacking = entries.unknown_subsections or entries.missing_features
    return verdict.verdict == VerdictKind.OK and verdict.version == section.version and not lacking


def _errors(section: SectionItem, verdict: VerdictItem, oldest: int) -> Iterator[ErrorItem]:
    """Everything about one section that cannot be helped."""
    if verdict.verdict not in (VerdictKind.OK, VerdictKind.TOO_NEW, VerdictKind.TOO_OLD):
        path = section_path(section.idstr, section.instance_id)
        yield error(ErrorCode.SECTION_UNKNOWN, path, "the destination has no such section")
    elif verdict.verdict == VerdictKind.TOO_OLD or not oldest <= verdict.version <= section.version:
        yield _version_error(section, verdict)
    yield from _feature_errors(section, verdict)
    yield from _subsection_errors(section, verdict)


TEXTS = {
    VerdictKind.OK: "the source cannot write the version that the destination asks for",
    VerdictKind.TOO_NEW: "newer than what the destination loads",
    VerdictKind.TOO_OLD: "older than what the destination loads",
}


def _version_error(section: SectionItem, verdict: VerdictItem) -> ErrorItem:
    path = f"{section_path(section.idstr, section.instance_id)}/version"
    return error(ErrorCode.SECTION_VERSION, path, TEXTS[verdict.verdict], verdict.version, section.version)


def _feature_errors(section: SectionItem, verdict: VerdictItem) -> Iterator[ErrorItem]:
    for name in verdict.entries.missing_features:
        path = feature_path(section.idstr, section.instance_id, name)
        yield error(ErrorCode.BACKEND_FEATURE, path, "the destination's backend does not give the guest the same")


def _subsection_errors(section: SectionItem, verdict: VerdictItem) -> Iterator[ErrorItem]:
    for name in _unknown(section, verdict, droppable=False):
        path = subsection_path(section.idstr, section.instance_id, name)
        yield error(ErrorCode.SUBSECTION_UNKNOWN, path, "unknown to the destination, and may not be left out")


def _omitted(section: SectionItem, verdict: VerdictItem) -> Iterator[OmittedItem]:
    for name in _unknown(section, verdict, droppable=True):
        yield OmittedItem(idstr=section.idstr, instance_id=section.instance_id, subsection=name)


def _unknown(section: SectionItem, verdict: VerdictItem, *, droppable: bool) -> Iterator[str]:
    """The subsections that the destination does not know, of those that may be left out or of the others."""
    unknown = frozenset(verdict.entries.unknown_subsections)
    for subsection in section.entries.subsections:
        if subsection.name in unknown and bool(subsection.flags & SubsectionFlags.DROPPABLE) is droppable:
            yield subsection.name


def _lowered(section: SectionItem, verdict: VerdictItem) -> Iterator[VersionItem]:
    if verdict.version != section.version:
        yield VersionItem(idstr=section.idstr, instance_id=section.instance_id, version=verdict.version)
