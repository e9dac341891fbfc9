"""Strict rules about sections: their names and numbers, and that what begins also ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.elements import CommandElement, Element, RamParts, RecordsBody, Section
from wireformat.protocols.vmstate.iterative import BitmapChunk, BitmapFlag
from wireformat.protocols.vmstate.messages import CommandCode, ElementType
from wireformat.protocols.vmstate.naming import section_key
from wireformat.protocols.vmstate.stream import Stream, flattened
from wireformat.schema.path import join

SOURCE: Final = "qemu-stream 1.2"
ANY_INSTANCE: Final = 0xFFFF_FFFF

VERSIONS: Final[Mapping[str, int]] = {"ram": 4, "block": 1, "dirty-bitmap": 1}
"""The one version that each of these sections has had since 1.0."""

ALWAYS_ENDING: Final = frozenset({"block", "dirty-bitmap"})
"""Iterative sections that END follows."""

ENDING_UNLESS_BACKGROUND: Final = frozenset({"ram", "spapr/htab", "s390-storage_attributes"})
"""Those that END follows unless the stream is a background snapshot, where nothing ends."""


def path_of(idstr: str, instance_id: int = 0) -> str:
    """What a section is called in findings."""
    if idstr == "ram":
        return "ram"
    return join(("sections", section_key(idstr, instance_id)))


def headers(stream: Stream) -> Iterator[DecodeError]:
    """Names are printable, versions known, and each number introduces one section only."""
    known: dict[int, Section] = {}
    for section in stream.sections():
        if section.type not in (ElementType.SECTION_START, ElementType.SECTION_FULL):
            continue
        yield from _header(section)
        before = known.setdefault(section.section_id, section)
        if before is not section and not _is_state_of(section, before):
            what = "introduced twice" if before.idstr == section.idstr else f"that of {before.idstr} already"
            yield _wrong(section, f"number {section.section_id} is {what}")


def _is_state_of(section: Section, before: Section) -> bool:
    """Whether FULL holds what START left over under the same number, as with devices of the host (VFIO) since 6.0."""
    is_vfio = section.idstr.rpartition("/")[2] == "vfio" and section.type == ElementType.SECTION_FULL
    names = ((one.idstr, one.instance_id) for one in (section, before))
    return is_vfio and before.type == ElementType.SECTION_START and len(set(names)) == 1


def _header(section: Section) -> Iterator[DecodeError]:
    if not section.idstr.isprintable():
        yield DecodeError(
            "vmstate/name",
            f"{section.idstr[:40]!r} is not printable",
            path=path_of(section.idstr, section.instance_id),
            offset=section.span.position,
            source=SOURCE,
        )
    if section.instance_id == ANY_INSTANCE:
        yield _wrong(section, "instance 0xffffffff means any and is never sent")
    version = VERSIONS.get(section.idstr, section.version_id)
    if section.version_id != version:
        yield _wrong(section, f"version {section.version_id} instead of {version}")


def footers(stream: Stream) -> Iterator[DecodeError]:
    """A machine that sends no configuration sends no footers either; the first one is told.

    A stream of device states alone, as `xen-save-devices-state` writes it, has no configuration whatever the machine.
    """
    section = next((section for section in stream.sections() if section.footer), None)
    has_start = any(section.type == ElementType.SECTION_START for section in stream.sections())
    if section is not None and has_start and stream.configuration is None:
        position = section.body_span.position + section.body_span.size
        detail = "a footer in a stream without a configuration"
        path = path_of(section.idstr, section.instance_id)
        yield DecodeError("vmstate/footer", detail, path=path, offset=position, source="qemu-stream 1.3, 1.4")


def endings(stream: Stream) -> Iterator[DecodeError]:
    """A section that START introduced ends, and nothing of it follows then; only `ram` may end twice."""
    begun: dict[int, Section] = {}
    ended: set[int] = set()
    for element in flattened(stream.elements):
        if not isinstance(element, Section) or element.type == ElementType.SECTION_FULL:
            continue
        if element.type == ElementType.SECTION_START:
            begun.setdefault(element.section_id, element)
            continue
        if element.section_id in ended and element.idstr != "ram":
            yield _wrong(element, f"{element.type.name} behind the END of section {element.section_id}")
        if element.type == ElementType.SECTION_END:
            ended.add(element.section_id)
    if stream.fault is None:
        yield from _endless(stream, begun, ended)


def _endless(stream: Stream, begun: Mapping[int, Section], ended: set[int]) -> Iterator[DecodeError]:
    """Sections that do not end in a stream that does."""
    completes = bool(ended) or any(map(_completes, flattened(stream.elements)))
    for number, section in begun.items():
        must_end = section.idstr in ALWAYS_ENDING or (section.idstr in ENDING_UNLESS_BACKGROUND and completes)
        if number not in ended and must_end and not _lacks_bitmaps(section):
            yield _wrong(section, f"no END of section {number} in the stream")


def _lacks_bitmaps(section: Section) -> bool:
    """Whether there turned out to be no dirty bitmap: such a section begins, and is not heard of again."""
    chunks = section.body.items if isinstance(section.body, RecordsBody) else ()
    names_bitmaps = (isinstance(item.record, BitmapChunk) and item.record.flags & BitmapFlag.START for item in chunks)
    return section.idstr == "dirty-bitmap" and not any(names_bitmaps)


def _completes(element: Element) -> bool:
    """Whether an element is a sign that the sections end: a background snapshot has none of these."""
    if isinstance(element, RamParts | Section):
        return False
    codes = (CommandCode.SWITCHOVER_START, CommandCode.POSTCOPY_RUN)
    return isinstance(element, CommandElement) and element.command.command in codes


def _wrong(section: Section, detail: str) -> DecodeError:
    path = path_of(section.idstr, section.instance_id)
    return DecodeError("vmstate/section", detail, path=path, offset=section.span.position, source=SOURCE)
