"""Streams as packets: sequence numbers, checksums and payloads are right to the byte."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from wireformat.derive.pcapng import MAX_SEGMENT, SEGMENTS_PER_ACK, Clock, Connection, checksum, file_header, wrap

SYN, SYN_ACK, ACK, PUSH_ACK, FIN_ACK = 0x02, 0x12, 0x10, 0x18, 0x11


@dataclass(frozen=True)
class Packet:
    """What a test looks at in one packet."""

    ports: tuple[int, int]
    sequence: int
    acknowledged: int
    flags: int
    payload: bytes
    time: int


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The blocks of a pcapng file; both lengths of each must agree."""
    while data:
        kind, size = struct.unpack_from("<II", data)
        assert size % 4 == 0
        assert struct.unpack_from("<I", data, size - 4) == (size,)
        yield kind, data[8 : size - 4]
        data = data[size:]


def packets(data: bytes) -> list[Packet]:
    """The packets of a file; every checksum must be right."""
    return [parsed(body) for kind, body in blocks(data) if kind == 6]


def parsed(body: bytes) -> Packet:
    _, high, low, size, original = struct.unpack_from("<IIIII", body)
    assert size == original
    packet = body[20 : 20 + size]
    assert checksum(packet[:20]) == 0
    assert struct.unpack_from(">H", packet, 2) == (size,)
    segment = packet[20:]
    assert checksum(packet[12:20] + struct.pack(">HH", 6, len(segment)) + segment) == 0
    source, target, sequence, acknowledged, offset, flags = struct.unpack_from(">HHIIBB", segment)
    return Packet((source, target), sequence, acknowledged, flags, segment[offset >> 4 << 2 :], high << 32 | low)


def test_a_stream_becomes_a_connection() -> None:
    found = packets(b"".join(wrap([b"abcdef", b"gh"], port=7, segment_size=4)))
    assert [packet.flags for packet in found] == [SYN, SYN_ACK, ACK, *[PUSH_ACK] * 3, FIN_ACK, FIN_ACK, ACK]
    assert [packet.payload for packet in found if packet.payload] == [b"abcd", b"ef", b"gh"]
    assert [packet.sequence for packet in found] == [0, 0, 1, 1, 5, 7, 9, 1, 10]
    assert [packet.acknowledged for packet in found] == [0, 1, 1, 1, 1, 1, 1, 10, 2]
    assert {packet.ports[1] for packet in found[:1]} == {7}
    assert [packet.time for packet in found] == list(range(1, 10))


def test_the_file_opens_with_section_and_interface() -> None:
    kinds = [kind for kind, _ in blocks(file_header())]
    assert kinds == [0x0A0D0D0A, 1]


def test_acknowledgements_keep_the_window_open() -> None:
    found = packets(b"".join(wrap([bytes(SEGMENTS_PER_ACK)], segment_size=1)))
    assert found[3 + SEGMENTS_PER_ACK].flags == ACK
    assert found[3 + SEGMENTS_PER_ACK].acknowledged == 1 + SEGMENTS_PER_ACK


def test_both_directions_count_for_themselves() -> None:
    connection = Connection(2, 9, clock=Clock())
    data = b"".join([*connection.open(), *connection.send(b"ask"), *connection.send(b"answer", from_client=False)])
    ask, answer = packets(data)[3:]
    assert (ask.sequence, ask.acknowledged, answer.sequence, answer.acknowledged) == (1, 1, 1, 4)
    assert ask.ports == answer.ports[::-1]


def test_sequence_numbers_wrap_around() -> None:
    connection = Connection()
    connection.client.sequence = 0xFFFFFFFE
    packet, following = packets(b"".join([*connection.send(b"abcd"), *connection.send(b"e")]))
    assert (packet.sequence, following.sequence) == (0xFFFFFFFE, 2)


@pytest.mark.parametrize("size", [0, -1, MAX_SEGMENT + 1])
def test_segments_that_ip_cannot_carry_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="segments"):
        Connection(segment_size=size)


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"", 0xFFFF), (b"\0\0", 0xFFFF), (b"\0\1\xf2\3\xf4\xf5\xf6\xf7", 0x220D), (b"\xff\xff", 0), (b"\1", 0xFEFF)],
)
def test_checksums(data: bytes, expected: int) -> None:
    assert checksum(data) == expected
