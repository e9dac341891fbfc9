"""One further connection of a migration: its two ends step the tables of a channel's ends.

The source opens it with its header; the destination, on reading that, accepts or refuses at once. `is_acknowledged`
is for the eyes of the checks: the destination has accepted, wherever the acknowledgement is.
"""

from __future__ import annotations

from typing import NamedTuple

from wireformat.protocols.handshake.worlds.line import CLOSED, DESTINATION, SOURCE, Line, Message
from wireformat.schema.machine import Table

HEADER = Message("ChannelHeader")
ACK = Message("ChannelAck")
REJECT = Message("Reject")
PAYLOAD = Message("payload")


class Link(NamedTuple):
    """A connection: the state of either end, and what is between them."""

    ends: tuple[str, str]
    line: Line
    is_acknowledged: bool = False
    has_sent: bool = False

    def with_end(self, role: int, state: str, line: Line) -> Link:
        """With another state of one end, and another line."""
        ends = (state, self.ends[DESTINATION]) if role == SOURCE else (self.ends[SOURCE], state)
        return Link(ends, line, self.is_acknowledged, self.has_sent)

    @property
    def is_open(self) -> bool:
        """Whether the source may send payload."""
        return self.ends[SOURCE] == "open"

    @property
    def is_dead(self) -> bool:
        """Whether both ends have closed."""
        return self.ends == ("closed", "closed")


NO_LINK = Link(("closed", "closed"), CLOSED)
"""A channel that was not dialled yet, or of which nothing is left."""


class Ends:
    """The steps of links under given tables."""

    def __init__(self, table: Table) -> None:
        self._rows = (table["source-channel"], table["destination-channel"])

    def dialled(self) -> Link:
        """A new connection with its header on the way."""
        state = next(iter(self._rows[SOURCE]))
        for event in ("connected", HEADER.event):
            state = self._rows[SOURCE][state][event]
        accepted = next(iter(self._rows[DESTINATION]))
        return Link((state, accepted), Line().sent(SOURCE, HEADER))

    def allows(self, link: Link, role: int, event: str) -> bool:
        """Whether an event is legal at one end."""
        return event in self._rows[role][link.ends[role]]

    def after(self, link: Link, role: int, event: str, *said: Message) -> Link:
        """One end after an event; it closes the connection where that ends it."""
        state = self._rows[role][link.ends[role]][event]
        if not self._rows[role][state]:
            return self._tidied(link.with_end(role, state, link.line.closed(role, *said)))
        line = link.line
        for message in said:
            line = line.sent(role, message)
        return link.with_end(role, state, line)

    def closed(self, link: Link, role: int, *said: Message) -> Link:
        """One end after it gives up; nothing where it has ended already."""
        if not self._rows[role][link.ends[role]]:
            return link
        return self.after(link, role, "cancel", *said)

    def answered(self, link: Link, is_accepted: bool) -> Link:
        """The destination after it has read the header."""
        link = link._replace(line=link.line.taken(DESTINATION))
        link = self.after(link, DESTINATION, HEADER.event)
        if not is_accepted:
            return self.after(link, DESTINATION, REJECT.event, REJECT)
        return self.after(link, DESTINATION, ACK.event, ACK)._replace(is_acknowledged=True)

    def _tidied(self, link: Link) -> Link:
        return NO_LINK if link.is_dead else link
