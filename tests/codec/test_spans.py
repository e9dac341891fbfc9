"""Spans: every byte of a value belongs to a field."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wireformat.codec import codec_for
from wireformat.codec.spans import leaves, path_at
from wireformat.schema import Int8ub, Int16ub, List, Nested, Record, Region, RestText, Tagged, Unknown, field, tlv


class Pair(Record):
    """Two numbers."""

    a: int = field(Int8ub, "first")
    b: int = field(Int16ub, "second")


class Whole(Record):
    """Pairs."""

    pairs: tuple[Pair, ...] = field(List(Nested(Pair), count=Int8ub, max=9), "pairs")
    last: Pair = field(Region(Int8ub, Nested(Pair), max=9), "one more")


class Entries(Tagged):
    """Entries."""

    text: str = tlv(5, RestText(9), "text")


DATA = bytes.fromhex("02 010002 030004 03 050006")
WHOLE = Whole(pairs=(Pair(a=1, b=2), Pair(a=3, b=4)), last=Pair(a=5, b=6))


def test_spans_of_fields_and_items() -> None:
    value, spans = codec_for(Whole).spans(DATA)
    assert value == WHOLE
    assert spans == {
        "pairs": (0, 7),
        "pairs[0]": (1, 4),
        "pairs[0].a": (1, 2),
        "pairs[0].b": (2, 4),
        "pairs[1]": (4, 7),
        "pairs[1].a": (4, 5),
        "pairs[1].b": (5, 7),
        "last": (7, 11),
        "last.a": (8, 9),
        "last.b": (9, 11),
    }


def test_the_path_of_a_byte() -> None:
    _, spans = codec_for(Whole).spans(DATA)
    paths = [path_at(spans, offset) for offset in range(len(DATA) + 1)]
    assert paths[0:3] == ["pairs", "pairs[0].a", "pairs[0].b"]
    assert paths[7:12] == ["last", "last.a", "last.b", "last.b", None]


def test_leaves_are_in_order_of_their_bytes() -> None:
    _, spans = codec_for(Whole).spans(DATA)
    assert list(leaves(spans)) == ["pairs[0].a", "pairs[0].b", "pairs[1].a", "pairs[1].b", "last.a", "last.b"]


def test_entries_include_what_frames_them() -> None:
    _, spans = codec_for(Entries).spans(bytes.fromhex("0003 0001 ff 0005 0001 61"))
    assert spans == {
        "unknown[0]": (0, 5),
        'unknown[0]["#tag"]': (0, 2),
        'unknown[0]["#size"]': (2, 4),
        "text": (5, 10),
        'text["#tag"]': (5, 7),
        'text["#size"]': (7, 9),
    }
    assert leaves(spans) == {"unknown[0]": (0, 5), "text": (5, 10)}
    assert codec_for(Entries).decode(bytes.fromhex("0003 0001 ff 0005 0001 61")).unknown == (Unknown(3, b"\xff"),)


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 65535)), max_size=9))
def test_spans_cover_everything(numbers: list[tuple[int, int]]) -> None:
    whole = Whole(pairs=tuple(Pair(a=a, b=b) for a, b in numbers), last=Pair(a=0, b=0))
    data = codec_for(Whole).encode(whole)
    _, spans = codec_for(Whole).spans(data)
    assert all(path_at(spans, offset) is not None for offset in range(len(data)))
