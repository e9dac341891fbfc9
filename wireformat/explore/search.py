"""Breadth-first search through a world, with every check on the way.

Two states with one canonical form are one. The state found first stands for them, itself and not its canonical form,
so that a run is one that can happen, step by step. The first violation of a check is a shortest one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from wireformat.explore.graph import NOBODY, Graph
from wireformat.explore.liveness import first_without_end, run_above
from wireformat.schema.world import Act, Always, AtEnd, AtMost, Check, Each, EndInReach, World

State = TypeVar("State", bound=Hashable)
MAX_STATES = 5_000_000


@dataclass(frozen=True, slots=True)
class Violation:
    """A claim that does not hold, and the run that shows it."""

    claim: str
    run: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was visited and what does not hold. `is_complete`: every state that can be reached was."""

    world: str
    states: int
    steps: int
    depth: int
    ends: int
    claims: tuple[str, ...]
    violations: tuple[Violation, ...]
    is_complete: bool

    def violation(self, claim: str) -> Violation | None:
        """The violation of a claim, if there is one."""
        return next((each for each in self.violations if each.claim == claim), None)


def explore(
    world: World[State],
    claims: Sequence[str] | None = None,
    *,
    is_hasty: bool = False,
    max_states: int = MAX_STATES,
) -> Report:
    """Visit every state of a world, and check the claims; all that it checks when none are named.

    `is_hasty`: stop at the first violation.
    """
    return _Search(world, claims, is_hasty, max_states).run()


class _Search(Generic[State]):
    """One exploration."""

    def __init__(self, world: World[State], claims: Sequence[str] | None, is_hasty: bool, max_states: int) -> None:
        self._world = world
        self._checks = [check for check in world.checks if claims is None or check.claim in claims]
        self._always = [check for check in self._checks if isinstance(check, Always)]
        self._each = [check for check in self._checks if isinstance(check, Each)]
        self._at_end = [check for check in self._checks if isinstance(check, AtEnd)]
        self._is_hasty = is_hasty
        self._max_states = max_states
        self._graph: Graph[State] = Graph()
        self._ends: list[int] = []
        self._violations: dict[str, Violation] = {}

    def run(self) -> Report:
        """Search, then check what only the whole can tell."""
        is_complete = self._search()
        if is_complete:
            for check in self._checks:
                self._check_whole(check)
        graph = self._graph
        claims = tuple(dict.fromkeys(check.claim for check in self._checks))
        found = tuple(self._violations[claim] for claim in claims if claim in self._violations)
        depth = max(graph.depths, default=0)
        return Report(
            self._world.name, len(graph.states), graph.step_count, depth, len(self._ends), claims, found, is_complete
        )

    def _search(self) -> bool:
        """Visit states in order of discovery; whether that came to its end."""
        for state in self._world.initial():
            self._discover(state, NOBODY, None)
        number = 0
        while number < len(self._graph.states):
            if (self._is_hasty and self._violations) or number >= self._max_states:
                return False
            self._visit(number)
            number += 1
        return not (self._is_hasty and self._violations)

    def _visit(self, number: int) -> None:
        graph, state = self._graph, self._graph.states[number]
        graph.starts.append(len(graph.targets))
        for act, after in self._world.steps(state):
            for check in self._each:
                if not check.holds(state, act, after):
                    self._violated(check.claim, (*graph.way(number), act))
            if after is state:
                graph.idle_count += 1
            else:
                self._discover(after, number, act)

    def _discover(self, state: State, parent: int, act: Act | None) -> None:
        if not self._graph.add(self._world.canonical(state), state, parent, act):
            return
        number = len(self._graph.states) - 1
        for check in self._always:
            if not check.holds(state):
                self._violated(check.claim, self._graph.way(number))
        if self._world.is_end(state):
            self._ends.append(number)
            for end in self._at_end:
                if not end.holds(state):
                    self._violated(end.claim, self._graph.way(number))

    def _check_whole(self, check: Check[State]) -> None:
        if check.claim in self._violations:
            return
        if isinstance(check, EndInReach):
            number = first_without_end(self._graph, self._ends)
            if number is not None:
                self._violated(check.claim, self._graph.way(number))
        elif isinstance(check, AtMost):
            run = run_above(self._graph, check.cost, check.bound)
            if run is not None:
                self._violated(check.claim, run)

    def _violated(self, claim: str, run: tuple[Act, ...]) -> None:
        """Note the first violation of a claim, and look for no other."""
        self._violations.setdefault(claim, Violation(claim, run))
        self._always = [check for check in self._always if check.claim != claim]
        self._each = [check for check in self._each if check.claim != claim]
        self._at_end = [check for check in self._at_end if check.claim != claim]
