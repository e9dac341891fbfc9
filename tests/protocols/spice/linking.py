"""Clients and servers of one connection, joined in memory."""

from __future__ import annotations

from functools import cache
from typing import Any

from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.connection import ClientConnection, Connection, ServerConnection
from wireformat.protocols.spice.events import Event
from wireformat.protocols.spice.link_client import LinkClientConfig
from wireformat.protocols.spice.link_server import LinkServerConfig
from wireformat.protocols.spice.ticket import TicketKey


@cache
def key() -> TicketKey:
    """One key for all tests: making it takes long."""
    return TicketKey.generate()


def mains(channel: ChannelType) -> int:
    """What servers of today can."""
    return 0xF if channel == ChannelType.MAIN else 0


def client(**options: Any) -> ClientConnection:
    """A client that can what clients of today can."""
    own = {name: options.pop(name) for name in ("answers", "is_held", "version") if name in options}
    return ClientConnection(LinkClientConfig(**{"capabilities": 0xF, **options}), **own)


def server(**options: Any) -> ServerConnection:
    """A server that takes anyone."""
    return ServerConnection(LinkServerConfig(**{"key": key(), "capabilities": mains, **options}))


def pump(one: Connection, other: Connection) -> None:
    """Carry bytes to and fro until nobody has anything to say; then ends of connections."""
    said = True
    while said:
        said = False
        for sender, receiver in ((one, other), (other, one)):
            data = sender.data_to_send()
            if data:
                receiver.receive_data(data)
                said = True
            elif sender.wants_close and not receiver.wants_close:
                receiver.receive_eof()
                said = True


def joined(client_options: dict[str, Any] | None = None, **server_options: Any) -> tuple[list[Event], list[Event]]:
    """What the client and the server tell of a link stage."""
    one, other = client(**(client_options or {})), server(**server_options)
    pump(one, other)
    return list(one.events()), list(other.events())


def linked(client_options: dict[str, Any] | None = None, **options: Any) -> tuple[ClientConnection, ServerConnection]:
    """Both sides of a connection whose link stage is over."""
    one, other = client(**(client_options or {})), server(**options)
    pump(one, other)
    assert [type(event).__name__ for event in (*one.events(), *other.events())] == ["Linked", "Linked"]
    return one, other
