"""Incremental input: any split gives the same messages, waiting is cheap and limited."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireformat.codec import NEED_DATA, Buffer, Codec, encode
from wireformat.errors import DecodeError, SchemaError
from wireformat.schema import (
    Announced,
    Int8ub,
    Int16ub,
    Int32ub,
    List,
    Record,
    Region,
    RestBytes,
    SizedBytes,
    String8,
    computed,
    const,
    field,
    record_size,
    this,
)


class Note(Record):
    """A note."""

    magic: int = const(Int8ub, 7, "seven")
    text: str = field(String8, "what it says")


class Long(Record):
    """Much at once."""

    data: bytes = field(SizedBytes(Int32ub, max=1 << 20), "bytes")


class Many(Record):
    """Many small things."""

    texts: tuple[str, ...] = field(List(String8, count=Int32ub, max=10_000), "texts")


class Open(Record):
    """Its end shows only in what follows."""

    number: int = field(Int8ub, "a number")
    more: int | None = field(Announced(b"++", Int8ub), "perhaps more", default=None)


class Counted(Record):
    """Its size counts everything."""

    size: int = computed(Int16ub, record_size(), "bytes of all this")
    data: bytes = field(Region(this.size - 2, RestBytes(100), max=100), "what is left")


class Rest(Record):
    """All there is."""

    data: bytes = field(RestBytes(9), "bytes")


class Counting(Codec):
    """Counts how often it is asked."""

    calls = 0

    def decode_from(self, *arguments: Any) -> Any:
        """As the codec does."""
        self.calls += 1
        return super().decode_from(*arguments)


@given(st.lists(st.text(max_size=5), max_size=5), st.lists(st.integers(0, 40)))
def test_splits_do_not_matter(texts: list[str], cuts: list[int]) -> None:
    notes = [Note(text=text) for text in texts]
    data = b"".join(map(encode, notes))
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    buffer, codec, found = Buffer(), Codec(Note), []
    for start, end in pairwise(edges):
        buffer.feed(data[start:end])
        while (value := buffer.take(codec)) is not NEED_DATA:
            found.append(value)
    assert found == notes
    assert (buffer.offset, len(buffer)) == (len(data), 0)


def test_errors_have_absolute_offsets() -> None:
    buffer, codec = Buffer(), Codec(Note)
    buffer.feed(b"\7\1a\7\1\xff")
    assert buffer.take(codec) == Note(text="a")
    with pytest.raises(DecodeError) as caught:
        buffer.take(codec)
    assert (caught.value.id, caught.value.path, caught.value.offset) == ("text", "text", 5)


def wait_for_all_of(data: bytes, buffer: Buffer, codec: Codec) -> None:
    """Feed everything but the last byte, one at a time: nothing comes of it."""
    for index in range(len(data) - 1):
        buffer.feed(data[index : index + 1])
        assert buffer.take(codec) is NEED_DATA


def test_known_sizes_are_waited_for() -> None:
    buffer, codec = Buffer(), Counting(Long)
    data = encode(Long(data=bytes(3000)))
    wait_for_all_of(data, buffer, codec)
    assert codec.calls == 2
    buffer.feed(data[-1:])
    assert buffer.take(codec) == Long(data=bytes(3000))
    assert codec.calls == 3


def test_a_record_that_counts_itself_is_waited_for() -> None:
    buffer, codec = Buffer(), Counting(Counted)
    data = encode(Counted(data=bytes(90)))
    wait_for_all_of(data, buffer, codec)
    assert codec.calls == 2
    buffer.feed(data[-1:] + b"\0\1")
    assert buffer.take(codec) == Counted(data=bytes(90))
    with pytest.raises(DecodeError, match="size -1 is negative") as caught:
        buffer.take(codec)
    assert (caught.value.id, caught.value.offset) == ("limit", 94)


def test_a_record_that_is_too_long_is_not_waited_for() -> None:
    buffer = Buffer()
    buffer.feed(b"\0\x67")
    with pytest.raises(DecodeError) as caught:
        buffer.take(Codec(Counted))
    assert (caught.value.id, caught.value.path, caught.value.actual) == ("limit", "data", 101)


def test_many_small_things_are_not_decoded_again_and_again() -> None:
    buffer, codec = Buffer(), Counting(Many)
    data = encode(Many(texts=("abc",) * 2000))
    for index in range(len(data)):
        buffer.feed(data[index : index + 1])
        value = buffer.take(codec)
    assert len(value.texts) == 2000
    assert codec.calls < 60


def test_waiting_is_limited() -> None:
    buffer = Buffer(limit=1000)
    buffer.feed(b"\0\0\x03\xe4")
    assert buffer.take(Codec(Long)) is NEED_DATA
    greedy = Buffer(limit=1000)
    greedy.feed(b"\0\0\x03\xe5")
    with pytest.raises(DecodeError) as caught:
        greedy.take(Codec(Long))
    assert (caught.value.id, caught.value.expected, caught.value.actual) == ("limit", 1000, 1001)


def test_closing_makes_waiting_an_error() -> None:
    buffer = Buffer()
    buffer.feed(b"\7\3ab")
    assert buffer.take(Codec(Note)) is NEED_DATA
    buffer.close()
    with pytest.raises(DecodeError) as caught:
        buffer.take(Codec(Note))
    assert (caught.value.id, caught.value.offset) == ("truncated", 2)


def test_what_may_be_announced_waits_for_the_next_byte() -> None:
    buffer, codec = Buffer(), Codec(Open)
    buffer.feed(b"\1")
    assert buffer.take(codec) is NEED_DATA
    buffer.feed(b"+")
    assert buffer.take(codec) is NEED_DATA
    buffer.feed(b"+\5\2")
    assert buffer.take(codec) == Open(number=1, more=5)
    buffer.close()
    assert buffer.take(codec) == Open(number=2)


def test_open_ends_need_a_size() -> None:
    buffer, codec = Buffer(), Codec(Rest)
    buffer.feed(b"ab")
    with pytest.raises(SchemaError) as caught:
        buffer.take(codec)
    assert caught.value.id == "end"
    assert buffer.take(codec, size=3) is NEED_DATA
    buffer.feed(b"cd")
    assert buffer.take(codec, size=3) == Rest(data=b"abc")
    assert (buffer.offset, len(buffer)) == (3, 1)


def test_a_size_is_kept_exactly() -> None:
    buffer = Buffer()
    buffer.feed(b"\7\1a!")
    with pytest.raises(DecodeError) as caught:
        buffer.take(Codec(Note), size=4)
    assert (caught.value.id, caught.value.offset) == ("trailing", 3)
    assert repr(NEED_DATA) == "NEED_DATA"
