"""A connection as the worlds see it: two queues of messages, which the network delivers late, or not at all.

Each direction is first in, first out. A cut ends both directions at once; what was on its way still arrives, or is
lost. Whoever closes reads no more; the peer gets what was sent before, then the end. Whatever is sent into a
connection that is cut or closed vanishes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple, TypeAlias

SOURCE, DESTINATION = BOTH = (0, 1)
"""Roles as indexes: of queues by who reads them, of sides, of names."""

ROLES = ("source", "destination")


class Message(NamedTuple):
    """A message, or what a reader notices instead of one."""

    event: str
    body: tuple[Hashable, ...] = ()


END = Message("cut")
"""The end of a connection, as its reader notices it."""

Queues: TypeAlias = tuple[tuple[Message, ...], tuple[Message, ...]]


class Line(NamedTuple):
    """One connection; `queues[role]` is on its way to that role."""

    queues: Queues = ((), ())
    is_up: bool = True

    def head(self, role: int) -> Message | None:
        """What a role reads next."""
        queue = self.queues[role]
        return queue[0] if queue else None

    def taken(self, role: int) -> Line:
        """After a role has read the next message."""
        return self.with_queue(role, self.queues[role][1:])

    def sent(self, role: int, message: Message) -> Line:
        """After a role has sent a message."""
        peer = 1 - role
        return self.with_queue(peer, (*self.queues[peer], message)) if self.is_up else self

    def closed(self, role: int, *farewell: Message) -> Line:
        """After a role has said its last and reads no more."""
        if not self.is_up:
            return self.with_queue(role, ())
        peer = 1 - role
        return self.with_queue(peer, (*self.queues[peer], *farewell, END)).with_queue(role, ())._replace(is_up=False)

    def cut(self) -> Iterator[tuple[str, Line]]:
        """What the network may leave of a connection that it cuts, and a word for it."""
        if not self.is_up:
            return
        yield "", Line(((*self.queues[0], END), (*self.queues[1], END)), False)
        if self.queues != ((), ()):
            yield "what was under way is lost", Line(((END,), (END,)), False)

    def with_queue(self, role: int, queue: tuple[Message, ...]) -> Line:
        """With another queue towards a role."""
        queues = (queue, self.queues[1]) if role == SOURCE else (self.queues[0], queue)
        return Line(queues, self.is_up)


CLOSED = Line(((), ()), False)
