"""What a decoded stream consists of: immutable elements in stream order.

Bulk bytes (pages, disk contents) are never part of an element: a `Span` says where in the stream they are. RAM
records are rows of the `Runs` that belong to the stream; a body names its first and last row. Each PART of `ram`
opens with a row of its own (`PART_ROW`), so that many PARTs in a row make one `RamParts` element and cost no object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from wireformat.codec import Codec
from wireformat.protocols.vmstate.description import DeviceEntry
from wireformat.protocols.vmstate.messages import Command, Configuration, ElementType, Header
from wireformat.protocols.vmstate.ram import RamBlock
from wireformat.schema import Record

PART_ROW: Final = 0x8000
"""Flags of the row that stands for the header of a PART; its `offset` is the section id."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the stream: `size` of them from `position` on."""

    position: int
    size: int


@dataclass(frozen=True, slots=True)
class BlockList:
    """The RAM blocks that MEM_SIZE announces, `total` bytes in all.

    `row` is the index row of the word. With mapped-ram, `regions` are the bitmap and the pages of each block that has
    them, else None in their place; without, `regions` is empty.
    """

    row: int
    total: int
    blocks: tuple[RamBlock, ...]
    regions: tuple[Span | None, ...] = ()


@dataclass(frozen=True, slots=True)
class RamBody:
    """RAM records: rows `start` to `stop` of the index. The record EOS that ends the body has no row."""

    start: int
    stop: int
    block_lists: tuple[BlockList, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordsItem:
    """One record of an iterative section, and where its bulk data is."""

    record: Record
    data: Span


@dataclass(frozen=True, slots=True)
class RecordsBody:
    """The body of an iterative section whose records are declared; `head` precedes them."""

    handler: str
    items: tuple[RecordsItem, ...]
    head: Record | None = None


@dataclass(frozen=True, slots=True)
class DeviceBody:
    """A device's state: the bytes, and their meaning where a description tells it.

    `value` is a dict of fields in wire order, made by `codec` after `entry` of the description. All three are None
    for bytes that nobody describes.
    """

    data: bytes = field(repr=False)
    value: dict[str, Any] | None = None
    codec: Codec | None = field(default=None, repr=False, compare=False)
    entry: DeviceEntry | None = field(default=None, repr=False, compare=False)


Body: TypeAlias = RamBody | RecordsBody | DeviceBody


@dataclass(frozen=True, slots=True)
class HeaderElement:
    """The first eight bytes."""

    span: Span
    header: Header


@dataclass(frozen=True, slots=True)
class ConfigurationElement:
    """The configuration section."""

    span: Span
    configuration: Configuration


@dataclass(frozen=True, slots=True)
class Section:
    """A whole section, header to footer. `span` is where it stands; one that is not `complete` did not end there, or
    not all of its body could be read."""

    span: Span
    type: ElementType
    section_id: int
    idstr: str
    instance_id: int
    version_id: int
    body: Body
    body_span: Span
    footer: bool = True
    complete: bool = True


@dataclass(frozen=True, slots=True)
class RamParts:
    """Consecutive PARTs of `ram`, and nothing between them."""

    span: Span
    section_id: int
    body: RamBody
    footer: bool = True
    complete: bool = True


@dataclass(frozen=True, slots=True)
class CommandElement:
    """A command; with PACKAGED the elements that it carries."""

    span: Span
    command: Command
    package: tuple[Element, ...] | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class EndElement:
    """EOF: no element follows."""

    span: Span


@dataclass(frozen=True, slots=True)
class DescriptionElement:
    """The VM description."""

    span: Span
    text: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TrailingElement:
    """Bytes that are no part of the stream: the zero fill behind a snapshot, or what follows a fault."""

    span: Span


Element: TypeAlias = (
    HeaderElement
    | ConfigurationElement
    | Section
    | RamParts
    | CommandElement
    | EndElement
    | DescriptionElement
    | TrailingElement
)
