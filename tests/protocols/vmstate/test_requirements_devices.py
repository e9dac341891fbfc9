"""Requirements of `spec/protocols/vmstate.md` on bitmaps, device state and its description, kept and broken."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocols.vmstate import crafted
from tests.protocols.vmstate.building import (
    EOF,
    SIMPLE,
    Device,
    command,
    configuration,
    described,
    description,
    end,
    field,
    full,
    header,
    join,
    package,
    ram_finish,
    ram_start,
    start,
    struct,
    subsection,
    vmsd,
)
from wireformat.codec import Codec
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.iterative import MAX_BITMAP_BUFFER, BitmapChunk
from wireformat.protocols.vmstate.layout import schema_of
from wireformat.protocols.vmstate.messages import CommandCode, PostcopyAdvise
from wireformat.protocols.vmstate.state import device_state
from wireformat.protocols.vmstate.stream import Stream, read_stream
from wireformat.protocols.vmstate.strict import findings

FRONT = join(header(), configuration())


def read(*sections: bytes, behind: bytes = b"") -> Stream:
    """A stream of these sections."""
    return read_stream(join(FRONT, sections, EOF, behind))


def found(stream: Stream) -> list[tuple[str, str, int | None]]:
    """Id, path and offset of everything that is wrong."""
    return [(error.id, error.path, error.offset) for error in findings(stream)]


def device(*fields: str, body: bytes = b"", subsections: tuple[str, ...] = (), version_id: int = 1) -> Device:
    """A device `d`."""
    return Device("d", vmsd("d", *fields, subsections=subsections), body, version_id=version_id)


def alone(one: Device) -> Stream:
    """A stream of one device and its description."""
    return read(one.section(1), behind=description(one))


def codec(one: Device) -> Codec:
    """The codec of a device's state."""
    return Codec(schema_of(described(one).devices[0]))


def value(stream: Stream) -> dict[str, Any] | None:
    """The value of the only device."""
    (found,) = stream.devices()
    return found.body.value


NAMED = b"\x1c\4disk\3map" + crafted.u32(65536) + b"\1"
"""START of a bitmap with both names."""


def bits(size: int, flags: int = 0x40, names: bytes = b"") -> bytes:
    """A piece of bitmap."""
    return bytes([flags]) + names + crafted.u64(0) + crafted.u32(128) + crafted.u64(size) + bytes(size)


class TestBitmaps:
    """The section `dirty-bitmap`."""

    @pytest.mark.requirement("VM-081")
    def test_a_name_that_is_left_out_is_that_of_the_chunk_before(self) -> None:
        """The node's name is left out, and told by the finding: it came in another section."""
        first = start(3, "dirty-bitmap", NAMED + b"\1")
        stream = read(first, end(3, b"\x24\5other\1"))
        (error,) = findings(stream)
        assert (error.id, error.offset) == ("vmstate/bitmap", len(FRONT + first) + 5)
        assert error.detail == "COMPLETE of bitmap 'other' of 'disk' before its START"

    @pytest.mark.requirement("VM-081")
    def test_names_last_to_a_section_of_another_number(self) -> None:
        first = start(3, "dirty-bitmap", NAMED + b"\1"), end(3, b"\1")
        assert found(read(*first, start(4, "dirty-bitmap", bits(32) + b"\1"), end(4, b"\x20\1"))) == []

    @pytest.mark.requirement("VM-083")
    def test_a_piece_has_a_limit(self) -> None:
        assert MAX_BITMAP_BUFFER == 10240
        opening = start(3, "dirty-bitmap", NAMED + b"\1")
        stream = read(opening, end(3, bits(10240) + b"\1"))
        assert found(stream) == []
        (*_, last) = stream.sections()
        record = last.body.items[0].record  # type: ignore[union-attr]
        assert isinstance(record, BitmapChunk)
        assert len(record.bits or b"") == 10240
        (error,) = read(opening, end(3, bits(10241) + b"\1")).problems()
        assert (error.id, error.path) == ("limit", 'devices["dirty-bitmap"].bits')
        assert error.offset == len(FRONT + opening) + 5 + 1 + 8 + 4


@pytest.mark.requirement("VM-084")
def test_a_hash_table_without_its_last_entry_runs_into_its_footer() -> None:
    chunk = crafted.u32(256) + b"\0\1\0\0" + b"e" * 16
    opening = start(4, "spapr/htab", crafted.u32(21))
    right, wrong = (end(4, crafted.u32(0) + chunk + last) for last in (bytes(8), b""))
    assert found(read(opening, right)) == []
    error = read(opening, wrong).problems()[0]
    assert (error.id, error.path) == ("truncated", 'devices["spapr/htab"].invalid_count')


