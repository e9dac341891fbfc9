"""The handshake as one value: it holds every declaration, and the lint has nothing to say."""

from __future__ import annotations

from types import ModuleType

import pytest

from wireformat.protocols import protocol
from wireformat.protocols.handshake import file_messages, frame, messages, transfer_messages
from wireformat.protocols.handshake.items import inventory as inventory_items
from wireformat.protocols.handshake.items import offer as offer_items
from wireformat.protocols.handshake.items import profile as profile_items
from wireformat.protocols.handshake.protocol import PROTOCOL
from wireformat.schema import Record
from wireformat.schema.lint import lint

REACHED = {record.name for schema in PROTOCOL.schemas().values() for record in schema.records.values()}
ABSTRACT = {"HandshakeMessage", "OfferMessage", "RefusalMessage", "SectionKey"}


def test_it_is_a_proposal() -> None:
    assert PROTOCOL.is_proposal
    assert protocol("handshake") is PROTOCOL
    assert PROTOCOL.roles == ("source", "destination", "source-channel", "destination-channel")
    assert PROTOCOL.versions[0] == "1"


@pytest.mark.parametrize(
    "module", [file_messages, frame, inventory_items, messages, offer_items, profile_items, transfer_messages]
)
def test_every_declared_record_can_be_reached(module: ModuleType) -> None:
    """Fails when a record is declared and nobody lists it or refers to it."""
    declared = {
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Record) and value.__module__ == module.__name__
    }
    assert declared - REACHED - ABSTRACT == set()


def test_records_are_the_same_everywhere() -> None:
    """Two pages for one record would come of it, and no dissector."""
    found: dict[str, object] = {}
    for schema in PROTOCOL.schemas().values():
        for name, record in schema.records.items():
            assert found.setdefault(name, record) == record


def test_lint_finds_nothing() -> None:
    assert lint(PROTOCOL) == []
