"""Following a role by what is seen of it: what it read, and when, is not."""

from __future__ import annotations

import pytest

from wireformat.protocols.spice.replay_tracker import MAX_BELIEFS, Place, Tracker

HERE = Place("here")
TABLE = {
    "reader": {
        "idle": {"ask": "asking"},
        "asking": {"answer": "answered", "timer": "tired"},
        "tired": {"answer": "tired", "give-up": "over"},
        "answered": {"thank": "over"},
        "over": {},
    }
}


def tracker(*silent: str) -> Tracker:
    made = Tracker(TABLE, "reader", silent)
    made.lane()
    return made


def test_what_came_may_not_have_been_read() -> None:
    """The answer is there, and yet the role may give up: its timer ran out before it looked."""
    role = tracker("timer")
    role.sent("ask", HERE)
    role.received(0, "answer", HERE)
    assert role.states == {"asking", "answered", "tired"}
    role.sent("give-up", HERE)
    assert (set(role.states), role.illegal) == ({"over"}, None)


def test_an_event_without_a_way_is_illegal_and_named() -> None:
    role = tracker()
    role.sent("ask", HERE)
    role.received(0, "answer", HERE)
    role.sent("give-up", HERE)
    assert role.illegal is not None
    assert role.illegal.error.detail == "give-up is not legal in state answered of reader"
    assert (role.illegal.place, role.illegal.error.expected) == (HERE, ("thank",))


def test_only_the_first_illegal_event_counts() -> None:
    role = tracker()
    role.sent("thank", HERE)
    role.sent("give-up", HERE)
    role.finish()
    assert role.illegal is not None
    assert role.illegal.error.actual == "thank"


def test_what_can_never_be_read_is_illegal_at_the_end() -> None:
    role = tracker()
    role.received(0, "answer", HERE)
    assert role.illegal is None
    role.finish()
    assert role.illegal is not None
    assert role.illegal.error.actual == "answer"


def test_nothing_is_read_from_a_connection_that_the_role_has_closed() -> None:
    role = tracker()
    role.received(0, "answer", HERE)
    role.left(0)
    role.sent("ask", HERE)
    role.finish()
    assert (set(role.states), role.illegal) == ({"asking"}, None)


def test_too_many_ways_to_read_are_given_up() -> None:
    """Many connections with unread messages: which were read is anybody's guess, and the guesses are counted."""
    role = Tracker({"reader": {"idle": {"answer": "idle"}}}, "reader")
    for _ in range(8):
        lane = role.lane()
        for _ in range(3):
            role.received(lane, "answer", HERE)
    role.finish()
    assert role.illegal is not None
    assert (role.illegal.error.id, role.illegal.error.expected) == ("limit", MAX_BELIEFS)


@pytest.mark.parametrize("way", ["sent", "received"])
def test_a_barred_event_is_illegal(way: str) -> None:
    role = tracker()
    role.sent("ask", HERE)
    role.barred = frozenset({("asking", "answer")})
    if way == "sent":
        role.sent("answer", HERE)
    else:
        role.received(0, "answer", HERE)
        role.finish()
    assert role.illegal is not None
    assert role.illegal.error.actual == "answer"
