"""Dialects: today's, and one that was made from data, which speaks to today's."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.protocols.handshake.loopback import (
    STREAM,
    STRIPED_OFFER,
    Loopback,
    destination_config,
    hello,
    source_config,
)
from wireformat.errors import EncodeError
from wireformat.protocols.channels.messages import ChannelHeader
from wireformat.protocols.handshake.frame import Frame, Piece
from wireformat.protocols.handshake.messages import Context, Hello
from wireformat.protocols.handshake.sessions.dialect import TODAY, Dialect
from wireformat.schema import model_json
from wireformat.schema.lift import lift
from wireformat.schema.revive import revive


def from_data() -> Dialect:
    """Today's declarations, written as data and read again: other classes of the same names."""
    schemas = {
        cls.__name__: model_json.from_json(json.loads(json.dumps(model_json.to_json(lift(cls)))))
        for cls in (Frame, ChannelHeader, Piece)
    }
    revived = revive(schemas)
    return Dialect(revived["Frame"], revived["ChannelHeader"], revived["Piece"])


OLD = from_data()


def test_values_are_adopted_by_name() -> None:
    ours = hello(STRIPED_OFFER)
    theirs = OLD.adopt(ours)
    assert type(theirs) is not Hello
    assert type(theirs).__name__ == "Hello"
    assert OLD.frames(1).encode(OLD.frame(0, ours)) == TODAY.frames(1).encode(TODAY.frame(0, ours))
    assert TODAY.adopt(theirs) == ours
    assert TODAY.adopt(ours) is ours


def test_what_a_dialect_has_no_words_for_is_an_error() -> None:
    class Later(Hello):
        """A message of a later revision."""

    with pytest.raises(EncodeError) as caught:
        TODAY.adopt(Later(**{name: getattr(hello(), name) for name in Hello._arguments}))
    assert caught.value.id == "reference"


def test_parts_have_bytes_of_their_own() -> None:
    assert TODAY.part(Context(label="web")) == bytes.fromhex("80010000 00000003") + b"web"
    assert OLD.part(Context(label="web")) == TODAY.part(Context(label="web"))


def test_senders() -> None:
    assert TODAY.senders["Hello"] == "source"
    assert TODAY.senders["CommitAck"] == "destination"
    assert TODAY.senders["Abort"] == "either"
    assert dict(OLD.senders) == dict(TODAY.senders)


@pytest.mark.requirement("HS-210")
@pytest.mark.parametrize("near", [TODAY, OLD])
@pytest.mark.parametrize("far", [TODAY, OLD])
def test_old_and_new_understand_each_other(near: Dialect, far: Dialect) -> None:
    run = Loopback(
        source_config(STRIPED_OFFER, dialect=near, grease=1), destination_config(STRIPED_OFFER, dialect=far, grease=2)
    )
    run.migrate()
    assert run.outcome == ("complete", "complete")
    assert run.received == STREAM


def test_a_revision_that_is_not_declared_is_spoken_as_the_newest() -> None:
    assert TODAY.frames(99) is TODAY.frames(None)
    frame = replace(TODAY.frame(0, hello()), sequence=3)
    assert TODAY.frames(1).decode(TODAY.frames(None).encode(frame)) == frame


@pytest.mark.requirement("CH-029")
def test_numbers_are_those_that_may_be_assigned() -> None:
    schema = lift(Frame)
    numbers = {item.tag & 0x7FFF for record in schema.records.values() for item in record.fields if item.tag}
    assert {number for number in numbers if not 1 <= number <= 0x3FFF} == {0x7FFD, 0x7FFE}
