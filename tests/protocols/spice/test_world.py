"""The worlds: what is guaranteed holds everywhere, what is not has its shortest run, and broken tables are noticed."""

from __future__ import annotations

from functools import cache

import pytest

from wireformat.explore.search import Report, explore
from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.world import CLAIMS, WORLDS
from wireformat.protocols.spice.world_claims import BY_ID
from wireformat.protocols.spice.world_migration import MigrationWorld
from wireformat.schema.machine import Table

GUARANTEED = frozenset(claim.id for claim in CLAIMS if claim.is_guaranteed)
PRICES = {
    "calm": {"S-02-hasty", "S-02-late"},
    "cuts": {"S-01-cut"},
    "refused": {"S-01-refused"},
    "untold": {"S-01-untold"},
    "again": {"S-01-ahead"},
    "alone": set(),
}


@cache
def report(name: str) -> Report:
    """A world, explored once."""
    return explore(WORLDS[name])


@pytest.mark.slow
@pytest.mark.requirement("SP-130", "SP-131", "SP-132", "SP-150", "SP-151", "SP-181")
@pytest.mark.parametrize("name", list(WORLDS))
def test_what_is_guaranteed_holds_and_only_that(name: str) -> None:
    found = report(name)
    assert found.is_complete
    assert {violation.claim for violation in found.violations} == PRICES[name]
    assert set(found.claims) >= GUARANTEED


@pytest.mark.slow
def test_every_claim_is_checked_somewhere() -> None:
    assert {claim for name in WORLDS for claim in report(name).claims} == set(BY_ID)


def events(name: str, claim: str) -> list[str]:
    violation = report(name).violation(claim)
    assert violation is not None
    return [act.event for act in violation.run if not act.event.startswith(("takes", "close"))]


def test_migrating_before_the_client_has_answered_loses_the_session() -> None:
    """As recorded: the answer is on its way when the source gives it up."""
    assert events("calm", "S-02-hasty")[-5:] == [
        "MigrateConnected",
        "migrate",
        "migrate-success",
        "connect-done",
        "MigrateSwitchHost",
    ]


def test_a_client_that_is_told_nothing_sits_on_a_dead_source() -> None:
    assert events("untold", "S-01-untold") == ["migrate", "migrate-success"]


def test_a_target_that_refuses_to_the_end_leaves_the_client_alone() -> None:
    assert events("refused", "S-01-refused")[-3:] == ["MigrateSwitchHost", "link", "end-done"]


MUTANTS = [
    ("source", "waiting", "connect-timeout", "unlinked", "calm", "S-06"),
    ("source", "answered", "connect-done", "waiting", "calm", "S-06"),
    ("source", "alone", "migrate-connect", "alone", "alone", "S-06"),
    ("source", "postponed", "arrived", "serving", "again", "S-06"),
    ("source", "left", "end-done", "left", "calm", "S-07"),
    ("source", "closing", "close-client", "migrated", "calm", "S-07"),
    ("source", "leaving", "client-left", "migrated", "refused", "S-07"),
    ("source", "waiting", "MigrateConnectError", "waiting", "refused", "S-09"),
    ("source", "linked", "migrate-success", "switching", "refused", "S-02"),
    ("source", "linked-seamless", "migrate-success", "ending", "refused", "S-02"),
    ("source", "unlinked", "migrate-success", "left", "refused", "S-01"),
    ("source", "linked", "migrate-failure", "serving", "refused", "S-10"),
    ("source", "unlinked", "MigrateConnected", "unlinked", "calm", "S-10"),
    ("source", "serving", "MigrateConnected", None, "calm", "S-08"),
    ("source", "postponed", "migrate-success", "unanswered-ending", "again", "S-05"),
    ("source", "leaving-seamless", "MigrateConnectedSeamless", "refusing-leaving", "calm", "S-09"),
    ("source", "arriving", "leave-timeout", "closing", "again", "S-01"),
    ("client", "ready", "ServerMigrateEnd", "running", "refused", "S-01"),
    ("client", "ready", "MigrateCancel", "running", "refused", "S-03"),
    ("client", "ready", "MigrateSwitchHost", "running", "refused", "S-01"),
    ("client", "moved", "close-source", "awaiting-init", "refused", "S-09"),
    ("client", "moving", "cut", "losing", "calm", "S-01"),
    ("client", "running", "ServerMigrateEnd", "running", "calm", "S-01"),
    ("client", "leaving", "close-all", "lost", "refused", "S-01"),
    ("client", "asked", "channels-linked", "attached-seamless", "refused", "S-08"),
    ("client", "failed", "MigrateConnectError", "ready", "refused", "S-10"),
    ("client-channel", "flushed", "ServerMigrateData", "served", "refused", "S-11"),
    ("target", "alone", "link-migrating", "opening", "refused", "S-05"),
    ("target", "withholding", "channel-linked", "serving", "refused", "S-04"),
    ("target", "withholding", "AttachChannels", "serving", "refused", "S-04"),
    ("target", "withholding", "ClientMigrateEnd", "withholding", "refused", "S-09"),
    ("target", "judging", "MigrateDstSeamlessNack", "receiving", "refused", "S-04"),
    ("target", "receiving", "channels-restored", "receiving", "refused", "S-11"),
]
"""Role, state, event and where it leads wrongly (nowhere: the row is gone); the world and the claim that notice."""


