"""Reading one section: header, body, footer.

The reader of the body follows from the section's name and from what describes it. When a body does not fit, the
section's end is searched for and the fault noted, so that one unreadable device does not hide the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from wireformat.codec import Codec, codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.border import Context, find_end, plausible
from wireformat.protocols.vmstate.description import Description, DeviceEntry
from wireformat.protocols.vmstate.elements import (
    Body,
    DeviceBody,
    RamBody,
    RamParts,
    RecordsBody,
    RecordsItem,
    Section,
    Span,
)
from wireformat.protocols.vmstate.iterative import Handler, handler_for
from wireformat.protocols.vmstate.layout import MAX_OPAQUE, schema_of
from wireformat.protocols.vmstate.messages import ElementType, SectionEnd, SectionFull, SectionPart, SectionStart
from wireformat.protocols.vmstate.naming import section_path
from wireformat.protocols.vmstate.ram_reader import RamReader
from wireformat.protocols.vmstate.window import Window, shifted

DEVICE_SLICE = 1 << 16
MAX_ITEMS = 1 << 20

_MESSAGES = {
    ElementType.SECTION_START: SectionStart,
    ElementType.SECTION_PART: SectionPart,
    ElementType.SECTION_END: SectionEnd,
    ElementType.SECTION_FULL: SectionFull,
}


class BodyReader(Protocol):
    """Reads a body step by step."""

    def step(self) -> bool:
        """Read a piece; true when the body has ended. Raises `DecodeError`."""

    def body(self) -> Body:
        """What has been read."""


@dataclass(frozen=True, slots=True)
class SectionName:
    """What START or FULL said about a section."""

    section_id: int
    idstr: str
    instance_id: int
    version_id: int


@dataclass(slots=True)
class OpenSection:
    """A section whose header has been read. `fault` is set once its body turned out not to fit."""

    position: int
    type: ElementType
    name: SectionName
    body_position: int
    reader: BodyReader
    package_end: int | None
    body_end: int | None = None
    fault: DecodeError | None = None


class SectionReader:
    """Reads the sections of a stream; remembers which have been introduced, and whether they have footers."""

    def __init__(
        self, window: Window, ram: RamReader, description: Description | None, findings: list[DecodeError]
    ) -> None:
        self.footers: bool | None = None
        self._window = window
        self._ram = ram
        self._finder = description.finder() if description else None
        self._findings = findings
        self._names: dict[int, SectionName] = {}

    def open(self, package_end: int | None) -> OpenSection:
        """Read the header at the window's position and consume it."""
        window = self._window
        position, kind = window.position, ElementType(window.peek(1)[0])
        header, end = window.decode(codec_for(_MESSAGES[kind]), position + 1)
        name = self._name(kind, header, position)
        window.position = end
        return OpenSection(position, kind, name, end, self._reader(kind, name, package_end), package_end)

    def step(self, section: OpenSection) -> Section | RamParts | None:
        """Read on; the section when it has ended."""
        try:
            if section.fault is None and section.body_end is None:
                if not section.reader.step():
                    return None
                section.body_end = self._window.position
            return self._close(section)
        except DecodeError as error:
            if section.fault is not None or (error.need_more and not self._window.final):
                raise
            section.fault = _within(error, section)
            self._find_end(section)
            return None

    def abandon(self, section: OpenSection) -> Section | RamParts:
        """What has been read of a section that does not end."""
        return self._element(section, self._window.position, complete=False)

    def _name(self, kind: ElementType, header: SectionStart | SectionPart, position: int) -> SectionName:
        if isinstance(header, SectionStart | SectionFull):
            if not header.idstr:
                raise _wrong("vmstate/section", "section without a name", position)
            name = SectionName(header.section_id, header.idstr, header.instance_id, header.version_id)
            self._names[name.section_id] = name
            return name
        known = self._names.get(header.section_id)
        if known is None:
            what = f"{kind.name} of section {header.section_id}, which no START introduced"
            raise _wrong("vmstate/section", what, position)
        return known

    def _reader(self, kind: ElementType, name: SectionName, package_end: int | None) -> BodyReader:
        if kind == ElementType.SECTION_FULL:
            return self._device(name, package_end)
        if name.idstr == "ram":
            self._ram.begin(name.section_id if kind == ElementType.SECTION_PART else None)
            return self._ram
        handler = handler_for(name.idstr)
        if handler is None:
            return RawReader(self._window, name.section_id, package_end, self)
        return RecordsReader(self._window, handler, name.idstr, kind)

    def _device(self, name: SectionName, package_end: int | None) -> BodyReader:
        entry = self._finder.find(name.idstr, name.instance_id) if self._finder else None
        if entry is None:
            return RawReader(self._window, name.section_id, package_end, self)
        return DeviceReader(self._window, entry)

    def _close(self, section: OpenSection) -> Section | RamParts:
        """Check the footer and consume it."""
        window, end = self._window, self._window.position
        if self.footers is None:
            window.need(1)
            self.footers = window.peek(1)[0] == ElementType.SECTION_FOOTER
        if self.footers:
            self._footer(section.name.section_id)
        elif not plausible(window, end, self.context(section.package_end)):
            raise _wrong("vmstate/border", "no element can begin here", end)
        return self._element(section, end, complete=section.fault is None)

    def _footer(self, section_id: int) -> None:
        """Consume a footer, or raise `vmstate/footer`."""
        window = self._window
        window.need(5)
        expected = bytes([ElementType.SECTION_FOOTER]) + section_id.to_bytes(4, "big")
        actual = window.peek(5)
        if actual != expected:
            raise DecodeError(
                "vmstate/footer",
                f"{actual.hex()} instead of {expected.hex()}",
                path="footer",
                offset=window.position,
                expected=expected.hex(),
                actual=actual.hex(),
                source="qemu-stream 1.4",
            )
        window.skip(5)

    def _element(self, section: OpenSection, end: int, complete: bool) -> Section | RamParts:
        body, name = section.reader.body(), section.name
        span = Span(section.position, self._window.position - section.position)
        if isinstance(body, RamBody) and section.type == ElementType.SECTION_PART:
            return RamParts(span, name.section_id, body, bool(self.footers), complete)
        return Section(
            span,
            section.type,
            name.section_id,
            name.idstr,
            name.instance_id,
            name.version_id,
            body,
            Span(section.body_position, end - section.body_position),
            bool(self.footers),
            complete or isinstance(section.reader, KnownEnd),
        )

    def _find_end(self, section: OpenSection) -> None:
        """Go on behind a body that does not fit, or raise its fault when no end is in sight."""
        fault = section.fault
        assert fault is not None
        bulk = isinstance(section.reader, RamReader | RecordsReader)
        start = max(section.body_position, self._window.position if bulk else 0)
        try:
            end = find_end(self._window, start, section.name.section_id, self.context(section.package_end))
        except DecodeError as error:
            if error.need_more and not self._window.final:
                section.fault = None
                raise
            raise fault from None
        self._findings.append(fault)
        if not bulk:
            section.reader = KnownEnd(self._window, section.body_position, end)
        self._window.position = section.body_end = end

    def context(self, package_end: int | None) -> Context:
        """What the search for an end may rely on."""
        return Context(self.footers is not False, self._names, package_end)


