"""Bit boxes: one layout, two pictures that show the same; nothing overlaps, nothing of the fixed part is missing."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.codec.specimens import PARAMS, SCHEMAS, Offer
from wireformat.derive.bitbox import ROW_BITS, Box, ascii_boxes, boxes, pieces
from wireformat.derive.bitbox_svg import svg_boxes
from wireformat.protocols.vmstate.messages import Command, Header, SectionStart
from wireformat.protocols.vmstate.ram import RamWord
from wireformat.schema import lift, model

HEADER = """\
 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                             magic                             |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                            version                            |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
"""


def test_the_picture_as_text() -> None:
    assert ascii_boxes(boxes(lift(Header))) == HEADER


def test_what_has_no_fixed_end_is_the_last_box() -> None:
    found = [(box.name, box.start, box.bits, box.is_open) for box in boxes(lift(SectionStart))]
    assert found == [("section_id", 0, 32, False), ("idstr size", 32, 8, False), ("idstr", 40, 24, True)]


def test_a_word_is_cut_by_its_masks() -> None:
    found = [(box.name, box.start, box.bits) for box in boxes(lift(RamWord), {"page_size": 4096})]
    assert found == [("offset", 0, 52), ("flags", 52, 12)]
    assert [(box.name, box.bits) for box in boxes(lift(RamWord))] == [("", 64)]


def test_of_entries_one_is_shown() -> None:
    found = [(box.name, box.start, box.bits, box.is_open) for box in boxes(lift(Offer))]
    assert found == [
        ("tag", 0, 16, False),
        ("reserved", 16, 16, False),
        ("size", 32, 32, False),
        ("value", 64, 32, True),
    ]


def test_a_little_endian_word_goes_by_its_bytes() -> None:
    low = model.Field("low", model.Int(2), mask=0x00FF)
    high = model.Field("high", model.Int(2), mask=0xF000)
    word = model.Record("w", (low, high), layout="bits", base=model.Int(2, little=True))
    found = [(box.name, box.start, box.bits) for box in boxes(model.Schema("w", {"w": word}))]
    assert found == [("low", 0, 8), ("high", 8, 4), ("", 12, 4)]


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_boxes_follow_each_other_without_gaps(name: str) -> None:
    at = 0
    for box in boxes(SCHEMAS[name], PARAMS):
        assert box.start == at
        assert box.bits > 0
        at += box.bits


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_both_pictures_name_the_same(name: str) -> None:
    found = boxes(SCHEMAS[name], PARAMS)
    text, svg = ascii_boxes(found), svg_boxes(found, "t", SCHEMAS[name].record)
    assert bool(text) == bool(svg) == bool(found)
    shown = [piece for piece in pieces(found) if piece.is_first]
    if found:
        titles = [node.text or "" for node in ElementTree.fromstring(svg).iter("title")]
        assert len(titles) == 1 + len(pieces(found))
    for piece in shown:
        assert f" {piece.box.name}"[1:].partition("\n")[0] in text or not piece.box.name.isidentifier()


def test_every_line_of_text_is_equally_wide() -> None:
    lines = ascii_boxes(boxes(lift(Command))).splitlines()[2:]
    assert {len(line) for line in lines} == {2 * ROW_BITS + 1}


def test_names_that_do_not_fit_become_letters() -> None:
    text = ascii_boxes([Box("a_long_name", 0, 4), Box("b", 4, 28)])
    assert "|   A   |" in text
    assert text.endswith("A  a_long_name\n")


def test_a_large_box_is_drawn_shortened() -> None:
    assert [piece.row for piece in pieces([Box("page", 0, 4096 * 8), Box("next", 4096 * 8, 8)])] == [0, 1, 2, 3]


def test_a_file_of_its_own_brings_style_and_namespace() -> None:
    alone = svg_boxes(boxes(lift(Header)), "t", lift(Header).record, is_alone=True)
    assert ElementTree.fromstring(alone).tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme" in alone
