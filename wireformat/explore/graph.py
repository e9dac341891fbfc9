"""What an exploration has found: states by number, in the order of discovery, and all steps between them.

States are discovered breadth first, so the way over first discoverers is a shortest one. Steps are kept in columns,
those of one state in a row; a step that leaves a state as it is, is counted and not kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from wireformat.schema.world import Act

State = TypeVar("State", bound=Hashable)
NOBODY = -1


@dataclass(slots=True)
class Graph(Generic[State]):
    """States and steps; `starts[n]` is where the steps of state n begin in `targets` and `acts`."""

    numbers: dict[State, int] = field(default_factory=dict)
    states: list[State] = field(default_factory=list)
    parents: array[int] = field(default_factory=lambda: array("q"))
    openers: list[Act | None] = field(default_factory=list)
    depths: array[int] = field(default_factory=lambda: array("q"))
    starts: array[int] = field(default_factory=lambda: array("q"))
    targets: array[int] = field(default_factory=lambda: array("q"))
    acts: list[Act] = field(default_factory=list)
    idle_count: int = 0

    def add(self, key: State, state: State, parent: int, act: Act | None) -> bool:
        """Take in a state under its canonical form; whether it is new."""
        number = self.numbers.setdefault(key, len(self.states))
        if parent != NOBODY and act is not None:
            self.targets.append(number)
            self.acts.append(act)
        if number < len(self.states):
            return False
        self.states.append(state)
        self.parents.append(parent)
        self.openers.append(act)
        self.depths.append(0 if parent == NOBODY else self.depths[parent] + 1)
        return True

    @property
    def step_count(self) -> int:
        """All steps, those included that change nothing."""
        return len(self.targets) + self.idle_count

    def steps(self, number: int) -> Iterator[tuple[int, Act]]:
        """Where a state leads, and by what."""
        first = self.starts[number]
        last = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.targets)
        for index in range(first, last):
            yield self.targets[index], self.acts[index]

    def way(self, number: int) -> tuple[Act, ...]:
        """The acts of a shortest run from a beginning to a state."""
        found: list[Act] = []
        while (act := self.openers[number]) is not None:
            found.append(act)
            number = self.parents[number]
        return tuple(reversed(found))
