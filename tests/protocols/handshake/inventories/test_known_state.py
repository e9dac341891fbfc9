"""The data file on device state: what may be left out, and what no dump shows."""

from __future__ import annotations

import pytest

from tests.captures.bundle import Captures
from tests.captures.dumps import dump_names, dump_text
from wireformat.protocols.handshake.inventories.dump import parse_dump
from wireformat.protocols.handshake.inventories.known_state import known_state
from wireformat.protocols.vmstate.stream import read_stream


@pytest.mark.requirement("HS-097")
def test_each_name_has_a_reason() -> None:
    reasons = [*known_state().droppable.values(), *known_state().undumped.values()]
    assert [reason for reason in reasons if not (reason.endswith(".") and len(reason.split()) > 3)] == []


@pytest.mark.requirement("HS-097")
def test_what_may_be_left_out_exists() -> None:
    """Some release has each of them, so that no name is a misspelling."""
    known = {
        name
        for dump in dump_names()
        for section in parse_dump(dump_text(dump)).sections
        for name in section.subsections
    }
    assert known_state().droppable.keys() - known == set()


@pytest.mark.parametrize("name", ["ram", "cpu", "timer", "globalstate"])
def test_dumps_lack_what_belongs_to_no_device_class(name: str) -> None:
    shown = {section.name for dump in dump_names() for section in parse_dump(dump_text(dump)).sections}
    assert name in known_state().undumped
    assert name not in shown


@pytest.mark.slow
def test_what_real_machines_of_the_dumped_kind_send_is_shown_or_listed(captures: Captures) -> None:
    shown = {section.name for dump in dump_names() for section in parse_dump(dump_text(dump)).sections}
    streams = [found for found in captures.of_kind("stream") if found.row["program"] == "qemu-system-x86_64"]
    assert len(streams) > 30
    sent = {section.idstr.rpartition("/")[2] for found in streams for section in read_stream(found.data).sections()}
    assert sent - shown - known_state().undumped.keys() == set()
