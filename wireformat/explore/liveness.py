"""What only the whole graph can tell: that an end stays in reach of every state, and what the dearest run costs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from wireformat.explore.graph import NOBODY, Graph
from wireformat.schema.world import Act

State = TypeVar("State", bound=Hashable)


def first_without_end(graph: Graph[State], ends: Iterable[int]) -> int | None:
    """The first state from which fair steps lead to no end; none where there is no such state.

    Of several the first that no fair step leaves, where everything stands still; if there is none, they go in circles.
    """
    before: list[list[int]] = [[] for _ in graph.states]
    for number in range(len(graph.states)):
        for target, act in graph.steps(number):
            if act.is_fair:
                before[target].append(number)
    waiting = list(ends)
    reaches = bytearray(len(graph.states))
    while waiting:
        number = waiting.pop()
        if not reaches[number]:
            reaches[number] = 1
            waiting.extend(before[number])
    lost = [number for number, reached in enumerate(reaches) if not reached]
    still = (number for number in lost if not any(act.is_fair for _, act in graph.steps(number)))
    return next(still, lost[0] if lost else None)


def run_above(graph: Graph[State], cost: Callable[[Act], int], bound: int) -> tuple[Act, ...] | None:
    """A run that costs more than the bound; none where no run does.

    A state is looked at again only when it was reached at a higher cost, so at most `bound` times.
    """
    highest = [NOBODY] * len(graph.states)
    trail: list[tuple[int, Act | None]] = []
    waiting: deque[tuple[int, int, int]] = deque()
    for number, parent in enumerate(graph.parents):
        if parent == NOBODY:
            highest[number] = 0
            trail.append((NOBODY, None))
            waiting.append((number, 0, len(trail) - 1))
    while waiting:
        number, total, place = waiting.popleft()
        if total < highest[number]:
            continue
        for target, act in graph.steps(number):
            reached = total + cost(act)
            if reached > highest[target]:
                highest[target] = reached
                trail.append((place, act))
                if reached > bound:
                    return _acts(trail)
                waiting.append((target, reached, len(trail) - 1))
    return None


def _acts(trail: list[tuple[int, Act | None]]) -> tuple[Act, ...]:
    found: list[Act] = []
    place, act = trail[-1]
    while act is not None:
        found.append(act)
        place, act = trail[place]
    return tuple(reversed(found))
