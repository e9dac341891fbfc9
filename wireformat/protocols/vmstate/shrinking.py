"""A stream without the guest's memory and disks: small enough for a bug report, still a stream that QEMU loads.

QEMU does not insist on pages: a destination that gets none keeps zeros. With `none` the section `ram` holds its list
of blocks and nothing else. With `zero` each page of the stream comes once, as a zero page, in the first section that
may hold pages. A mapped-ram file becomes an ordinary stream, since its layout keeps the size of the guest. What disks
hold goes too; everything else stays: configuration, commands, device state, description. Device state is part of a
guest too: registers, queues and buffers are in it [qemu-stream 2.1.4, 2.2, 8.1].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, Literal

from wireformat.codec import encode
from wireformat.protocols.vmstate.description import Description
from wireformat.protocols.vmstate.document import description_document, description_text
from wireformat.protocols.vmstate.elements import (
    CommandElement,
    ConfigurationElement,
    DescriptionElement,
    Element,
    RamBody,
    RamParts,
    RecordsBody,
    Section,
    TrailingElement,
)
from wireformat.protocols.vmstate.encoder import (
    END_OF_BODY,
    Piece,
    StreamEncoder,
    element_bytes,
    encode_block,
    footer_bytes,
    ram_word,
    section_header,
)
from wireformat.protocols.vmstate.images import RamImage
from wireformat.protocols.vmstate.iterative import BlockFlag, BlockRecord
from wireformat.protocols.vmstate.messages import (
    Capabilities,
    Configuration,
    ElementType,
    Packaged,
    SectionPart,
    VmDescription,
)
from wireformat.protocols.vmstate.ram import CONTINUE, MEM_SIZE, ZERO, RamBlock
from wireformat.protocols.vmstate.stream import Stream

KeepRam = Literal["none", "zero"]

PIECE_COUNT: Final = 4096
"""Zero pages that are written at once."""

MAPPED_RAM: Final = "mapped-ram"


def shrink(stream: Stream, keep_ram: KeepRam = "none") -> Iterator[Piece]:
    """The bytes of the small stream, in pieces. Needs the stream's content.

    A stream that is cut off stays so: what has not ended is left out.
    """
    return _Shrinker(stream, keep_ram).elements(stream.elements)


class _Shrinker:
    """Encodes the elements of one stream, those of memory and disks without contents."""

    def __init__(self, stream: Stream, keep_ram: KeepRam) -> None:
        self._stream = stream
        self._encoder = StreamEncoder(stream.ram, stream.content or b"")
        self._last = next((e for e in reversed(stream.elements) if not isinstance(e, TrailingElement)), None)
        self._zero_pages = keep_ram == "zero"
        self._is_mapped = any(block.mapped is not None for block in stream.ram.blocks)

    def elements(self, elements: Iterable[Element]) -> Iterator[Piece]:
        """The bytes of elements."""
        for element in elements:
            if not self._is_cut_off(element):
                yield from self._element(element)

    def _is_cut_off(self, element: Element) -> bool:
        is_last = self._stream.fault is not None and element is self._last
        return is_last and not getattr(element, "complete", True)

    def _element(self, element: Element) -> Iterator[Piece]:
        match element:
            case ConfigurationElement():
                yield element_bytes(self._configuration(element.configuration))
            case Section(body=RamBody() as body):
                yield section_header(element)
                yield from self._lists(body)
                yield from self._closing(element, may_hold_pages=element.type != ElementType.SECTION_START)
            case RamParts():
                yield element_bytes(SectionPart(section_id=element.section_id))
                yield from self._lists(element.body)
                yield from self._closing(element, may_hold_pages=True)
            case Section(body=RecordsBody(handler="block") as body):
                yield from self._disk(element, body)
            case CommandElement(package=tuple() as package):
                inner = b"".join(self.elements(package))
                yield element_bytes(replace(element.command, body=Packaged(size=len(inner))))
                yield inner
            case DescriptionElement():
                yield element_bytes(VmDescription(text=self._description(element.text)))
            case TrailingElement():
                return
            case _:
                yield from self._encoder.encode((element,))

    def _configuration(self, configuration: Configuration) -> Configuration:
        if not self._is_mapped or configuration.capabilities is None:
            return configuration
        names = tuple(name for name in configuration.capabilities.names if name != MAPPED_RAM)
        return replace(configuration, capabilities=Capabilities(names=names) if names else None)

    def _description(self, text: bytes) -> bytes:
        """The description, true to the configuration."""
        known = self._stream.description
        if not self._is_mapped or known is None or known.text != text:
            return text
        return _without_mapped_ram(known)

    def _lists(self, body: RamBody) -> Iterator[Piece]:
        for block_list in body.block_lists:
            yield ram_word(block_list.total, MEM_SIZE)
            yield from (encode_block(replace(block, mapped=None)) for block in block_list.blocks)

    def _closing(self, element: Section | RamParts, may_hold_pages: bool) -> Iterator[Piece]:
        """The zero pages, unless they have been written, and the end of a section of `ram`."""
        if may_hold_pages and self._zero_pages:
            self._zero_pages = False
            for block in {block.name: block for block in self._stream.ram.blocks}.values():
                yield from self._zeros(block)
        yield END_OF_BODY
        if element.footer:
            yield footer_bytes(element.section_id)

    def _zeros(self, block: RamBlock) -> Iterator[Piece]:
        """A zero page for each page of a block that the stream holds."""
        image = RamImage(self._stream, block.name)
        name = block.name.encode()
        flags, counted = int(ZERO), bytes([len(name)]) + name
        for extent in image.extents():
            end = extent.page if extent.origin == "missing" else extent.page + extent.count
            for start in range(extent.page, end, PIECE_COUNT):
                pages = range(start, min(start + PIECE_COUNT, end))
                records = [ram_word(page * image.page_size, ZERO | CONTINUE) + b"\0" for page in pages]
                if counted:
                    records[0] = ram_word(start * image.page_size, flags) + counted + b"\0"
                    counted = b""
                yield b"".join(records)

    def _disk(self, section: Section, body: RecordsBody) -> Iterator[Piece]:
        """A section of disk contents: signs of progress only. One that did not end goes altogether."""
        if not section.complete:
            return
        yield section_header(section)
        for item in body.items:
            if isinstance(item.record, BlockRecord) and not item.record.word.flags & BlockFlag.DEVICE_BLOCK:
                yield encode(item.record)
        if section.footer:
            yield footer_bytes(section.section_id)


def _without_mapped_ram(description: Description) -> bytes:
    """The text of a description whose configuration does not mention mapped-ram."""
    value = description_document(description)
    configuration = value.get("configuration") if isinstance(value, dict) else None
    if not isinstance(configuration, dict):
        return description.text
    kept = [part for part in configuration.get("subsections", ()) if not _is_about_capabilities(part)]
    configuration.pop("subsections", None)
    if kept:
        configuration["subsections"] = kept
    return description_text(value)


def _is_about_capabilities(part: dict[str, Any]) -> bool:
    return part.get("vmsd_name") == "configuration/capabilities"
