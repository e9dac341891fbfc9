"""The search visits everything once, and shows the shortest run to what must not be."""

from __future__ import annotations

from tests.explore.worlds import DOWN, IDLE, UP, Counter
from wireformat.explore.search import explore
from wireformat.schema.world import Act, Always, AtEnd, Each


def is_below_three(state: int) -> bool:
    """Violated at 3."""
    return state < 3


def is_odd(state: int) -> bool:
    """Violated by even ends."""
    return state % 2 == 1


def never_down_from_two(before: int, act: Act, after: int) -> bool:
    """Violated by the step from 2 to 1."""
    return (before, act, after) != (2, DOWN, 1)


def changes(before: int, act: Act, after: int) -> bool:
    """Violated by whatever changes nothing."""
    return before != after


def test_everything_is_visited_once() -> None:
    report = explore(Counter(top=5))
    assert (report.states, report.depth, report.ends, report.is_complete) == (6, 5, 1, True)
    assert report.steps == 5 + 4 + 6, "up, down, and a stranger in each state"


def test_a_state_that_must_not_be() -> None:
    report = explore(Counter([Always("low", is_below_three)]))
    assert [(each.claim, each.run) for each in report.violations] == [("low", (UP, UP, UP))]
    assert report.states == 6, "the search goes on"


def test_a_step_that_must_not_be() -> None:
    (violation,) = explore(Counter([Each("one way", never_down_from_two)])).violations
    assert violation.run == (UP, UP, DOWN)


def test_steps_that_change_nothing_are_checked_too() -> None:
    (violation,) = explore(Counter([Each("change", changes)])).violations
    assert violation.run == (IDLE,)


def test_an_end_that_must_not_be() -> None:
    assert explore(Counter([AtEnd("odd", is_odd)])).violations == ()
    (violation,) = explore(Counter([AtEnd("odd", is_odd)], top=2)).violations
    assert violation.run == (UP, UP)


def test_only_the_claims_that_are_asked_for() -> None:
    world = Counter([Always("low", is_below_three), Each("one way", never_down_from_two)])
    report = explore(world, ["one way"])
    assert report.claims == ("one way",)
    assert report.violation("low") is None
    assert report.violation("one way") is not None


def test_one_claim_may_have_several_checks() -> None:
    world = Counter([Always("low", is_below_three), Each("low", never_down_from_two)])
    report = explore(world)
    assert (report.claims, len(report.violations)) == (("low",), 1)


def test_haste_ends_at_the_first_violation() -> None:
    report = explore(Counter([Always("low", is_below_three)], top=1000), is_hasty=True)
    assert (report.states, report.is_complete) == (4, False)


def test_a_bound_on_states_is_told() -> None:
    report = explore(Counter(top=1000), max_states=10)
    assert (report.is_complete, report.states) == (False, 11)


def test_states_of_one_canonical_form_are_one() -> None:
    assert explore(Counter(top=9, modulus=3)).states == 3
