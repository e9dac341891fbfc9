"""JSON back to bytes: what is edited changes, what is not stays, and nonsense is refused with its place."""

from __future__ import annotations

import copy
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from tests.protocols.vmstate.building import (
    EOF,
    Device,
    configuration,
    description,
    field,
    header,
    join,
    ram_finish,
    ram_part,
    ram_start,
    rich_stream,
    struct,
    subsection,
    vmsd,
    zero,
)
from wireformat.errors import EncodeError
from wireformat.protocols.vmstate.assembly import assemble
from wireformat.protocols.vmstate.document import documents
from wireformat.protocols.vmstate.ram import CONTINUE, PAGE, ZERO
from wireformat.protocols.vmstate.stream import Stream, read_stream

RICH = rich_stream(1024)
OBJECTS = list(documents(read_stream(RICH), "base64"))
OTHER = "0000:00:01.0/other@1"
Objects = list[dict[str, Any]]


def edited(change: Callable[[Objects], object], original: Objects = OBJECTS) -> bytes:
    """The bytes of a stream whose objects were changed."""
    objects = copy.deepcopy(original)
    change(objects)
    return b"".join(assemble(objects))


def fields(objects: Objects, idstr: str) -> dict[str, Any]:
    """The fields of a device's object."""
    found: dict[str, Any] = next(one["fields"] for one in objects if one.get("idstr") == idstr)
    return found


def decoded(data: bytes) -> tuple[Stream, dict[str, Any]]:
    """A stream in which nothing is wrong, and its devices' values."""
    stream = read_stream(data)
    assert stream.problems() == []
    values = {device.key: device.body.value for device in stream.devices()}
    assert None not in values.values()
    return stream, values


def test_nothing_changed() -> None:
    assert edited(lambda _: None) == RICH


def test_a_number() -> None:
    """Exactly its four bytes change."""
    data = edited(lambda objects: fields(objects, "simple").update(a=0x01020304))
    _, values = decoded(data)
    assert values["simple"] == {"a": 0x01020304, "b": 255}
    differing = [place for place, (old, new) in enumerate(zip(RICH, data, strict=True)) if old != new]
    place = RICH.index(b"\0\0\0\7\xff")
    assert differing == [place, place + 1, place + 2, place + 3]


def test_a_list_that_grows() -> None:
    """Two elements more are ten bytes; the description's size follows, its other text does not change."""
    data = edited(lambda objects: fields(objects, "0000:00:01.0/other")["items"].extend([{"n": 6}, {"n": 7}]))
    stream, values = decoded(data)
    assert values[OTHER]["items"] == ({"n": 5}, {"n": 6}, {"n": 7})
    assert stream.description is not None
    before = read_stream(RICH).description
    assert before is not None
    assert stream.description.text == before.text.replace(b'"size": 6}', b'"size": 16}')
    assert len(data) == len(RICH) + 10 + 1


def test_a_list_that_shrinks_to_nothing() -> None:
    _, values = decoded(edited(lambda objects: fields(objects, "0000:00:01.0/other")["items"].clear()))
    assert values[OTHER]["items"] == ()


def test_a_subsection_that_goes() -> None:
    data = edited(lambda objects: fields(objects, "0000:00:01.0/other").pop("other/extra"))
    stream, values = decoded(data)
    assert values[OTHER] == {"values": (1, 2, 3), "items": ({"n": 5},)}
    assert b"other/extra" not in data
    assert stream.description is not None
    assert b"subsections" not in stream.description.text


def test_a_longer_name_of_the_machine() -> None:
    data = edited(lambda objects: objects[2].update(name="richer"))
    assert len(data) == len(RICH) + 2
    stream, _ = decoded(data)
    assert stream.configuration is not None
    assert stream.configuration.name == "richer"


def test_the_description_knows_the_name() -> None:
    """Since 8.2 it holds the size of the machine's name."""
    original = join(header(), configuration("pc"), EOF, description(machine="pc"))
    objects = list(documents(read_stream(original), "base64"))
    changed = edited(lambda some: some[2].update(name="pc-q35"), objects)
    assert changed == join(header(), configuration("pc-q35"), EOF, description(machine="pc-q35"))


def test_a_page_that_is_cleared() -> None:
    """A plain page becomes a zero page, the words around it stay."""

    def clear(objects: Objects) -> None:
        part = next(one for one in objects if one["type"] == "part")
        first = part["ram"][0]
        del first["base64"]
        first["kind"] = "zero"

    stream, _ = decoded(edited(clear))
    assert len(edited(clear)) == len(RICH) - 1024 + 1
    assert [(run.flags, run.offset, run.count) for run in stream.ram.runs][2:4] == [
        (ZERO, 0, 3),
        (PAGE | CONTINUE, 3072, 1),
    ]


