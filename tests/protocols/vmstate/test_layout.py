"""Every type and list form of a description: what the bytes mean, and the same bytes from the values.

Each case fails when a type is read with another width, sign or framing, or when an array loses an element.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocols.vmstate.building import Device, described, field, join, struct, subsection, vmsd
from wireformat.codec import Codec
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.description import DeviceEntry
from wireformat.protocols.vmstate.layout import (
    MAX_ARRAY,
    merged,
    pieces_of,
    schema_of,
    undescribed,
    undescribed_slack,
)
from wireformat.schema import model

ITEM = vmsd("item", field("n", "uint16", 2))
PAIR = vmsd("pair", field("x", "uint8", 1), field("y", "uint16", 2))


def entry(*fields: str, subsections: tuple[str, ...] = ()) -> DeviceEntry:
    """The entry of a device with these fields."""
    return described(Device("d", vmsd("d", *fields, subsections=subsections), b"")).devices[0]


def values(described_as: DeviceEntry, data: bytes) -> dict[str, Any]:
    """The values of a device; they must encode to the same bytes."""
    codec = Codec(schema_of(described_as))
    value: dict[str, Any] = codec.decode(data)
    assert codec.encode(value) == data
    return value


@pytest.mark.parametrize(
    ("type", "data", "value"),
    [
        ("bool", b"\1", 1),
        ("bool", b"\2", 2),
        ("int8", b"\xff", -1),
        ("int16", b"\xff\xfe", -2),
        ("int32", b"\x80\0\0\0", -(1 << 31)),
        ("int64", b"\xff" * 8, -1),
        ("uint8", b"\xff", 255),
        ("uint16", b"\1\0", 256),
        ("uint32", b"\x80\0\0\0", 1 << 31),
        ("uint64", b"\xff" * 8, (1 << 64) - 1),
        ("int32 equal", b"\xff\xff\xff\xff", -1),
        ("int64 equal", b"\xff" * 8, (1 << 64) - 1),
        ("uint8 equal", b"\xff", 255),
        ("uint16 equal", b"\xff\xff", 65535),
        ("uint32 equal", b"\xff\xff\xff\xff", (1 << 32) - 1),
        ("int32 le", b"\0\0\0\1", 1),
        ("CPU_Double_U", b"\x3f\xf0" + bytes(6), 0x3FF0 << 48),
        ("float64", b"\x3f\xf0" + bytes(6), 0x3FF0 << 48),
        ("timer", b"\xff" * 8, (1 << 64) - 1),
        ("buffer", b"abc", b"abc"),
        ("unused_buffer", bytes(5), bytes(5)),
        ("nullptr", b"0", b"0"),
        ("fd", b" ", b" "),
        ("virtio", b"\0\1\2", b"\0\1\2"),
        ("pci irq state", bytes(15) + b"\1", bytes(15) + b"\1"),
        ("bitmap", bytes(7) + b"\1" + bytes(7) + b"\2", (1, 2)),
        ("qtailq", b"\0", ()),
        ("qlist", b"\0", ()),
        ("gtree", b"\0\0\0\0\0", {"nodes": ()}),
        ("buffer", b"", b""),
    ],
)
def test_a_type(type: str, data: bytes, value: object) -> None:
    assert values(entry(field("f", type, len(data))), data) == {"f": value}


def test_a_number_of_another_size_is_bytes() -> None:
    """A description that calls eight bytes `uint32` tells nothing about them but their size."""
    assert values(entry(field("f", "uint32", 8)), b"12345678") == {"f": b"12345678"}


@pytest.mark.requirement("VM-095", "VM-118")
@pytest.mark.parametrize("list_type", ["qtailq", "qlist"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_list_repeats_its_keys(list_type: str, count: int) -> None:
    """One description for each element, in one JSON object, as its keys repeat [qemu-stream 4.2]."""
    inner = ", ".join([ITEM] * count)
    data = b"".join(bytes([1, 0, n]) for n in range(count)) + b"\0"
    value = values(entry(field("l", list_type, len(data), inner)), data)
    assert value == {"l": tuple({"n": n} for n in range(count))}


def test_elements_of_a_list_may_differ_in_subsections() -> None:
    plain = vmsd("item", field("n", "uint16", 2))
    more = vmsd("item", field("n", "uint16", 2), subsections=[vmsd("item/m", field("m", "uint8", 1))])
    data = join(b"\1\0\7", b"\1\0\x08", subsection("item/m", b"\x09"), b"\0")
    value = values(entry(field("l", "qtailq", len(data), f"{plain}, {more}")), data)
    assert value == {"l": ({"n": 7, "item/m": None}, {"n": 8, "item/m": {"m": 9}})}


@pytest.mark.requirement("VM-118")
def test_elements_that_differ_in_fields_are_bytes() -> None:
    data = b"\1\0\7\1\7\0"
    other = vmsd("item", field("n", "uint8", 1))
    assert values(entry(field("l", "qlist", len(data), f"{ITEM}, {other}")), data) == {"l": data}


@pytest.mark.requirement("VM-095")
def test_a_tree_with_numbers_as_keys() -> None:
    data = join(b"\0\0\0\2", b"\1", (5).to_bytes(8, "big"), b"\0\7", b"\1", (6).to_bytes(8, "big"), b"\0\x08", b"\0")
    value = values(entry(field("t", "gtree", len(data), f"{ITEM}, {ITEM}")), data)
    assert value["t"]["nodes"] == ({"key": 5, "value": {"n": 7}}, {"key": 6, "value": {"n": 8}})


def test_a_tree_with_described_keys() -> None:
    data = join(b"\0\0\0\2", b"\1\1\0\2", b"\0\7", b"\1\3\0\4", b"\0\x08", b"\0")
    value = values(entry(field("t", "gtree", len(data), ", ".join([PAIR, ITEM] * 2))), data)
    assert value["t"]["nodes"] == (
        {"key": {"x": 1, "y": 2}, "value": {"n": 7}},
        {"key": {"x": 3, "y": 4}, "value": {"n": 8}},
    )


@pytest.mark.requirement("VM-095")
def test_a_tree_whose_count_is_wrong() -> None:
    data = join(b"\0\0\0\2", b"\1", bytes(8), b"\0\7", b"\0")
    with pytest.raises(DecodeError) as caught:
        values(entry(field("t", "gtree", len(data), ITEM)), data)
    assert (caught.value.id, caught.value.path) == ("mismatch", "t.count")


@pytest.mark.parametrize("type", ["struct", "vstruct", "tmp"])
def test_a_struct_inside(type: str) -> None:
    inner = struct(PAIR) if type == "struct" else PAIR
    assert values(entry(field("s", type, 3, inner), field("z", "uint8", 1)), b"\1\0\2\3") == {
        "s": {"x": 1, "y": 2},
        "z": 3,
    }


@pytest.mark.requirement("VM-115")
def test_capabilities_are_counted_names() -> None:
    """The one type whose elements differ in size though one description stands for all [qemu-stream 4.2]."""
    data = b"\x0fx-ignore-shared\x0amapped-ram"
    assert values(entry(field("c", "capability", 16, array_len=2)), data) == {"c": ("x-ignore-shared", "mapped-ram")}


@pytest.mark.requirement("VM-090", "VM-115")
def test_arrays_by_length() -> None:
    data = b"\0\1\0\2\0\3" + b"\1\0\2\3\0\4"
    value = values(
        entry(field("a", "uint16", 2, array_len=3), field("s", "struct", 3, struct(PAIR), array_len=2)), data
    )
    assert value == {"a": (1, 2, 3), "s": ({"x": 1, "y": 2}, {"x": 3, "y": 4})}


def test_arrays_by_index() -> None:
    """Elements described one by one become an array when all are alike, else a record by number."""
    alike = entry(*(field("a", "uint8", 1, index=n) for n in range(3)))
    assert values(alike, b"\1\2\3") == {"a": (1, 2, 3)}
    mixed = entry(field("a", "uint8", 1, index=0), field("a", "struct", 3, struct(PAIR), index=1))
    assert values(mixed, b"\1\2\0\3") == {"a": {"0": 1, "1": {"x": 2, "y": 3}}}


def test_an_array_of_one_element_by_index() -> None:
    assert values(entry(field("a", "uint8", 1, index=0)), b"\7") == {"a": (7,)}


@pytest.mark.requirement("VM-094", "VM-116")
def test_runs_of_null_pointers() -> None:
    """Since 10.0 an array of pointers is several entries of one name: runs of NULL and of elements."""
    described_as = entry(
        field("p", "nullptr", 1, array_len=2),
        field("p", "struct", 3, struct(PAIR)),
        field("p", "nullptr", 1, array_len=3),
        field("after", "uint8", 1),
    )
    assert values(described_as, b"00\1\0\x02000\x09") == {
        "p": {"0": (b"0", b"0"), "1": {"x": 1, "y": 2}, "2": (b"0", b"0", b"0")},
        "after": 9,
    }


def test_equal_names_apart_are_told_apart() -> None:
    described_as = entry(field("a", "uint8", 1), field("b", "uint8", 1), field("a", "uint8", 1))
    assert values(described_as, b"\1\2\3") == {"a": 1, "b": 2, "a#2": 3}


@pytest.mark.requirement("VM-117")
def test_names_with_brackets_are_names() -> None:
    """`env.cr[4]` is a literal name, not an index [qemu-stream 4.2]."""
    assert values(entry(field("env.cr[4]", "uint8", 1)), b"\5") == {"env.cr[4]": 5}


class TestSubsections:
    """They follow the fields of the struct they belong to."""

    INNER = vmsd("d/a", field("n", "uint8", 1), subsections=[vmsd("d/a/deep", field("m", "uint8", 1))])
    ENTRY = entry(field("f", "uint8", 1), subsections=(INNER, vmsd("d/b", version=2)))

    @pytest.mark.requirement("VM-099")
    @pytest.mark.parametrize(
        ("data", "a", "b"),
        [
            (b"", None, None),
            (subsection("d/a", b"\2"), {"n": 2, "d/a/deep": None}, None),
            (subsection("d/b", version=2), None, {}),
            (
                join(subsection("d/a", b"\2"), subsection("d/a/deep", b"\3"), subsection("d/b", version=2)),
                {"n": 2, "d/a/deep": {"m": 3}},
                {},
            ),
        ],
    )
    def test_present_or_not(self, data: bytes, a: object, b: object) -> None:
        assert values(self.ENTRY, b"\1" + data) == {"f": 1, "d/a": a, "d/b": b}

    def test_another_version_is_no_such_subsection(self) -> None:
        with pytest.raises(DecodeError) as caught:
            values(self.ENTRY, b"\1" + subsection("d/b", version=3))
        assert (caught.value.id, caught.value.offset) == ("trailing", 1)

    def test_inside_a_struct(self) -> None:
        inner = vmsd("s", field("x", "uint8", 1), subsections=[vmsd("s/e", field("y", "uint8", 1))])
        described_as = entry(field("s", "struct", 11, struct(inner)), field("z", "uint8", 1))
        data = join(b"\1", subsection("s/e", b"\2"), b"\3")
        assert values(described_as, data) == {"s": {"x": 1, "s/e": {"y": 2}}, "z": 3}


class TestOldStyle:
    """Devices without a description: so many bytes."""

    def test_bytes(self) -> None:
        old = described(Device("old", None, b"12345")).devices[0]
        assert values(old, b"abcde") == {"data": b"abcde"}

    def test_another_size(self) -> None:
        old = described(Device("old", None, b"12345")).devices[0]
        with pytest.raises(DecodeError, match="1 byte"):
            values(old, b"abcdef")


class TestUndescribed:
    """Arrays whose first element is NULL: an empty `struct`, and what the section's end leaves [qemu-stream 4.3]."""

    ENTRY = entry(field("css", "struct", 1, '"struct": {}', array_len=4), field("z", "uint8", 1))

    def test_what_the_description_says(self) -> None:
        assert values(self.ENTRY, b"0000\1") == {"css": b"0000", "z": 1}

    def test_what_really_is_there(self) -> None:
        codec = Codec(schema_of(self.ENTRY, slack=3))
        assert codec.decode(b"00abc00\1"[:8]) == {"css": b"00abc00", "z": 1}
        assert undescribed_slack(self.ENTRY, 7) == 3

    def test_the_field_is_known(self) -> None:
        field_entry = undescribed(self.ENTRY)
        assert field_entry is not None
        assert (field_entry.name, field_entry.count) == ("css", 4)
        assert undescribed(entry(field("a", "uint8", 1))) is None
        assert undescribed_slack(entry(field("a", "uint8", 1)), 7) == 0