class TestFields:
    """The fields of a device's state."""

    @pytest.mark.requirement("VM-090")
    def test_they_are_written_in_the_order_of_the_description(self) -> None:
        """Whatever the order of the values; the lengths of arrays are not written."""
        one = device(field("b", "uint8", 1), field("a", "uint16", 2, array_len=2), field("c", "uint8", 1))
        assert codec(one).encode({"a": (2, 3), "c": 4, "b": 1}) == b"\1\0\2\0\3\4"

    @pytest.mark.requirement("VM-091")
    def test_the_version_tells_nothing_of_the_layout(self) -> None:
        short = device(field("a", "uint8", 1), body=b"\7", version_id=3)
        long = device(field("a", "uint8", 1), field("b", "uint16", 2), body=b"\7\0\x08", version_id=3)
        assert [value(alone(one)) for one in (short, long)] == [{"a": 7}, {"a": 7, "b": 8}]

    @pytest.mark.requirement("VM-092")
    def test_less_or_equal_is_not_little_endian(self) -> None:
        assert value(alone(device(field("n", "int32 le", 4), body=b"\0\0\1\2"))) == {"n": 0x102}

    @pytest.mark.requirement("VM-093")
    @pytest.mark.parametrize("byte", [0, 1, 2, 255])
    def test_every_byte_but_zero_is_true(self, byte: int) -> None:
        stream = alone(device(field("t", "bool", 1), body=bytes([byte])))
        assert found(stream) == []
        assert device_state(stream) == {"d (1)": {"t": byte != 0}}

    @pytest.mark.requirement("VM-094")
    @pytest.mark.parametrize(("mark", "place"), [(b"00", None), (b"0\0", 1), (b"10", 0)])
    def test_a_null_element_has_a_mark(self, mark: bytes, place: int | None) -> None:
        runs = field("p", "nullptr", 1, array_len=2), field("p", "uint16", 2), field("p", "nullptr", 1)
        stream = alone(device(*runs, body=mark + b"\0\7" + b"0"))
        at = len(FRONT) + 1 + 4 + 2 + 4 + 4
        assert found(stream) == ([] if place is None else [("constant", f'devices.d.p["0"][{place}]', at + place)])

    @pytest.mark.requirement("VM-094")
    def test_a_null_element_inside_a_subsection(self) -> None:
        inner = vmsd("d/x", field("s", "struct", 1, struct(vmsd("s", field("p", "nullptr", 1)))))
        right, wrong = (device(body=subsection("d/x", mark), subsections=(inner,)) for mark in (b"0", b"1"))
        assert found(alone(right)) == []
        assert [(id, path) for id, path, _ in found(alone(wrong))] == [("constant", 'devices.d["d/x"].s.p')]

    @pytest.mark.requirement("VM-095")
    @pytest.mark.parametrize("data", [b"\2\7\0", b"\1\7\2", b"\xff"])
    def test_a_list_has_no_other_marks(self, data: bytes) -> None:
        lists = device(field("l", "qtailq", 3, vmsd("item", field("n", "uint8", 1))))
        with pytest.raises(DecodeError) as caught:
            codec(lists).decode(data)
        assert (caught.value.id, caught.value.offset) == ("constant", 0 if data[0] != 1 else 2)
        assert codec(lists).encode({"l": ({"n": 7}, {"n": 8})}) == b"\1\7\1\x08\0"


EXTRA = vmsd("d/a", field("n", "uint8", 1)), vmsd("d/b", field("m", "uint8", 1))


class TestSubsections:
    """What may follow the last field of a struct."""

    @pytest.mark.requirement("VM-096")
    def test_a_name_begins_with_that_of_the_description_it_belongs_to(self) -> None:
        other = device(body=subsection("e/a", b"\1"), subsections=(vmsd("e/a", field("n", "uint8", 1)),))
        data = join(FRONT, other.section(1), EOF)
        assert found(read_stream(data + description(other))) == [
            ("vmstate/description", 'description.devices.d["e/a"]', len(data))
        ]

    @pytest.mark.requirement("VM-097")
    @pytest.mark.parametrize("outer", [b"\5\0\0\0\0\0\0\0", b"\5\3t/e\0\0\0", b"\5\3s/f\0\0\0", b"\5\5s/e12\0"])
    def test_a_five_without_such_a_name_is_data_of_what_encloses(self, outer: bytes) -> None:
        inner = vmsd("s", field("x", "uint8", 1), subsections=[vmsd("s/e", field("y", "uint8", 1))])
        fields = field("s", "struct", 1, struct(inner)), field("z", "buffer", 8)
        assert value(alone(device(*fields, body=b"\1" + outer))) == {"s": {"x": 1, "s/e": None}, "z": outer}
        there = join(b"\1", subsection("s/e", b"\2"), outer)
        assert value(alone(device(*fields, body=there))) == {"s": {"x": 1, "s/e": {"y": 2}}, "z": outer}

    @pytest.mark.requirement("VM-098")
    @pytest.mark.parametrize("body", [subsection("d/c", b"\1"), subsection("d/a", b"\1") + subsection("d/aa", b"\1")])
    def test_one_that_is_unknown_is_refused(self, body: bytes) -> None:
        one = device(field("f", "uint8", 1), subsections=EXTRA, body=b"\7" + body)
        stream = alone(one)
        assert value(stream) is None
        ((id, path, offset),) = found(stream)
        assert (id, path) == ("vmstate/footer", "devices.d.footer")
        assert offset == join(FRONT, one.section(1)).rindex(b"\5\4d/aa" if b"aa" in body else b"\5\3d/c")

    @pytest.mark.requirement("VM-099")
    def test_they_are_written_in_the_order_of_their_declaration(self) -> None:
        one = device(field("f", "uint8", 1), subsections=EXTRA)
        inner = subsection("d/a", b"\2"), subsection("d/b", b"\3")
        assert codec(one).encode({"d/b": {"m": 3}, "d/a": {"n": 2}, "f": 1}) == join(b"\1", inner)
        with pytest.raises(DecodeError) as caught:
            codec(one).decode(join(b"\1", inner[::-1]))
        assert (caught.value.id, caught.value.offset) == ("trailing", 1 + len(inner[1]))


