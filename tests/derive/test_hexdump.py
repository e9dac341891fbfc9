"""The dump shows all bytes, each with its field; the table says the same without colours."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.codec.specimens import PARAMS, SCHEMAS, Offer
from wireformat.codec import codec_for
from wireformat.derive.examples import example
from wireformat.derive.hexdump import MAX_SHOWN, dump, part_table, parts, value_text
from wireformat.protocols.vmstate.messages import Command
from wireformat.protocols.vmstate.ram import PlainPage, RamRecord
from wireformat.schema import Unknown, lift

PING = bytes.fromhex("0002000400000001")


def bytes_of(text: str) -> str:
    """The bytes that a dump shows, without places and tags."""
    shown = "".join(ElementTree.fromstring(text).itertext())
    return "".join(re.findall(r"\b[0-9a-f]{2}\b", re.sub(r"(?m)^[0-9a-f]{4} ", "", shown)))


def test_bytes_belong_to_the_narrowest_field() -> None:
    found = [(part.start, part.end, part.paths, part.value) for part in parts(lift(Command), PING, None, {})]
    assert found == [
        (0, 2, ("command",), "PING (2)"),
        (2, 4, ("body",), "Ping"),
        (4, 8, ("body.value",), "1"),
    ]


def test_what_frames_an_entry_is_named() -> None:
    data = codec_for(Offer).encode(Offer(numbers=(7,), name="n"))
    found = [(part.end - part.start, part.paths[0], part.value) for part in parts(lift(Offer), data, None, {})]
    assert found == [
        (2, 'numbers["#tag"]', "tag"),
        (2, 'numbers["#reserved"]', "reserved"),
        (4, 'numbers["#size"]', "size"),
        (2, "numbers[0]", "7"),
        (2, 'name["#tag"]', "tag"),
        (2, 'name["#reserved"]', "reserved"),
        (4, 'name["#size"]', "size"),
        (1, "name", '"n"'),
    ]


def test_parts_of_one_word_stand_together() -> None:
    data = bytes.fromhex("000000000000002200")
    first, second = parts(lift(RamRecord), data, None, {"page_size": 4096})
    assert (first.paths, first.value) == (("word.flags", "word.offset"), "ZERO|CONTINUE (34); 0")
    assert second.paths == ("body.fill",)


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_all_bytes_are_shown_once(name: str) -> None:
    schema = SCHEMAS[name]
    data = example(schema, None, PARAMS) or b""
    owned = parts(schema, data, None, PARAMS)
    if data:
        assert bytes_of(dump(data, owned, schema.record)) == data[:MAX_SHOWN].hex()
    assert [part.start for part in owned[1:]] == [part.end for part in owned[:-1]]


def test_hover_and_colour() -> None:
    text = dump(PING, parts(lift(Command), PING, None, {}), lift(Command).record)
    spans = list(ElementTree.fromstring(text).iter("span"))
    assert [(span.get("class"), span.get("title"), span.text) for span in spans] == [
        ("wf-c0", "0x0: command = PING (2)", "00 02"),
        ("wf-c1", "0x2: body = Ping", "00 04"),
        ("wf-c1", "0x4: body.value = 1", "00 00 00 01"),
    ]


def test_a_long_value_is_cut() -> None:
    data = bytes(range(256)) * 4
    owned = parts(lift(PlainPage), data, None, {"page_size": 1024})
    text = dump(data, owned, lift(PlainPage).record)
    assert text.endswith(f"… {1024 - MAX_SHOWN} more bytes</pre>")
    assert (owned[0].start, owned[0].end) == (0, 1024)


@pytest.mark.parametrize(("bad", "marked"), [(1, "02"), (7, "01"), (9, "..")])
def test_a_bad_byte_is_marked_even_behind_the_end(bad: int, marked: str) -> None:
    root = ElementTree.fromstring(dump(PING, [], lift(Command).record, bad))
    assert [(mark.text, mark.get("title")) for mark in root.iter("mark")] == [(marked, hex(bad))]


def test_the_table_says_the_same() -> None:
    table = part_table(parts(lift(Command), PING, None, {}), PING)
    assert "| 0x4 | <code>00 00 00 01</code> | <code>body.value</code> | 1 |" in table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (300, "300 (0x12c)"),
        (True, "True"),
        (None, "None"),
        ("a\nb", '"a b"'),
        (b"\x01\x02", "0102"),
        (bytes(40), f"{'00' * 16}… (40 bytes)"),
        (Unknown(5, b"\1"), "unknown 5: 01"),
        ((1, 2), "2 items"),
        ({"a": 1}, ""),
        (1.5, "float"),
    ],
)
def test_values_in_a_few_characters(value: object, text: str) -> None:
    assert value_text(value) == text
