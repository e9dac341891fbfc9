"""Every record has an entry; names lead to pages; strangers' twins get pages of their own."""

from __future__ import annotations

import construct
import pytest

from tests.derive.sample_protocol import PROTOCOL as SAMPLE
from wireformat.derive.subject import subject_of, subject_of_constructs
from wireformat.protocols import NAMES, protocol


@pytest.mark.parametrize("name", NAMES)
def test_every_record_of_every_schema_has_an_entry(name: str) -> None:
    subject = subject_of(protocol(name))
    records = {record.name for schema in protocol(name).schemas().values() for record in schema.records.values()}
    assert set(subject.entries) == records
    assert all(entry.record.name == key for key, entry in subject.entries.items())


def test_events_are_messages_unless_the_protocol_says_otherwise() -> None:
    assert subject_of(SAMPLE).event_names == {"Ask": "Ask", "Lend": "Lend", "Return": "Return"}
    vmstate = subject_of(protocol("vmstate"))
    assert vmstate.event_names["SectionPart"] == "section"
    assert vmstate.machine is not None
    events = {event for states in vmstate.machine.table.values() for row in states.values() for event in row}
    assert set(vmstate.event_names.values()) - {"SectionFooter"} <= events


def test_twins_of_a_stranger_are_told_apart() -> None:
    head, other = construct.Struct("a" / construct.Int8ub), construct.Struct("b" / construct.Int8ub)
    one, two = construct.Struct("head" / head), construct.Struct("head" / other)
    subject = subject_of_constructs("x", "", {"One": one, "Two": two})
    assert list(subject.entries) == ["One", "head", "Two", "Two.head"]
    assert subject.entries["Two"].keys["head"] == "Two.head"
    assert [field.name for field in subject.entries["Two.head"].record.fields] == ["b"]


def test_what_is_not_understood_is_listed_with_its_place() -> None:
    strange = construct.Struct("rest" / construct.GreedyRange(construct.Int8ub))
    (gap,) = subject_of_constructs("x", "", {"Strange": strange}).gaps
    assert gap[0] == "Strange.rest"
    assert gap[1].startswith("GreedyRange: ")
