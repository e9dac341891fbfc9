"""What a stream is made of, in numbers: bytes by kind of element, pages by block, passes over memory, devices.

Everything comes from the elements and the index of runs, so that a stream that only passed by can be counted as well as
one at hand. The bytes of all parts add up to the size of the stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from wireformat.protocols.vmstate.document import SECTION_TYPES
from wireformat.protocols.vmstate.document_ram import KINDS
from wireformat.protocols.vmstate.elements import (
    PART_ROW,
    CommandElement,
    ConfigurationElement,
    DescriptionElement,
    DeviceBody,
    Element,
    EndElement,
    HeaderElement,
    RamParts,
    Section,
)
from wireformat.protocols.vmstate.images import RamImage
from wireformat.protocols.vmstate.ram import CONTINUE, PAGE_FLAGS
from wireformat.protocols.vmstate.stream import Stream

NAMES: dict[type, str] = {
    HeaderElement: "header",
    ConfigurationElement: "configuration",
    CommandElement: "commands",
    EndElement: "eof",
    DescriptionElement: "description",
}


@dataclass(slots=True)
class Share:
    """Elements of one kind: how many there are, and their bytes with headers and footers."""

    count: int = 0
    size: int = 0

    def add(self, size: int, count: int = 1) -> None:
        """Count elements of `size` bytes together."""
        self.count += count
        self.size += size


@dataclass(frozen=True, slots=True)
class BlockCount:
    """One RAM block, sizes in bytes: `records` of each kind; how many `pages` it has, how many of them are in the
    stream, and how many of those are zero in the end."""

    name: str
    length: int
    pages: int
    sent: int
    zero: int
    records: dict[str, int]

    @property
    def zero_share(self) -> float:
        """How many of the pages in the stream are zero in the end, 0 to 1."""
        return self.zero / self.sent if self.sent else 0.0


@dataclass(slots=True)
class Pass:
    """One pass over guest memory: the records between two places where the offset does not rise."""

    records: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeviceCount:
    """A device section; `size` is that of its state in bytes."""

    key: str
    section_id: int
    version_id: int
    size: int
    is_described: bool


@dataclass(frozen=True, slots=True)
class Statistics:
    """`size` is that of the stream in bytes, `parts` how many PART sections of `ram` there are."""

    size: int
    page_size: int | None
    shares: dict[str, Share]
    blocks: tuple[BlockCount, ...]
    passes: tuple[Pass, ...]
    parts: int
    devices: tuple[DeviceCount, ...]


def count(stream: Stream) -> Statistics:
    """Count a stream."""
    shares = _shares(stream)
    return Statistics(
        sum(share.size for share in shares.values()),
        stream.ram.page_size,
        shares,
        tuple(_blocks(stream)),
        tuple(_passes(stream)),
        _parts(stream, 0, len(stream.ram.runs)),
        tuple(_devices(stream)),
    )


def _shares(stream: Stream) -> dict[str, Share]:
    shares: dict[str, Share] = {}
    for name, size, number in _sizes(stream, stream.elements):
        shares.setdefault(name, Share()).add(size, number)
    return shares


def _sizes(stream: Stream, elements: Iterable[Element]) -> Iterator[tuple[str, int, int]]:
    """Kind, bytes and number of elements; what is inside a package counts as what it is."""
    for element in elements:
        size = element.span.size
        if isinstance(element, CommandElement) and element.package:
            yield "commands", size - sum(inner.span.size for inner in element.package), 1
            yield from _sizes(stream, element.package)
        elif isinstance(element, RamParts):
            yield "ram part", size, _parts(stream, element.body.start, element.body.stop)
        elif isinstance(element, Section):
            yield _section_name(element), size, 1
        else:
            yield NAMES.get(type(element), "trailing"), size, 1


def _section_name(section: Section) -> str:
    if isinstance(section.body, DeviceBody) and section.type.name == "SECTION_FULL":
        return "devices"
    return f"{section.idstr} {SECTION_TYPES[section.type]}"


def _parts(stream: Stream, start: int, stop: int) -> int:
    return stream.ram.runs.flags[start:stop].count(PART_ROW)


def _blocks(stream: Stream) -> Iterator[BlockCount]:
    names = {block.name: number for number, block in enumerate(stream.ram.blocks)}
    records: dict[str, dict[str, int]] = {name: {} for name in names}
    for block, flags, number in _page_rows(stream):
        kinds, kind = records[stream.ram.blocks[block].name], KINDS[flags & ~CONTINUE]
        kinds[kind] = kinds.get(kind, 0) + number
    for name in names:
        image = RamImage(stream, name)
        pages: dict[str, int] = {}
        for extent in image.extents():
            pages[extent.origin] = pages.get(extent.origin, 0) + extent.count
        sent = image.page_count - pages.get("missing", 0)
        yield BlockCount(name, image.length, image.page_count, sent, pages.get("zero", 0), records[name])


def _page_rows(stream: Stream) -> Iterator[tuple[int, int, int]]:
    """Block, flags and number of records of each run of pages."""
    runs = stream.ram.runs
    rows = zip(runs.blocks, runs.flags, runs.counts, strict=True)
    return ((block, flags, number) for block, flags, number in rows if flags & PAGE_FLAGS)


def _passes(stream: Stream) -> Iterator[Pass]:
    """The passes in order. Blocks are walked in the order of the list, each from its lowest page up."""
    runs, current, before = stream.ram.runs, Pass(), (-1, 0)
    page_size = stream.ram.page_size or 0
    for block, flags, offset, number in zip(runs.blocks, runs.flags, runs.offsets, runs.counts, strict=True):
        if not flags & PAGE_FLAGS:
            continue
        if (block, offset) <= before:
            yield current
            current = Pass()
        before = block, offset + (number - 1) * page_size
        kind = KINDS[flags & ~CONTINUE]
        current.records[kind] = current.records.get(kind, 0) + number
    if current.records:
        yield current


def _devices(stream: Stream) -> Iterator[DeviceCount]:
    for device in stream.devices():
        section, body = device.section, device.body
        is_described = body.value is not None
        yield DeviceCount(device.key, section.section_id, section.version_id, section.body_span.size, is_described)
