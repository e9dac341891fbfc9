"""Values as JSON: what comes back is what went in, for every node of the model, and what cannot is refused by path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.codec.random_values import Maker
from tests.codec.specimens import (
    PARAMS,
    SCHEMAS,
    Bye,
    Colour,
    Entry,
    Envelope,
    Frame,
    Hello,
    Mode,
    Named,
    Page,
    Point,
    Section,
    Setting,
    Value,
    Word,
)
from wireformat.codec import Codec
from wireformat.codec.json_form import SAFE_INTEGER, arm_name, carried, from_json, number_to_json, to_json
from wireformat.errors import EncodeError
from wireformat.schema import Unknown, lift, model

VALUES = 40

SHADES = {"colour": "RED", "shade": "BLUE", "mode": ["FAST"], "limit": []}
NAMED = Named(colour=Colour(1), shade=Colour(7), mode=Mode(1), limit=Mode(0))


@pytest.mark.parametrize("name", SCHEMAS)
def test_there_and_back(name: str) -> None:
    """Through the text, so that tuples, bytes and wide numbers must all survive."""
    values = list(encodable(SCHEMAS[name]))
    assert values
    for value in values:
        document = json.loads(json.dumps(to_json(SCHEMAS[name], value)))
        assert repr(from_json(SCHEMAS[name], document)) == repr(value)


def encodable(schema: model.Schema) -> Iterator[Any]:
    """Random values that have bytes."""
    for seed in range(VALUES):
        value = Maker(schema, None, PARAMS, seed).value()
        with suppress(EncodeError):
            Codec(schema).encode(value, params=PARAMS)
            yield value


@pytest.mark.parametrize(
    ("number", "form"),
    [
        (0, 0),
        (SAFE_INTEGER - 1, 9007199254740991),
        (SAFE_INTEGER, "9007199254740992"),
        (-SAFE_INTEGER, "-9007199254740992"),
        ((1 << 64) - 1, "18446744073709551615"),
    ],
)
def test_wide_numbers_are_strings(number: int, form: int | str) -> None:
    assert number_to_json(number) == form


@pytest.mark.parametrize(
    ("value", "document"),
    [
        (NAMED, SHADES),
        (Named(colour=Colour(9), shade=Colour(1), mode=Mode(9), limit=Mode(5)),
         {"colour": 9, "shade": "RED", "mode": ["FAST", 8], "limit": ["FAST", "LOUD"]}),
        (Envelope(body=Bye(why="x")), {"body": {"Bye": {"why": "x"}}}),
        (Envelope(body=Unknown(9, b"\1\2")), {"body": {"Unknown": {"tag": 9, "data": "0102"}}}),
        (Frame(payload=b"\xff", items=(1, 2), names=("a", ""), blob=b""),
         {"payload": "ff", "items": [1, 2], "names": ["a", ""], "blob": ""}),
        (Page(word=Word(address=4096, flags=Mode(4), kind=Colour(1)), name=None, body=None),
         {"word": {"address": 4096, "flags": ["LOUD"], "kind": "RED"}}),
        (Entry(code=1, points=(Point(x=1, y=2),), unknown=(Unknown(4, b"z"),)),
         {"code": 1, "text": None, "level": 3, "points": [{"x": 1, "y": 2}], "causes": [], "name": None,
          "unknown": [{"tag": 4, "data": "7a"}]}),
    ],
    ids=["members", "numbers without a name", "arm", "unknown arm", "computed", "absent", "entries"],
)  # fmt: skip
def test_the_form(value: Any, document: Any) -> None:
    """Computed fields and constants are left out, members have names, unions one key."""
    schema = lift(type(value))
    written = to_json(schema, value)
    assert {name: part for name, part in written.items() if part is not None} == {
        name: part for name, part in document.items() if part is not None
    }
    assert from_json(schema, written) == value


def test_an_announced_part_is_left_out_when_absent() -> None:
    schema = lift(Section)
    value = Maker(schema, None, PARAMS, 1).value()
    document = to_json(schema, value) | {"sub": {"x": 1, "y": -2}}
    assert from_json(schema, document).sub == Point(x=1, y=-2)
    del document["sub"]
    assert from_json(schema, document).sub is None


def test_a_mapping_is_a_value_too() -> None:
    """Schemas made at run time have no classes."""
    record = model.Record("r", (model.Field("a b", model.Int(1)), model.Field("", model.Reserved(model.Int(1)))))
    schema = model.Schema("r", {"r": record})
    assert to_json(schema, {"a b": 5}) == {"a b": 5}
    assert from_json(schema, {"a b": 5}) == {"a b": 5}


def test_what_a_record_carries() -> None:
    names = [field.name for field in carried(lift(Frame).record)]
    assert names == ["payload", "items", "names", "blob"]


def test_an_arm_has_the_name_of_its_record() -> None:
    schema = lift(Envelope)
    arms = next(node for field in schema.record.fields if isinstance(node := field.of, model.Region)).of
    assert isinstance(arms, model.Union)
    assert [arm_name(schema, arm) for _, arm in arms.arms] == ["Hello", "Bye"]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (1 << 60, {"number": "1152921504606846976"}),
        ("5", {"text": "5"}),
        (b"\5", {"bytes": "05"}),
        (Hello(seq=5), {"Hello": {"seq": 5}}),
        (Colour.BLUE, {"Colour": "BLUE"}),
        ((1, 2), {"list": [1, 2]}),
        (0.5, {"real": 0.5}),
    ],
)
def test_where_the_tag_is_computed_the_form_names_the_arm(value: Any, form: Any) -> None:
    schema = lift(Setting)
    assert to_json(schema, Setting(value=value)) == {"value": form}
    assert from_json(schema, {"value": form}) == Setting(value=value)


@pytest.mark.parametrize(
    ("change", "id", "path"),
    [
        ({"colour": "GREEN"}, "type", "colour"),
        ({"colour": 1.5}, "type", "colour"),
        ({"colour": True}, "type", "colour"),
        ({"mode": "FAST"}, "type", "mode"),
        ({"mode": ["SLOW"]}, "type", "mode"),
        ({"extra": 1}, "type", ""),
        ({"colour": None}, "type", "colour"),
    ],
)
def test_a_document_that_means_nothing(change: dict[str, Any], id: str, path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        from_json(lift(Named), SHADES | change)
    assert (caught.value.id, caught.value.path) == (id, path)


@pytest.mark.parametrize(
    ("schema", "document", "id", "path"),
    [
        (lift(Named), {"colour": "RED"}, "missing", "shade"),
        (lift(Named), [], "type", ""),
        (lift(Envelope), {"body": {"Hello": {"seq": 1}, "Bye": {"why": ""}}}, "type", "body"),
        (lift(Envelope), {"body": {"Nobody": {}}}, "tag", "body"),
        (lift(Envelope), {"body": {"Hello": {}}}, "missing", "body.seq"),
        (lift(Envelope), {"body": {"Unknown": {"tag": 1}}}, "type", "body"),
        (lift(Frame), {"payload": "xyz", "items": [], "names": [], "blob": ""}, "type", "payload"),
        (lift(Frame), {"payload": "", "items": [1, "x"], "names": [], "blob": ""}, "type", "items[1]"),
        (lift(Frame), {"payload": "", "items": 5, "names": [], "blob": ""}, "type", "items"),
        (lift(Frame), {"payload": "", "items": [], "names": ["a", 5], "blob": ""}, "type", "names[1]"),
        (lift(Entry), {"code": 1, "points": [{"x": 1}]}, "missing", "points.y"),
    ],
)
def test_the_path_of_what_is_wrong(schema: model.Schema, document: Any, id: str, path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        from_json(schema, document)
    assert (caught.value.id, caught.value.path) == (id, path)


@pytest.mark.parametrize(
    ("kind", "value", "form"),
    [(1, 5, 5), (2, 1 << 60, "1152921504606846976"), (3, "5", "5"), (4, (1, 2), [1, 2])],
)
def test_arms_of_plain_types_stand_for_themselves(kind: int, value: Any, form: Any) -> None:
    """The field beside the union tells which it is: "5" is text in one arm, a wide number in another."""
    schema = lift(Value)
    assert to_json(schema, Value(kind=kind, value=value)) == {"kind": kind, "value": form}
    assert from_json(schema, {"kind": kind, "value": form}) == Value(kind=kind, value=value)
