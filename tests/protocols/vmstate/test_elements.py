"""Elements are values: equal when they say the same, small when printed, never changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from tests.protocols.vmstate.building import SIMPLE, described, rich_stream
from wireformat.codec import Codec
from wireformat.protocols.vmstate.elements import PART_ROW, DeviceBody, RamParts, Span
from wireformat.protocols.vmstate.layout import schema_of
from wireformat.protocols.vmstate.ram import RamFlag
from wireformat.protocols.vmstate.stream import read_stream


def test_no_flags_are_those_of_a_part() -> None:
    assert PART_ROW & sum(RamFlag) == 0
    assert PART_ROW < 1 << 16


def test_elements_follow_each_other_without_gaps() -> None:
    data, position = rich_stream(), 0
    for element in read_stream(data).elements:
        assert element.span.position == position
        position += element.span.size
    assert position == len(data)


def test_elements_do_not_change() -> None:
    for element in read_stream(rich_stream()).elements:
        with pytest.raises(FrozenInstanceError):
            element.span = Span(0, 0)  # type: ignore[misc]


def test_every_element_has_a_span_first() -> None:
    assert {fields(element)[0].name for element in read_stream(rich_stream()).elements} == {"span"}


def test_devices_are_equal_by_bytes_and_value() -> None:
    """How they were decoded does not matter."""
    entry = described(SIMPLE).devices[0]
    codec = Codec(schema_of(entry))
    one = DeviceBody(SIMPLE.body, codec.decode(SIMPLE.body), codec, entry)
    assert one == DeviceBody(SIMPLE.body, {"a": 7, "b": 255})
    assert one != DeviceBody(SIMPLE.body, {"a": 7, "b": 0})
    assert one != DeviceBody(SIMPLE.body)
    assert repr(one) == "DeviceBody(value={'a': 7, 'b': 255})"


def test_parts_hold_rows_and_no_bytes() -> None:
    (parts, *_) = (element for element in read_stream(rich_stream()).elements if isinstance(element, RamParts))
    assert (parts.body.start, parts.section_id, parts.footer, parts.complete) == (1, 2, True, True)
    assert replace(parts, complete=False) != parts
