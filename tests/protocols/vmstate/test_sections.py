"""One section at a time: its body is read by what knows it, and a body that does not fit hides no other section."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.building import (
    EOF,
    PAGE_SIZE,
    SIMPLE,
    Device,
    configuration,
    described,
    description,
    end,
    field,
    full,
    header,
    join,
    page,
    part,
    ram_blocks,
    ram_end,
    ram_finish,
    ram_part,
    ram_start,
    read_piped,
    start,
    struct,
    vmsd,
    written,
    zero,
)
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.elements import DeviceBody, RamBody, RecordsBody, Section
from wireformat.protocols.vmstate.encoder import footer_bytes, ram_word
from wireformat.protocols.vmstate.messages import ElementType
from wireformat.protocols.vmstate.ram import PAGE
from wireformat.protocols.vmstate.stream import Stream, read_stream

AFTER = Device("after", vmsd("after", field("n", "uint8", 1)), b"\x63")


def read(*elements: bytes, machine: str = "pc") -> Stream:
    """A stream of these elements; it must be written back as it was."""
    data = join(header(), configuration(machine), elements)
    stream = read_stream(data)
    assert written(stream) == data
    return stream


def problem(stream: Stream) -> DecodeError:
    """The only thing that is wrong."""
    (error,) = stream.problems()
    return error


def values(stream: Stream) -> dict[str, object]:
    """The devices' values, or their bytes."""
    return {device.key: device.body.value or device.body.data for device in stream.devices()}


def test_what_a_header_says() -> None:
    section = next(read(full(7, "dev", b"xyz", instance_id=3, version_id=9), EOF).sections())
    assert section == Section(
        section.span, ElementType.SECTION_FULL, 7, "dev", 3, 9, DeviceBody(b"xyz"), section.body_span
    )
    assert (section.span.size, section.body_span.size) == (1 + 4 + 4 + 4 + 4 + 3 + 5, 3)


class TestUnknown:
    """Sections that must be known, or named."""

    @pytest.mark.parametrize("section", [part(9, b"x"), end(9, b"x")])
    def test_one_that_nothing_introduced(self, section: bytes) -> None:
        error = problem(read(section, EOF))
        assert (error.id, error.offset) == ("vmstate/section", 8 + len(configuration()))
        assert "section 9, which no START introduced" in error.detail

    def test_one_without_a_name(self) -> None:
        assert problem(read(full(1, "", b""), EOF)).id == "vmstate/section"

    def test_one_that_full_introduced(self) -> None:
        stream = read(full(1, "dev", b"a"), part(1, b"bc"), EOF)
        assert [section.body for section in stream.sections()] == [DeviceBody(b"a"), DeviceBody(b"bc")]
        assert stream.problems() == []

    def test_a_name_that_is_no_text(self) -> None:
        assert problem(read(full(1, "dev", b"").replace(b"dev", b"d\xffv"), EOF)).path == "section.idstr"


class TestFooter:
    """The only check of a section's length."""

    @pytest.mark.requirement("VM-038", "VM-039", "VM-119")
    @pytest.mark.parametrize("footer", [footer_bytes(5), b"\x7d\0\0\0\4", b"\0\0\0\0\0"])
    def test_a_wrong_one(self, footer: bytes) -> None:
        """A device that its description explains, but whose footer is another: found out, and the rest is lost."""
        section = SIMPLE.section(4, footer=False) + footer
        error = read(section, EOF, description(SIMPLE)).problems()[0]
        assert (error.id, error.path) == ("vmstate/footer", "devices.simple.footer")
        assert (error.expected, error.actual) == (footer_bytes(4).hex(), footer.hex())

    @pytest.mark.requirement("VM-038")
    def test_none_on_old_machines(self) -> None:
        data = join(
            header(),
            ram_start(("a", 8192), footer=False),
            ram_part(zero(0, "a"), footer=False),
            ram_finish(zero(PAGE_SIZE), footer=False),
            SIMPLE.section(3, footer=False),
            AFTER.section(4, footer=False),
            EOF,
        )
        stream = read_stream(data + description(SIMPLE, AFTER))
        assert (stream.problems(), {section.footer for section in stream.sections()}) == ([], {False})
        assert values(stream) == {"simple": {"a": 7, "b": 255}, "after": {"n": 0x63}}
        alone = read_stream(data, page_size=PAGE_SIZE)
        assert (alone.problems(), values(alone)) == ([], {"simple": b"\0\0\0\7\xff", "after": b"\x63"})
        assert written(alone) == data

    def test_without_footers_a_body_that_is_too_short_shows(self) -> None:
        """What its description leaves over is no element."""
        longer = full(3, "simple", SIMPLE.body + b"\xff\xff", footer=False)
        stream = read_stream(join(header(), ram_start(footer=False), longer, EOF, description(SIMPLE)))
        assert problem(stream).id == "vmstate/border"
        assert values(stream) == {"simple": SIMPLE.body + b"\xff\xff"}


