"""A whole stream: the same by file and by pipe, written back byte for byte, with all that is wrong on record."""

from __future__ import annotations

import mmap
import os
import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.protocols.vmstate.building import (
    COMMANDS,
    EOF,
    OTHER,
    SIMPLE,
    Device,
    command,
    compressed,
    configuration,
    described,
    description,
    description_text,
    end,
    field,
    full,
    header,
    join,
    package,
    page,
    part,
    ram_blocks,
    ram_end,
    ram_flush,
    read_piped,
    rich_stream,
    start,
    subsection,
    vmsd,
    written,
    xbzrle,
    zero,
)
from wireformat.protocols.vmstate.assembly import assemble
from wireformat.protocols.vmstate.decoder import StreamDecoder
from wireformat.protocols.vmstate.document import documents
from wireformat.protocols.vmstate.elements import CommandElement, EndElement, TrailingElement
from wireformat.protocols.vmstate.messages import CommandCode, ElementType
from wireformat.protocols.vmstate.stream import Stream, StreamCollector, flattened, own_description, read_stream

WHOLE = bool(os.environ.get("WIREFORMAT_SOAK"))
EXAMPLES = 40 * (10 if WHOLE else 1)
pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)] if WHOLE else []
RICH = rich_stream()


def both_ways(stream: Stream) -> tuple[bytes, bytes]:
    """What a stream is written back to, and what its JSON is."""
    return written(stream), b"".join(assemble(documents(stream, "base64")))


def test_what_a_stream_holds() -> None:
    stream = read_stream(RICH)
    assert stream.configuration is not None
    assert (stream.configuration.name, stream.configuration.uuid) == ("rich", bytes(range(16)))
    assert [section.idstr for section in stream.sections()] == ["ram", "ram", "simple", "0000:00:01.0/other"]
    assert {device.key: device.body.value for device in stream.devices()} == {
        "simple": {"a": 7, "b": 255},
        "0000:00:01.0/other@1": {"values": (1, 2, 3), "items": ({"n": 5},), "other/extra": {"flag": 1}},
    }
    assert (stream.findings, stream.fault) == ((), None)
    assert both_ways(stream) == (RICH, RICH)


def test_a_mapped_file_is_read_as_bytes_are() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(RICH)
        file.flush()
        content = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        stream = read_stream(content)
        assert (stream.elements, stream.content) == (read_stream(RICH).elements, content)


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_pipe_gives_the_same(size: int) -> None:
    """Devices come before their description there, and get their fields at the end."""
    piped, whole = read_piped(RICH, size), read_stream(RICH)
    assert piped.elements == whole.elements
    assert list(piped.ram.runs) == list(whole.ram.runs)
    assert (piped.content, piped.description) == (None, whole.description)


@pytest.mark.requirement("VM-120")
def test_devices_in_a_package_get_their_fields() -> None:
    inner = command(CommandCode.POSTCOPY_LISTEN), SIMPLE.section(1), command(CommandCode.POSTCOPY_RUN)
    data = join(header(), configuration(), package(*inner), EOF)
    for stream in (read_stream(data, learnt=described(SIMPLE)), read_piped(data, 5, described(SIMPLE))):
        assert [device.body.value for device in stream.devices()] == [{"a": 7, "b": 255}]
    assert both_ways(read_stream(data)) == (data, data)
    kinds = [type(element).__name__ for element in flattened(read_stream(data).elements)]
    assert kinds == [
        "HeaderElement",
        "ConfigurationElement",
        "CommandElement",
        "CommandElement",
        "Section",
        "CommandElement",
        "EndElement",
    ]


@pytest.mark.requirement("VM-119")
def test_a_learnt_description_that_does_not_fit() -> None:
    wrong = Device("simple", vmsd("simple", field("a", "uint16", 2)), b"\0\0")
    data = join(header(), configuration(), SIMPLE.section(1), EOF)
    stream = read_stream(data, learnt=described(wrong))
    assert next(stream.devices()).body.data == SIMPLE.body
    assert [error.path for error in stream.problems()] == ["devices.simple.footer"]
    assert written(stream) == data


def test_the_own_description_comes_before_a_learnt_one() -> None:
    wrong = Device("simple", vmsd("simple", field("a", "uint16", 2)), b"\0\0")
    stream = read_stream(RICH, learnt=described(wrong))
    assert stream.problems() == []
    assert stream.description is not None
    assert len(stream.description.devices) == 2


@pytest.mark.parametrize("fill", [1, 511, 100_000])
def test_zero_fill_behind_a_snapshot(fill: int) -> None:
    data = RICH + bytes(fill)
    stream = read_stream(data)
    assert isinstance(stream.elements[-1], TrailingElement)
    assert stream.elements[-1].span.size == fill
    assert [device.body.value is None for device in stream.devices()] == [False, False]
    assert both_ways(stream) == (data, data)