def test_a_fill() -> None:
    original = join(header(), configuration(bits=12), ram_start(("a", 8192)), ram_part(zero(0, "a")), ram_finish(), EOF)
    objects = list(documents(read_stream(original), "base64"))
    data = edited(lambda some: some[4]["ram"][0].update(fill=7), objects)
    assert data == original.replace(zero(0, "a"), zero(0, "a", 7))


def test_the_sum_of_blocks_is_computed() -> None:
    def grow(objects: Objects) -> None:
        objects[3]["ram"][0]["blocks"][0]["used_length"] += 4096

    stream, _ = decoded(edited(grow))
    assert sum(block.used_length for block in stream.ram.blocks) == 10 * 1024 + 4096


def test_raw_bytes() -> None:
    objects = [OBJECTS[0], {"type": "raw", "base64": b64encode(b"anything").decode()}]
    assert b"".join(assemble(objects)) == b"anything"


def test_a_section_without_a_footer() -> None:
    data = edited(lambda objects: [one.update(footer=False) for one in objects if "footer" in one] and None)
    assert len(data) == len(RICH) - 5 * sum("footer" in one for one in OBJECTS)


def test_arrays_of_structs_are_described_by_their_first() -> None:
    """One description for all elements, though only some sent the subsection: it must stay as it is."""
    inner = vmsd("s", field("x", "uint8", 1), subsections=[vmsd("s/e", field("y", "uint8", 1))])
    extra = subsection("s/e", b"\2")
    device = Device("d", vmsd("d", field("s", "struct", 1 + len(extra), struct(inner), array_len=3)), b"")
    device = Device("d", device.keys, join(b"\1", extra, b"\3", b"\4", extra))
    data = join(header(), configuration(), device.section(1), EOF, description(device))
    objects = list(documents(read_stream(data), "base64"))
    assert b"".join(assemble(objects)) == data


REFUSED: dict[str, tuple[Callable[[Objects], object], str, str]] = {
    "no format": (lambda objects: objects[0].pop("format"), "type", "format"),
    "nothing": (lambda objects: objects.clear(), "type", "format"),
    "unknown element": (lambda objects: objects[1].update(type="none"), "tag", "elements[0]"),
    "no element": (lambda objects: objects.insert(1, {}), "type", "elements[0]"),
    "no object": (lambda objects: objects.insert(1, "text"), "type", "elements[0]"),  # type: ignore[arg-type]
    "no number": (lambda objects: fields(objects, "simple").update(a="x"), "type", "elements[9].a"),
    "number too large": (lambda objects: fields(objects, "simple").update(b=256), "range", "elements[9].b"),
    "missing field": (lambda objects: fields(objects, "simple").pop("b"), "missing", "elements[9].b"),
    "surplus field": (lambda objects: fields(objects, "simple").update(c=1), "type", "elements[9]"),
    "unknown device": (lambda objects: objects[10].update(idstr="else"), "missing", "elements[9].fields"),
    "no records": (lambda objects: objects[3].update(ram={"counts": {}}), "missing", "elements[2].ram"),
    "unknown kind": (lambda objects: objects[3]["ram"][0].update(kind="none"), "type", "elements[2]"),
    "negative offset": (lambda objects: objects[5]["ram"][0].update(offset=-1), "type", "elements[4]"),
    "offset too large": (lambda objects: objects[5]["ram"][0].update(offset=1 << 64), "type", "elements[4]"),
    "no pages": (lambda objects: objects[5]["ram"][0].update(count=0), "range", "elements[4].ram"),
    "too few bytes": (lambda objects: objects[5]["ram"][0].update(count=2), "range", "elements[4].ram"),
    "no base64": (lambda objects: objects[5]["ram"][0].update(base64="?"), "type", "elements[4]"),
    "too few regions": (lambda objects: objects[3]["ram"][0].update(regions=[]), "type", "elements[2]"),
    "no description": (lambda objects: objects[0].update(description="{"), "vmstate/description", "description"),
}


@pytest.mark.parametrize(("change", "id", "path"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(change: Callable[[Objects], object], id: str, path: str) -> None:
    """Fails when Python's own exception escapes, or the error does not say where."""
    with pytest.raises(EncodeError) as caught:
        edited(change)
    assert (caught.value.id, caught.value.path) == (id, path)
