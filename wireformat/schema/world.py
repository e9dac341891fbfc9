"""Worlds: what a protocol's machines do together, as data that the explorer walks.

A world is a finite set of states and the steps between them: the roles with their tables, the network between them,
management, strangers. States are values that compare and hash. What must hold is declared as claims in words, and as
checks that decide them: of every state, of every step, of every end, that an end stays in reach, and what a run costs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

State = TypeVar("State", bound=Hashable)


class Act(NamedTuple):
    """What happens in one step: a message on its way, or with equal parties something that a party does by itself.

    `is_fair`: happens sooner or later by itself. Cuts, timers, strangers and second thoughts of management do not.
    """

    sender: str
    receiver: str
    event: str
    note: str = ""
    is_fair: bool = True


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence about a protocol; not guaranteed: a known price. `tests` check it where no world can."""

    id: str
    title: str
    sentence: str
    is_guaranteed: bool = True
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Always(Generic[State]):
    """Holds in every state."""

    claim: str
    holds: Callable[[State], bool]


@dataclass(frozen=True, slots=True)
class Each(Generic[State]):
    """Holds of every step: the state before, what happens, the state after."""

    claim: str
    holds: Callable[[State, Act, State], bool]


@dataclass(frozen=True, slots=True)
class AtEnd(Generic[State]):
    """Holds in every state that is an end."""

    claim: str
    holds: Callable[[State], bool]


@dataclass(frozen=True, slots=True)
class EndInReach:
    """Fair steps alone lead from every state to an end: nobody waits for what never comes."""

    claim: str


@dataclass(frozen=True, slots=True)
class AtMost:
    """No run costs more than `bound`, however it goes."""

    claim: str
    cost: Callable[[Act], int]
    bound: int


Check: TypeAlias = Always[State] | Each[State] | AtEnd[State] | EndInReach | AtMost


class World(Protocol[State]):
    """States, steps and checks. `parties` are those of a chart, from left to right."""

    @property
    def name(self) -> str:
        """One word."""

    @property
    def doc(self) -> str:
        """One sentence."""

    @property
    def parties(self) -> tuple[str, ...]:
        """Everyone that an act may name."""

    @property
    def checks(self) -> Sequence[Check[State]]:
        """What must hold."""

    def initial(self) -> Iterable[State]:
        """Where runs begin."""

    def steps(self, state: State) -> Iterable[tuple[Act, State]]:
        """Everything that may happen in a state; the same state again where an act changes nothing."""

    def is_end(self, state: State) -> bool:
        """Whether a run may stop here."""

    def canonical(self, state: State) -> State:
        """The one state that stands for all which differ in nothing that matters."""
