"""Guards: each is of an event that its table has, and each has its sentence."""

from __future__ import annotations

from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.machine_guards import GUARDED, GUARDS


def test_guards_are_of_events_in_the_tables() -> None:
    for role, states in GUARDED.items():
        for state, row in states.items():
            assert set(row) <= set(TRANSITIONS[role][state]), (role, state)


def test_every_guard_is_explained_and_used() -> None:
    used = {guard for states in GUARDED.values() for row in states.values() for guard in row.values()}
    assert used == set(GUARDS)


def test_a_choice_of_own_messages_is_guarded() -> None:
    """Where a role chooses between two acts of its own, something named decides."""
    assert len(GUARDED["source"]["announcing"]) == len(TRANSITIONS["source"]["announcing"])
    assert len(GUARDED["client"]["asking"]) == len(TRANSITIONS["client"]["asking"])
    assert len(GUARDED["target"]["judging"]) == len(TRANSITIONS["target"]["judging"])
