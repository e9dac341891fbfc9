"""Lost connections in the payload, and RESUME [handshake D.11].

Either side notices a cut in its own time. The source dials again with the next epoch, the same one until it has a
reply; its connection may be late, or be given up while its RESUME is on the way, so that the destination takes one on
which nobody goes on. Channels are opened anew in each epoch, and headers of earlier ones still arrive. Mishaps (cuts,
and timers of the source) are bounded. The guest runs on the source, or, when postcopy has begun, on the destination.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from wireformat.protocols.handshake.machine import TRANSITIONS
from wireformat.protocols.handshake.worlds.guards import GUARDS, Guards, planned
from wireformat.protocols.handshake.worlds.line import BOTH, DESTINATION, END, ROLES, SOURCE, Line, Message
from wireformat.schema.machine import Table
from wireformat.schema.world import Act, Always, AtEnd, Check, Each, EndInReach

MAX_MISHAPS = 3
AGREED, ASKED = "agreed", "asked for later"
REJECT = Message("Reject")
PAYLOAD = Message("payload")
NO_CHANNEL = -1


class Connection(NamedTuple):
    """A main or RESUME connection, and who still uses it."""

    line: Line = Line()
    users: tuple[bool, bool] = (True, True)

    @property
    def is_gone(self) -> bool:
        """Whether nobody will ever look at it again."""
        return not self.users[SOURCE] and not self.users[DESTINATION] and not self.line.queues[DESTINATION]


class Resumption(NamedTuple):
    """Both roles, their connections, channel headers on their way by epoch, and the channel that the destination has.

    `epochs`: what each side takes for the present one. `is_confirmed`: the destination has heard something in its own.
    """

    has_postcopy: bool
    runs: tuple[bool, bool]
    states: tuple[str, str] = ("payload", "payload")
    epochs: tuple[int, int] = (0, 0)
    is_confirmed: bool = True
    connections: tuple[Connection, ...] = (Connection(),)
    flying: tuple[int, ...] = (0,)
    slot: int = NO_CHANNEL
    results: tuple[str, str] = (AGREED, AGREED)
    mishaps: int = MAX_MISHAPS


class ResumeWorld:
    """Source and destination in a payload that may be resumed, a network that cuts and delays, strangers."""

    name = "resume"
    doc = "Cuts in the payload and RESUME, with late connections and channels of earlier epochs."
    parties = ("management", "source", "network", "destination", "stranger")

    def __init__(self, table: Table = TRANSITIONS, guards: Guards = GUARDS) -> None:
        self._rows = (table[ROLES[SOURCE]], table[ROLES[DESTINATION]])
        self._guards = guards
        self.checks: Sequence[Check[Resumption]] = (
            Always("P-05", has_one_runner),
            AtEnd("P-06", is_kept),
            AtEnd("P-06-postcopy", survives_postcopy),
            Always("P-08", has_current_channel),
            Each("P-13", is_unmoved_by_strangers),
            Always("P-16", keeps_result),
            Each("L-02", self._cancels),
            EndInReach("L-03"),
        )

    def initial(self) -> Iterator[Resumption]:
        """In the payload, before and after postcopy has begun."""
        yield Resumption(False, (True, False))
        yield Resumption(True, (False, True))

    def steps(self, state: Resumption) -> Iterator[tuple[Act, Resumption]]:
        """Everything that may happen; connections that nobody will look at again are forgotten."""
        for act, after in self._steps(state):
            yield act, pruned(after)

    def _steps(self, state: Resumption) -> Iterator[tuple[Act, Resumption]]:
        for role in BOTH:
            yield from self._given_up(state, role)
        yield from self._source(state)
        for index, connection in enumerate(state.connections):
            yield from self._read(state, index, connection)
            for note, line in connection.line.cut() if state.mishaps else ():
                act = Act("network", "network", "cut", note, False)
                yield act, with_line(state, index, line)._replace(mishaps=state.mishaps - 1)
        yield from self._channels(state)
        yield from self._strangers(state)

    def is_end(self, state: Resumption) -> bool:
        """Whether both have ended, or both are in the payload of one epoch and nothing is under way."""
        if all(self._is_over(state, role) for role in BOTH):
            return True
        is_quiet = len(state.connections) == 1 and state.connections[0].line == Line() and not state.flying
        return is_quiet and state.states == ("payload", "payload") and state.epochs[0] == state.epochs[1]

    def canonical(self, state: Resumption) -> Resumption:
        """The state itself."""
        return state

    def _row(self, state: Resumption, role: int) -> Mapping[str, str]:
        return self._rows[role][state.states[role]]

    def _is_over(self, state: Resumption, role: int) -> bool:
        return not self._row(state, role)

    def _moved(self, state: Resumption, role: int, event: str) -> Resumption:
        """A role after an event: where it stops using its connection it closes it, and the guest may change hands."""
        after = self._row(state, role)[event]
        states = (after, state.states[1]) if role == SOURCE else (state.states[0], after)
        state = state._replace(states=states)
        if after not in ("payload", "resuming"):
            state = state._replace(connections=tuple(left(each, role) for each in state.connections))
            state = state._replace(slot=NO_CHANNEL if role == DESTINATION else state.slot)
        if not self._is_over(state, role):
            return state
        is_running = self._guards.resumes_guest(after, state.has_postcopy) if role == SOURCE else False
        return state._replace(runs=(is_running, state.runs[1]) if role == SOURCE else (state.runs[0], is_running))

    def _given_up(self, state: Resumption, role: int) -> Iterator[tuple[Act, Resumption]]:
        """Cancellation, and in a pause giving up, which is bound to come where the peer has ended."""
        row = self._row(state, role)
        for event in ("cancel", "give-up"):
            if event in row:
                is_fair = event == "give-up" and self._is_over(state, 1 - role)
                yield Act("management", ROLES[role], event, "", is_fair), self._moved(state, role, event)

    def _source(self, state: Resumption) -> Iterator[tuple[Act, Resumption]]:
        """The source dials again; its timer may run out before the reply."""
        row = self._row(state, SOURCE)
        if "reconnect" in row and not self._is_over(state, DESTINATION):
            epoch = state.epochs[SOURCE] + 1
            line = Line().sent(SOURCE, Message("Resume", (epoch, ASKED)))
            after = self._moved(self._moved(state, SOURCE, "reconnect"), SOURCE, "Resume")
            connections = (*after.connections, Connection(line, (True, False)))
            act = Act("source", "destination", "Resume", f"epoch {epoch}")
            yield act, after._replace(connections=connections)
        if state.states[SOURCE] == "resuming" and "silence" in row and state.mishaps:
            after = self._moved(state, SOURCE, "silence")._replace(mishaps=state.mishaps - 1)
            yield Act("source", "source", "silence", "", False), after

    def _read(self, state: Resumption, index: int, connection: Connection) -> Iterator[tuple[Act, Resumption]]:
        """What either role reads on a connection that it uses; a RESUME may come on one that is new to it."""
        message = connection.line.head(SOURCE)
        if message is not None and connection.users[SOURCE]:
            line = connection.line.taken(SOURCE)
            after = with_line(state, index, line.sent(SOURCE, PAYLOAD) if message.event == "ResumeReply" else line)
            yield Act("source", "source", f"takes {message.event}"), self._taken(after, SOURCE, message)
        message = connection.line.head(DESTINATION)
        if message is not None and message.event == "Resume":
            yield self._answered(with_line(state, index, connection.line.taken(DESTINATION)), index, message)
        elif message is not None:
            after = with_line(state, index, connection.line.taken(DESTINATION))
            if connection.users[DESTINATION]:
                after = self._taken(after, DESTINATION, message)
            yield Act("destination", "destination", f"takes {message.event}"), after

    def _taken(self, state: Resumption, role: int, message: Message) -> Resumption:
        """A role after it has read a message: an end is a pause, payload confirms the epoch."""
        event = "pause" if message == END and state.states[role] == "payload" else message.event
        state = self._moved(state, role, event)
        if message.event == "ResumeReply":
            return state._replace(epochs=(int(str(message.body[0])), state.epochs[DESTINATION]))
        return state._replace(is_confirmed=True) if message == PAYLOAD else state

    def _answered(self, state: Resumption, index: int, message: Message) -> tuple[Act, Resumption]:
        """The destination takes a RESUME in a pause, with an epoch that its guard takes; it refuses any other."""
        epoch, asked = int(str(message.body[0])), message.body[1]
        line = state.connections[index].line
        if not self._is_welcome(state, epoch):
            act = Act("destination", "source", "Reject", f"epoch {epoch}")
            return act, with_line(state, index, line.closed(DESTINATION, REJECT))
        for event in ("reconnect", "Resume", "ResumeReply"):
            state = self._moved(state, DESTINATION, event)
        result = str(self._guards.result_after_resume(state.results[DESTINATION], asked))
        line = line.sent(DESTINATION, Message("ResumeReply", (epoch,)))
        state = with_line(state, index, line, is_used=True)
        act = Act("destination", "source", "ResumeReply", f"epoch {epoch}")
        epochs, results = (state.epochs[SOURCE], epoch), (state.results[SOURCE], result)
        return act, state._replace(epochs=epochs, results=results, is_confirmed=False)

    def _is_welcome(self, state: Resumption, epoch: int) -> bool:
        """Whether the destination resumes: in a pause, with an epoch that its guard takes."""
        is_paused = "reconnect" in self._row(state, DESTINATION)
        return is_paused and self._guards.takes_epoch(epoch, state.epochs[DESTINATION], state.is_confirmed)

    def _channels(self, state: Resumption) -> Iterator[tuple[Act, Resumption]]:
        """The source opens its channel once in each epoch; the header arrives at any time later."""
        epoch = state.epochs[SOURCE]
        is_open = state.slot == epoch or epoch in state.flying
        if state.states[SOURCE] == "payload" and state.states[DESTINATION] == "payload" and not is_open and epoch:
            act = Act("source", "destination", "ChannelHeader", f"epoch {epoch}")
            yield act, state._replace(flying=(*state.flying, epoch))
        for each in state.flying:
            flying = tuple(other for other in state.flying if other != each)
            is_filled = (state.slot != NO_CHANNEL,)
            place = self._guards.slot_of(planned(0, each), is_filled, state.epochs[DESTINATION])
            is_taken = place is not None and state.states[DESTINATION] == "payload"
            act = Act("destination", "source", "ChannelAck" if is_taken else "Reject", f"epoch {each}")
            slot, is_confirmed = (each, True) if is_taken else (state.slot, state.is_confirmed)
            yield act, state._replace(flying=flying, slot=slot, is_confirmed=is_confirmed)

    def _strangers(self, state: Resumption) -> Iterator[tuple[Act, Resumption]]:
        """A RESUME that was recorded and is sent again: not taken once the source has gone on in its epoch."""
        if self._is_over(state, DESTINATION):
            return
        epoch = state.epochs[DESTINATION] - (not state.is_confirmed)
        act = Act("stranger", "destination", "Resume", f"epoch {epoch} again", False)
        yield act, self._moved(state, DESTINATION, "reconnect") if self._is_welcome(state, epoch) else state

    def _cancels(self, before: Resumption, act: Act, after: Resumption) -> bool:
        """L-02: who is cancelled has ended."""
        return act.event != "cancel" or self._is_over(after, ROLES.index(act.receiver))


def pruned(state: Resumption) -> Resumption:
    """A state without connections that nobody will ever look at again."""
    kept = tuple(each for each in state.connections if not each.is_gone)
    return state if len(kept) == len(state.connections) else state._replace(connections=kept)


def left(connection: Connection, role: int) -> Connection:
    """A connection after a role has stopped using it."""
    if not connection.users[role]:
        return connection
    users = (False, connection.users[1]) if role == SOURCE else (connection.users[0], False)
    return Connection(connection.line.closed(role), users)


def with_line(state: Resumption, index: int, line: Line, is_used: bool = False) -> Resumption:
    """With another line of one connection; from now on the destination uses it, if it says so."""
    users = state.connections[index].users
    connection = Connection(line, (users[SOURCE], users[DESTINATION] or is_used))
    connections = (*state.connections[:index], connection, *state.connections[index + 1 :])
    return state._replace(connections=connections)


def has_one_runner(state: Resumption) -> bool:
    """P-05: the guest never runs on both sides; once postcopy has begun, never again on the source."""
    return state.runs != (True, True) and not (state.has_postcopy and state.runs[SOURCE])


def is_kept(state: Resumption) -> bool:
    """P-06: before postcopy, the guest survives whatever happens to the migration."""
    return state.has_postcopy or state.runs[SOURCE]


def survives_postcopy(state: Resumption) -> bool:
    """P-06-postcopy: the guest survives a postcopy migration that is given up."""
    return not state.has_postcopy or state.runs[DESTINATION]


def has_current_channel(state: Resumption) -> bool:
    """P-08: the destination's channel is one of the epoch that it is in."""
    return state.slot in (NO_CHANNEL, state.epochs[DESTINATION])


def is_unmoved_by_strangers(before: Resumption, act: Act, after: Resumption) -> bool:
    """P-13: whatever a stranger sends, the migration does not change."""
    return act.sender != "stranger" or after == before


def keeps_result(state: Resumption) -> bool:
    """P-16: what was agreed stays, also across resumes."""
    return state.results == (AGREED, AGREED)