class TestWrongDescriptions:
    """A device that does not fit is kept as bytes; the finding names it and the others are not concerned."""

    @pytest.mark.requirement("VM-095", "VM-119")
    @pytest.mark.parametrize(
        ("fields", "id", "path"),
        [
            ([field("a", "uint32", 4)], "vmstate/footer", "devices.wrong.footer"),
            ([field("a", "buffer", 6)], "vmstate/footer", "devices.wrong.footer"),
            ([field("a", "buffer", 7)], "vmstate/footer", "devices.wrong.footer"),
            ([field("a", "qtailq", 5, vmsd("i", field("n", "uint8", 1)))], "constant", "devices.wrong.a"),
            ([field("a", "buffer", 1 << 31)], "limit", "devices.wrong.a"),
            ([field("a", "uint8", 1, array_len=1 << 31)], "limit", "devices.wrong.a"),
        ],
    )
    def test_fields_that_do_not_fit(self, fields: list[str], id: str, path: str) -> None:
        wrong = Device("wrong", vmsd("wrong", *fields), b"\7\0\0\0\7")
        stream = read(SIMPLE.section(3), wrong.section(4), AFTER.section(5), EOF, description(SIMPLE, wrong, AFTER))
        assert values(stream) == {"simple": {"a": 7, "b": 255}, "wrong": wrong.body, "after": {"n": 0x63}}
        error = problem(stream)
        assert error.id == id
        assert error.path.startswith(path.removesuffix(".footer"))

    def test_the_same_by_pipe(self) -> None:
        wrong = Device("wrong", vmsd("wrong", field("a", "uint16", 2)), b"\7\0\0\0\7")
        data = join(header(), configuration(), wrong.section(4), AFTER.section(5), EOF, description(wrong, AFTER))
        stream = read_piped(data, 11)
        assert values(stream) == {"wrong": wrong.body, "after": {"n": 0x63}}
        assert problem(stream).path == "devices.wrong"

    def test_a_device_that_is_not_described(self) -> None:
        stream = read(SIMPLE.section(3), AFTER.section(4), EOF, description(AFTER))
        assert values(stream) == {"simple": SIMPLE.body, "after": {"n": 0x63}}
        assert stream.problems() == []

    @pytest.mark.requirement("VM-119")
    def test_an_array_that_is_longer_than_described(self) -> None:
        """NULL first, an element later: the end of the section tells [qemu-stream 4.3]."""
        css = Device(
            "css",
            vmsd("css", field("css", "struct", 1, '"struct": {}', array_len=4), field("z", "uint8", 1)),
            b"00" + b"element" + b"0" + b"\7",
        )
        stream = read(css.section(4), AFTER.section(5), EOF, description(css, AFTER))
        assert values(stream)["css"] == {"css": b"00element0", "z": 7}
        assert stream.problems() == []


class TestDuplicates:
    """Sections of one name and instance are described in their order."""

    @pytest.mark.requirement("VM-032", "VM-091", "VM-114")
    def test_each_gets_its_own(self) -> None:
        first = Device("ide", vmsd("ide", field("a", "uint8", 1)), b"\1")
        second = Device("ide", vmsd("ide", field("b", "uint16", 2)), b"\0\2")
        other = Device("ide", vmsd("ide", field("c", "uint8", 1)), b"\3", instance_id=1)
        stream = read(first.section(1), other.section(2), second.section(3), EOF, description(first, other, second))
        assert values(stream) == {"ide": {"a": 1}, "ide@1": {"c": 3}, "ide#1": {"b": 2}}

    def test_the_last_description_serves_all_further_ones(self) -> None:
        stream = read(AFTER.section(1), AFTER.section(2), AFTER.section(3), EOF, description(AFTER))
        assert values(stream) == {"after": {"n": 0x63}, "after#1": {"n": 0x63}, "after#2": {"n": 0x63}}


class TestRamThatDoesNotFit:
    """RAM that cannot be read ends at its footer."""

    def test_the_rest_is_read(self) -> None:
        broken = ram_part(zero(0, "a"), ram_word(0, PAGE | 4), b"\xff" * 50)
        stream = read(ram_start(("a", 8192)), broken, SIMPLE.section(4), EOF, description(SIMPLE))
        error = problem(stream)
        assert (error.id, error.path) == ("vmstate/ram-flags", "ram")
        assert values(stream) == {"simple": {"a": 7, "b": 255}}
        assert [run.count for run in stream.ram.runs][-1] == 1

    def test_a_cut_inside(self) -> None:
        stream = read(ram_start(("a", 8192)), ram_part(page(0, 1, "a"), page(PAGE_SIZE, 2))[:-100])
        assert stream.fault is not None
        assert stream.fault.need_more


@pytest.mark.requirement("VM-036")
def test_an_end_may_come_twice() -> None:
    """Bitmap-only postcopy sends END of `ram` two times [qemu-stream 1.2]."""
    stream = read(ram_start(("a", 8192)), ram_finish(), ram_finish(), EOF)
    assert stream.problems() == []
    kinds = [section.type for section in stream.sections()]
    assert kinds == [ElementType.SECTION_START, ElementType.SECTION_END, ElementType.SECTION_END]


def test_the_body_follows_the_name() -> None:
    stream = read(
        start(1, "dirty-bitmap", b"\1"),
        start(2, "ram", ram_blocks(("a", 4096)) + ram_end()),
        start(3, "unknown", b"anything"),
        full(4, "dirty-bitmap", b"\1"),
        EOF,
    )
    assert [type(section.body) for section in stream.sections()] == [RecordsBody, RamBody, DeviceBody, DeviceBody]
    assert stream.problems() == []


def test_a_struct_of_nothing_is_no_array_of_unknown_length() -> None:
    device = Device("d", vmsd("d", field("s", "struct", 0, struct(vmsd("none"))), field("n", "uint8", 1)), b"\5")
    assert values(read(device.section(1), EOF, description(device))) == {"d": {"s": {}, "n": 5}}


@pytest.mark.requirement("VM-120")
def test_a_description_known_beforehand_helps_where_there_is_none() -> None:
    data = join(header(), configuration(), SIMPLE.section(1), EOF)
    assert values(read_stream(data)) == {"simple": SIMPLE.body}
    assert values(read_stream(data, learnt=described(SIMPLE))) == {"simple": {"a": 7, "b": 255}}
