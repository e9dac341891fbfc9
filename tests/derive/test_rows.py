"""Rows show every field with offset, size, type and limits; groups are indented; cycles end."""

from __future__ import annotations

from tests.codec.specimens import SCHEMAS, Colour, Letter, Offer, Tree
from tests.derive.sample_protocol import Ask
from wireformat.derive.rows import Offset, bytes_text, field_rows, notation, range_text, rows
from wireformat.protocols.vmstate.messages import Command, Configuration, SectionStart
from wireformat.protocols.vmstate.ram import RamRecord
from wireformat.schema import EnumOf, Int8ub, Nested, RestBytes, RestText, Tagged, lift, model, tlv, tlvs


def test_offsets_are_numbers_until_a_size_varies() -> None:
    found = [(row.name, row.offset, row.size) for row in rows(lift(SectionStart))]
    assert found == [
        ("section_id", "0", "4"),
        ("idstr", "4", "1+"),
        ("instance_id", "end of idstr", "4"),
        ("version_id", "end of idstr + 4", "4"),
    ]


def test_a_field_of_some_versions_makes_later_offsets_relative() -> None:
    assert Offset("", 3).behind("x", None).behind("y", 4) == Offset("x", 4)
    days = rows(lift(Ask))[-1]
    assert (days.default, days.since) == ("14 (0xe)", "since 2")


class Pocket(Tagged):
    """Has defaults only."""

    coins: int = tlv(1, Int8ub, "how many", default=7)


class Bag(Tagged):
    """All kinds of defaults."""

    none: int | None = tlv(1, Int8ub, "left out", default=None)
    nothing: tuple[int, ...] = tlvs(2, Int8ub, "may repeat")
    data: bytes = tlv(3, RestBytes(4), "bytes", default=b"\1\2")
    colour: Colour = tlv(4, EnumOf(Int8ub, Colour), "a number with a name", default=Colour.RED)
    text: str = tlv(5, RestText(9), "a text", default="x")
    inner: Pocket = tlv(6, Nested(Pocket), "a record", default=Pocket())


def test_defaults_are_told_as_people_say_them() -> None:
    found = {row.name: row.default for row in rows(lift(Bag)) if row.depth == 0}
    assert found == {
        "none": "absent",
        "nothing": "empty",
        "data": "0102",
        "colour": "RED (1)",
        "text": '"x"',
        "inner": "its defaults",
    }


def test_choices_are_groups_named_after_what_decides() -> None:
    found = rows(lift(Command))
    names = [(row.depth, row.name) for row in found if row.is_group]
    assert names[1] == (1, "command = 2 (PING)")
    assert len(names) == 11
    ping = next(index for index, row in enumerate(found) if row.name == "command = 2 (PING)")
    assert (found[ping + 1].depth, found[ping + 1].name, found[ping + 1].offset) == (2, "value", "0")


def test_arms_that_some_versions_lack_say_so() -> None:
    groups = {row.name: (row.type, row.since) for row in rows(lift(Letter)) if row.is_group}
    assert groups == {
        "kind = 1": ("Early", "until 2"),
        "kind = 2": ("Late", "since 2"),
        "kind = 3": ("Steady", ""),
    }


def test_names_of_flags_are_found_through_nested_records() -> None:
    names = [row.name for row in rows(lift(RamRecord)) if row.is_group]
    assert names[0] == "word.flags & 0x3df = 2 (ZERO)"


def test_parts_of_a_word_tell_their_bits() -> None:
    offsets = [row.offset for row in rows(lift(RamRecord)) if row.depth == 1 and not row.is_group][:2]
    assert offsets == ["bits page_size - 1", "bits 0xffffffffffffffff - (page_size - 1)"]


def test_a_record_in_itself_ends() -> None:
    assert [(row.depth, row.name) for row in rows(lift(Tree))] == [(0, "label"), (0, "left"), (0, "right")]


def test_every_field_of_every_specimen_has_rows() -> None:
    for schema in SCHEMAS.values():
        found = field_rows(schema)
        assert [field for field, _ in found] == list(schema.record.fields)
        assert all(lines and lines[0].depth == 0 for _, lines in found)


def test_notation_tells_how_entries_are_framed() -> None:
    head = notation(lift(Offer)).splitlines()[0]
    assert head.endswith("in its header. (entries of tag (u16), reserved (u16), size (u32), value)")


def test_notation_has_a_line_for_each_row() -> None:
    text = notation(lift(SectionStart))
    assert text.splitlines()[0] == "SectionStart: Begin an iterative section: its setup data."
    assert len(text.splitlines()) == 1 + len(rows(lift(SectionStart)))
    assert "end of idstr + 4  version_id" in text


def test_ranges() -> None:
    assert range_text(model.Int(1, signed=True)) == "-128 … 127"
    assert range_text(model.Int(4)) == "0 … 0xffffffff"
    assert range_text(model.Const(model.Int(4), 0x5145564D)) == "always 0x5145564d"
    assert range_text(model.Data(None, 12)) == "at most 12 bytes"
    assert range_text(model.List(model.Int(1), 9, model.Int(1))) == "at most 9 items"
    assert range_text(model.Enum(model.Int(1), "E", (("A", 1),), open=False)) == "1 names, no others"
    (row,) = [row for row in rows(lift(Configuration)) if row.name == "uuid"]
    assert row.range == 'behind 0512 "configuration/uuid" 00000001'


def test_bytes_in_words() -> None:
    assert bytes_text(b"\x05\x1eabc/def\0") == '051e "abc/def" 00'
