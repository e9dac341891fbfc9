"""Whether a stream keeps what was promised for it: P-14, the soundness of OMIT [handshake E.2].

A parser reads what was really sent, whoever wrote it, and compares it with the verdicts of the destination and the
promises of the source: every section must have been accepted, in exactly the version that was agreed, and no subsection
may be there that was to be left out or that the destination did not know. The description names the subsections of a
section; since a wrong one could hide some, the bytes are searched for the marks of those that must not be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from wireformat.errors import DecodeError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.file_messages import Manifest
from wireformat.protocols.handshake.inventories.inventory import Key, inventory_of_manifest, subsections_of
from wireformat.protocols.handshake.inventories.resolution import Resolution
from wireformat.protocols.handshake.inventories.state_reasons import error, in_order, section_path, subsection_path
from wireformat.protocols.handshake.items.inventory import SectionItem, VerdictItem, VerdictKind
from wireformat.protocols.handshake.messages import Inventory, InventoryReply
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.vmstate.elements import DeviceBody, Section
from wireformat.protocols.vmstate.messages import subsection_marker
from wireformat.protocols.vmstate.stream import Stream


class Promise(Protocol):
    """What was fixed at COMMIT: a `Resolution`, or the message itself."""

    @property
    def omitted(self) -> Iterable[Any]:
        """Subsections to be left out."""

    @property
    def versions(self) -> Iterable[Any]:
        """Sections to be sent in an older version."""


class Agreement:
    """What may be sent of each section, after inventory, verdicts and promise."""

    def __init__(self, inventory: Inventory, reply: InventoryReply, promise: Promise) -> None:
        self._sections = {(item.idstr, item.instance_id): item for item in inventory.sections}
        self._verdicts = {(item.idstr, item.instance_id): item for item in reply.verdicts}
        self._lowered = {(item.idstr, item.instance_id): item.version for item in promise.versions}
        self._omitted: dict[Key, set[str]] = {}
        for item in promise.omitted:
            self._omitted.setdefault((item.idstr, item.instance_id), set()).add(item.subsection)

    def version(self, key: Key) -> int | None:
        """The version in which a section must be sent, None when it must not be sent at all."""
        section, verdict = self._sections.get(key), self._verdicts.get(key)
        if section is None or verdict is None:
            return None
        version = self._lowered.get(key, section.version)
        return version if _accepts(verdict, version) else None

    def subsections(self, key: Key) -> dict[str, int]:
        """The subsections that a section may have, with the newest version of each."""
        section = self._sections.get(key)
        refused = self.refused(key)
        return {} if section is None else {name: version for name, version in _listed(section) if name not in refused}

    def refused(self, key: Key) -> set[str]:
        """The subsections that a section must not have."""
        verdict = self._verdicts.get(key)
        unknown = verdict.entries.unknown_subsections if verdict else ()
        return self._omitted.get(key, set()) | set(unknown)


def _accepts(verdict: VerdictItem, version: int) -> bool:
    """Whether the destination accepts a section in that version."""
    if verdict.verdict == VerdictKind.OK:
        return version == verdict.version
    return verdict.verdict == VerdictKind.TOO_NEW and version <= verdict.version


def _listed(section: SectionItem) -> Iterator[tuple[str, int]]:
    return ((one.name, one.version) for one in section.entries.subsections)


def violations(stream: Stream, inventory: Inventory, reply: InventoryReply, promise: Promise) -> tuple[ErrorItem, ...]:
    """Everything in a stream that was not agreed, by code and path; empty when the stream keeps its promise."""
    agreement = Agreement(inventory, reply, promise)
    found = {item for section in stream.sections() for item in _violations(section, agreement)}
    return in_order(found)


def _violations(section: Section, agreement: Agreement) -> Iterator[ErrorItem]:
    key = section.idstr, section.instance_id
    version, path = agreement.version(key), section_path(*key)
    if version is None:
        yield error(ErrorCode.SECTION_UNKNOWN, path, "a section that was not accepted")
    elif version != section.version_id:
        text = "another version than was agreed"
        yield error(ErrorCode.SECTION_VERSION, f"{path}/version", text, version, section.version_id)
    allowed = agreement.subsections(key)
    for name, sent in subsections_of(section):
        if sent > allowed.get(name, -1):
            yield error(ErrorCode.SUBSECTION_UNKNOWN, subsection_path(*key, name), "a subsection that was not accepted")
    for name in agreement.refused(key):
        if _has_mark(section, name):
            yield error(ErrorCode.SUBSECTION_UNKNOWN, subsection_path(*key, name), "a subsection that was not accepted")


def _has_mark(section: Section, name: str) -> bool:
    """Whether the bytes hold the mark of a subsection, whatever its version."""
    mark = subsection_marker(name, 0)[:-4]
    return isinstance(section.body, DeviceBody) and mark in section.body.data


def manifest_violations(stream: Stream, manifest: Manifest) -> tuple[ErrorItem, ...]:
    """Everything in the stream of a FILE container that its manifest does not list."""
    inventory = inventory_of_manifest(manifest)
    accepted = tuple(_accepted(section) for section in inventory.sections)
    return violations(stream, inventory, InventoryReply(verdicts=accepted), Resolution(manifest.omitted))


def manifest_findings(stream: Stream, manifest: Manifest) -> list[DecodeError]:
    """The same as errors, for those who judge files."""
    return [_finding(item) for item in manifest_violations(stream, manifest)]


def _finding(item: ErrorItem) -> DecodeError:
    values = f": {item.actual} instead of {item.expected}" if item.expected and item.actual else ""
    return DecodeError("handshake/manifest", f"{item.text}{values}", path=item.path, source="handshake D.9")


def _accepted(section: SectionItem) -> VerdictItem:
    return VerdictItem(
        idstr=section.idstr, instance_id=section.instance_id, verdict=VerdictKind.OK, version=section.version
    )
