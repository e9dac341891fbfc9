"""A protocol finds its messages."""

from __future__ import annotations

import pytest

from wireformat.schema import Int8ub, Message, Record, field
from wireformat.schema.protocol import Protocol, answers_to


class Ask(Message, code=1, sender="source"):
    """Ask."""


class Answer(Message, code=1, sender="destination"):
    """Answer."""


class Detail(Record):
    """A part."""

    x: int = field(Int8ub, "a number")


PROTOCOL = Protocol("talk", "Two who talk.", ("1",), (Ask, Answer), ("source", "destination"), records=(Detail,))


def test_messages_by_name_and_code() -> None:
    assert PROTOCOL.message("Ask") is Ask
    assert PROTOCOL.by_code(1) == (Ask, Answer)
    assert PROTOCOL.by_code(1, "destination") == (Answer,)
    assert PROTOCOL.by_code(2) == ()
    with pytest.raises(KeyError):
        PROTOCOL.message("Detail")


def test_schemas() -> None:
    assert {name: schema.root for name, schema in PROTOCOL.schemas().items()} == {
        "Ask": "Ask",
        "Answer": "Answer",
        "Detail": "Detail",
    }


def test_what_answers_a_message() -> None:
    replies = {"Answer": ("Ask",), "Refuse": ("Ask", "Beg")}
    assert answers_to("Ask", replies) == ("Answer", "Refuse")
    assert answers_to("Beg", replies) == ("Refuse",)
    assert answers_to("Answer", replies) == ()
