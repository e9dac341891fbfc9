"""A schema that was read from JSON gets classes, and then works as the declared one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.codec.specimens import CLASSES, PARAMS, Colour, Entry, Envelope, Hello, Mode, Named
from wireformat.codec import Codec, codec_for
from wireformat.codec.json_form import from_json, to_json
from wireformat.derive.strategies import values
from wireformat.errors import SchemaError
from wireformat.schema import Int8ub, Nested, Record, Tagged, field, lift, model, model_json, tlv, tlvs
from wireformat.schema.revive import arguments, revive

QUICK = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def reread(cls: Any) -> model.Schema:
    """The schema of a class, as it comes out of a file, with classes."""
    document = json.loads(json.dumps(model_json.to_json(lift(cls))))
    return revive({"it": model_json.from_json(document)})["it"]


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if cls.__name__ != "Migrate"])
def test_bytes_and_json_are_those_of_the_declared_class(cls: type[Record]) -> None:
    schema, codec = reread(cls), codec_for(cls)
    again = Codec(schema)

    @QUICK
    @given(values(schema, params=PARAMS))
    def run(value: Any) -> None:
        data = again.encode(value, PARAMS)
        declared = codec.decode(data, PARAMS)
        assert again.decode(data, PARAMS) == value
        assert codec.encode(declared, PARAMS) == data
        assert to_json(schema, value) == to_json(codec.schema, declared)
        assert from_json(schema, to_json(schema, value)) == value

    run()


def test_unions_find_their_arm() -> None:
    schema = reread(Envelope)
    value = Codec(schema).decode(codec_for(Envelope).encode(Envelope(body=Hello(seq=3))))
    assert (type(value.body).__name__, value.body.seq, value.kind) == ("Hello", 3, 1)
    assert value.body.__class__ is schema.records["Hello"].cls


def test_numbers_have_names() -> None:
    schema = reread(Named)
    values = {"colour": Colour.BLUE, "shade": Colour.RED, "mode": Mode(5), "limit": Mode.FAST}
    decoded = Codec(schema).decode(codec_for(Named).encode(Named(**values)))
    assert decoded == schema.record.cls(**values)
    assert (decoded.colour.name, decoded.mode.name, decoded.magic) == ("BLUE", "FAST|LOUD", b"MAGI")


def test_a_class_knows_its_schema() -> None:
    schema = reread(Entry)
    cls = schema.record.cls
    assert lift(cls).record.name == "Entry"
    assert cls(code=1).causes == ()
    assert (
        repr(cls(code=1, level=9)) == "Entry(code=1, text=None, level=9, points=(), causes=(), name=None, unknown=())"
    )


class Inner(Tagged):
    """A record that has defaults only."""

    label: str = tlv(1, Int8ub, "x", default=7)


class Outer(Tagged):
    """Defaults that are records, enumerations, tuples."""

    inner: Inner = tlv(1, Nested(Inner), "x", default=Inner())
    many: tuple[Inner, ...] = tlvs(2, Nested(Inner), "x", default=(Inner(label=3),))


def test_defaults_that_are_records() -> None:
    schema = reread(Outer)
    value = Codec(schema).decode(b"")
    assert value.inner == schema.records["Inner"].cls(label=7)
    assert Codec(schema).encode(value) == b""
    assert schema.record.cls().many == (schema.records["Inner"].cls(label=3),)
    assert Codec(schema).encode(schema.record.cls()) == codec_for(Outer).encode(Outer()) != b""


def test_a_default_that_does_not_fit_is_refused() -> None:
    document = model_json.to_json(lift(Outer))
    document["records"]["Outer"]["fields"][0]["default"] = {"record": {"colour": 7}}
    with pytest.raises(SchemaError) as caught:
        revive({"it": model_json.from_json(document)})
    assert caught.value.id == "type"


def test_equal_records_share_a_class() -> None:
    class Other(Record):
        """Holds a Hello too."""

        hello: Hello = field(Nested(Hello), "x")

    made = revive({"one": lift(Envelope), "two": lift(Other)})
    assert made["one"].records["Hello"].cls is made["two"].records["Hello"].cls
    assert made["one"].records["Hello"].cls is not Hello


def test_arguments() -> None:
    assert arguments(lift(Named).record) == ["colour", "shade", "mode", "limit"]
    assert arguments(lift(Inner).record) == ["label", "unknown"]
