"""What a world of migration is at one moment: the client, servers in a row, the guest, management's means.

A guest moves from each server to the next one. The ways that the three have in common are fixed at the beginning. Marks
are for the eyes of the checks: what has happened that the protocol cannot make up for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from wireformat.protocols.spice.world_line import NO_LINE, Line
from wireformat.schema.world import Act

NOWHERE = -1
NAMES = ("source", "target", "third")
"""The servers, in the order in which the guest visits them."""

HASTY, UNTOLD = "migrates before the answer", "migrates unannounced"
REFUSED, CUT, LATE, AHEAD = "link refused", "connection cut", "too late", "nobody there to be told"
SENT, SWITCHED, FAULT = "told to switch", "session lost", "event without a row"


class Server(NamedTuple):
    """A server: its states as source and as target, the state of its main channel when it moves, and of one other.

    `connects` and `ends` are callbacks that are owed. `is_told`: the client is here for good, or seamless is agreed.
    """

    source: str
    target: str
    mover: str
    channel: str = ""
    line: Line = NO_LINE
    has_info: bool = False
    connects: int = 0
    ends: int = 0
    is_told: bool = False


class Way(NamedTuple):
    """What is offered to the client: `semi`, `seamless` or nothing; what the target makes of seamless."""

    offer: str
    answer: str = ""

    @property
    def word(self) -> str:
        """The way, for a chart."""
        return f"{self.offer}{', ' * bool(self.answer)}{self.answer}"


WAYS = (Way("nothing"), Way("semi"), Way("seamless", "plain"), Way("seamless", "refused"), Way("seamless", "taken"))


class Means(NamedTuple):
    """How often what nobody can count on may still happen."""

    announcements: int = 1
    refusals: int = 0
    cuts: int = 0
    may_be_silent: bool = False
    has_client: bool = True


class Scene(NamedTuple):
    """One moment. `here` is the server that the client is attached to, `there` the one it links to, or is sent to."""

    way: Way
    means: Means
    servers: tuple[Server, ...]
    client: str
    mover: str
    here: int = 0
    there: int = NOWHERE
    guest: int = 0
    is_migrating: bool = False
    marks: frozenset[str] = frozenset()

    def with_server(self, index: int, server: Server) -> Scene:
        """With one server as it is now."""
        return self._replace(servers=(*self.servers[:index], server, *self.servers[index + 1 :]))

    def with_line(self, index: int, line: Line) -> Scene:
        """With another line to one server."""
        return self.with_server(index, self.servers[index]._replace(line=line))

    def marked(self, mark: str) -> Scene:
        """With a mark."""
        return self._replace(marks=self.marks | {mark})


Step: TypeAlias = tuple[Act, Scene]
Steps: TypeAlias = Iterator[Step]
