"""Elements in, bytes out: the inverse of the decoder.

Every message is encoded from its value, every RAM word from its run; only bulk bytes are taken from `content`, the
stream that was decoded, as views. An element that is not complete has no faithful value and is copied as it stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from wireformat.codec import codec_for, encode
from wireformat.protocols.vmstate.elements import (
    PART_ROW,
    BlockList,
    Body,
    CommandElement,
    ConfigurationElement,
    DescriptionElement,
    DeviceBody,
    Element,
    EndElement,
    HeaderElement,
    RamBody,
    RamParts,
    RecordsBody,
    Section,
    Span,
)
from wireformat.protocols.vmstate.messages import (
    ElementType,
    Packaged,
    SectionEnd,
    SectionFooter,
    SectionFull,
    SectionPart,
    SectionStart,
    VmDescription,
)
from wireformat.protocols.vmstate.ram import (
    COMPRESS_PAGE,
    CONTINUE,
    EOS,
    MEM_SIZE,
    MULTIFD_FLUSH,
    PAGE,
    XBZRLE,
    ZERO,
    RamBlock,
)
from wireformat.protocols.vmstate.ram_reader import RamIndex
from wireformat.protocols.vmstate.runs import Run
from wireformat.schema import Message

if TYPE_CHECKING:
    from wireformat.protocols.vmstate.window import Buffer

Piece: TypeAlias = bytes | memoryview


def element_bytes(message: Message) -> bytes:
    """A message behind its type byte."""
    codec = codec_for(type(message))
    code = codec.schema.record.code
    assert code is not None
    return bytes([code]) + codec.encode(message)


def section_header(section: Section) -> bytes:
    """The type byte and header of a section."""
    if section.type in (ElementType.SECTION_PART, ElementType.SECTION_END):
        short = SectionPart if section.type == ElementType.SECTION_PART else SectionEnd
        return element_bytes(short(section_id=section.section_id))
    full = SectionStart if section.type == ElementType.SECTION_START else SectionFull
    return element_bytes(
        full(
            section_id=section.section_id,
            idstr=section.idstr,
            instance_id=section.instance_id,
            version_id=section.version_id,
        )
    )


def footer_bytes(section_id: int) -> bytes:
    """The footer of a section."""
    return element_bytes(SectionFooter(section_id=section_id))


def ram_word(offset: int, flags: int) -> bytes:
    """A RAM word on the wire."""
    return (offset | flags).to_bytes(8, "big")


END_OF_BODY = ram_word(0, EOS)


class StreamEncoder:
    """Encodes elements; `content` is where their spans and rows point."""

    def __init__(self, ram: RamIndex, content: Buffer) -> None:
        self._ram = ram
        self._content = memoryview(content)

    def encode(self, elements: Iterable[Element]) -> Iterator[Piece]:
        """The bytes of elements, in pieces."""
        for element in elements:
            yield from self._element(element)

    def _element(self, element: Element) -> Iterator[Piece]:
        match element:
            case HeaderElement():
                yield encode(element.header)
            case ConfigurationElement():
                yield element_bytes(element.configuration)
            case Section(complete=True):
                yield section_header(element)
                yield from self.body(element.body)
                if element.footer:
                    yield footer_bytes(element.section_id)
            case RamParts(complete=True):
                yield from self._parts(element)
            case CommandElement(complete=True):
                yield from self._command(element)
            case EndElement():
                yield bytes([ElementType.EOF])
            case DescriptionElement():
                yield element_bytes(VmDescription(text=element.text))
            case _:
                yield self._span(element.span)

    def _command(self, element: CommandElement) -> Iterator[Piece]:
        command = element.command
        if element.package is None:
            yield element_bytes(command)
            return
        package = b"".join(self.encode(element.package))
        yield element_bytes(replace(command, body=Packaged(size=len(package))))
        yield package

    def body(self, body: Body) -> Iterator[Piece]:
        """The bytes of a section's body."""
        match body:
            case RamBody():
                yield from self._rows(body)
                yield END_OF_BODY
            case RecordsBody():
                if body.head is not None:
                    yield encode(body.head)
                for item in body.items:
                    yield encode(item.record)
                    yield self._span(item.data)
            case DeviceBody():
                yield device_bytes(body)

    def _parts(self, parts: RamParts) -> Iterator[Piece]:
        """Each PART opens at its own row; EOS and footer close it before the next."""
        closing = END_OF_BODY + (footer_bytes(parts.section_id) if parts.footer else b"")
        flags = self._ram.runs.flags
        starts = [row for row in range(parts.body.start, parts.body.stop) if flags[row] == PART_ROW]
        for start, stop in zip(starts, [*starts[1:], parts.body.stop], strict=True):
            yield element_bytes(SectionPart(section_id=parts.section_id))
            yield from self._rows(replace(parts.body, start=start + 1, stop=stop))
            yield closing

    def _rows(self, body: RamBody) -> Iterator[Piece]:
        lists = {block_list.row: block_list for block_list in body.block_lists}
        for row in range(body.start, body.stop):
            run = self._ram.runs[row]
            if run.flags == MEM_SIZE:
                yield from self._block_list(lists[row])
            elif run.flags != PART_ROW:
                yield from self.run(run)

    def _block_list(self, block_list: BlockList) -> Iterator[Piece]:
        yield ram_word(block_list.total, MEM_SIZE)
        for number, block in enumerate(block_list.blocks):
            yield encode_block(block)
            region = block_list.regions[number] if block_list.regions else None
            if region is not None:
                yield self._span(region)

    def run(self, run: Run) -> Iterator[Piece]:
        """The records of a run: words made anew, bodies taken from the content."""
        flags, position = run.flags, run.position
        name = block_name(self._ram, run)
        stride = self._ram.page_size or 0
        for number in range(run.count):
            word = ram_word(run.offset + number * stride, flags) + name
            position += len(word)
            size = body_size(self._content, flags, position, stride)
            yield word
            yield self._content[position : position + size]
            position += size
            flags, name = flags | CONTINUE, b""

    def _span(self, span: Span) -> memoryview:
        return self._content[span.position : span.position + span.size]


def block_name(ram: RamIndex, run: Run) -> bytes:
    """The counted block name behind the first word of a run, empty when it continues."""
    if run.flags & CONTINUE or run.flags == MULTIFD_FLUSH:
        return b""
    name = ram.blocks[run.block].name.encode()
    return bytes([len(name)]) + name


def body_size(content: memoryview, flags: int, position: int, page_size: int) -> int:
    """Bytes of a record's body at `position`, behind word and block name."""
    kind = flags & ~CONTINUE
    if kind == PAGE:
        return page_size
    if kind == ZERO:
        return 1
    if kind == XBZRLE:
        return 3 + int.from_bytes(content[position + 1 : position + 3], "big")
    if kind == COMPRESS_PAGE:
        return 4 + int.from_bytes(content[position : position + 4], "big")
    return 0


def encode_block(block: RamBlock) -> bytes:
    """One entry of the block list."""
    params = {
        "has_page_size": block.page_size is not None,
        "has_address": block.address is not None,
        "has_mapped": block.mapped is not None,
    }
    return codec_for(RamBlock).encode(block, params=params)


def device_bytes(body: DeviceBody) -> bytes:
    """A device's state, from its fields where they are known."""
    if body.value is None or body.codec is None:
        return body.data
    return body.codec.encode(body.value)
