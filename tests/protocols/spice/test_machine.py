"""The tables of states: closed, in the protocol's own words, and each callback is answered once."""

from __future__ import annotations

from collections.abc import Iterator

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


def ways(table: dict[str, dict[str, str]], state: str, stops: set[str]) -> Iterator[tuple[str, ...]]:
    """The events of all runs from a state up to an event of `stops`, through no state twice."""
    waiting: list[tuple[str, tuple[str, ...], frozenset[str]]] = [(state, (), frozenset())]
    while waiting:
        at, events, seen = waiting.pop()
        for event, after in table[at].items():
            if event in stops or not table[after]:
                yield (*events, event)
            elif after not in seen:
                waiting.append((after, (*events, event), seen | {after}))


@pytest.mark.parametrize("role", list(TRANSITIONS))
def test_events_are_messages_or_known(role: str) -> None:
    events = {event for row in TRANSITIONS[role].values() for event in row}
    unknown = [
        name for name in events - LOCAL if not hasattr(common_messages, name) and not hasattr(main_messages, name)
    ]
    assert unknown == []


def test_every_connect_is_answered_once_before_anything_else_is_asked() -> None:
    for state, row in SOURCE.items():
        if "migrate-connect" in row:
            for events in ways(SOURCE, row["migrate-connect"], {"migrate-connect", "migrate-success"} & set()):
                done = events.count("connect-done") - events.count("migrate-connect")
                assert done == 1, (state, events)


def test_every_success_is_answered_once() -> None:
    for row in SOURCE.values():
        if "migrate-success" in row:
            for events in ways(SOURCE, row["migrate-success"], set()):
                assert (events[-1], events.count("end-done")) == ("end-done", 1)


def test_semi_seamless() -> None:
    client = ["linked", "Init", "MigrateBegin", "target-linked", "channels-linked", "MigrateConnected"]
    assert walk("client", *client) == "ready"
    assert walk("client", *client, "ServerMigrateEnd", "close-source", "ClientMigrateEnd", "Init") == "running"
    source = ["link", "Init", "migrate-connect", "MigrateBegin", "MigrateConnected", "connect-done"]
    ended = ["migrate-success", "ServerMigrateEnd", "client-left", "end-done"]
    assert walk("source", *source, *ended) == "migrated"
    assert walk("target", "link-migrating", "channel-linked", "ClientMigrateEnd", "Init") == "serving"


def test_a_target_is_silent_until_it_is_told() -> None:
    own = {"Init", "MigrateDstSeamlessAck", "MigrateDstSeamlessNack"}
    assert own.isdisjoint(TARGET["withholding"])
    assert {state for state, row in TARGET.items() if row.get("MigrateDstSeamlessAck")} == {"judging"}


def test_only_a_lost_client_has_no_server() -> None:
    assert [state for state, row in CLIENT.items() if not row] == ["lost"]
