"""The tables of states: closed, in the protocol's own words, and each callback is answered once."""

from __future__ import annotations

import pytest

from wireformat.protocols.spice import common_messages, main_messages
from wireformat.protocols.spice.machine import CLIENT, SOURCE, TARGET, TRANSITIONS
from wireformat.schema.machine import Machine

MACHINE = Machine(TRANSITIONS)
CALLS = {"migrate-connect", "migrate-success", "migrate-failure"}
LOCAL = {
    *CALLS,
    "connect-done",
    "end-done",
    "connect-timeout",
    "leave-timeout",
    "link",
    "link-migrating",
    "link-failed",
    "linked",
    "arrived",
    "client-left",
    "cut",
    "target-linked",
    "target-failed",
    "dial-target",
    "channels-linked",
    "channels-moved",
    "channels-restored",
    "channel-linked",
    "go-semi-seamless",
    "close-all",
    "close-client",
    "close-source",
    "close-target",
    "swap",
    "start",
    "withhold",
    "await-data",
}


def walk(role: str, *events: str) -> str:
    state = MACHINE.start(role)
    for event in events:
        state = MACHINE.step(role, state, event)
    return state


def owed(call: str, answer: str) -> dict[str, set[int]]:
    """How many answers to a call are outstanding in each state of the source, over all ways to it."""
    found: dict[str, set[int]] = {state: set() for state in SOURCE}
    waiting = [(MACHINE.start("source"), 0)]
    while waiting:
        state, count = waiting.pop()
        if count in found[state]:
            continue
        found[state].add(count)
        assert 0 <= count <= 2, state
        waiting += [(after, count + (event == call) - (event == answer)) for event, after in SOURCE[state].items()]
    return found


@pytest.mark.parametrize("role", list(TRANSITIONS))
def test_events_are_messages_or_known(role: str) -> None:
    events = {event for row in TRANSITIONS[role].values() for event in row}
    unknown = [
        name for name in events - LOCAL if not hasattr(common_messages, name) and not hasattr(main_messages, name)
    ]
    assert unknown == []


@pytest.mark.requirement("SP-130")
def test_every_connect_is_answered_once() -> None:
    """Whichever way leads to a state, as many answers are owed: none twice, none forgotten."""
    found = owed("migrate-connect", "connect-done")
    assert {state for state, counts in found.items() if len(counts) > 1} == set()
    assert [found[state] for state in ("alone", "serving", "linked", "unlinked", "leaving", "migrated")] == [{0}] * 6
    assert found["waiting"] == {1}


@pytest.mark.requirement("SP-131", "SP-138")
def test_every_success_is_answered_once() -> None:
    """Failure is answered too, when no client is there."""
    assert SOURCE[SOURCE["alone"]["migrate-failure"]] == {"end-done": "alone"}
    ends = {state for state, row in SOURCE.items() if row.get("end-done") == "migrated"}
    assert ends == {"left"}
    for state, row in SOURCE.items():
        if "migrate-success" in row:
            assert only_way_on(row["migrate-success"]) == "left", state


def only_way_on(state: str) -> str:
    """Where a state leads to when the client leaves, or is thrown out."""
    while state != "left":
        row = SOURCE[state]
        assert "end-done" not in row
        state = row["client-left"] if "client-left" in row else next(iter(row.values()))
    return state


@pytest.mark.requirement("SP-108", "SP-109", "SP-136", "SP-152")
def test_semi_seamless() -> None:
    client = ["linked", "Init", "MigrateBegin", "target-linked", "channels-linked", "MigrateConnected"]
    assert walk("client", *client) == "ready"
    assert walk("client", *client, "ServerMigrateEnd", "close-source", "ClientMigrateEnd", "Init") == "running"
    source = ["link", "Init", "migrate-connect", "MigrateBegin", "MigrateConnected", "connect-done"]
    ended = ["migrate-success", "ServerMigrateEnd", "client-left", "end-done"]
    assert walk("source", *source, *ended) == "migrated"
    assert walk("target", "link-migrating", "channel-linked", "ClientMigrateEnd", "Init") == "serving"


@pytest.mark.requirement("SP-150")
def test_a_target_is_silent_until_it_is_told() -> None:
    own = {"Init", "MigrateDstSeamlessAck", "MigrateDstSeamlessNack"}
    assert own.isdisjoint(TARGET["withholding"])
    assert {state for state, row in TARGET.items() if row.get("MigrateDstSeamlessAck")} == {"judging"}


def test_a_late_answer_changes_nothing() -> None:
    """Success is refused with MIGRATE_CANCEL where the announcement no longer holds; behind MIGRATE not even that."""
    late = {state for state, row in SOURCE.items() if row.get("MigrateConnectError") == state}
    assert late == {"serving", "linked", "linked-seamless", "unlinked", "leaving", "leaving-seamless"}
    for state in late - {"leaving-seamless"}:
        refusing = SOURCE[state]["MigrateConnected"]
        assert SOURCE[state]["MigrateConnectedSeamless"] == refusing
        assert SOURCE[refusing] == {"MigrateCancel": state}
    assert SOURCE["leaving-seamless"]["MigrateConnected"] == "leaving-seamless"


def test_only_a_lost_client_has_no_server() -> None:
    assert [state for state, row in CLIENT.items() if not row] == ["lost"]