class DeviceReader:
    """Reads a device's state by its description."""

    def __init__(self, window: Window, entry: DeviceEntry) -> None:
        self._window = window
        self._entry = entry
        self._codec = Codec(schema_of(entry))
        self._body: DeviceBody | None = None

    def step(self) -> bool:
        window, start = self._window, self._window.position
        value, end = window.decode(self._codec, start, first=DEVICE_SLICE)
        self._body = DeviceBody(window.peek(end - start), value, self._codec, self._entry)
        window.position = end
        return True

    def body(self) -> DeviceBody:
        return self._body or DeviceBody(b"")


class RawReader:
    """Keeps a body that nothing describes, up to the end that can be found."""

    def __init__(self, window: Window, section_id: int, package_end: int | None, sections: SectionReader) -> None:
        self._window = window
        self._section_id = section_id
        self._package_end = package_end
        self._sections = sections
        self._data = b""

    def step(self) -> bool:
        window, start = self._window, self._window.position
        end = find_end(window, start, self._section_id, self._sections.context(self._package_end))
        self._data = _bounded(window, start, end)
        window.position = end
        return True

    def body(self) -> DeviceBody:
        return DeviceBody(self._data)


class KnownEnd:
    """Keeps a body whose end has been found already."""

    def __init__(self, window: Window, start: int, end: int) -> None:
        window.position = start
        self._data = _bounded(window, start, end)

    def step(self) -> bool:
        return True

    def body(self) -> DeviceBody:
        return DeviceBody(self._data)


class RecordsReader:
    """Reads a body of declared records; bulk data is passed over."""

    def __init__(self, window: Window, handler: Handler, name: str, kind: ElementType) -> None:
        self._window = window
        self._handler = handler
        self._name = name
        self._items: list[RecordsItem] = []
        self._head = handler.head
        self._only_head = handler.start_is_head and kind == ElementType.SECTION_START
        self._head_value = None

    def step(self) -> bool:
        window, handler = self._window, self._handler
        if self._head is not None:
            self._head_value, self._head = window.take(codec_for(self._head)), None
            return self._only_head
        record, end = window.decode(codec_for(handler.record), window.position)
        size = handler.data_size(record)
        if end + size > window.end and window.final:
            raise DecodeError("truncated", f"{size} bytes of data, {window.end - end} left", offset=window.end)
        if len(self._items) == MAX_ITEMS:
            raise DecodeError("limit", f"more than {MAX_ITEMS} records", offset=window.position)
        self._items.append(RecordsItem(record, Span(end, size)))
        window.position = end + size
        return handler.is_last(record)

    def body(self) -> RecordsBody:
        return RecordsBody(self._name, tuple(self._items), self._head_value)


def _bounded(window: Window, start: int, end: int) -> bytes:
    if end - start > MAX_OPAQUE:
        raise DecodeError("limit", f"section of {end - start} bytes, more than {MAX_OPAQUE}", offset=start)
    return window.peek(end - start)


def _within(error: DecodeError, section: OpenSection) -> DecodeError:
    """The error with the section's name in its path."""
    return shifted(error, 0, section_path(section.name.idstr, section.name.instance_id))


def _wrong(id: str, detail: str, position: int) -> DecodeError:
    return DecodeError(id, detail, offset=position, source="qemu-stream 1.2")
