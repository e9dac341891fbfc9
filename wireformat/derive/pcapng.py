"""Byte streams as TCP packets in a pcapng file, which Wireshark opens.

A stream file knows bytes but no packets. Here it gets them: a handshake with window scaling, segments with right
sequence numbers and checksums, acknowledgements often enough that no window fills up, and an orderly end. Addresses
come from the block for documentation (192.0.2.0/24), time runs one microsecond for each packet. Packets are handed out
as they are made, so memory does not grow with the stream [RFC 791, RFC 9293, pcapng].
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Buffer: TypeAlias = "bytes | bytearray | memoryview"

LINK_RAW_IP: Final = 101
MAX_SEGMENT: Final = 65535 - 20 - 20
"""The most bytes of a stream in one packet."""

SYN, ACK, PUSH, FIN = 0x02, 0x10, 0x08, 0x01
SEGMENTS_PER_ACK: Final = 64
WINDOW_SCALE: Final = bytes((2, 4, 0xFF, 0xD7, 1, 3, 3, 14))
"""TCP options of the handshake: segment size 65495, window scale 14."""


@dataclass(slots=True)
class Side:
    """One end of a connection: address, port, the next sequence number, segments since the last acknowledgement."""

    address: bytes
    port: int
    sequence: int = 0
    unacknowledged: int = 0


@dataclass(slots=True)
class Clock:
    """The time of the next packet, in microseconds."""

    now: int = 0

    def tick(self) -> int:
        """The time now; it goes on by one."""
        self.now += 1
        return self.now


def file_header() -> bytes:
    """The blocks that open a file: section header, and one interface whose packets are bare IP."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    interface = struct.pack("<HHI", LINK_RAW_IP, 0, 0)
    return _block(0x0A0D0D0A, section) + _block(1, interface)


def _block(kind: int, body: bytes) -> bytes:
    size = 12 + len(body)
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


@dataclass(slots=True)
class Connection:
    """One TCP connection. Each method gives the packets that it causes, as pcapng blocks.

    `number` tells connections apart: it goes into the client's port. `segment_size` is how many bytes a packet carries.
    """

    number: int = 1
    port: int = 4444
    segment_size: int = MAX_SEGMENT
    clock: Clock = field(default_factory=Clock)
    client: Side = field(init=False)
    server: Side = field(init=False)

    def __post_init__(self) -> None:
        if not 1 <= self.segment_size <= MAX_SEGMENT:
            raise ValueError(f"segments of {self.segment_size} bytes; 1 to {MAX_SEGMENT} are possible")
        self.client = Side(bytes((192, 0, 2, 1)), 32768 + self.number % 28000)
        self.server = Side(bytes((192, 0, 2, 2)), self.port)

    def open(self) -> Iterator[bytes]:
        """The handshake."""
        yield self._packet(self.client, SYN, options=WINDOW_SCALE)
        yield self._packet(self.server, SYN | ACK, options=WINDOW_SCALE)
        yield self._packet(self.client, ACK)

    def send(self, data: Buffer, *, from_client: bool = True) -> Iterator[bytes]:
        """Bytes of one direction, in segments."""
        sender, receiver = (self.client, self.server) if from_client else (self.server, self.client)
        view = memoryview(data)
        for start in range(0, len(view), self.segment_size):
            yield self._packet(sender, ACK | PUSH, bytes(view[start : start + self.segment_size]))
            sender.unacknowledged += 1
            if sender.unacknowledged == SEGMENTS_PER_ACK:
                sender.unacknowledged = 0
                yield self._packet(receiver, ACK)

    def close(self) -> Iterator[bytes]:
        """Both sides end."""
        yield self._packet(self.client, FIN | ACK)
        yield self._packet(self.server, FIN | ACK)
        yield self._packet(self.client, ACK)

    def _packet(self, sender: Side, flags: int, data: bytes = b"", options: bytes = b"") -> bytes:
        receiver = self.server if sender is self.client else self.client
        acknowledged = receiver.sequence if flags & ACK else 0
        segment = _segment(sender, receiver, acknowledged, flags, data, options)
        sender.sequence = (sender.sequence + len(data) + bool(flags & (SYN | FIN))) & 0xFFFFFFFF
        return _packet_block(_datagram(sender, receiver, segment), self.clock.tick())


def _segment(sender: Side, receiver: Side, acknowledged: int, flags: int, data: bytes, options: bytes) -> bytes:
    """A TCP segment with its checksum."""
    size = (20 + len(options)) // 4
    head = struct.pack(">HHIIBBH", sender.port, receiver.port, sender.sequence, acknowledged, size << 4, flags, 0xFFFF)
    pseudo = sender.address + receiver.address + struct.pack(">HH", 6, 4 * size + len(data))
    total = checksum(pseudo + head + bytes(4) + options + data)
    return head + struct.pack(">HH", total, 0) + options + data


def _datagram(sender: Side, receiver: Side, segment: bytes) -> bytes:
    """An IPv4 packet around a segment."""
    head = struct.pack(">BBHHHBB", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, 6)
    total = checksum(head + bytes(2) + sender.address + receiver.address)
    return head + struct.pack(">H", total) + sender.address + receiver.address + segment


def _packet_block(packet: bytes, time: int) -> bytes:
    head = struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(packet), len(packet))
    return _block(6, head + packet + bytes(-len(packet) % 4))


def checksum(data: bytes) -> int:
    """The Internet checksum: the complement of the sum of all words, carries added back [RFC 1071].

    Adding carries back is arithmetic modulo 65535, and so is the remainder of the bytes as one number.
    """
    padded = data + bytes(len(data) % 2)
    if not any(padded):
        return 0xFFFF
    return 0xFFFF - (int.from_bytes(padded, "big") % 0xFFFF or 0xFFFF)


def wrap(pieces: Iterable[Buffer], *, port: int = 4444, segment_size: int = MAX_SEGMENT) -> Iterator[bytes]:
    """A whole file with one connection that carries one stream, piece by piece."""
    connection = Connection(port=port, segment_size=segment_size)
    yield file_header()
    yield from connection.open()
    for piece in pieces:
        yield from connection.send(piece)
    yield from connection.close()
