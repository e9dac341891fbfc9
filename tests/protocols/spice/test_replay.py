"""Recorded runs are legal and end as they are said to have ended; runs with something taken out are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from tests.captures.spice_runs import NAMES, run
from wireformat.protocols.spice.capture import Capture, Row
from wireformat.protocols.spice.replay import Migration, Replay, replay
from wireformat.protocols.spice.sighting import Sighting

SEMI, SEAMLESS, SWITCH = "semi-seamless", "seamless", "switch-host"
MOVED_SEMI = Migration("source", SEMI, SEMI, "moved", "target")
STAYED_SEMI = Migration("source", SEMI, None, "stayed")
LEFT_SWITCH = Migration("source", SEMI, SWITCH, "leaving")
MOVED_SWITCH = Migration("source", SEMI, SWITCH, "moved", "target")

ENDS: dict[str, tuple[tuple[Migration, ...], str | None]] = {
    "begin-twice-semi-seamless": ((STAYED_SEMI, MOVED_SEMI), "target"),
    "cancel-semi-seamless": ((STAYED_SEMI,), "source"),
    "connect-error-switch-host-fails": ((LEFT_SWITCH,), None),
    "connect-error-switch-host-ok": ((MOVED_SWITCH,), "target"),
    "link-errors": ((), "source"),
    "migrate-before-client-connected": ((MOVED_SWITCH,), "target"),
    "migrate-without-client-info": ((), "source"),
    "minimal-client-cert-subject-begin": ((LEFT_SWITCH,), "source"),
    "minimal-client-full-header-switch-host": ((replace(MOVED_SWITCH, offered=None),), "target"),
    "minimal-client-late-connected": ((LEFT_SWITCH,), None),
    "minimal-client-seamless-nack": ((replace(MOVED_SEMI, offered=SEAMLESS),), "target"),
    "minimal-client-semi-seamless": ((MOVED_SEMI,), "target"),
    "minimal-client-unexpected-migrate-data": ((), None),
    "no-client": ((), None),
    "seamless-ok-ticket": ((Migration("source", SEAMLESS, SEAMLESS, "moved", "target"),), "target"),
    "semi-seamless-ok": ((MOVED_SEMI,), "target"),
    "target-killed-seamless": ((Migration("source", SEAMLESS, None, "stayed"),), "source"),
    "two-migrations-semi-seamless": ((MOVED_SEMI, Migration("target", SEMI, SEMI, "moved", "target2")), "target2"),
}
"""What the captures' README states of each run, in the replay's words."""

BREAKS_A_RULE = "minimal-client-unexpected-migrate-data"


def test_every_run_has_its_end() -> None:
    assert set(ENDS) == set(NAMES)


@pytest.mark.requirement("SP-107", "SP-109", "SP-110", "SP-135", "SP-137", "SP-159")
@pytest.mark.parametrize("name", list(ENDS))
def test_a_run_ends_as_recorded(name: str) -> None:
    played = replay(run(name))
    assert (played.migrations, played.attached) == ENDS[name]


@pytest.mark.parametrize("name", [name for name in ENDS if name != BREAKS_A_RULE])
def test_a_run_is_legal(name: str) -> None:
    assert [str(each.error) for each in replay(run(name)).findings] == []


@pytest.mark.requirement("SP-156")
def test_state_that_nobody_waits_for_is_illegal() -> None:
    """The one run whose client breaks a rule on purpose."""
    found = [(each.role, each.error.detail) for each in replay(run(BREAKS_A_RULE)).findings]
    assert found == [
        ("client-channel", "ClientMigrateData is not legal in state served of client-channel"),
        ("target-channel", "ClientMigrateData is not legal in state running of target-channel"),
    ]


def test_the_last_migration_stands_for_the_run() -> None:
    played = replay(run("two-migrations-semi-seamless"))
    assert (played.outcome, played.mode) == ("moved", SEMI)
    assert (replay(run("no-client")).outcome, replay(run("no-client")).mode) == (None, None)


def without(name: str, connection: str, is_gone: Callable[[Sighting], bool]) -> Replay:
    """A run of which something was never sent."""
    capture = run(name)
    changed = tuple(
        replace(one, sightings=tuple(each for each in one.sightings if not is_gone(each)))
        if one.name.startswith(connection)
        else one
        for one in capture.connections
    )
    assert changed != capture.connections
    return replay(replace(capture, connections=changed))


def illegal(played: Replay) -> list[tuple[str, str]]:
    """Roles and the events that they do not have."""
    return [(each.role, str(each.error.actual)) for each in played.findings]


OK, SEAM, TWICE = "semi-seamless-ok", "seamless-ok-ticket", "begin-twice-semi-seamless"

MISSING = [
    (OK, "conn01", "MigrateBegin", ("client", "MigrateConnected")),
    (OK, "conn01", "MigrateConnected", ("source", "ServerMigrateEnd")),
    (OK, "conn01", "ServerMigrateEnd", ("client", "ClientMigrateEnd")),
    (OK, "conn08", "LinkResult", ("client", "MigrateConnected")),
    (OK, "conn07", "ClientMigrateEnd", ("target", "Init")),
    (OK, "conn01", "Init", ("source", "migrate-connect")),
    (TWICE, "conn01", "MigrateCancel", ("source", "MigrateConnected")),
    (SEAM, "conn07", "MigrateDstDoSeamless", ("target", "MigrateDstSeamlessAck")),
    (SEAM, "conn07", "MigrateDstSeamlessAck", ("client", "MigrateConnectedSeamless")),
    (SEAM, "conn06", "Migrate", ("client-channel", "MigrateFlushMark")),
    (SEAM, "conn06", "MigrateFlushMark", ("source-channel", "ServerMigrateData")),
    (SEAM, "conn06", "ServerMigrateData", ("client-channel", "ClientMigrateData")),
]
"""Run, connection, what is taken out; the role that notices, and by what."""


@pytest.mark.requirement("SP-104", "SP-105", "SP-108", "SP-120", "SP-121", "SP-136")
@pytest.mark.parametrize(("name", "connection", "gone", "finding"), MISSING)
def test_a_missing_message_is_noticed(name: str, connection: str, gone: str, finding: tuple[str, str]) -> None:
    played = without(name, connection, lambda sighting: sighting.name == gone)
    assert finding in illegal(played)


@pytest.mark.requirement("SP-150", "SP-151")
def test_a_target_that_speaks_too_early_is_noticed() -> None:
    """Without the client's MIGRATE_END nothing may be said on the channels of the target."""
    played = without(OK, "conn07", lambda sighting: sighting.name == "ClientMigrateEnd")
    assert {role for role, _ in illegal(played)} == {"target", "target-channel"}


