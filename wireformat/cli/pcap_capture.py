"""`wireformat pcap` for SPICE captures: every connection as TCP, with the times at which its pieces came.

Tickets are blank: what is wrapped is made to be passed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import TypeAlias

from wireformat.cli.captures import open_capture
from wireformat.derive.pcapng import Clock, Connection, file_header
from wireformat.protocols.spice import capture as spice
from wireformat.protocols.spice.capture import SENDERS, is_time
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.sighting import blanked

MICROSECONDS = 1_000_000
Piece: TypeAlias = tuple[float, int, "bytes | None", bool]
"""When, on which connection, the bytes (None: the connection opens or ends), and whether the client sent them."""


def capture_packets(name: str, port: int, segment_size: int) -> Iterator[bytes]:
    """The capture file, block by block. Raises `DecodeError` where there is no capture."""
    connections = open_capture(name).connections
    clock = Clock()
    wrapped = [Connection(number, port, segment_size, clock) for number in range(1, len(connections) + 1)]
    yield file_header()
    for time, number, data, from_client in merge(*map(_pieces, range(len(connections)), connections)):
        clock.now = max(clock.now, int(time * MICROSECONDS))
        if data is not None:
            yield from wrapped[number].send(data, from_client=from_client)
        else:
            yield from wrapped[number].open() if from_client else wrapped[number].close()


def _pieces(number: int, connection: spice.Connection) -> Iterator[Piece]:
    """What happened on a connection, in order of time."""
    opened = connection.head.get("opened")
    time = float(opened) if is_time(opened) else 0.0
    yield time, number, None, True
    left = {direction: _public(connection, sender) for direction, sender in SENDERS.items()}
    for row in connection.rows:
        time = max(time, row.time)
        if row.size:
            data, left[row.direction] = left[row.direction][: row.size], left[row.direction][row.size :]
            yield time, number, data, SENDERS[row.direction] == "client"
    yield time, number, None, False


def _public(connection: spice.Connection, sender: Sender) -> bytes:
    """The bytes that one side sent, but for the ticket, which has its size."""
    return b"".join(blanked(sighting).encode() for sighting in connection.side(sender))
