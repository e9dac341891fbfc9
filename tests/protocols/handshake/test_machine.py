"""The tables of states: what leads to success, what never does, and that both sides speak the same language."""

from __future__ import annotations

import pytest

from wireformat.protocols.handshake import messages
from wireformat.protocols.handshake.machine import DESTINATION, SOURCE, TRANSITIONS
from wireformat.schema.machine import Machine

MISHAPS = ("cut", "fault", "silence", "cancel", "Abort", "Reject")
LOCAL = {
    "connect",
    "connected",
    "accept",
    "channel-open",
    "channel-bound",
    "channel-refused",
    "payload",
    "payload-end",
    "pause",
    "reconnect",
    "give-up",
    "told-running",
    "told-dropped",
    "told-run",
    "told-drop",
    "policy-drop",
    "close",
    "ChannelHeader",
    *MISHAPS,
}


def test_tables_are_closed() -> None:
    assert Machine(TRANSITIONS).roles == ("source", "destination", "source-channel", "destination-channel")


@pytest.mark.parametrize("role", list(TRANSITIONS))
def test_events_are_messages_or_known(role: str) -> None:
    events = {event for row in TRANSITIONS[role].values() for event in row}
    assert [event for event in events - LOCAL if not hasattr(messages, event)] == []


@pytest.mark.requirement("HS-016", "HS-160")
@pytest.mark.parametrize("table", [SOURCE, DESTINATION], ids=["source", "destination"])
def test_no_mishap_leads_to_success(table: dict[str, dict[str, str]]) -> None:
    """But for a destination that was granted the guest: it runs it whatever becomes of the connection."""
    found = {(state, event) for state, row in table.items() for event in MISHAPS if row.get(event) == "complete"}
    assert found == ({("granted", "cut")} if table is DESTINATION else set())


@pytest.mark.requirement("HS-142", "HS-144")
def test_a_source_that_granted_is_left_to_management() -> None:
    assert {SOURCE["granted"][event] for event in ("Abort", "cut", "fault", "silence", "cancel")} == {"unknown"}
    assert SOURCE["unknown"] == {"told-running": "complete", "told-dropped": "failed"}


@pytest.mark.requirement("HS-143", "HS-145")
def test_a_destination_runs_the_guest_only_when_granted_or_told() -> None:
    assert {state for state, row in DESTINATION.items() if "Running" in row} == {"granted"}
    assert {state for state, row in DESTINATION.items() if row.get("Grant") == "granted"} == {"loaded"}
    assert {event: DESTINATION["loaded"][event] for event in ("cut", "fault", "silence")} == {
        "cut": "held",
        "fault": "held",
        "silence": "held",
    }
    assert DESTINATION["held"] == {"told-run": "complete", "told-drop": "failed", "policy-drop": "failed"}


@pytest.mark.requirement("HS-014", "HS-018")
def test_the_straight_way_takes_eight_messages() -> None:
    way = ["Hello", "HelloReply", "Inventory", "InventoryReply", "Commit", "CommitAck", "ChannelsReady", "Start"]
    machine = Machine(TRANSITIONS)
    source, destination = "greeting", "header"
    for message in way:
        source = machine.step("source", source, message)
        destination = machine.step("destination", destination, message)
    assert (source, destination) == ("payload", "payload")
