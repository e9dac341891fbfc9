"""The handshake on the main connection alone: every kind of offer, and everything that can cut it short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product

from wireformat.protocols.handshake.machine import TRANSITIONS
from wireformat.protocols.handshake.worlds import main_checks as checks
from wireformat.protocols.handshake.worlds.agreement import Case
from wireformat.protocols.handshake.worlds.guards import GUARDS, Guards, Offer
from wireformat.protocols.handshake.worlds.line import DESTINATION
from wireformat.protocols.handshake.worlds.main import Main, Opening
from wireformat.schema.machine import Table
from wireformat.schema.world import Act, Always, AtEnd, AtMost, Check, Each, EndInReach

STRANGERS = ("main", "data", "resume", "file", "junk", "half a header")
"""What strangers connect with, while the destination listens or is at work."""

TURNS = 8
REPEATS = 1


VERSIONS = (((1,), (1,)), ((1, 2), (1,)), ((1, 2), (1, 2)), ((2,), (1,)))
FEATURES = (("want", "none"), ("require", "none"), ("require", "want"), ("none", "want"))


def cases() -> list[Case]:
    """Offers that agree fully, in part, or not at all; verdicts; contexts."""
    offers = [(Offer(source, "want"), Offer(destination, "want")) for source, destination in VERSIONS]
    offers += [(Offer((1, 2), source), Offer((1, 2), destination)) for source, destination in FEATURES]
    told = (("one", "one"), ("one", "other"))
    verdicts = ("known", "droppable", "needed")
    return [Case(pair, subsection, contexts) for pair, subsection, contexts in product(offers, verdicts, told)]


class HandshakeWorld:
    """Source, destination, management, and a network that cuts; strangers that knock."""

    name = "handshake"
    doc = "The main connection with offers of every kind, PROGRESS, a repeated inventory, cuts and strangers."
    parties = ("management", "source", "network", "destination", "stranger")

    def __init__(self, table: Table = TRANSITIONS, guards: Guards = GUARDS) -> None:
        self.opening = opening = Opening(table, guards, cases())
        self._guards = guards
        self.checks: Sequence[Check[Main]] = (
            Always("P-01", checks.agrees),
            Always("P-02", checks.is_in_order),
            Always("P-03", checks.has_not_touched),
            AtEnd("P-04", checks.fails_cleanly),
            Each("P-13", is_unmoved_by_strangers),
            AtMost("L-01", checks.turn_cost, TURNS + 2 * REPEATS),
            Always("L-02", partial(checks.can_be_cancelled, opening)),
            Each("L-02", partial(checks.cancels, opening)),
            EndInReach("L-03"),
            Each("L-04", partial(checks.notices_cut, opening)),
            AtEnd("L-05", partial(checks.is_free_again, opening)),
        )

    def initial(self) -> Iterator[Main]:
        """Nobody has dialled."""
        return self.opening.initial(progress=1, repeats=REPEATS)

    def steps(self, state: Main) -> Iterator[tuple[Act, Main]]:
        """The steps of both roles and the network, and strangers at the door."""
        yield from self.opening.steps(state)
        yield from self._strangers(state)

    def is_end(self, state: Main) -> bool:
        """Whether the attempt is over."""
        return self.opening.is_end(state)

    def canonical(self, state: Main) -> Main:
        """The state itself: none is like another."""
        return state

    def _strangers(self, main: Main) -> Iterator[tuple[Act, Main]]:
        """A stranger is refused with its connection alone: BUSY for MAIN, its own fault for the rest."""
        is_listening = main.sides[DESTINATION].state == "listening" and not main.line.is_up
        for kind in STRANGERS if not self.opening.is_over(main, DESTINATION) else ():
            act = Act("stranger", "destination", kind, "", False)
            is_let_in = is_listening and kind != "main" and self._guards.opens_migration(kind)
            yield act, self.opening.moved(main, DESTINATION, "accept", main.line) if is_let_in else main


def is_unmoved_by_strangers(before: Main, act: Act, after: Main) -> bool:
    """P-13: whatever a stranger sends, the migration does not change."""
    return act.sender != "stranger" or after == before
