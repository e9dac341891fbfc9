"""Bytes in, elements out: the same whatever their portions, and an error only where nothing can follow."""

from __future__ import annotations

import re

import pytest

from tests.protocols.vmstate.building import (
    COMMANDS,
    EOF,
    OTHER,
    SIMPLE,
    command,
    configuration,
    described,
    description,
    end,
    events,
    full,
    header,
    join,
    package,
    page,
    part,
    pieces,
    ram_blocks,
    ram_end,
    ram_finish,
    ram_part,
    ram_start,
    rich_stream,
    start,
    zero,
)
from wireformat.codec import NEED_DATA
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.decoder import StreamDecoder
from wireformat.protocols.vmstate.elements import (
    CommandElement,
    ConfigurationElement,
    DescriptionElement,
    DeviceBody,
    Element,
    EndElement,
    HeaderElement,
    RamParts,
    Section,
    TrailingElement,
)
from wireformat.protocols.vmstate.messages import CommandCode, ElementType, Packaged, PageSizes, PostcopyAdvise

PAGE_SIZE = 4096
RICH = rich_stream(PAGE_SIZE)
DESCRIPTION_AT = RICH.index(b'{"page_size') - 5
PAGES = re.finditer(re.escape(bytes(range(256)) * (PAGE_SIZE // 256)), RICH)
INSIDE_PAGES = {size for match in PAGES for size in range(match.start() + 1, match.end() - 1)}
CUTS = [size for size in range(DESCRIPTION_AT) if size not in INSIDE_PAGES]
"""Every place before the description where a stream can be cut, but for the insides of pages."""


def fault(data: bytes) -> DecodeError:
    """The error that a stream ends with."""
    with pytest.raises(DecodeError) as caught:
        events(data)
    return caught.value


def fed(data: bytes, size: int) -> list[Element]:
    """The elements of a stream that comes in pieces, taken as soon as they are there."""
    decoder, found = StreamDecoder(), list[Element]()
    for piece in [*pieces(data, size), None]:
        if piece is None:
            decoder.end_of_input()
        else:
            decoder.receive_data(piece)
        while (event := decoder.next_event()) is not NEED_DATA and event is not None:
            found.append(event)  # type: ignore[arg-type]
    assert decoder.next_event() is None
    return found


def test_the_kinds_of_elements_in_order() -> None:
    assert [type(element) for element in events(RICH)] == [
        HeaderElement,
        ConfigurationElement,
        Section,
        CommandElement,
        RamParts,
        CommandElement,
        Section,
        Section,
        Section,
        EndElement,
        DescriptionElement,
    ]


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
def test_pieces_make_no_difference(size: int) -> None:
    assert fed(RICH, size) == events(RICH)


def test_every_cut_is_waited_for_and_then_truncated() -> None:
    """NEED_DATA while more may come; when none does, `truncated` at the end, or the stream was whole."""
    for size in CUTS:
        decoder = StreamDecoder()
        decoder.receive_data(RICH[:size])
        while (event := decoder.next_event()) is not NEED_DATA:
            assert event is not None
        decoder.end_of_input()
        with pytest.raises(DecodeError) as caught:
            list(iter(decoder.next_event, None))
        assert caught.value.id == "truncated", size
        assert caught.value.offset is not None
        assert caught.value.offset <= size


def test_a_stream_may_end_behind_eof() -> None:
    kinds = [type(element) for element in events(RICH[:DESCRIPTION_AT])]
    assert kinds[-1] is EndElement


def test_cuts_of_the_description_are_truncated() -> None:
    sizes = [*range(DESCRIPTION_AT + 1, DESCRIPTION_AT + 7), *range(DESCRIPTION_AT + 7, len(RICH), 50), len(RICH) - 1]
    assert {fault(RICH[:size]).id for size in sizes} == {"truncated"}


def test_elements_come_as_soon_as_they_are_complete() -> None:
    """The header is handed out before anything of the rest has been seen."""
    decoder = StreamDecoder()
    decoder.receive_data(RICH[:8])
    assert isinstance(decoder.next_event(), HeaderElement)
    assert decoder.next_event() is NEED_DATA


@pytest.mark.parametrize("data", [b"QEV", b"Q", b""])
def test_an_input_shorter_than_the_magic(data: bytes) -> None:
    assert fault(data).id == "truncated"


@pytest.mark.parametrize("data", [b"\x11\x22\x33\x44", b"QFI\xfb", b"X", b"QEVX" + bytes(20)])
def test_another_magic(data: bytes) -> None:
    error = fault(data)
    assert (error.id, error.path, error.offset) == ("vmstate/magic", "header.magic", 0)
    assert (error.expected, error.actual) == ("5145564d", data[:4].hex())


@pytest.mark.parametrize(("version", "told"), [(2, True), (1, False), (4, False), (0x03000000, False)])
def test_another_version(version: int, told: bool) -> None:
    error = fault(header(version) + bytes(20))
    assert (error.id, error.offset, error.actual) == ("vmstate/version", 4, version)
    assert ("before 2009" in error.detail) == told


ILLEGAL = {
    "unknown type": (b"\x55", "type 0x55 is unknown"),
    "subsection": (b"\5" + bytes(40), "type 0x05 is unknown"),
    "footer": (b"\x7e\0\0\0\1", "type 0x7e is unknown"),
    "description before the end": (description(), "description is not legal"),
}


@pytest.mark.parametrize(("data", "text"), ILLEGAL.values(), ids=ILLEGAL)
def test_what_may_not_stand_among_the_elements(data: bytes, text: str) -> None:
    error = fault(header() + configuration() + data)
    assert (error.id, error.offset) == ("vmstate/element", 8 + len(configuration()))
    assert text in error.detail


def test_a_second_configuration() -> None:
    assert "configuration is not legal in state elements" in fault(header() + configuration() * 2 + EOF).detail


@pytest.mark.requirement("VM-136")
@pytest.mark.parametrize("inner", [EOF, configuration(), description()])
def test_what_may_not_stand_in_a_package(inner: bytes) -> None:
    error = fault(header() + package(inner) + EOF)
    assert (error.id, error.offset) == ("vmstate/element", 17)


@pytest.mark.requirement("VM-136")
def test_a_package_holds_elements() -> None:
    inner = command(CommandCode.POSTCOPY_LISTEN), SIMPLE.section(3), command(CommandCode.POSTCOPY_RUN)
    elements = events(header() + package(*inner) + EOF)
    carrier = elements[1]
    assert isinstance(carrier, CommandElement)
    assert carrier.package is not None
    assert [type(element) for element in carrier.package] == [CommandElement, Section, CommandElement]
    assert (carrier.span.position, carrier.span.size) == (8, len(package(*inner)))


def test_an_empty_package() -> None:
    carrier = events(header() + package() + EOF)[1]
    assert isinstance(carrier, CommandElement)
    assert carrier.package == ()


@pytest.mark.requirement("VM-137")
def test_a_package_in_a_package() -> None:
    error = fault(header() + package(package(command(CommandCode.PING))) + EOF)
    assert (error.id, error.offset) == ("depth", 17)


@pytest.mark.requirement("VM-136")
def test_an_element_across_the_end_of_its_package() -> None:
    ping = command(CommandCode.PING)
    shorter = command(CommandCode.PACKAGED, Packaged(size=len(ping) - 1))
    error = fault(header() + shorter + ping + EOF)
    assert (error.id, error.offset) == ("overrun", 8 + 9 + len(ping) - 1)


def test_parts_that_follow_each_other_are_one_element() -> None:
    data = join(
        header(), configuration(bits=12), ram_start(("a", 1 << 16)), ram_part(zero(0, "a")), ram_part(), ram_finish()
    )
    parts = [element for element in events(data + EOF) if isinstance(element, RamParts)]
    assert len(parts) == 1
    assert (parts[0].body.stop - parts[0].body.start, parts[0].complete) == (3, True)


def test_parts_of_two_sections_are_two() -> None:
    """Fails when the second is written back under the first one's number."""
    opening = join(start(n, "ram", ram_blocks(("a", 4096)) + ram_end()) for n in (1, 2))
    data = join(header(), configuration(), opening, part(1, ram_end()), part(2, ram_end()), end(1, ram_end()), EOF)
    parts = [element for element in events(data) if isinstance(element, RamParts)]
    assert [one.section_id for one in parts] == [1, 2]


@pytest.mark.parametrize("code", COMMANDS)
def test_every_command(code: CommandCode) -> None:
    element = events(header() + command(code) + EOF)[1]
    assert isinstance(element, CommandElement)
    assert (element.command.command, element.command.body) == (code, COMMANDS[code])
    assert element.package is None


@pytest.mark.parametrize("code", [0, 12, 0xFFFF])
def test_an_unknown_command(code: int) -> None:
    error = fault(header() + b"\x08" + code.to_bytes(2, "big") + b"\0\0" + EOF)
    assert (error.id, error.path) == ("tag", "command.body")


@pytest.mark.parametrize(
    ("code", "payload", "id"),
    [
        (1, b"x", "trailing"),
        (2, b"xxx", "overrun"),
        (2, b"xxxxx", "trailing"),
        (3, bytes(8), "overrun"),
        (6, b"\1\1a\0", "constant"),
        (10, b"\5abc", "overrun"),
    ],
)
def test_a_command_of_another_length(code: int, payload: bytes, id: str) -> None:
    data = b"\x08" + code.to_bytes(2, "big") + len(payload).to_bytes(2, "big") + payload
    assert fault(header() + data + EOF).id == id


class TestPageSize:
    """What tells the target page size, and what cannot be one."""

    def test_of_the_configuration(self) -> None:
        decoder = StreamDecoder()
        events(header() + configuration(bits=14) + EOF, decoder)
        assert decoder.ram.page_size == 16384

    @pytest.mark.parametrize("bits", [0, 7, 17, 63, 64, 0xFFFFFFFF])
    def test_impossible_ones(self, bits: int) -> None:
        error = fault(header() + configuration(bits=bits) + EOF)
        assert (error.id, error.path) == ("vmstate/page-size", "configuration.target_page_bits")

    def test_of_postcopy(self) -> None:
        decoder = StreamDecoder()
        events(header() + advise(0x202000, 8192) + EOF, decoder)
        assert decoder.ram.page_size == 8192

    @pytest.mark.parametrize("size", [0, 1, 5, 4095, 1 << 17, (1 << 64) - 1])
    def test_impossible_ones_of_postcopy(self, size: int) -> None:
        error = fault(header() + advise(4096, size) + EOF)
        assert (error.id, error.path, error.offset) == ("vmstate/page-size", "command.body", 8)

    def test_known_beforehand(self) -> None:
        assert StreamDecoder(page_size=1024).ram.page_size == 1024
        assert StreamDecoder(description=described(SIMPLE)).ram.page_size == 4096


def advise(blocks: int, target: int) -> bytes:
    """POSTCOPY_ADVISE."""
    sizes = PageSizes(block_page_sizes=blocks, target_page_size=target)
    return command(CommandCode.POSTCOPY_ADVISE, PostcopyAdvise(page_sizes=(sizes,)))


def test_a_description_that_is_none_is_noted() -> None:
    decoder = StreamDecoder()
    elements = events(header() + configuration() + EOF + b"\6\0\0\0\2{]", decoder)
    assert isinstance(elements[-1], DescriptionElement)
    (finding,) = decoder.findings
    position = 8 + len(configuration()) + 1 + 5
    assert (finding.id, finding.offset, decoder.description) == ("vmstate/description", position, None)


def test_bytes_behind_the_stream() -> None:
    elements = events(RICH + bytes(100))
    assert isinstance(elements[-1], TrailingElement)
    assert (elements[-1].span.position, elements[-1].span.size) == (len(RICH), 100)


def test_devices_are_decoded_on_the_way_by_a_description_known_beforehand() -> None:
    data = join(header(), configuration(), SIMPLE.section(1), OTHER.section(2), EOF)
    decoder = StreamDecoder(description=described(SIMPLE, OTHER))
    sections = [element for element in events(data, decoder) if isinstance(element, Section)]
    bodies = [section.body for section in sections if isinstance(section.body, DeviceBody)]
    assert [body.value for body in bodies] == [
        {"a": 7, "b": 255},
        {"values": (1, 2, 3), "items": ({"n": 5},), "other/extra": {"flag": 1}},
    ]


class TestUnfinished:
    """What was read of elements that do not end."""

    def test_a_section(self) -> None:
        decoder = StreamDecoder()
        data = join(header(), configuration(bits=12), ram_start(("a", 1 << 16)), ram_part(page(0, 1, "a")))[:-13]
        with pytest.raises(DecodeError):
            events(data, decoder)
        (parts,) = decoder.unfinished()
        assert isinstance(parts, RamParts)
        assert (parts.complete, parts.body.stop - parts.body.start) == (False, 2)

    def test_a_package(self) -> None:
        decoder = StreamDecoder()
        inner = command(CommandCode.PING) + full(1, "dev", b"\xff" * 9)
        with pytest.raises(DecodeError):
            events((header() + package(inner))[:-6], decoder)
        (carrier,) = decoder.unfinished()
        assert isinstance(carrier, CommandElement)
        assert (carrier.complete, [type(one) for one in carrier.package or ()]) == (False, [CommandElement, Section])

    def test_nothing(self) -> None:
        decoder = StreamDecoder()
        events(RICH, decoder)
        assert decoder.unfinished() == []


def test_a_section_type_is_kept() -> None:
    kinds = [element.type for element in events(RICH) if isinstance(element, Section)]
    assert kinds == [ElementType.SECTION_START, ElementType.SECTION_END] + [ElementType.SECTION_FULL] * 2
