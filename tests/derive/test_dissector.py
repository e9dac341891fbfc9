"""The Lua file: whole, in order, made from the declarations and nothing else."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from tests.codec import specimens
from wireformat.derive.dissector import RUN_TIME, definition, dissector
from wireformat.errors import ErrorEntry, SchemaError
from wireformat.schema import Int8ub, Message, field, lift
from wireformat.schema.protocol import Protocol

ERRORS = {"talk/rude": ErrorEntry("malformed", "somebody is rude", "At length.")}


def talk(doc: str = "how loud") -> Protocol:
    """A protocol with one message whose field has this sentence."""

    class Say(Message, code=1, sender="guest", channel="air"):
        """Say something."""

        volume: int = field(Int8ub, doc)

    return Protocol("talk", "Two who talk.", ("1",), (Say,), errors=ERRORS)


def row(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The field of that filter name."""
    return next(each for each in rows if each["f"] == name)


def test_a_definition_has_fields_records_and_errors() -> None:
    found = definition(talk())
    assert found["filter"] == "wf.talk"
    assert row("wf.talk.say.volume", found["fields"])["type"] == "uint8"
    assert row("wf.talk.say.volume", found["fields"])["doc"] == "how loud"
    assert [found["records"]["Say"][key] for key in ("code", "sender", "channel")] == [1, "guest", "air"]
    assert found["errors"] == [
        {"id": "talk/rude", "f": "wf.error.talk.rude", "kind": "malformed", "summary": "somebody is rude"}
    ]


def test_a_definition_says_what_answers_what() -> None:
    found = definition(replace(talk(), replies={"Nod": ("Say",), "Frown": ("Say", "Sing")}))
    assert found["answers"] == {"Nod": {"Say": True}, "Frown": {"Say": True, "Sing": True}}
    assert found["asks"] == {"Say": True, "Sing": True}
    assert {"answers", "asks"}.isdisjoint(definition(talk()))


def test_every_field_of_every_record_is_shown() -> None:
    protocol = Protocol("specimen", "Every node.", ("1", "2", "10"), (), records=specimens.CLASSES)
    found = definition(protocol)
    for cls in specimens.CLASSES:
        record = lift(cls).record
        assert [each["name"] for each in found["records"][record.name]["fields"]] == [
            each.name for each in record.fields
        ]


def test_versions_are_places_in_the_order() -> None:
    fields = definition(Protocol("specimen", "Every node.", ("1", "2", "10"), (specimens.Migrate,)))
    ranges = {each["name"]: (each["since"], each["until"]) for each in fields["records"]["Migrate"]["fields"]}
    assert ranges["old"] == (None, 2)
    assert ranges["subject"] == (2, None)
    assert ranges["extra"] == (3, None)


def test_a_changed_sentence_changes_the_file() -> None:
    before, after = dissector([talk()]), dissector([talk("how very loud")])
    assert '"how loud"' in before
    assert before.replace("how loud", "how very loud") == after


def test_every_part_of_the_run_time_is_in_the_file() -> None:
    parts = {path.name: path.read_text() for path in files("wireformat.derive").joinpath("lua").iterdir()}
    assert parts.keys() == {*RUN_TIME, "message.lua"}
    text = dissector([talk()])
    places = [text.index(parts[name]) for name in (*RUN_TIME, "message.lua")]
    assert places == sorted(places)


def test_drivers_stand_behind_their_protocol() -> None:
    text = dissector([talk()], {"talk": ["-- the driver"], "other": ["-- nobody's"]})
    assert text.index("wf.define") < text.index('name = "talk"') < text.index("-- the driver")
    assert "-- nobody's" not in text


def test_hostile_names_stay_inside_their_quotes() -> None:
    text = dissector([talk('"}) os.execute("x") --\n')])
    assert '"\\034}) os.execute(\\034x\\034) --\\010"' in text


def test_one_name_for_two_records_is_refused() -> None:
    protocol = talk()
    twins = Protocol("talk", "", ("1",), (*protocol.messages, *talk("other").messages))
    twins_schemas = {"a": lift(protocol.messages[0]), "b": lift(twins.messages[1])}
    assert twins_schemas["a"] != twins_schemas["b"]
    with pytest.raises(SchemaError) as caught:
        definition(_Clashing())
    assert caught.value.id == "twice"


class _Clashing(Protocol):
    """A protocol in which two records have one name."""

    def __init__(self) -> None:
        super().__init__("clash", "", ("1",), ())

    def schemas(self) -> Any:
        return {"a": lift(talk().messages[0]), "b": lift(talk("other").messages[0])}
