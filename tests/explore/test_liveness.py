"""Ends in reach, and the dearest run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.explore.worlds import DOWN, TRAP, UP, Counter
from wireformat.explore.search import explore
from wireformat.schema.world import Act, AtMost, EndInReach


def ups(act: Act) -> int:
    """One for each step up."""
    return int(act == UP)


def downs(act: Act) -> int:
    """One for each step down."""
    return int(act == DOWN)


def test_an_end_in_reach_of_every_state() -> None:
    assert explore(Counter([EndInReach("live")])).violations == ()


def test_a_trap_is_found_by_the_shortest_way() -> None:
    (violation,) = explore(Counter([EndInReach("live")], trap=2)).violations
    assert violation.run == (UP, UP, TRAP)


def test_only_fair_steps_count() -> None:
    """Whoever leaves a state only by a step that need not come waits for ever."""
    report = explore(OneWay([EndInReach("live")]))
    assert [violation.run for violation in report.violations] == [()]


class OneWay(Counter):
    """From 0 to the end by an unfair step alone."""

    def steps(self, state: int) -> Iterator[tuple[Act, int]]:
        """Straight to the top, if it comes to that."""
        if state == 0:
            yield TRAP, self.top


def test_costs_that_add_up_without_end_are_found() -> None:
    """Up and down for ever: any bound is passed."""
    (violation,) = explore(Counter([AtMost("short", downs, 3)])).violations
    assert sum(map(downs, violation.run)) == 4
    position = 0
    for act in violation.run:
        position += 1 if act == UP else -1
        assert 0 <= position <= 5


@pytest.mark.parametrize(("bound", "holds"), [(0, False), (1, True)])
def test_a_bound_is_exact(bound: int, holds: bool) -> None:
    report = explore(Counter([AtMost("short", ups, bound)], top=1))
    assert (report.violations == ()) is holds


def test_where_everything_stands_still_is_preferred() -> None:
    """Circles at 0 and 1 lead nowhere either, but it is at the trap that nothing goes on."""
    report = explore(Counter([EndInReach("live")], top=2, trap=1, is_topless=True))
    assert [violation.run for violation in report.violations] == [(UP, TRAP)]