def test_zero_fill_behind_a_stream_without_a_description() -> None:
    data = join(header(), configuration(), SIMPLE.section(1), EOF, bytes(512))
    stream = read_stream(data)
    assert stream.problems() == []
    assert [type(element) for element in stream.elements[-2:]] == [EndElement, TrailingElement]
    assert both_ways(stream) == (data, data)


@pytest.mark.parametrize("data", [b"", b"QE", b"nonsense", header(2), header() + b"\x55rest", RICH[:700], RICH[:-30]])
def test_what_comes_behind_a_fault_is_kept(data: bytes) -> None:
    """A fault ends decoding, and no byte is lost."""
    stream = read_stream(data)
    assert stream.fault is not None
    assert sum(element.span.size for element in stream.elements) == len(data)
    assert both_ways(stream) == (data, data)


def test_problems_come_in_the_order_of_their_places() -> None:
    wrong = Device("w", vmsd("w", field("a", "uint8", 1)), b"\7\7\7")
    data = join(header(), configuration(), wrong.section(1), wrong.section(2), EOF, description(wrong))
    stream = read_stream(data[:-1] + b"]")
    offsets = [error.offset or 0 for error in stream.problems()]
    assert offsets == sorted(offsets)


def test_own_description() -> None:
    assert own_description(RICH + bytes(77)) is not None
    assert own_description(RICH[:-1]) is None
    assert own_description(b"") is None
    assert own_description(b"\6\0\0\0\2{}") is None


def test_a_collector_says_when_it_is_hungry() -> None:
    decoder = StreamDecoder()
    collector = StreamCollector(decoder)
    decoder.receive_data(RICH[:20])
    assert [collector.advance(), collector.advance(), collector.hungry] == [True, False, True]
    decoder.receive_data(RICH[20:])
    decoder.end_of_input()
    while collector.advance():
        pass
    assert (collector.hungry, len(collector.elements)) == (False, len(read_stream(RICH).elements))


def test_a_collector_keeps_a_fault() -> None:
    decoder = StreamDecoder()
    collector = StreamCollector(decoder)
    decoder.receive_data(b"nonsense")
    assert (collector.advance(), collector.hungry) == (False, False)
    fault = collector.finish().fault
    assert fault is not None
    assert fault.id == "vmstate/magic"


def test_a_package_that_shrank_is_counted_anew() -> None:
    """PACKAGED's length follows from what it holds."""
    data = join(header(), configuration(), package(command(CommandCode.PING), command(CommandCode.POSTCOPY_RUN)), EOF)
    objects = list(documents(read_stream(data), "base64"))
    carrier = next(one for one in objects if "package" in one)
    del carrier["package"][0]
    expected = join(header(), configuration(), package(command(CommandCode.POSTCOPY_RUN)), EOF)
    assert b"".join(assemble(objects)) == expected


# Any stream.


def numbers(bits: int) -> st.SearchStrategy[int]:
    """Unsigned numbers."""
    return st.integers(0, (1 << bits) - 1)


@st.composite
def devices(draw: st.DrawFn, number: int) -> Device:
    """A device with fields of several kinds, perhaps a subsection; sometimes an old-style one."""
    if draw(st.integers(0, 5)) == 0:
        return Device(f"old{number}", None, draw(st.binary(min_size=1, max_size=40)))
    name, fields, body = f"d{number}", [], b""
    for place in range(draw(st.integers(1, 4))):
        size, count = draw(st.sampled_from([1, 2, 4, 8])), draw(st.sampled_from([None, 2, 5]))
        fields.append(field(f"f{place}", f"uint{8 * size}", size, array_len=count))
        body += draw(st.binary(min_size=size * (count or 1), max_size=size * (count or 1)))
    items = draw(st.lists(numbers(16), max_size=3))
    inner = ", ".join([vmsd("item", field("n", "uint16", 2))] * len(items))
    fields.append(field("items", "qtailq", 3 * len(items) + 1, inner))
    body += b"".join(b"\1" + item.to_bytes(2, "big") for item in items) + b"\0"
    extra = draw(st.booleans())
    body += subsection(f"{name}/extra", b"\7") if extra else b""
    listed = [vmsd(f"{name}/extra", field("e", "uint8", 1))] if extra else []
    return Device(name, vmsd(name, *fields, subsections=listed), body, draw(st.sampled_from([0, 0, 1, 0x80000000])))