MEMORY = ram_start(("pc.ram", 8192)), ram_finish()
RUN = package(command(CommandCode.POSTCOPY_LISTEN), command(CommandCode.POSTCOPY_RUN))
ADVICE = command(CommandCode.POSTCOPY_ADVISE, PostcopyAdvise(page_sizes=()))


class TestDescription:
    """What stands behind EOF."""

    @pytest.mark.requirement("VM-110")
    def test_precopy_has_one_and_postcopy_has_none(self) -> None:
        """A stream that was only prepared for postcopy is precopy still."""
        for behind in (description(), b""):
            assert found(read(ADVICE, *MEMORY, behind=behind)) == []
        data = join(FRONT, ADVICE, MEMORY, RUN, EOF)
        assert found(read_stream(data)) == []
        assert found(read_stream(data + description())) == [("vmstate/description", "description", len(data))]

    @pytest.mark.requirement("VM-111")
    def test_it_follows_the_order_of_the_stream(self) -> None:
        other = device(body=b"")
        sections = SIMPLE.section(1), other.section(2)
        assert found(read(*sections, behind=description(SIMPLE, other))) == []
        at = len(join(FRONT, sections, EOF))
        assert found(read(*sections, behind=description(other, SIMPLE))) == [
            ("vmstate/description", "description.devices.d", at)
        ]

    @pytest.mark.requirement("VM-111")
    def test_it_does_not_list_iterative_sections(self) -> None:
        memory = Device("ram", None, b"1234")
        stream = read(*MEMORY, SIMPLE.section(3), behind=description(memory, SIMPLE))
        assert [(id, path) for id, path, _ in found(stream)] == [("vmstate/description", "description.devices.ram")]

    @pytest.mark.requirement("VM-112")
    def test_it_may_be_missing_or_of_no_use(self) -> None:
        """The devices are kept as bytes, and what stands between is read all the same."""
        for behind in (b"", b"\6\0\0\0\2{]"):
            stream = read(*MEMORY, SIMPLE.section(3), behind=behind)
            assert [one.body.data for one in stream.devices()] == [SIMPLE.body]
            assert [section.idstr for section in stream.sections()] == ["ram", "ram", "simple"]
            assert stream.fault is None

    @pytest.mark.requirement("VM-115")
    def test_a_size_is_that_of_one_element(self) -> None:
        one = device(field("a", "buffer", 3, array_len=2), field("z", "uint8", 1), body=b"abcdef\7")
        assert value(alone(one)) == {"a": (b"abc", b"def"), "z": 7}

    @pytest.mark.requirement("VM-117")
    def test_names_with_brackets_are_fields_of_their_own(self) -> None:
        one = device(field("config[0]", "uint8", 1), field("config[1]", "uint8", 1), body=b"\1\2")
        assert value(alone(one)) == {"config[0]": 1, "config[1]": 2}

    @pytest.mark.requirement("VM-120")
    def test_that_of_another_run_fits_unless_a_subsection_differs(self) -> None:
        """A subsection that is not sent is no obstacle; one that the other run did not send is."""
        both = device(field("f", "uint8", 1), subsections=EXTRA)
        learnt = described(device(field("f", "uint8", 1), subsections=EXTRA[:1]))
        data = [join(b"\1", inner) for inner in ((), (subsection("d/a", b"\2"),), (subsection("d/b", b"\3"),))]
        streams = [read_stream(join(FRONT, full(1, "d", body), EOF), learnt=learnt) for body in data]
        assert [value(stream) for stream in streams] == [{"f": 1, "d/a": None}, {"f": 1, "d/a": {"n": 2}}, None]
        assert [len(stream.problems()) for stream in streams] == [0, 0, 1]
        assert codec(both).decode(data[2]) == {"f": 1, "d/a": None, "d/b": {"m": 3}}
