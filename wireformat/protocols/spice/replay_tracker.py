"""Follow one role through its table by what was seen on the wire, which is never all of it.

What a role sent is known. What it received it has read some time later, what happened to it from outside nobody saw:
so there are several states it may be in. Each is kept, with how much of what it received was read by then. An event
that is legal in none of them is illegal, and nothing is concluded from what follows it; nor where there are too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import NamedTuple, TypeAlias

from wireformat.errors import RemoteProtocolError
from wireformat.protocols.spice.sighting import Sighting
from wireformat.schema.machine import Table

Reading: TypeAlias = tuple[int, ...]
"""How many events of each lane have been read."""

MAX_BELIEFS = 4096
"""States, with what was read by then, that a role may be in at a time; recorded runs have less than a hundred."""


class Place(NamedTuple):
    """Where an event was seen; no sighting where it was told beside the connections, or was the end of one."""

    connection: str
    sighting: Sighting | None = None


class Illegal(NamedTuple):
    """The first event of a role that its table does not have, or the one behind which nobody can tell."""

    role: str
    place: Place
    error: RemoteProtocolError


class Tracker:
    """One role. `silent` are events that may happen unseen now; `barred` those that flags rule out, by state."""

    def __init__(self, table: Table, role: str, silent: Iterable[str] = ()) -> None:
        self._rows = table[role]
        self._role = role
        self.silent = set(silent)
        self.barred: frozenset[tuple[str, str]] = frozenset()
        self.illegal: Illegal | None = None
        self.events = frozenset(event for row in self._rows.values() for event in row)
        self._lanes: list[list[tuple[str, Place]]] = []
        self._believed: set[tuple[str, Reading]] = {(next(iter(self._rows)), ())}
        self._last = Place("")

    @property
    def states(self) -> frozenset[str]:
        """Every state that it may be in."""
        return frozenset(state for state, _ in self._reached())

    def lane(self) -> int:
        """A new connection to read from."""
        self._lanes.append([])
        self._believed = {(state, (*reading, 0)) for state, reading in self._believed}
        return len(self._lanes) - 1

    def sent(self, event: str, place: Place) -> None:
        """An act of the role itself."""
        if self.illegal is not None:
            return
        self._last = place
        after = {
            (self._rows[state][event], reading)
            for state, reading in self._reached()
            if event in self._rows[state] and (state, event) not in self.barred
        }
        if after:
            self._believed = after
        elif self.illegal is None:
            self._refuse(event, place, min(self._reached(frozenset()), key=_freshest)[0])

    def received(self, lane: int, event: str, place: Place) -> None:
        """Something came that the role has read already, or will."""
        self._last = place
        self._lanes[lane].append((event, place))

    def left(self, lane: int) -> None:
        """The role has closed a connection: what it has not read there it never will."""
        self._believed = {
            (state, (*reading[:lane], len(self._lanes[lane]), *reading[lane + 1 :]))
            for state, reading in self._reached()
        }

    def finish(self) -> None:
        """Nothing follows: what came must have been readable."""
        if self.illegal is not None:
            return
        _, reading = min(self._reached(), key=_freshest)
        if self.illegal is not None:
            return
        state, _ = min(self._reached(frozenset()), key=_freshest)
        unread = [lane[count] for lane, count in zip(self._lanes, reading, strict=True) if count < len(lane)]
        for event, place in unread[:1]:
            self._refuse(event, place, state)

    def _reached(self, silent: Set[str] | None = None) -> set[tuple[str, Reading]]:
        """All that may be so by now, by reading and by what nobody sees."""
        if self.illegal is not None:
            return self._believed
        silent = self.silent if silent is None else silent
        waiting, found = list(self._believed), set(self._believed)
        while waiting:
            state, reading = waiting.pop()
            row = {event: to for event, to in self._rows[state].items() if (state, event) not in self.barred}
            after = [(row[event], reading) for event in silent & row.keys()]
            for lane, count in enumerate(reading):
                event = self._lanes[lane][count][0] if count < len(self._lanes[lane]) else ""
                if event in row:
                    after.append((row[event], (*reading[:lane], count + 1, *reading[lane + 1 :])))
            waiting += [each for each in after if each not in found]
            found.update(after)
            if len(found) > MAX_BELIEFS:
                self._give_up()
                break
        return found

    def _give_up(self) -> None:
        detail = f"more than {MAX_BELIEFS} ways to read what {self._role} got"
        error = RemoteProtocolError("limit", detail, path=self._last.connection, expected=MAX_BELIEFS)
        self.illegal = Illegal(self._role, self._last, error)

    def _refuse(self, event: str, place: Place, state: str) -> None:
        legal = tuple(self._rows[state])
        detail = f"{event} is not legal in state {state} of {self._role}"
        offset = None if place.sighting is None else place.sighting.offset
        error = RemoteProtocolError(
            "illegal-event", detail, path=place.connection, offset=offset, expected=legal, actual=event
        )
        self.illegal = Illegal(self._role, place, error)


def _freshest(belief: tuple[str, Reading]) -> tuple[int, str]:
    """Orders beliefs: who has read most comes first."""
    state, reading = belief
    return -sum(reading), state
