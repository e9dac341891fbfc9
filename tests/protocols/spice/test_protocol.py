"""SPICE as one value: it holds every declaration, and the lint has nothing to say."""

from __future__ import annotations

from types import ModuleType

import pytest

from wireformat.protocols import protocol
from wireformat.protocols.spice import channel_messages, common_messages, headers, link, main_messages, migration_data
from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.lookup import message_class
from wireformat.protocols.spice.protocol import NUMBERED, PROTOCOL
from wireformat.schema import Record
from wireformat.schema.lint import lint

REACHED = {record.name for schema in PROTOCOL.schemas().values() for record in schema.records.values()}
DECLARING = [channel_messages, common_messages, headers, link, main_messages, migration_data]


def abstract(value: type[Record]) -> bool:
    """Whether a record only stands for what others have in common."""
    return bool(value.__subclasses__())


def test_it_is_what_others_speak() -> None:
    assert protocol("spice") is PROTOCOL
    assert not PROTOCOL.is_proposal
    assert PROTOCOL.roles == ("client", "source", "target", "client-channel", "source-channel", "target-channel")
    assert PROTOCOL.versions == ("0.5", "0.8.2", "0.12", "0.14")


@pytest.mark.parametrize("module", DECLARING, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_declared_record_can_be_reached(module: ModuleType) -> None:
    """Fails when a record is declared and nobody lists it or refers to it."""
    declared = {
        name
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Record)
        and value.__module__ == module.__name__
        and not abstract(value)
    }
    assert declared - REACHED == set()


def test_numbered_messages_are_those_that_connections_know() -> None:
    found = {
        message_class(channel, sender, number)
        for channel in ChannelType
        for sender in ("client", "server")
        for number in range(1, 256)
    }
    assert found - {None} == set(NUMBERED)


def test_lint_finds_nothing() -> None:
    assert lint(PROTOCOL) == []
