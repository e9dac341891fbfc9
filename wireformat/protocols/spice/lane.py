"""One connection of a party: what a shell reads into and writes from.

Whatever arrives is given to the connection, and then the party looks at all its lanes: a message on one may open, move
or end others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from wireformat.protocols.spice.connection import ClientConnection, Connection, ServerConnection
from wireformat.protocols.spice.party_events import ChannelKey, Place

C = TypeVar("C", bound=Connection)


class Lane(Generic[C]):
    """A connection, and whom to tell that something came of it."""

    def __init__(self, connection: C, settle: Callable[[], None]) -> None:
        self.connection = connection
        self.fault = ""
        """Why it could not be opened, where somebody knows."""
        self._settle = settle

    @property
    def is_linked(self) -> bool:
        """Whether messages can be sent."""
        return self.connection.state == "open"

    @property
    def wants_close(self) -> bool:
        """Whether nothing more will be said or heard, once `data_to_send` is sent."""
        return self.connection.wants_close

    @property
    def wants_data(self) -> bool:
        """Whether more should be read now."""
        return self.connection.wants_data

    def receive_data(self, data: bytes, /) -> None:
        """Take what arrived."""
        self.connection.receive_data(data)
        self._settle()

    def receive_eof(self) -> None:
        """Take that nothing more arrives."""
        self.connection.receive_eof()
        self._settle()

    def unreachable(self, fault: str) -> None:
        """The connection could not be opened."""
        self.fault = fault
        self.receive_eof()

    def data_to_send(self) -> bytes:
        """What is to be sent now."""
        return self.connection.data_to_send()


class ClientLane(Lane[ClientConnection]):
    """A client's connection to a server; `is_target` until the session moves there."""

    def __init__(
        self,
        connection: ClientConnection,
        settle: Callable[[], None],
        key: ChannelKey,
        place: Place,
        *,
        is_secure: bool,
        is_target: bool,
    ) -> None:
        super().__init__(connection, settle)
        self.key = key
        self.place = place
        self.is_secure = is_secure
        self.is_target = is_target

    @property
    def port(self) -> int | None:
        """The port to dial."""
        return self.place.tls_port if self.is_secure else self.place.port


class ServerLane(Lane[ServerConnection]):
    """A server's connection from a client; whose channel it is shows when its link is made.

    The link result leaves by itself, before the first message: over TLS spice-gtk does not see what comes in the same
    record behind it.
    """

    def __init__(self, connection: ServerConnection, settle: Callable[[], None]) -> None:
        super().__init__(connection, settle)
        self._result = b""

    def receive_data(self, data: bytes, /) -> None:
        """Take what arrived."""
        was_linking = self.connection.state == "linking"
        self.connection.receive_data(data)
        if was_linking:
            self._result += self.connection.data_to_send()
        self._settle()

    def data_to_send(self) -> bytes:
        """What is to be sent now, in one piece."""
        result, self._result = self._result, b""
        return result or super().data_to_send()

    @property
    def key(self) -> ChannelKey | None:
        """Which channel it carries; None before the link is made."""
        link = self.connection.link
        return None if link is None else ChannelKey(link.channel_type, link.channel_id)
