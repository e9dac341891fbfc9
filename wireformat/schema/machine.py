"""Protocol machines as tables: `{role: {state: {event: next state}}}`.

Nothing else says what is legal. Diagrams, random walks and the explorer read the same table, and an event without a
transition is one error. A row where nothing is legal is written `{}`: the state is final.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from wireformat.errors import LocalProtocolError, RemoteProtocolError, SchemaError

Table: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Machine:
    """The transitions of every role. The first state of a role is where it starts.

    Raises `SchemaError`, id `machine`, when the table is not closed.
    """

    table: Table

    def __post_init__(self) -> None:
        for error in check(self.table):
            raise error

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles."""
        return tuple(self.table)

    def start(self, role: str) -> str:
        """The state in which a role begins."""
        return next(iter(self.table[role]))

    def events(self, role: str, state: str) -> tuple[str, ...]:
        """What is legal in a state."""
        return tuple(self.table[role][state])

    def is_final(self, role: str, state: str) -> bool:
        """Whether nothing may follow."""
        return not self.table[role][state]

    def step(self, role: str, state: str, event: str, *, is_ours: bool = False) -> str:
        """The state after an event.

        Raises `RemoteProtocolError`, or `LocalProtocolError` when the event is ours, with id `illegal-event`.
        """
        legal = self.table[role][state]
        if event not in legal:
            error = LocalProtocolError if is_ours else RemoteProtocolError
            detail = f"{event} is not legal in state {state} of {role}"
            raise error("illegal-event", detail, expected=tuple(legal), actual=event)
        return legal[event]


def check(table: Table) -> Iterator[SchemaError]:
    """What is wrong with a table: roles without states, transitions into states without a row, states out of reach."""
    for role, states in table.items():
        if not states:
            yield SchemaError("machine", "no states", path=role)
            continue
        for state, event, after in transitions(states):
            if after not in states:
                yield SchemaError("machine", f"{state} leads to {after}, which has no row", path=f"{role}.{event}")
        for state in states.keys() - reachable(states):
            yield SchemaError("machine", f"no transition leads to {state}", path=role)


def transitions(states: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    """All transitions of one role: state, event, next state."""
    for state, row in states.items():
        for event, after in row.items():
            yield state, event, after


def reachable(states: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    """The states that can be reached from the first one, itself included."""
    found: set[str] = set()
    waiting = [next(iter(states))]
    while waiting:
        state = waiting.pop()
        if state not in found:
            found.add(state)
            waiting.extend(states.get(state, {}).values())
    return frozenset(found)
