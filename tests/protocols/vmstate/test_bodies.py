"""Bodies other than RAM: by description, by declared records, as bytes, and with one array as long as the rest is."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.building import SIMPLE, Device, described, field, vmsd
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.bodies import (
    DeviceReader,
    KnownBody,
    RawReader,
    RecordsReader,
    kept_bytes,
    stretched,
)
from wireformat.protocols.vmstate.elements import DeviceBody
from wireformat.protocols.vmstate.iterative import HANDLERS, HashTableHeader
from wireformat.protocols.vmstate.layout import MAX_OPAQUE
from wireformat.protocols.vmstate.messages import ElementType
from wireformat.protocols.vmstate.window import Window


def test_a_described_device() -> None:
    window = Window(SIMPLE.body + b"behind")
    reader = DeviceReader(window, described(SIMPLE).devices[0])
    assert (reader.body(), reader.step()) == (DeviceBody(b""), True)
    assert reader.body() == DeviceBody(SIMPLE.body, {"a": 7, "b": 255})
    assert window.position == len(SIMPLE.body)


def test_a_device_that_is_not_there_yet() -> None:
    window = Window()
    window.feed(SIMPLE.body[:3])
    with pytest.raises(DecodeError) as caught:
        DeviceReader(window, described(SIMPLE).devices[0]).step()
    assert (caught.value.need_more, window.position) == (True, 0)


def test_bytes() -> None:
    window = Window(b"##bodyfooter")
    window.skip(2)
    reader = RawReader(window, (4).__add__)
    assert reader.step()
    assert (reader.body(), window.position) == (DeviceBody(b"body"), 6)


def test_a_known_body() -> None:
    reader = KnownBody(DeviceBody(b"x"))
    assert (reader.step(), reader.body()) == (True, DeviceBody(b"x"))


@pytest.mark.parametrize(
    ("kind", "data", "steps", "items"),
    [
        (ElementType.SECTION_START, b"\0\0\0\x15", 1, 0),
        (ElementType.SECTION_PART, bytes(4) + bytes(8), 2, 1),
        (ElementType.SECTION_END, bytes(4) + b"\0\0\0\1\0\1\0\0" + b"e" * 16 + bytes(8), 3, 2),
    ],
)
def test_records_with_a_head(kind: ElementType, data: bytes, steps: int, items: int) -> None:
    """START of a hash page table is its head alone; other bodies go on to the last record."""
    window = Window(data)
    reader = RecordsReader(window, HANDLERS["spapr/htab"], "spapr/htab", kind)
    assert [reader.step() for _ in range(steps)] == [False] * (steps - 1) + [True]
    body = reader.body()
    assert (body.head, len(body.items)) == (HashTableHeader(shift=data[3]), items)
    assert window.position == len(data)


def test_an_array_that_takes_the_rest() -> None:
    hollow = Device("d", vmsd("d", field("p", "struct", 1, '"struct": {}', array_len=2), field("z", "uint8", 1)), b"")
    body = stretched(described(hollow).devices[0], b"0device0\7")
    assert body is not None
    assert body.value == {"p": b"0device0", "z": 7}


def test_nothing_to_stretch() -> None:
    """A description that leaves nothing open, and bytes that are too few anyhow."""
    assert stretched(described(SIMPLE).devices[0], SIMPLE.body) is None
    hollow = Device("d", vmsd("d", field("p", "struct", 1, '"struct": {}', array_len=9)), b"")
    assert stretched(described(hollow).devices[0], b"0") is None


def test_what_is_kept_is_limited() -> None:
    window = Window(b"abcdef")
    assert kept_bytes(window, 1, 4) == b"bcd"
    with pytest.raises(DecodeError) as caught:
        kept_bytes(window, 1, 2 + MAX_OPAQUE)
    assert (caught.value.id, caught.value.offset) == ("limit", 1)