@st.composite
def records(draw: st.DrawFn, page_size: int, names: list[str], named: bool) -> bytes:
    """Records of RAM; the first names its block unless one was named before."""
    found = []
    for _ in range(draw(st.integers(0, 6))):
        block = draw(st.sampled_from(names)) if not named or draw(st.booleans()) else None
        offset = draw(st.integers(0, 7)) * page_size
        kinds = [
            zero(offset, block),
            zero(offset, block, draw(numbers(8))),
            page(offset, draw(numbers(8)), block, page_size),
            xbzrle(offset, draw(st.binary(min_size=1, max_size=9)), block),
        ]
        kinds += [compressed(offset, bytes(page_size), block)] if page_size >= 1024 else []
        found += [draw(st.sampled_from(kinds)), ram_flush() if page_size >= 1024 and draw(st.booleans()) else b""]
        named = True
    return join(found)


@st.composite
def streams(draw: st.DrawFn, told: bool = False) -> bytes:
    """A whole stream with a description; with `told` the page size is in the configuration too."""
    page_size = draw(st.sampled_from([1024, 4096, 16384]))
    names = draw(st.lists(st.sampled_from(["pc.ram", "a", "/rom@etc/acpi", "ü"]), min_size=1, max_size=3, unique=True))
    found = [draw(devices(number)) for number in range(draw(st.integers(0, 4)))]
    sections = [device.section(20 + number) for number, device in enumerate(found)]
    codes = draw(st.lists(st.sampled_from(list(COMMANDS)), max_size=3))
    machine = draw(st.text("pcq35-ü", max_size=20))
    parts = [part(2, join(zero(0, names[0]), draw(records(page_size, names, named=True)), ram_end()))]
    parts += [part(2, draw(records(page_size, names, named=True)) + ram_end()) for _ in range(draw(st.integers(0, 3)))]
    tail = [*map(command, codes), end(2, ram_end()), *sections]
    return join(
        header(),
        configuration(
            machine,
            bits=draw(st.sampled_from([None, page_size.bit_length() - 1][told:])),
            capabilities=draw(st.sampled_from([(), ("x-unknown",)])),
            uuid=draw(st.none() | st.binary(min_size=16, max_size=16)),
        ),
        start(2, "ram", ram_blocks(*((name, 8 * page_size) for name in names)) + ram_end(), version_id=4),
        start(3, "dirty-bitmap", b"\1"),
        parts,
        [package(*tail)] if draw(st.booleans()) else tail,
        EOF,
        description(*found, page_size=page_size, machine=draw(st.sampled_from([None, machine]))),
    )


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(streams())
def test_any_stream_is_written_back(data: bytes) -> None:
    stream = read_stream(data)
    assert stream.problems() == []
    assert all(device.body.value is not None for device in stream.devices())
    assert both_ways(stream) == (data, data)


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(streams(told=True), st.sampled_from([7, 64, 1000]))
def test_any_stream_may_come_in_pieces(data: bytes, size: int) -> None:
    """The length of the pieces changes nothing, though the description comes last."""
    piped, whole = read_piped(data, size), read_stream(data)
    assert piped.elements == whole.elements
    assert list(piped.ram.runs) == list(whole.ram.runs)


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(streams(told=True), st.data())
def test_any_stream_may_end_anywhere(data: bytes, draw: st.DataObject) -> None:
    cut = data[: draw.draw(st.integers(0, len(data) - 1))]
    stream = read_stream(cut)
    assert stream.fault is None or stream.fault.id in ("truncated", "overrun")
    assert (stream.fault is None) == isinstance(stream.elements[-1] if stream.elements else None, EndElement)
    assert both_ways(stream) == (cut, cut)


def test_section_types_are_kept() -> None:
    kinds = {section.type for section in read_stream(RICH).sections()}
    assert kinds == {ElementType.SECTION_START, ElementType.SECTION_END, ElementType.SECTION_FULL}


def test_a_description_for_another_machine_is_not_needed_for_the_frame() -> None:
    """Footers alone carry a decoder over devices that nobody describes."""
    data = join(header(), configuration(), full(1, "a", b"\xffanything"), full(2, "b", b""), EOF)
    stream = read_stream(data)
    assert [device.body.data for device in stream.devices()] == [b"\xffanything", b""]
    assert stream.problems() == []


def test_the_text_of_the_description_is_kept() -> None:
    stream = read_stream(RICH)
    assert stream.description is not None
    assert stream.description.text == description_text(SIMPLE, OTHER, page_size=256)


def test_commands_are_found_anywhere() -> None:
    commands = [one for one in flattened(read_stream(RICH).elements) if isinstance(one, CommandElement)]
    assert [one.command.command for one in commands] == [CommandCode.PING, CommandCode.SWITCHOVER_START]
