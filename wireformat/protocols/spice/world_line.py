"""The main channel between the client and a server, as the worlds see it: two queues of messages.

Each direction is first in, first out, and as slow as it likes. Who closes reads no more; the peer gets what was sent
before, then the end. A cut ends both directions, and may lose what was under way. Making a link is one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

END = "cut"
"""The end of a connection, as its reader notices it."""


class Line(NamedTuple):
    """One connection. Nothing is lost of what was sent into it, but to a cut or to who has closed."""

    to_client: tuple[str, ...] = ()
    to_server: tuple[str, ...] = ()
    is_up: bool = True

    def said_by_client(self, event: str) -> Line:
        """After the client has sent something."""
        return self._replace(to_server=(*self.to_server, event)) if self.is_up else self

    def said_by_server(self, event: str) -> Line:
        """After the server has sent something."""
        return self._replace(to_client=(*self.to_client, event)) if self.is_up else self

    def closed_by_client(self) -> Line:
        """After the client has closed."""
        return Line((), (*self.to_server, END) if self.is_up else self.to_server, False)

    def closed_by_server(self) -> Line:
        """After the server has closed."""
        return Line((*self.to_client, END) if self.is_up else self.to_client, (), False)

    def cut(self) -> Iterator[tuple[str, Line]]:
        """What the network may leave of it, and a word for that."""
        if self.is_up:
            yield "", Line((*self.to_client, END), (*self.to_server, END), False)
            if self.to_client or self.to_server:
                yield "what was under way is lost", Line((END,), (END,), False)


NO_LINE = Line((), (), False)
"""No connection, and nothing left of one."""
