"""What a world checks: each check tells a good scene from a bad one."""

from __future__ import annotations

import pytest

from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.world_line import Line
from wireformat.protocols.spice.world_migration import (
    MigrationWorld,
    answers_announcements,
    answers_ends,
    has_one_server,
    is_counted_on,
    is_held_back,
    is_known,
    is_served,
    is_served_or_excused,
    is_silent,
    is_understood,
    keeps_session_or_is_excused,
    loses_not_by,
    owes_no_connect,
    owes_no_end,
    pays_not,
)
from wireformat.protocols.spice.world_scene import CUT, FAULT, HASTY, LATE, NOWHERE, SWITCHED, UNTOLD, WAYS, Means
from wireformat.schema.world import Act

WORLD = MigrationWorld("one", "One way.", Means(), ways=WAYS[1:2])
(START,) = WORLD.initial()
LOST = START._replace(client="lost", here=NOWHERE)
ELSEWHERE = START._replace(guest=1)


def test_it_begins_with_a_client_that_is_served() -> None:
    assert WORLD.is_end(START)
    assert is_served(START)
    assert [act.event for act, _ in WORLD.steps(START)] == ["migrate-connect"]


def test_it_begins_without_one_where_there_is_none() -> None:
    (alone,) = MigrationWorld("none", "Nobody.", Means(has_client=False), ways=WAYS[1:2]).initial()
    assert (alone.client, alone.servers[0].source, is_served(alone)) == ("lost", "alone", True)


def test_what_is_passed_at_once_comes_first() -> None:
    start = START.with_server(0, START.servers[0]._replace(source="announcing", connects=1, has_info=True))
    assert [act.event for act, _ in WORLD.steps(start)] == ["MigrateBegin"]


@pytest.mark.parametrize("state", ["waiting", "leaving", "leaving-seamless", "answered"])
def test_a_source_that_waits_is_no_end(state: str) -> None:
    assert not WORLD.is_end(START.with_server(0, START.servers[0]._replace(source=state)))


def test_served() -> None:
    assert [is_served(scene) for scene in (LOST, ELSEWHERE)] == [False, False]
    assert [is_served_or_excused(scene) for scene in (LOST, LOST.marked(CUT))] == [False, True]
    holds = pays_not(CUT)
    assert [holds(scene) for scene in (START.marked(CUT), LOST.marked(CUT), LOST.marked(CUT).marked(UNTOLD))] == [
        True,
        False,
        True,
    ]


def test_session_kept() -> None:
    lost = START.marked(SWITCHED)
    assert [keeps_session_or_is_excused(scene) for scene in (START, lost, lost.marked(LATE))] == [True, False, True]
    holds = loses_not_by(HASTY)
    assert [holds(scene) for scene in (lost.marked(HASTY), lost.marked(HASTY).marked(LATE))] == [False, True]


def test_one_server() -> None:
    both = START.with_line(1, Line())
    assert not has_one_server(both)
    assert has_one_server(both._replace(client="ready", there=1))


def test_held_back() -> None:
    server = START.servers[1]._replace(channel="running")
    assert not is_held_back(START.with_server(1, server))
    assert is_held_back(START.with_server(1, server._replace(is_told=True)))


def test_silent() -> None:
    act = Act("target", "client", "Init")
    told = START.with_server(1, START.servers[1]._replace(is_told=True))
    assert not is_silent(START, act, START)
    assert is_silent(told, act, told)
    assert is_silent(START, Act("target", "client", "MigrateDstSeamlessAck"), START)


def test_callbacks() -> None:
    server = START.servers[0]
    scenes = [START.with_server(0, server._replace(connects=count, ends=count)) for count in (-1, 0, 1)]
    assert [answers_announcements(scene) for scene in scenes] == [False, True, True]
    assert [answers_ends(scene) for scene in scenes] == [False, True, True]
    assert [owes_no_connect(scene) for scene in scenes] == [False, True, False]
    assert [owes_no_end(scene) for scene in scenes] == [False, True, False]


def test_understood_counted_on_and_known() -> None:
    assert [is_understood(scene) for scene in (START, START.marked(FAULT))] == [True, False]
    ready = START._replace(client="ready", there=1)
    linked = ready.with_server(0, ready.servers[0]._replace(source="linked"))
    assert [is_counted_on(scene) for scene in (START, ready, linked)] == [True, False, True]
    held = START.with_server(0, START.servers[0]._replace(target="receiving"))
    assert [is_known(scene) for scene in (START, held, LOST)] == [True, False, True]


def test_other_tables_make_the_same_world() -> None:
    other = WORLD.with_table({**TRANSITIONS})
    assert (other.name, other.doc, list(other.initial())) == (WORLD.name, WORLD.doc, [START])


def test_a_scene_is_its_own_form() -> None:
    assert WORLD.canonical(START) is START
