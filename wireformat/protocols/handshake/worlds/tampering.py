"""The main connection with somebody on it who changes what passes, as cleverly as can be without the key.

The tamperer damages, drops and repeats messages, and edits them with all checksums put right: takes a revision or a
feature out of an offer, sets header flags that a receiver ignores, puts in the result or the transcript that the
reader expects. With a key it cannot make the MAC. Without one it can lower the result unseen: the explorer shows how.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from wireformat.protocols.handshake.machine import TRANSITIONS
from wireformat.protocols.handshake.worlds import main_checks as checks
from wireformat.protocols.handshake.worlds.agreement import HEADER, Case
from wireformat.protocols.handshake.worlds.guards import GUARDS, Guards, Offer, negotiate
from wireformat.protocols.handshake.worlds.line import BOTH, END, SOURCE, Message
from wireformat.protocols.handshake.worlds.main import Main, Opening
from wireformat.schema.machine import Table
from wireformat.schema.world import Act, Always, AtEnd, Check, Each

MAX_EDITS = 4
CRUDE = ("drops", "repeats", "damages")
"""After these the run fails whatever comes behind, so the tamperer's work is done."""

GARBLED = Message("garbage")
FLAGGED = "header with flags"
OFFERS = (Offer((1, 2), "want"), Offer((1, 2), "want"))


class Tampered(NamedTuple):
    """The main connection, and how often the tamperer may still act."""

    main: Main
    edits: int = MAX_EDITS


class TamperingWorld:
    """Source, destination, and a tamperer between them; one run with a key, one without."""

    name = "tampering"
    doc = "The main connection under a tamperer, with a key and without one."
    parties = ("management", "source", "network", "tamperer", "destination")

    def __init__(self, table: Table = TRANSITIONS, guards: Guards = GUARDS) -> None:
        self.opening = opening = Opening(table, guards, [Case(OFFERS, has_key=True), Case(OFFERS)])
        self.checks: Sequence[Check[Tampered]] = (
            Always("P-01", self._agrees),
            Always("P-02", partial(_holds, checks.is_in_order)),
            Always("P-03", partial(_holds, checks.has_not_touched)),
            AtEnd("P-04", partial(_holds, checks.fails_cleanly)),
            Always("P-10", partial(self._is_unharmed, True)),
            Always("P-10-open", partial(self._is_unharmed, False)),
            Each("L-02", self._cancels),
            AtEnd("L-05", partial(_holds, partial(checks.is_free_again, opening))),
        )

    def initial(self) -> Iterator[Tampered]:
        """Nobody has dialled."""
        return map(Tampered, self.opening.initial())

    def steps(self, state: Tampered) -> Iterator[tuple[Act, Tampered]]:
        """The steps of both roles and the network, and those of the tamperer."""
        for act, main in self.opening.steps(state.main):
            yield act, Tampered(main, state.edits)
        for role in BOTH if state.edits else ():
            message = state.main.line.head(role)
            if message is not None and message != END:
                for word, queue in self._edits(state.main, role, message):
                    line = state.main.line.with_queue(role, (*queue, *state.main.line.queues[role][1:]))
                    act = Act("tamperer", "tamperer", word, message.event, False)
                    edits = 0 if word in CRUDE else state.edits - 1
                    yield act, Tampered(state.main._replace(line=line), edits)

    def is_end(self, state: Tampered) -> bool:
        """Whether the attempt is over."""
        return self.opening.is_end(state.main)

    def canonical(self, state: Tampered) -> Tampered:
        """The state itself; what the tamperer might still have done does not matter at an end."""
        return Tampered(state.main, 0) if self.opening.is_end(state.main) else state

    def _edits(self, main: Main, role: int, message: Message) -> Iterator[tuple[str, tuple[Message, ...]]]:
        """What the tamperer may make of a message: a word, and what passes in its place."""
        yield "drops", ()
        yield "repeats", (message, message)
        if message != GARBLED:
            yield "damages", (GARBLED,)
        match message.event:
            case "Hello" | "HelloReply":
                for word, body in _edited_offer(message):
                    yield word, (Message(message.event, body),)
        if message.event in ("HelloReply", "Commit", "CommitAck"):
            forged = self._forged(main, role, message)
            if forged != message:
                yield "puts in what the reader expects", (forged,)

    def _forged(self, main: Main, role: int, message: Message) -> Message:
        """The message with the contents that its reader computes itself; a MAC stays as it is."""
        side, body = main.sides[role], message.body
        if message.event == "HelloReply":
            offer = body[1]
            result = negotiate(OFFERS[SOURCE], offer) if isinstance(offer, Offer) else None
            return Message(message.event, (*body[:-1], result))
        content = (side.result, side.is_unknown) if message.event == "Commit" else ()
        forged = Message(message.event, (*content, *body[-2:]))
        return Message(message.event, (*content, self.opening.agreement.expected(side, forged), body[-1]))

    def _agrees(self, state: Tampered) -> bool:
        """P-01, where there is a key."""
        return not self.opening.case(state.main).has_key or checks.agrees(state.main)

    def _is_unharmed(self, has_key: bool, state: Tampered) -> bool:
        """P-10: what has started has the result of the true offers; with a key, both sides have seen the same bytes."""
        main = state.main
        source, destination = main.sides
        if self.opening.case(main).has_key != has_key or not checks.is_started(main):
            return True
        is_true = source.result == destination.result == negotiate(*OFFERS)
        return is_true and (source.seen == destination.seen or not has_key)

    def _cancels(self, before: Tampered, act: Act, after: Tampered) -> bool:
        return checks.cancels(self.opening, before.main, act, after.main)


def _holds(check: Callable[[Main], bool], state: Tampered) -> bool:
    """A check of the main connection alone."""
    return check(state.main)


def _edited_offer(message: Message) -> Iterator[tuple[str, tuple[Hashable, ...]]]:
    """Bodies of HELLO or its reply with one thing taken out of the offer, or flags in the header."""
    header, offer, *rest = message.body
    if header == HEADER:
        yield "sets header flags", (FLAGGED, offer, *rest)
    if isinstance(offer, Offer) and len(offer.versions) > 1:
        yield "takes out revision 2", (header, offer._replace(versions=(1,)), *rest)
    if isinstance(offer, Offer) and offer.feature != "none":
        yield "takes out the feature", (header, offer._replace(feature="none"), *rest)
