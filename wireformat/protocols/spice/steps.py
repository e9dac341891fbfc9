"""One machine of a party, stepped: where it is, and what it told.

The tables say what may follow (`machine`); who owns a `Steps` says what happens then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.party_events import ChannelKey, PartyEvent, Stepped
from wireformat.schema.machine import Machine


@cache
def machine() -> Machine:
    """The machines of all roles."""
    return Machine(TRANSITIONS)


@cache
def vocabulary(role: str) -> frozenset[str]:
    """Every event that a role knows in some state."""
    return frozenset(event for row in TRANSITIONS[role].values() for event in row)


class Steps:
    """A role in its state. Every step is told to `tell`."""

    def __init__(self, role: str, tell: Callable[[PartyEvent], None], channel: ChannelKey | None = None) -> None:
        self.role = role
        self.state = machine().start(role)
        self._tell = tell
        self._channel = channel

    def knows(self, event: str) -> bool:
        """Whether the role knows the event in any state."""
        return event in vocabulary(self.role)

    def allows(self, event: str) -> bool:
        """Whether the event is legal now."""
        return event in TRANSITIONS[self.role][self.state]

    def heard(self, event: str) -> str:
        """Take a step that the peer or the world made; the state after it. Raises `RemoteProtocolError`."""
        return self._step(event, is_ours=False)

    def did(self, event: str) -> str:
        """Take a step of our own; the state after it. Raises `LocalProtocolError`."""
        return self._step(event, is_ours=True)

    def _step(self, event: str, *, is_ours: bool) -> str:
        self.state = machine().step(self.role, self.state, event, is_ours=is_ours)
        self._tell(Stepped(self.role, event, self.state, self._channel))
        return self.state
