"""Who may run the guest, from the end of the payload on [handshake D.14].

The source pauses the guest and says HANDOVER; the destination loads and says LOADED; with GRANT the source gives up
the right to resume; the destination runs the guest and says RUNNING; only then the source forgets it. The connection
may be cut anywhere, timers run out, management cancels. Afterwards management looks at both sides and tells each what
the other did. What is kept of the guest is written down beside the tables: who runs it, who has a whole copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from wireformat.protocols.handshake.machine import TRANSITIONS
from wireformat.protocols.handshake.transfer_messages import Grant, Handover, Loaded, Running
from wireformat.protocols.handshake.worlds.guards import GUARDS, Guards
from wireformat.protocols.handshake.worlds.line import BOTH, DESTINATION, END, ROLES, SOURCE, Line, Message
from wireformat.schema.lift import lift
from wireformat.schema.machine import Table
from wireformat.schema.world import Act, Always, AtEnd, Check, Each, EndInReach

SENDERS = {cls.__name__: lift(cls).record.sender for cls in (Handover, Loaded, Grant, Running)}
DROPPED = ("failed", "cancelled", "refused")
RUNS = ("granted", "complete")
WAITING = ("unknown", "held")
TOLD = {"told-running", "told-dropped", "told-run", "told-drop"}
LAST = Message("Abort")


class Ownership(NamedTuple):
    """The states of both roles, the connection; who runs the guest, who has a whole copy of it."""

    states: tuple[str, str] = ("payload", "payload")
    line: Line = Line()
    runs: tuple[bool, bool] = (True, False)
    copies: tuple[bool, bool] = (True, False)
    is_granted: bool = False


class HandoverWorld:
    """Source and destination behind the payload, a network that cuts, management that decides at the end."""

    name = "handover"
    doc = "Ownership of the guest behind the payload, with cuts anywhere and management to resolve what is unknown."
    parties = ("management", "source", "network", "destination")

    def __init__(self, table: Table = TRANSITIONS, guards: Guards = GUARDS) -> None:
        self._rows = (table[ROLES[SOURCE]], table[ROLES[DESTINATION]])
        self._guards = guards
        self.checks: Sequence[Check[Ownership]] = (
            Always("P-03", self._is_paused_in_time),
            AtEnd("P-04", fails_cleanly),
            Always("P-05", has_one_runner),
            Always("P-06", is_kept),
            Always("P-07", self._is_explicit),
            Each("P-07", is_resolved_by_management),
            Always("P-07-held", is_never_stuck),
            Each("L-02", self._cancels),
            EndInReach("L-03"),
            Each("L-04", self._notices_cut),
        )

    def initial(self) -> Iterator[Ownership]:
        """Both are in the payload; the guest runs on the source."""
        yield Ownership()

    def steps(self, state: Ownership) -> Iterator[tuple[Act, Ownership]]:
        """Everything that may happen."""
        for role in BOTH:
            row = self._rows[role][state.states[role]]
            for event in row:
                if SENDERS.get(event) == ROLES[role]:
                    act = Act(ROLES[role], ROLES[1 - role], event)
                    yield act, self._after(state, role, event)._replace(line=state.line.sent(role, Message(event)))
            yield from self._taken(state, role, row)
            yield from self._given_up(state, role, row)
            yield from self._told(state, role, row)
        for note, line in state.line.cut():
            yield Act("network", "network", "cut", note, False), state._replace(line=line)

    def is_end(self, state: Ownership) -> bool:
        """Whether both have ended."""
        return all(self._is_over(state, role) for role in BOTH)

    def canonical(self, state: Ownership) -> Ownership:
        """The state itself."""
        return state

    def _is_over(self, state: Ownership, role: int) -> bool:
        return not self._rows[role][state.states[role]]

    def _taken(self, state: Ownership, role: int, row: Mapping[str, str]) -> Iterator[tuple[Act, Ownership]]:
        """A role reads what has arrived; where it no longer cares, that changes nothing but the line."""
        message = state.line.head(role)
        if message is None:
            return
        act = Act(ROLES[role], ROLES[role], f"takes {message.event}")
        state = state._replace(line=state.line.taken(role))
        is_ours = SENDERS.get(message.event) == ROLES[role]
        event = message.event if message.event in row and not is_ours else "fault"
        if event in row:
            yield act, self._after(state, role, event)
        elif message in (END, LAST):
            yield act, state

    def _given_up(self, state: Ownership, role: int, row: Mapping[str, str]) -> Iterator[tuple[Act, Ownership]]:
        """Timers that run out where a role waits for its peer or for management, and cancellation."""
        has_turn = any(SENDERS.get(event) == ROLES[role] for event in row)
        for event in ("silence", "policy-drop") if not has_turn else ():
            if event in row:
                yield Act(ROLES[role], ROLES[role], event, "", False), self._after(state, role, event, LAST)
        if "cancel" in row:
            yield Act("management", ROLES[role], "cancel", "", False), self._after(state, role, "cancel", LAST)

    def _told(self, state: Ownership, role: int, row: Mapping[str, str]) -> Iterator[tuple[Act, Ownership]]:
        """Management, which sees both, tells a role what it may rely on."""
        peer = state.states[1 - role]
        reasons = {
            "told-running": peer in RUNS,
            "told-dropped": peer in DROPPED,
            "told-run": peer in ("unknown", "granted"),
            "told-drop": peer in DROPPED,
        }
        for event, holds in reasons.items():
            if holds and event in row:
                yield Act("management", ROLES[role], event), self._after(state, role, event)

    def _after(self, state: Ownership, role: int, event: str, *said: Message) -> Ownership:
        """The state after an event of one role, and what that makes of the guest."""
        after = self._rows[role][state.states[role]][event]
        states = (after, state.states[DESTINATION]) if role == SOURCE else (state.states[SOURCE], after)
        is_hung_up = not self._rows[role][after] or after in WAITING
        line = state.line.closed(role, *said) if is_hung_up else state.line
        state = state._replace(states=states, line=line, is_granted=state.is_granted or event == "Grant")
        return self._of_source(state, after) if role == SOURCE else self._of_destination(state, after)

    def _of_source(self, state: Ownership, after: str) -> Ownership:
        """The source pauses the guest to hand it over, resumes it where it may, forgets it once it runs elsewhere."""
        if after == "complete":
            return state._replace(runs=(False, state.runs[1]), copies=(False, state.copies[1]))
        is_running = after == "payload" or self._guards.resumes_guest(after, False)
        return state._replace(runs=(is_running, state.runs[1]))

    def _of_destination(self, state: Ownership, after: str) -> Ownership:
        """The destination has a copy once it has loaded, runs it once it is granted, drops it where it ends."""
        has_copy = (state.copies[1] or after == "loaded") and after not in DROPPED
        return state._replace(runs=(state.runs[0], after in RUNS and has_copy), copies=(state.copies[0], has_copy))

    def _is_paused_in_time(self, state: Ownership) -> bool:
        """P-03: the guest runs on the source for as long as the source is in the payload."""
        return state.runs[0] or state.states[SOURCE] != "payload"

    def _is_explicit(self, state: Ownership) -> bool:
        """P-07: after GRANT the source is neither failed nor running by itself."""
        resolved = state.states[DESTINATION] in (*DROPPED, *RUNS)
        return not state.is_granted or state.states[SOURCE] in ("granted", "unknown", "complete") or resolved

    def _cancels(self, before: Ownership, act: Act, after: Ownership) -> bool:
        """L-02: who is cancelled has ended, or waits for management alone."""
        if act.event != "cancel":
            return True
        role = ROLES.index(act.receiver)
        return self._is_over(after, role) or after.states[role] == "unknown"

    def _notices_cut(self, before: Ownership, act: Act, after: Ownership) -> bool:
        """L-04: after a cut its news is on the way to all who read; who takes it has ended, or waits to be told."""
        if act.event == "takes cut":
            role = ROLES.index(act.receiver)
            return self._is_over(after, role) or after.states[role] in WAITING
        if act.event != "cut":
            return True
        return all(self._is_over(after, role) or after.line.queues[role][-1:] == (END,) for role in BOTH)


def has_one_runner(state: Ownership) -> bool:
    """P-05: the guest never runs on both sides."""
    return state.runs != (True, True)


def is_kept(state: Ownership) -> bool:
    """P-06: somebody has a whole copy; the source forgets its own only once the destination runs."""
    return any(state.copies) and (state.copies[0] or state.runs[1])


def fails_cleanly(state: Ownership) -> bool:
    """P-04: in the end the guest runs, on the source where the migration failed."""
    source, _ = state.states
    return state.runs == ((True, False) if source in DROPPED else (False, True))


def is_resolved_by_management(before: Ownership, act: Act, after: Ownership) -> bool:
    """P-07: out of `unknown` only management leads."""
    is_left = before.states[SOURCE] == "unknown" != after.states[SOURCE]
    return not is_left or (act.sender == "management" and act.event in TOLD)


def is_never_stuck(state: Ownership) -> bool:
    """P-07-held: there is always somebody who runs the guest, or will by itself."""
    return state.states != WAITING
