"""The messages behind START: numbers, directions, revisions."""

from __future__ import annotations

import pytest

from wireformat.protocols.handshake import transfer_messages
from wireformat.schema.lift import lift

NUMBERS = {
    0x8010: ("Handover", "source"),
    0x8011: ("Loaded", "destination"),
    0x8012: ("Grant", "source"),
    0x8013: ("Running", "destination"),
    0x8020: ("PayloadBlock", "source"),
    0x8021: ("PayloadEnd", "source"),
}


@pytest.mark.requirement("HS-213")
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_and_directions(number: int) -> None:
    name, sender = NUMBERS[number]
    record = lift(getattr(transfer_messages, name)).record
    assert (record.code, record.sender) == (number, sender)


@pytest.mark.parametrize("name", ["Handover", "PayloadEnd"])
def test_both_ends_of_a_stream_say_the_same(name: str) -> None:
    fields = lift(getattr(transfer_messages, name)).record.fields
    assert [(field.name, field.tag, field.optional) for field in fields] == [
        ("size", 0x8001, False),
        ("digest", 0x8002, False),
    ]


def test_blocks_are_of_revision_2() -> None:
    since = {name: lift(getattr(transfer_messages, name)).record.since for name, _ in NUMBERS.values()}
    assert {name for name, revision in since.items() if revision == "2"} == {"PayloadBlock", "PayloadEnd"}
