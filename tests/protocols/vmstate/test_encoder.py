"""Elements back to bytes: made from values, not copied, but for what is not complete."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.protocols.vmstate.building import (
    EOF,
    SIMPLE,
    command,
    compressed,
    configuration,
    description,
    header,
    join,
    package,
    page,
    ram_finish,
    ram_flush,
    ram_part,
    ram_start,
    rich_stream,
    xbzrle,
    zero,
)
from wireformat.protocols.vmstate.elements import (
    CommandElement,
    ConfigurationElement,
    DeviceBody,
    Element,
    RamParts,
    Section,
    Span,
)
from wireformat.protocols.vmstate.encoder import (
    END_OF_BODY,
    StreamEncoder,
    block_name,
    body_size,
    device_bytes,
    element_bytes,
    footer_bytes,
    ram_word,
    section_header,
)
from wireformat.protocols.vmstate.messages import CommandCode, ElementType, Packaged, SectionPart
from wireformat.protocols.vmstate.ram import COMPRESS_PAGE, CONTINUE, EOS, MULTIFD_FLUSH, PAGE, XBZRLE, ZERO
from wireformat.protocols.vmstate.runs import Run
from wireformat.protocols.vmstate.stream import Stream, read_stream

RICH = rich_stream()


def encoded(stream: Stream, *elements: Element) -> bytes:
    """The bytes of elements of a stream."""
    return b"".join(map(bytes, StreamEncoder(stream.ram, stream.content or b"").encode(elements)))


def test_parts_of_elements() -> None:
    assert element_bytes(SectionPart(section_id=2)) == b"\2\0\0\0\2"
    assert footer_bytes(0x01020304) == b"\x7e\1\2\3\4"
    assert ram_word(0x3000, PAGE | CONTINUE) == b"\0\0\0\0\0\0\x30\x28"
    assert ram_word(0, EOS) == END_OF_BODY


def test_every_element_by_itself() -> None:
    stream = read_stream(RICH)
    for element in stream.elements:
        place = element.span
        assert encoded(stream, element) == RICH[place.position : place.position + place.size]


@pytest.mark.parametrize("kind", [ElementType.SECTION_START, ElementType.SECTION_FULL])
def test_a_long_header(kind: ElementType) -> None:
    section = Section(Span(0, 0), kind, 7, "dev", 3, 9, DeviceBody(b""), Span(0, 0))
    assert section_header(section) == bytes([kind]) + b"\0\0\0\7\3dev\0\0\0\3\0\0\0\x09"


@pytest.mark.parametrize("kind", [ElementType.SECTION_PART, ElementType.SECTION_END])
def test_a_short_header(kind: ElementType) -> None:
    section = Section(Span(0, 0), kind, 7, "dev", 3, 9, DeviceBody(b""), Span(0, 0))
    assert section_header(section) == bytes([kind]) + b"\0\0\0\7"


def test_values_are_what_is_encoded() -> None:
    """Fails when the encoder copies the bytes that were decoded."""
    stream = read_stream(RICH)
    device = next(stream.devices())
    body = replace(device.body, value={"a": 9, "b": 8})
    changed = replace(device.section, body=body, section_id=77, footer=False)
    expected = b"\4\0\0\0\x4d\6simple\0\0\0\0\0\0\0\1" + b"\0\0\0\x09\x08"
    assert encoded(stream, changed) == expected
    assert device_bytes(body) == b"\0\0\0\x09\x08"
    assert device_bytes(DeviceBody(b"raw")) == b"raw"


def test_the_configuration_is_encoded_from_its_value() -> None:
    stream = read_stream(RICH)
    element = next(one for one in stream.elements if isinstance(one, ConfigurationElement))
    changed = replace(element, configuration=replace(element.configuration, name="x", uuid=None))
    assert encoded(stream, changed) == configuration("x", bits=8)


def test_the_size_of_a_package_is_computed() -> None:
    data = join(header(), package(command(CommandCode.PING), command(CommandCode.POSTCOPY_RUN)), EOF)
    stream = read_stream(data)
    carrier = next(one for one in stream.elements if isinstance(one, CommandElement))
    assert carrier.package is not None
    changed = replace(carrier, package=carrier.package[1:])
    assert encoded(stream, changed) == package(command(CommandCode.POSTCOPY_RUN))
    assert isinstance(carrier.command.body, Packaged)


def test_what_is_not_complete_is_copied() -> None:
    stream = read_stream(RICH)
    for element in stream.elements:
        if isinstance(element, Section | RamParts | CommandElement):
            place = replace(element, complete=False, span=Span(3, 9))
            assert encoded(stream, place) == RICH[3:12]


RECORDS = {
    "zero": zero(0, "b"),
    "fill": zero(0, "b", 7),
    "plain": page(0, 3, "b"),
    "run": join(page(0, 3, "b"), page(4096, 4), page(8192, 5)),
    "zeros": join(zero(0, "b"), *(zero(4096 * n) for n in range(1, 40))),
    "patch": xbzrle(0, b"\1\1\7", "b"),
    "compressed": compressed(0, bytes(4096), "b"),
    "flush": ram_flush(),
}


@pytest.mark.parametrize("records", RECORDS.values(), ids=RECORDS)
@pytest.mark.parametrize("footer", [True, False])
def test_records(records: bytes, footer: bool) -> None:
    """Between two PARTs, so that each opens and closes at its place."""
    data = join(
        header(),
        configuration(bits=12) if footer else b"",
        ram_start(("a", 1 << 20), ("b", 1 << 20), footer=footer),
        ram_part(footer=footer),
        ram_part(records, zero(0, "a"), footer=footer),
        ram_part(footer=footer),
        ram_finish(footer=footer),
        EOF,
        description(SIMPLE),
    )
    stream = read_stream(data)
    assert stream.problems() == []
    assert encoded(stream, *stream.elements) == data


def test_the_name_of_a_block() -> None:
    ram = read_stream(RICH).ram
    assert block_name(ram, Run(1, PAGE, 0, 1, 0)) == b"\1b"
    assert block_name(ram, Run(1, PAGE | CONTINUE, 0, 1, 0)) == b""
    assert block_name(ram, Run(0, MULTIFD_FLUSH, 0, 1, 0)) == b""


@pytest.mark.parametrize(
    ("flags", "body", "size"),
    [
        (PAGE, b"", 1024),
        (ZERO | CONTINUE, b"\0", 1),
        (XBZRLE, b"\1\1\2", 3 + 258),
        (COMPRESS_PAGE | CONTINUE, b"\0\0\1\0", 4 + 256),
        (MULTIFD_FLUSH, b"", 0),
    ],
)
def test_the_size_of_a_body(flags: int, body: bytes, size: int) -> None:
    assert body_size(memoryview(b"##" + body), flags, 2, 1024) == size
