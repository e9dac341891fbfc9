"""A description follows edited devices: sizes and subsections change where they must, and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.protocols.vmstate.building import Device, description_text, field, join, struct, subsection, vmsd
from wireformat.codec import Codec
from wireformat.protocols.vmstate.description import parse
from wireformat.protocols.vmstate.document import description_text as text_of
from wireformat.protocols.vmstate.layout import schema_of
from wireformat.protocols.vmstate.messages import Configuration
from wireformat.protocols.vmstate.redescription import Redescription

EXTRA = vmsd("d/x", field("e", "uint8", 1))
ITEM = vmsd("item", field("n", "uint8", 1))


def follow(device: Device, **changes: Any) -> dict[str, Any]:
    """The description's entry of a device after its value was changed; with no changes it must be the same text."""
    text = description_text(device)
    known = parse(text)
    entry = known.devices[0]
    schema = schema_of(entry)
    value = Codec(schema).decode(device.body)
    same = Redescription(json.loads(text), known)
    same.device(entry, schema, value)
    assert text_of(same.value) == text
    changed = Redescription(json.loads(text), known)
    changed.device(entry, schema, value | changes)
    again = parse(text_of(changed.value))
    assert Codec(schema_of(again.devices[0])).decode(Codec(schema).encode(value | changes)) is not None
    found: dict[str, Any] = changed.value["devices"][0]
    return found


def device(*fields: str, body: bytes, subsections: tuple[str, ...] = ()) -> Device:
    """A device."""
    return Device("d", vmsd("d", *fields, subsections=subsections), body)


def test_numbers_change_nothing() -> None:
    entry = follow(device(field("a", "uint8", 1), field("b", "buffer", 3), body=b"\1abc"), a=2, b=b"xyz")
    assert [one["size"] for one in entry["fields"]] == [1, 3]


@pytest.mark.parametrize(("count", "size"), [(0, 1), (1, 3), (5, 11)])
def test_a_list(count: int, size: int) -> None:
    entry = follow(device(field("l", "qtailq", 3, ITEM), body=b"\1\7\0"), l=({"n": 1},) * count)
    assert entry["fields"][0]["size"] == size


def test_a_tree() -> None:
    tree = device(field("t", "gtree", 15, ITEM), body=join(b"\0\0\0\1\1", bytes(8), b"\7\0"))
    node = {"key": 1, "value": {"n": 2}}
    assert follow(tree, t={"nodes": (node, node)})["fields"][0]["size"] == 25


def test_a_list_in_a_struct() -> None:
    """Each size on the way up follows."""
    inner = vmsd("s", field("l", "qlist", 3, ITEM), field("z", "uint8", 1))
    nested = device(field("s", "struct", 4, struct(inner)), body=b"\1\7\0\x09")
    entry = follow(nested, s={"l": ({"n": 1}, {"n": 2}), "z": 9})
    assert entry["fields"][0]["size"] == 6
    assert [one["size"] for one in entry["fields"][0]["struct"]["fields"]] == [5, 1]


@pytest.mark.parametrize("type", ["tmp", "vstruct"])
def test_a_struct_without_the_key(type: str) -> None:
    inner = vmsd("s", field("l", "qlist", 1), subsections=[vmsd("s/x", field("e", "uint8", 1))])
    extra = subsection("s/x", b"\1")
    nested = device(field("s", type, 1 + len(extra), inner), body=b"\0" + extra)
    entry = follow(nested, s={"l": (), "s/x": None})
    assert entry["fields"][0]["size"] == 1
    assert "subsections" not in entry["fields"][0]


def test_subsections_that_go() -> None:
    both = device(
        field("a", "uint8", 1),
        subsections=(EXTRA, vmsd("d/y")),
        body=join(b"\1", subsection("d/x", b"\2"), subsection("d/y")),
    )
    assert [one["vmsd_name"] for one in follow(both, **{"d/x": None})["subsections"]] == ["d/y"]
    assert "subsections" not in follow(both, **{"d/x": None, "d/y": None})


def test_arrays() -> None:
    """By length, by index, in runs."""
    arrays = device(
        field("a", "uint16", 2, array_len=3),
        field("b", "uint8", 1, index=0),
        field("b", "uint8", 1, index=1),
        field("p", "nullptr", 1, array_len=2),
        field("p", "struct", 1, struct(ITEM)),
        body=bytes(6) + b"\1\2" + b"00\7",
    )
    entry = follow(arrays, a=(1, 2, 3), b=(3, 4))
    assert [one["size"] for one in entry["fields"]] == [2, 1, 1, 1, 1]


def test_elements_that_differ() -> None:
    """The first element's size stands for all; the last one must not be written over it."""
    inner = vmsd("s", field("x", "uint8", 1), subsections=[vmsd("s/e")])
    extra = subsection("s/e")
    mixed = device(field("s", "struct", 1 + len(extra), struct(inner), array_len=2), body=join(b"\1", extra, b"\2"))
    assert follow(mixed)["fields"][0]["size"] == 1 + len(extra)


def test_capabilities_keep_the_size_of_the_first() -> None:
    names = device(field("c", "capability", 16, array_len=2), body=b"\x0fx-ignore-shared\x0amapped-ram")
    assert follow(names)["fields"][0]["size"] == 16


@pytest.mark.parametrize("inner", ['"struct": {}', struct(vmsd("none")), ""])
def test_what_is_not_described_says_nothing_of_its_size(inner: str) -> None:
    hollow = device(field("css", "struct", 1, inner, array_len=4), body=b"0000")
    assert follow(hollow)["fields"][0]["size"] == 1


def test_old_style_devices_stay() -> None:
    entry = follow(Device("old", None, b"1234"), data=b"abcd")
    assert entry["size"] == 4


def test_the_name_of_the_machine() -> None:
    text = description_text(machine="pc")
    redescription = Redescription(json.loads(text), parse(text))
    redescription.configuration(Configuration(name="pc-ü"))
    sizes = {one["name"]: one["size"] for one in redescription.value["configuration"]["fields"]}
    assert sizes == {"len": 4, "name": 5}


def test_text_stays_text() -> None:
    """A description that JSON cannot hold is not touched."""
    text = description_text(device(field("l", "qlist", 3, ITEM), body=b"\1\7\0"))
    redescription = Redescription(text.decode(), parse(text))
    redescription.configuration(Configuration(name="long name"))
    entry = parse(text).devices[0]
    redescription.device(entry, schema_of(entry), {"l": ()})
    assert redescription.value == text.decode()


def test_without_a_description() -> None:
    redescription = Redescription(None, None)
    redescription.configuration(Configuration(name="pc"))
    assert redescription.value is None
