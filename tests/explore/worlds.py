"""Small worlds with known answers: a counter that may get stuck, and one without an end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wireformat.schema.world import Act, Check

UP = Act("counter", "counter", "up")
DOWN = Act("counter", "counter", "down")
TRAP = Act("counter", "counter", "trap", "", False)
IDLE = Act("stranger", "counter", "knock", "", False)
STUCK = -1


@dataclass(frozen=True)
class Counter:
    """Counts from 0 to `top`, where it ends; may go down again; from `trap` on may fall into a trap for ever.
    Without a top it begins anew instead of ending."""

    checks: Sequence[Check[int]] = ()
    top: int = 5
    trap: int | None = None
    modulus: int | None = None
    is_topless: bool = False
    name: str = "counter"
    doc: str = "A counter."
    parties: tuple[str, ...] = ("counter", "stranger")

    def initial(self) -> Iterator[int]:
        """At zero."""
        yield 0

    def steps(self, state: int) -> Iterator[tuple[Act, int]]:
        """Up, down, into the trap; a stranger changes nothing."""
        if state == STUCK:
            return
        yield IDLE, state
        if state < self.top:
            yield UP, (state + 1) % (self.top if self.is_topless else self.top + 1)
        if 0 < state < self.top:
            yield DOWN, state - 1
        if state == self.trap:
            yield TRAP, STUCK

    def is_end(self, state: int) -> bool:
        """At the top."""
        return state == self.top

    def canonical(self, state: int) -> int:
        """The state, or what it leaves by the modulus."""
        return state % self.modulus if self.modulus else state