def test_what_crosses_the_end_of_a_connection_is_no_fault() -> None:
    """A target that closes does not read what the client had sent by then."""
    capture = run(SEAM)
    (moved,) = (one for one in capture.connections if one.name.startswith("conn08"))
    (state,) = (each for each in moved.sightings if each.name == "ClientMigrateData")
    end = Row(state.time - 1e-6, "s2c", note={"t": state.time - 1e-6, "dir": "s2c", "what": "eof"})
    before = sum(row.time < end.time for row in moved.rows)
    closed = replace(moved, rows=(*moved.rows[:before], end, *moved.rows[before:]))
    played = replay(replace(capture, connections=tuple(closed if one is moved else one for one in capture.connections)))
    assert ("target-channel", "ClientMigrateData") not in illegal(played)


@pytest.mark.parametrize("seed", range(40))
def test_a_run_with_holes_is_played_to_its_end(seed: int) -> None:
    """Whatever is missing, whichever server it is said to be: findings, and nothing else leaves the replay."""
    chance = Random(seed)
    capture = run(chance.choice(NAMES))
    connections = [
        replace(
            one,
            head={**one.head, "server": chance.choice([one.server, "source", ""])},
            sightings=tuple(each for each in one.sightings if chance.random() > 0.1),
        )
        for one in capture.connections
        if chance.random() > 0.1
    ]
    chance.shuffle(connections)
    played = replay(replace(capture, connections=tuple(connections)))
    assert {each.error.id for each in played.findings} <= {"illegal-event"}


def told(capture: Capture, *lines: dict[str, object], gone: str = "") -> Replay:
    """A run with another timeline."""
    timeline = [line for line in capture.timeline if gone not in (line.get("cmd"), line.get("event"))]
    return replay(replace(capture, journals={**capture.journals, "timeline": (*timeline, *lines)}))


def test_what_the_program_was_told_must_fit() -> None:
    assert illegal(told(run(OK), gone="client_migrate_info")) == [("source", "MigrateBegin")]


@pytest.mark.requirement("SP-131")
def test_the_end_is_told_once() -> None:
    again = {"t": 5.0, "src": "qmp", "vm": "source", "event": "SPICE_MIGRATE_COMPLETED"}
    assert illegal(told(run(OK), again)) == [("source", "end-done")]


def test_without_a_timeline_a_run_is_legal_too() -> None:
    played = replay(replace(run(SEAM), journals={}))
    assert (played.findings, played.outcome, played.attached) == ((), "moved", "target")
