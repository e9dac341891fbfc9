"""The reference behind its boundary: hostile input costs little and ends in a clear error."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import construct
import pytest

from wireformat.codec import Codec, reference
from wireformat.errors import DecodeError, EncodeError, SchemaError
from wireformat.schema import (
    Int8ub,
    Int32ub,
    List,
    Nested,
    Record,
    SizedBytes,
    XdrOptional,
    field,
    lift,
    lift_report,
)


class Nothing(Record):
    """Takes no bytes."""


class Long(Record, source="spec 9"):
    """Bytes of any size up to a limit that is far above what arrives."""

    data: bytes = field(SizedBytes(Int32ub, max=1 << 26), "bytes")


class Empty(Record):
    """Many times nothing."""

    items: tuple[Nothing, ...] = field(List(Nested(Nothing), count=Int32ub, max=1000), "items")


class Endless(Record):
    """Nothing until the end, which never comes."""

    items: tuple[Nothing, ...] = field(List(Nested(Nothing), count=None, max=1 << 20), "items")


class Nest(Record):
    """A record in itself."""

    inner: Nest | None = field(XdrOptional(Nested(lambda: Nest)), "the next", default=None)


@contextmanager
def cheap(memory: int = 200_000, seconds: float = 0.5) -> Iterator[None]:
    """At most so many bytes of memory at a time, and so much processor time."""
    tracemalloc.start()
    start = time.process_time()
    yield
    spent, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < memory
    assert spent < seconds


@pytest.mark.parametrize(
    ("schema", "data", "id", "offset"),
    [
        (Long, b"\xff\xff\xff\xff" + bytes(8), "limit", 0),
        (Long, b"\x03\xff\xff\xff" + bytes(8), "truncated", 4),
        (Empty, b"\xff\xff\xff\xff" + bytes(8), "limit", 0),
        (Endless, bytes(8), "trailing", 0),
        (Nest, b"\0\0\0\1" * 5000 + bytes(4), "depth", 64),
    ],
)
def test_hostile_input(schema: type[Record], data: bytes, id: str, offset: int) -> None:
    codec = Codec(schema)
    with pytest.raises(DecodeError):
        codec.decode_from(data)
    with cheap(), pytest.raises(DecodeError) as caught:
        codec.decode_from(data)
    assert (caught.value.id, caught.value.offset) == (id, offset)


def test_a_size_beyond_the_input_takes_no_memory_for_it() -> None:
    with cheap(memory=60_000), pytest.raises(DecodeError) as caught:
        reference.decode(lift(Long), b"\x03\xff\xff\xff" + bytes(8))
    assert (caught.value.expected, caught.value.actual) == (0x03FFFFFF, 8)
    assert str(caught.value) == "data at 0x4: 67108863 bytes needed, 8 left [spec 9]"


def test_a_number_without_end_is_not_read_at_all() -> None:
    wire = construct.Struct("n" / construct.VarInt)
    assert lift_report(wire) == [("n", "VarInt: integer without a greatest size")]
    schema, data = lift(wire), b"\xff" * 1_000_000
    with cheap(), pytest.raises(SchemaError) as caught:
        reference.decode(schema, data)
    assert caught.value.id == "opaque"


def test_zero_sized_items_are_counted() -> None:
    assert reference.decode(lift(Empty), b"\0\0\3\xe8")[0] == Empty(items=(Nothing(),) * 1000)


def test_offsets_are_absolute() -> None:
    data = b"????\0\0\0\2ab!"
    assert reference.decode(lift(Long), data, 4) == (Long(data=b"ab"), 10)
    with pytest.raises(DecodeError) as caught:
        reference.decode(lift(Long), data, 4, 9)
    assert (caught.value.id, caught.value.offset, caught.value.need_more) == ("truncated", 8, True)


def test_any_buffer_will_do() -> None:
    data = bytearray(b"\0\0\0\2ab")
    assert reference.decode(lift(Long), data)[0] == Long(data=b"ab")
    assert reference.decode(lift(Long), memoryview(data))[0] == Long(data=b"ab")


def test_an_element_is_built_once() -> None:
    schema = lift(Long)
    assert reference.element(schema) is reference.element(schema)
    assert reference.element(schema) is not reference.element(lift(Empty))


def test_values_nested_too_deeply_are_refused() -> None:
    value = Nest()
    for _ in range(3000):
        value = Nest(inner=value)
    with pytest.raises(EncodeError) as caught:
        reference.encode(lift(Nest), value)
    assert caught.value.id == "depth"


def test_thousands_of_leaves_are_built_quickly() -> None:
    struct = construct.Struct(*(f"env.cr[{index}]" / construct.Int32ub for index in range(3000)))
    start = time.process_time()
    value, end = reference.decode(lift(struct), bytes(12000))
    assert end == 12000
    assert list(value.items())[2999] == ("env.cr[2999]", 0)
    assert time.process_time() - start < 0.5
    with pytest.raises(DecodeError) as caught:
        reference.decode(lift(struct), bytes(11999))
    assert caught.value.path == '["env.cr[2999]"]'


def test_small_numbers_of_the_stock_kind() -> None:
    assert reference.decode(lift(Int8ub), b"\7") == ({"value": 7}, 1)
