"""A whole stream, decoded: what the tools work on.

`read_stream` decodes a stream that is at hand as bytes or as a mapped file, `StreamCollector` one that arrives in
pieces. Either way the result is a `Stream`: elements, the index of RAM, the devices with their fields, every finding,
and the fault that ended decoding early, if any. Device sections that were read before the description came are given
their fields afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from wireformat.codec import NEED_DATA, Codec, NeedData
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.bodies import stretched
from wireformat.protocols.vmstate.decoder import StreamDecoder
from wireformat.protocols.vmstate.description import Description, DeviceFinder, find_in_file, parse
from wireformat.protocols.vmstate.elements import (
    CommandElement,
    ConfigurationElement,
    DeviceBody,
    Element,
    Section,
    Span,
    TrailingElement,
)
from wireformat.protocols.vmstate.encoder import Piece, StreamEncoder
from wireformat.protocols.vmstate.layout import schema_of
from wireformat.protocols.vmstate.messages import Configuration, ElementType
from wireformat.protocols.vmstate.naming import SectionKeys, section_path
from wireformat.protocols.vmstate.ram_reader import RamIndex
from wireformat.protocols.vmstate.window import Buffer, Window, shifted


@dataclass(frozen=True, slots=True)
class Device:
    """A device section under its name in paths."""

    key: str
    section: Section
    body: DeviceBody


@dataclass(frozen=True, slots=True)
class Stream:
    """A decoded stream.

    `content` is where spans and rows point; None when the stream passed by and was not kept. `description` is what
    the devices were decoded by, `fault` what ended decoding, `findings` everything else that is wrong.
    """

    elements: tuple[Element, ...]
    ram: RamIndex
    findings: tuple[DecodeError, ...] = ()
    fault: DecodeError | None = None
    description: Description | None = None
    content: Buffer | None = None

    @property
    def configuration(self) -> Configuration | None:
        """The configuration section's value."""
        return next((e.configuration for e in self.elements if isinstance(e, ConfigurationElement)), None)

    def sections(self) -> Iterator[Section]:
        """All sections but the PARTs of `ram`, those inside packages too."""
        return (element for element in flattened(self.elements) if isinstance(element, Section))

    def devices(self) -> Iterator[Device]:
        """The device sections, each with its key."""
        keys = SectionKeys()
        for section in self.sections():
            if section.type == ElementType.SECTION_FULL and isinstance(section.body, DeviceBody):
                yield Device(keys.key(section.idstr, section.instance_id), section, section.body)

    def encode(self) -> Iterator[Piece]:
        """The bytes of the stream, in pieces. Needs `content`."""
        return StreamEncoder(self.ram, self.content or b"").encode(self.elements)

    def problems(self) -> list[DecodeError]:
        """Findings and fault in the order of their offsets."""
        problems = [*self.findings, *([self.fault] if self.fault else [])]
        return sorted(problems, key=lambda error: error.offset or 0)


def flattened(elements: Iterable[Element]) -> Iterator[Element]:
    """Elements, those inside a package behind the command that carries them."""
    for element in elements:
        yield element
        if isinstance(element, CommandElement) and element.package:
            yield from flattened(element.package)


def read_stream(
    source: Buffer | Window,
    *,
    more: Callable[[Window], None] | None = None,
    learnt: Description | None = None,
    page_size: int | None = None,
) -> Stream:
    """Decode a whole stream.

    `source` is the stream itself, as bytes or a mapped file, or a window through which it is seen piece by piece:
    `more` is then called whenever the window must show more, and sets `final` at the end. `learnt` is the description
    of another stream of the same machine, used where this one has none at hand; `page_size` the target page size in
    bytes where nothing tells. Never raises `DecodeError`: faults are part of the result.
    """
    window = source if isinstance(source, Window) else Window(source)
    content = window.buffer if window.whole else None
    known = (None if content is None else own_description(content)) or learnt
    decoder = StreamDecoder(window, description=known, page_size=page_size)
    collector = StreamCollector(decoder, known)
    while collector.advance() or (collector.hungry and more is not None):
        if collector.hungry and more is not None:
            more(window)
    return collector.finish(content)


def own_description(content: Buffer) -> Description | None:
    """The description at the end of a stream, None when it has none that can be read."""
    start = find_in_file(content)
    try:
        return None if start is None else parse(bytes(content[start:]).rstrip(b"\0"))
    except DecodeError:
        return None


class StreamCollector:
    """Collects the elements of a decoder into a `Stream`."""

    def __init__(self, decoder: StreamDecoder, known: Description | None = None) -> None:
        self.elements: list[Element] = []
        self._decoder = decoder
        self._known = known
        self._fault: DecodeError | None = None
        self.hungry = False

    def advance(self) -> bool:
        """Take the next element; false when the decoder is done, has failed, or needs data (then `hungry`)."""
        try:
            event = self._decoder.next_event()
        except DecodeError as error:
            self.hungry = False
            self._fail(error)
            return False
        self.hungry = event is NEED_DATA
        if event is None or isinstance(event, NeedData):
            return False
        self.elements.append(event)
        return True

    def _fail(self, error: DecodeError) -> None:
        """Keep what has been read, and every byte behind it as it stands."""
        decoder = self._decoder
        self._fault = error
        self.elements += decoder.unfinished()
        end = max((e.span.position + e.span.size for e in self.elements), default=0)
        if end < decoder.window.end:
            self.elements.append(TrailingElement(Span(end, decoder.window.end - end)))

    def finish(self, content: Buffer | None = None) -> Stream:
        """The stream, once nothing more can be taken."""
        decoder = self._decoder
        description = decoder.description or self._known
        findings = list(decoder.findings)
        elements: Sequence[Element] = self.elements
        if description is not None:
            elements = Resolver(description, findings).resolve(elements)
        return Stream(tuple(elements), decoder.ram, tuple(findings), self._fault, description, content)


class Resolver:
    """Gives device sections that are only bytes so far their fields."""

    def __init__(self, description: Description, findings: list[DecodeError]) -> None:
        self._finder: DeviceFinder = description.finder()
        self._findings = findings
        self._known = {error.path for error in findings}

    def resolve(self, elements: Sequence[Element]) -> list[Element]:
        """The elements with all device sections decoded that can be."""
        return [self._element(element) for element in elements]

    def _element(self, element: Element) -> Element:
        if isinstance(element, CommandElement) and element.package:
            return replace(element, package=tuple(self.resolve(element.package)))
        if isinstance(element, Section) and element.type == ElementType.SECTION_FULL:
            return self._section(element)
        return element

    def _section(self, section: Section) -> Section:
        entry = self._finder.find(section.idstr, section.instance_id)
        body = section.body
        if entry is None or not isinstance(body, DeviceBody) or body.value is not None or not section.complete:
            return section
        codec = Codec(schema_of(entry))
        try:
            return replace(section, body=DeviceBody(body.data, codec.decode(body.data), codec, entry))
        except DecodeError as error:
            fitted = stretched(entry, body.data)
            if fitted is None:
                self._note(error, section)
            return section if fitted is None else replace(section, body=fitted)

    def _note(self, error: DecodeError, section: Section) -> None:
        """Remember that a device does not fit its description, unless that is known."""
        path = section_path(section.idstr, section.instance_id)
        if not any(known.startswith(path) for known in self._known):
            self._findings.append(shifted(error, section.body_span.position, path))
