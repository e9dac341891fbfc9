"""The protocol as one value: it holds every declaration, and the lint has nothing to say."""

from __future__ import annotations

from types import ModuleType

import pytest

from wireformat.protocols import NAMES, protocol
from wireformat.protocols.vmstate import iterative, messages, ram
from wireformat.protocols.vmstate.machine import EVENTS
from wireformat.protocols.vmstate.protocol import PROTOCOL
from wireformat.schema import Message, Record, model
from wireformat.schema.lint import lint
from wireformat.schema.traverse import walk

REACHED = {record.name for schema in PROTOCOL.schemas().values() for record in schema.records.values()}
ABSTRACT = {"SectionHeader"}


@pytest.mark.parametrize("module", [messages, ram, iterative])
def test_every_declared_record_can_be_reached(module: ModuleType) -> None:
    """Fails when a record is declared and nobody lists it or refers to it."""
    declared = {
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Record) and value.__module__ == module.__name__
    }
    assert declared - REACHED - ABSTRACT == set()


def test_every_message_is_listed() -> None:
    found = {v.__name__ for v in vars(messages).values() if isinstance(v, type) and issubclass(v, Message)}
    assert found - {"Message"} - ABSTRACT == {message.__name__ for message in PROTOCOL.messages}


def test_lint_finds_nothing() -> None:
    assert lint(PROTOCOL) == []


def test_a_type_byte_leads_to_one_message() -> None:
    sections = {
        code: [cls.__name__ for cls in PROTOCOL.by_code(code)] for code, event in EVENTS.items() if event != "eof"
    }
    assert sections == {
        1: ["SectionStart"],
        2: ["SectionPart"],
        3: ["SectionEnd"],
        4: ["SectionFull"],
        6: ["VmDescription"],
        7: ["Configuration"],
        8: ["Command"],
    }


@pytest.mark.requirement("VM-001")
def test_every_number_is_big_endian() -> None:
    records = [record for schema in PROTOCOL.schemas().values() for record in schema.records.values()]
    nodes = [node for record in records for field in record.fields for node in walk(field.of)]
    numbers = [node for node in nodes if isinstance(node, model.Int)]
    assert {node.size for node in numbers} == {1, 2, 4, 8}
    assert [node for node in numbers if node.little] == []


def test_protocols_are_found_by_name() -> None:
    assert [protocol(name).name for name in NAMES] == list(NAMES)
    with pytest.raises(KeyError):
        protocol("nothing")
