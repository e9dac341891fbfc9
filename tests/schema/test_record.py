"""Records as Python values: immutable, comparable, known to `dataclasses`, and never at odds with themselves."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import zlib

import pytest

from wireformat.errors import SchemaError
from wireformat.schema import (
    Int8ub,
    Int16ub,
    Int32ub,
    List,
    Message,
    Nested,
    OneOf,
    Record,
    Region,
    RestText,
    SizedBytes,
    Tagged,
    TaggedMessage,
    Unknown,
    bit_field,
    computed,
    const,
    count_of,
    crc32,
    field,
    lift,
    model,
    reserved,
    size_of,
    tag_of,
    this,
    tlv,
    tlvs,
)
from wireformat.schema.record import RecordType


class Point(Record, source="plane 1"):
    """A place."""

    x: int = field(Int8ub, "to the right")
    y: int = field(Int8ub, "upwards", default=7)


class Frame(Message, code=9, sender="source"):
    """Everything that is not an argument."""

    magic: int = const(Int16ub, 0xBEEF, "always")
    size: int = computed(Int16ub, size_of("body"), "bytes of the body")
    sum: int = computed(Int32ub, crc32(at=4), "over the frame")
    spare: None = reserved(Int8ub, "zero")
    body: bytes = field(SizedBytes(this.size, max=100), "what it carries")


class Envelope(Record):
    """One of two, or something else."""

    kind: int = computed(Int8ub, tag_of("body"), "which")
    count: int = computed(Int8ub, count_of("points"), "how many")
    body: Point | Unknown = field(
        Region(Int8ub, OneOf(this.kind, {3: Nested(Point)}, unknown=Unknown), max=50), "the one"
    )
    points: tuple[Point, ...] = field(List(Nested(Point), count=this.count, max=9), "many")


class Entry(Tagged):
    """Entries."""

    code: int = tlv(1, Int8ub, "mandatory")
    text: str | None = tlv(2, RestText(20), "may be absent", default=None)
    points: tuple[Point, ...] = tlvs(3, Nested(Point), "many", default=())


class Word(Record, bits=Int16ub):
    """Two parts of a number."""

    low: int = bit_field(0x00FF, "low byte")
    high: int = bit_field(0xFF00, "high byte", shift=8)


def test_arguments_are_given_by_keyword() -> None:
    assert (Point(x=1).x, Point(x=1).y, Point(x=1, y=2).y) == (1, 7, 2)
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[misc]
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point(x=1, z=2)  # type: ignore[call-arg]


def test_values_cannot_change() -> None:
    point = Point(x=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    assert point.x == 1
    assert not hasattr(point, "__dict__")


def test_equality_hash_and_repr_go_by_the_arguments() -> None:
    assert Point(x=1) == Point(x=1, y=7)
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != {"x": 1, "y": 7}
    assert hash(Point(x=1)) == hash(Point(x=1, y=7))
    assert repr(Point(x=1)) == "Point(x=1, y=7)"


def test_constants_and_reserved_fields_are_no_arguments() -> None:
    assert (Frame.magic, Frame(body=b"").magic, Frame(body=b"").spare) == (0xBEEF, 0xBEEF, None)
    with pytest.raises(TypeError):
        Frame(body=b"", magic=1)  # type: ignore[call-arg]


def test_computed_fields_follow_from_the_rest() -> None:
    frame = Frame(body=b"abc")
    zeroed = bytes.fromhex("beef0003000000000061 6263")
    assert frame.size == 3
    assert frame.sum == zlib.crc32(zeroed)
    envelope = Envelope(body=Unknown(8, b"?"), points=(Point(x=1), Point(x=2)))
    assert (envelope.kind, envelope.count) == (8, 2)
    assert Envelope(body=Point(x=1), points=()).kind == 3


def test_dataclasses_know_records() -> None:
    point = Point(x=1)
    assert dataclasses.is_dataclass(Point)
    assert [item.name for item in dataclasses.fields(point)] == ["x", "y"]
    assert dataclasses.replace(point, y=9) == Point(x=1, y=9)
    assert dataclasses.asdict(Entry(code=1, points=(point,))) == {
        "code": 1,
        "text": None,
        "points": ({"x": 1, "y": 7},),
        "unknown": (),
    }


def test_records_survive_pickle_and_copy() -> None:
    entry = Entry(code=1, text="t", points=(Point(x=1),), unknown=(Unknown(9, b"z"),))
    assert pickle.loads(pickle.dumps(entry)) == entry
    assert copy.deepcopy(entry) == entry


def test_records_match() -> None:
    def name(value: object) -> str:
        match value:
            case Point(x=1):
                return "one"
            case Point(x=int(x)) | Word(low=x):
                return f"{x}"
        return "other"

    assert [name(Point(x=1)), name(Point(x=5)), name(Word(low=8, high=0)), name(3)] == ["one", "5", "8", "other"]


class Wide(Point, source="plane 2"):
    """A record that extends another."""

    z: int = field(Int8ub, "towards us")


class Renamed(Point, source="plane 3"):
    """The same fields under another name."""


def test_records_inherit_fields() -> None:
    assert Wide(x=1, z=3) == Wide(x=1, y=7, z=3)
    assert Point(x=1) == Point(x=1)
    assert Renamed(x=4).x == 4
    assert [item.name for item in lift(Wide).record.fields] == ["x", "y", "z"]
    assert lift(Wide).record.source == "plane 2"


def test_the_class_statement_reaches_the_model() -> None:
    record = lift(Frame).record
    assert (record.name, record.code, record.sender) == ("Frame", 9, "source")
    assert record.doc == "Everything that is not an argument."
    assert lift(Word).record.layout == "bits"
    assert lift(Entry).record.layout == "tlv"
    with pytest.raises(SchemaError, match="colour"):
        RecordType("Odd", (Record,), {}, colour="red")


class Greeting(TaggedMessage, code=0x8001, sender="source", channel="main"):
    """A message of entries."""

    name: str = tlv(1, RestText(9), "name")


def test_messages_of_entries() -> None:
    greeting = Greeting(name="n", unknown=(Unknown(9, b"z"),))
    assert isinstance(greeting, Message)
    assert isinstance(greeting, Tagged)
    assert Greeting(name="n").unknown == ()
    assert greeting != Greeting(name="n")
    record = lift(Greeting).record
    assert (record.layout, record.code, record.sender, record.channel) == ("tlv", 0x8001, "source", "main")
    assert record.tlv == model.Tlv(model.Int(2), model.Int(2))
    assert [field.name for field in dataclasses.fields(Greeting)] == ["name", "unknown"]


def test_struct_is_a_construct() -> None:
    struct = Frame.struct()
    data = struct.build(Frame(body=b"abc"))
    container = struct.parse(data)
    assert (container.magic, container.size, container.body) == (0xBEEF, 3, b"abc")
    assert struct.build(container) == data
    assert [part.name for part in struct.subcons] == ["magic", "size", "sum", "spare", "body"]
