"""Reading one section: header, body, footer.

The reader of the body follows from the section's name and from what describes it. When a body does not fit, the
section's end is searched for and the fault noted, so that one unreadable device does not hide the others.
"""

from __future__ import annotations

from dataclasses import dataclass

from wireformat.codec import codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.bodies import (
    BodyReader,
    DeviceReader,
    KnownBody,
    RawReader,
    RecordsReader,
    kept_bytes,
    stretched,
)
from wireformat.protocols.vmstate.border import Context, find_end, plausible
from wireformat.protocols.vmstate.description import Description
from wireformat.protocols.vmstate.elements import (
    DeviceBody,
    RamBody,
    RamParts,
    Section,
    Span,
)
from wireformat.protocols.vmstate.iterative import handler_for
from wireformat.protocols.vmstate.messages import ElementType, SectionEnd, SectionFull, SectionPart, SectionStart
from wireformat.protocols.vmstate.naming import section_path
from wireformat.protocols.vmstate.ram_reader import RamReader
from wireformat.protocols.vmstate.window import Window, shifted

_MESSAGES = {
    ElementType.SECTION_START: SectionStart,
    ElementType.SECTION_PART: SectionPart,
    ElementType.SECTION_END: SectionEnd,
    ElementType.SECTION_FULL: SectionFull,
}


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
        header, end = window.decode(codec_for(_MESSAGES[kind]), position + 1, path="section")
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
        def find(start: int) -> int:
            return find_end(self._window, start, name.section_id, self._context(package_end))

        if kind == ElementType.SECTION_FULL:
            entry = self._finder.find(name.idstr, name.instance_id) if self._finder else None
            return RawReader(self._window, find) if entry is None else DeviceReader(self._window, entry)
        if name.idstr == "ram":
            self._ram.begin(name.section_id if kind == ElementType.SECTION_PART else None)
            return self._ram
        handler = handler_for(name.idstr)
        if handler is None:
            return RawReader(self._window, find)
        return RecordsReader(self._window, handler, name.idstr, kind)

    def _close(self, section: OpenSection) -> Section | RamParts:
        """Check the footer and consume it."""
        window, end = self._window, self._window.position
        if self.footers is None:
            window.need(1)
            self.footers = window.peek(1)[0] == ElementType.SECTION_FOOTER
        if self.footers:
            self._footer(section.name.section_id)
        elif not plausible(window, end, self._context(section.package_end)):
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
            complete or isinstance(section.reader, KnownBody),
        )

    def _find_end(self, section: OpenSection) -> None:
        """Go on behind a body that does not fit, or raise its fault when no end is in sight."""
        fault = section.fault
        assert fault is not None
        bulk = isinstance(section.reader, RamReader | RecordsReader)
        start = max(section.body_position, self._window.position if bulk else 0)
        try:
            end = find_end(self._window, start, section.name.section_id, self._context(section.package_end))
        except DecodeError as error:
            if error.need_more and not self._window.final:
                section.fault = None
                raise
            raise fault from None
        body = None
        if not bulk:
            data = kept_bytes(self._window, section.body_position, end)
            body = stretched(section.reader.entry, data) if isinstance(section.reader, DeviceReader) else None
            section.reader = KnownBody(body or DeviceBody(data))
        if body is None:
            self._findings.append(fault)
        self._window.position = section.body_end = end

    def _context(self, package_end: int | None) -> Context:
        """What the search for an end may rely on."""
        return Context(self.footers is not False, self._names, package_end)


def _within(error: DecodeError, section: OpenSection) -> DecodeError:
    """The error with the section's name in its path."""
    return shifted(error, 0, section_path(section.name.idstr, section.name.instance_id))


def _wrong(id: str, detail: str, position: int) -> DecodeError:
    return DecodeError(id, detail, offset=position, source="qemu-stream 1.2")
