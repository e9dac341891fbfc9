"""The main connection from dialling to START: both roles step their tables.

A step is one thing that one party does: say something, take what has arrived, give up; or the network cuts. A role
says what its table allows and its guards permit; where they permit nothing, it refuses. What arrives out of turn, or
shows that both disagree, is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from wireformat.protocols.handshake.messages import (
    ChannelsReady,
    Commit,
    CommitAck,
    Hello,
    HelloReply,
    Inventory,
    InventoryReply,
    Start,
)
from wireformat.protocols.handshake.worlds.agreement import Agreement, Case, Side
from wireformat.protocols.handshake.worlds.guards import Guards
from wireformat.protocols.handshake.worlds.line import BOTH, CLOSED, DESTINATION, END, ROLES, SOURCE, Line, Message
from wireformat.schema.lift import lift
from wireformat.schema.machine import Table
from wireformat.schema.world import Act

LOCK_STEP = (Hello, HelloReply, Inventory, InventoryReply, Commit, CommitAck, ChannelsReady, Start)
SENDERS = {cls.__name__: lift(cls).record.sender for cls in LOCK_STEP}
"""Who sends the messages that pass the turn on."""

Bound: TypeAlias = tuple[int, ...] | None
"""The channels that CHANNELS_READY will name; none while it cannot be said."""


class Main(NamedTuple):
    """Both roles and what is between them; how often PROGRESS, and a second INVENTORY, may still be said."""

    case: int
    sides: tuple[Side, Side]
    line: Line = CLOSED
    progress: int = 0
    repeats: int = 0

    def with_side(self, role: int, side: Side, line: Line) -> Main:
        """With another side of one role, and another line."""
        sides = (side, self.sides[DESTINATION]) if role == SOURCE else (self.sides[SOURCE], side)
        return Main(self.case, sides, line, self.progress, self.repeats)


Step: TypeAlias = tuple[Act, Main]


class Opening:
    """The steps of the main connection, under given tables, guards and cases."""

    def __init__(self, table: Table, guards: Guards, cases: Sequence[Case]) -> None:
        self._rows = (table[ROLES[SOURCE]], table[ROLES[DESTINATION]])
        self._guards = guards
        self._cases = tuple(cases)
        self.agreement = Agreement(guards)

    def initial(self, progress: int = 0, repeats: int = 0) -> Iterator[Main]:
        """One beginning for each case: nobody has dialled."""
        for number, case in enumerate(self._cases):
            source, destination = (
                self.agreement.begun(next(iter(self._rows[role])), case.contexts[role])
                for role in (SOURCE, DESTINATION)
            )
            yield Main(number, (source, destination), CLOSED, progress, repeats)

    def case(self, main: Main) -> Case:
        """What was fixed before the run."""
        return self._cases[main.case]

    def row(self, main: Main, role: int) -> Mapping[str, str]:
        """What is legal for a role, and where it leads."""
        return self._rows[role][main.sides[role].state]

    def is_over(self, main: Main, role: int) -> bool:
        """Whether a role has come to an end."""
        return not self.row(main, role)

    def is_busy(self, main: Main) -> bool:
        """Whether the destination answers another migration with BUSY."""
        return self._guards.is_busy(main.sides[DESTINATION].state, self.is_over(main, DESTINATION))

    def is_end(self, main: Main) -> bool:
        """Whether the attempt is over: both have ended, or both have come to the payload."""
        source, destination = main.sides
        if main.line.queues != ((), ()):
            return False
        if source.state == destination.state == "payload":
            return True
        is_left = destination.state == "listening" or self.is_over(main, DESTINATION)
        return self.is_over(main, SOURCE) and is_left

    def steps(self, main: Main, bound: Bound = ()) -> Iterator[Step]:
        """Everything that may happen on the main connection."""
        yield from self._dialling(main)
        for role in BOTH:
            if row := self.row(main, role):
                yield from self._own(main, role, row, bound)
                yield from self._taken(main, role, row)
        for note, line in main.line.cut():
            yield Act("network", "network", "cut", note, False), main._replace(line=line)

    def ended(self, main: Main, role: int, event: str, *farewell: Message, has_reason: bool = True) -> Main:
        """A role after what ends it: it closes the connection, and remembers why."""
        side = main.sides[role]._replace(state=self.row(main, role)[event], has_reason=has_reason)
        after = main.with_side(role, side, main.line)
        return after._replace(line=main.line.closed(role, *farewell)) if self.is_over(after, role) else after

    def farewell(self, main: Main, role: int) -> Message:
        """The last word of a role: REJECT as long as the destination has not agreed, ABORT otherwise."""
        is_refusal = role == DESTINATION and not main.sides[DESTINATION].is_agreed
        return Message("Reject" if is_refusal else "Abort", (self._guards.names_reasons,))

    def failed(self, main: Main, role: int, event: str) -> Main:
        """A role after a fault, a timer or a cancellation of its own: it says so and closes."""
        return self.ended(main, role, event, self.farewell(main, role))

    def _dialling(self, main: Main) -> Iterator[Step]:
        """Connect, and be accepted; where the destination has ended, nobody accepts."""
        row = self.row(main, SOURCE)
        if "connect" in row:
            yield Act("management", "source", "connect"), self.moved(main, SOURCE, "connect", CLOSED)
        if "connected" in row:
            is_gone = self.is_over(main, DESTINATION)
            if not is_gone:
                yield Act("source", "destination", "connected"), self.moved(main, SOURCE, "connected", Line())
            yield Act("network", "source", "refused", "", is_gone), self.ended(main, SOURCE, "cut")
        if main.sides[DESTINATION].state == "listening" and (main.line.is_up or main.line.queues[DESTINATION]):
            yield Act("destination", "destination", "accept"), self.moved(main, DESTINATION, "accept", main.line)

    def moved(self, main: Main, role: int, event: str, line: Line) -> Main:
        """A role after something that happens to it alone."""
        return main.with_side(role, main.sides[role]._replace(state=self.row(main, role)[event]), line)

    def _own(self, main: Main, role: int, row: Mapping[str, str], bound: Bound) -> Iterator[Step]:
        """What a role does by itself: its message or a refusal, PROGRESS before that, giving up."""
        turns = [event for event in row if SENDERS.get(event) == ROLES[role]]
        if turns:
            yield from self._spoken(main, role, turns, bound)
            if "Progress" in row and main.progress:
                yield self._said(main._replace(progress=main.progress - 1), role, Message("Progress"))
        if "silence" in row and (not turns or bound is None):
            yield Act(ROLES[role], ROLES[role], "silence", "", False), self.failed(main, role, "silence")
        if "cancel" in row:
            yield Act("management", ROLES[role], "cancel", "", False), self.failed(main, role, "cancel")

    def _spoken(self, main: Main, role: int, turns: Sequence[str], bound: Bound) -> Iterator[Step]:
        """The messages with which a role may pass the turn on; where guards forbid all, its refusal."""
        if "ChannelsReady" in turns:
            if bound is not None:
                yield self._said(main, role, Message("ChannelsReady", bound))
            return
        messages = [self.agreement.composed(self.case(main), role, main.sides[role], event) for event in turns]
        for message in messages:
            if message is not None and message.event == "Inventory" and main.sides[role].state == "judged":
                if main.repeats:
                    yield self._said(main._replace(repeats=main.repeats - 1), role, message)
            elif message is not None:
                yield self._said(main, role, message)
        if None in messages:
            refusal = self.farewell(main, role)
            act = Act(ROLES[role], ROLES[1 - role], refusal.event)
            yield act, self.ended(main, role, refusal.event, refusal)

    def _said(self, main: Main, role: int, message: Message) -> Step:
        side = self.agreement.sent(main.sides[role], message)
        side = side._replace(state=self.row(main, role)[message.event])
        act = Act(ROLES[role], ROLES[1 - role], message.event)
        return act, main.with_side(role, side, main.line.sent(role, message))

    def _taken(self, main: Main, role: int, row: Mapping[str, str]) -> Iterator[Step]:
        """What a role makes of the next message that has arrived."""
        message = main.line.head(role)
        if message is None or main.sides[role].state == "listening":
            return
        act = Act(ROLES[role], ROLES[role], f"takes {message.event}")
        main = main._replace(line=main.line.taken(role))
        if message == END:
            yield act, self.ended(main, role, message.event)
        elif message.event in ("Reject", "Abort"):
            yield act, self.ended(main, role, message.event, has_reason=bool(message.body[0]))
        else:
            is_legal = message.event in row and not any(SENDERS.get(event) == ROLES[role] for event in row)
            case, side = self.case(main), main.sides[role]
            after = self.agreement.understood(case, role, side, message) if is_legal else None
            if after is None:
                yield act._replace(note="fault"), self.failed(main, role, "fault")
            else:
                yield act, main.with_side(role, after._replace(state=row[message.event]), main.line)