def mutated(role: str, state: str, event: str, after: str | None) -> Table:
    """The tables with one transition changed, added or taken away."""
    row = {name: to for name, to in TRANSITIONS[role][state].items() if name != event}
    if after is not None:
        row[event] = after
    return {**TRANSITIONS, role: {**TRANSITIONS[role], state: row}}


@pytest.mark.slow
@pytest.mark.requirement("SP-107", "SP-108", "SP-110", "SP-137", "SP-142", "SP-152", "SP-157")
@pytest.mark.parametrize(("role", "state", "event", "after", "name", "claim"), MUTANTS)
def test_a_broken_table_is_noticed(role: str, state: str, event: str, after: str | None, name: str, claim: str) -> None:
    world = WORLDS[name]
    assert isinstance(world, MigrationWorld)
    assert TRANSITIONS[role][state].get(event) != after
    found = explore(world.with_table(mutated(role, state, event, after)), [claim], is_hasty=True)
    assert [violation.claim for violation in found.violations] == [claim]


UNVISITED = {
    "source": {
        ("abandoning-postponed", "connect-done"),
        ("expecting", "migrate-connect"),
        ("leaving-seamless", "MigrateConnectError"),
        ("leaving-seamless", "MigrateConnected"),
        ("linked", "MigrateConnectError"),
        ("linked", "MigrateConnectedSeamless"),
        ("linked-seamless", "MigrateConnectError"),
        ("linked-seamless", "MigrateConnected"),
        ("postponed", "migrate-connect"),
    },
    "client": {
        ("arriving", "cut"),
        ("leaving", "cut"),
        ("moving", "Migrate"),
        ("ready", "Migrate"),
        ("ready", "target-failed"),
        ("ready-seamless", "ServerMigrateEnd"),
        ("ready-seamless", "target-failed"),
    },
}
"""Steps of the tables that no world takes: a third announcement, answers of another way, more channels than one."""


class Watched(dict[str, str]):
    """A row that notes which events were looked up."""

    def __init__(self, row: dict[str, str], state: str, seen: set[tuple[str, str]]) -> None:
        super().__init__(row)
        self._state, self._seen = state, seen

    def __getitem__(self, event: str) -> str:
        self._seen.add((self._state, event))
        return super().__getitem__(event)

    def get(self, event: str, default: str | None = None) -> str | None:  # type: ignore[override]
        if event in self:
            return self[event]
        return default


@pytest.mark.slow
def test_the_worlds_take_every_other_step_of_the_tables() -> None:
    seen: dict[str, set[tuple[str, str]]] = {role: set() for role in UNVISITED}
    watched = {
        role: {state: Watched(dict(row), state, seen[role]) for state, row in TRANSITIONS[role].items()}
        for role in UNVISITED
    }
    for world in WORLDS.values():
        assert isinstance(world, MigrationWorld)
        explore(world.with_table({**TRANSITIONS, **watched}), [])
    every = {role: {(state, event) for state, row in TRANSITIONS[role].items() for event in row} for role in UNVISITED}
    assert {role: every[role] - seen[role] for role in UNVISITED} == UNVISITED
