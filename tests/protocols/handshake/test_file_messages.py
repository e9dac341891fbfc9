"""The messages of files: numbers, and what a profile has beside an offer."""

from __future__ import annotations

import pytest

from wireformat.protocols.handshake import file_messages, messages
from wireformat.schema.lift import lift

NUMBERS = {
    0x8030: ("Manifest", "source"),
    0x8031: ("ManifestEnd", "source"),
}


@pytest.mark.requirement("HS-213")
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_and_directions(number: int) -> None:
    name, sender = NUMBERS[number]
    record = lift(getattr(file_messages, name)).record
    assert (record.code, record.sender) == (number, sender)


def test_a_profile_is_an_offer_and_what_can_be_loaded() -> None:
    offered = {field.name for field in lift(messages.OfferMessage).record.fields}
    said = {field.name: field for field in lift(file_messages.Profile).record.fields}
    assert offered < said.keys()
    assert {name: said[name].tag for name in said.keys() - offered} == {
        "name": 0x0010,
        "machine": 0x8011,
        "ram_blocks": 0x8012,
        "sections": 0x8013,
    }


def test_what_a_manifest_must_say() -> None:
    fields = lift(file_messages.Manifest).record.fields
    assert {field.name for field in fields if not field.optional and not field.many} == {
        "versions",
        "result",
        "machine",
        "header_size",
    }