def test_an_array_of_nothing_is_not_counted_out() -> None:
    """A billion elements without bytes, in a billion others, would take for ever and all memory."""
    nothing = field("b", "struct", 0, struct(vmsd("none")), array_len=MAX_ARRAY)
    described_as = entry(field("a", "struct", 0, struct(vmsd("outer", nothing)), array_len=MAX_ARRAY))
    assert values(described_as, b"") == {"a": b""}


def test_an_array_longer_than_the_limit() -> None:
    with pytest.raises(DecodeError) as caught:
        values(entry(field("a", "uint8", 1, array_len=MAX_ARRAY + 1)), b"")
    assert caught.value.id == "limit"


def test_equal_descriptions_share_a_record() -> None:
    schema = schema_of(entry(field("a", "struct", 3, struct(PAIR)), field("b", "struct", 3, struct(PAIR))))
    assert [record.split("#")[0] for record in schema.records] == ["pair", "d"]
    assert {of.name for f in schema.record.fields if isinstance(of := f.of, model.Ref)} == {"pair#0"}


@pytest.mark.requirement("VM-116")
def test_neighbours_of_one_name_belong_together() -> None:
    device = entry(field("a", "uint8", 1), field("a", "uint8", 1), field("b", "uint8", 1), field("a", "uint8", 1))
    assert device.vmsd is not None
    assert [(name, len(pieces)) for name, pieces in pieces_of(device.vmsd.fields)] == [("a", 2), ("b", 1), ("a", 1)]


def test_one_description_for_all_elements_or_none() -> None:
    device = entry(field("l", "qlist", 0, f"{ITEM}, {PAIR}"), field("m", "qlist", 0, f"{ITEM}, {ITEM}"))
    assert device.vmsd is not None
    different, alike = device.vmsd.fields
    assert merged(different.items) is None
    assert merged(alike.items) == alike.items[0]
    empty = merged(())
    assert empty is not None
    assert empty.fields == ()
