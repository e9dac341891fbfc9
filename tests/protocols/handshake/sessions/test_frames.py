"""Frames: the vector of the design, pieces of any size, limits before memory, and numbers without gaps."""

from __future__ import annotations

import pytest

from tests.protocols.handshake.loopback import hello, with_entry
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.messages import MAX_CAPABILITIES, Progress
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.frames import (
    FrameReader,
    FrameWriter,
    amended,
    checksum,
    entries,
    entry_place,
    frame_behind,
)
from wireformat.protocols.handshake.sessions.refusal import Violation, items_of
from wireformat.protocols.handshake.transfer_messages import Loaded
from wireformat.schema.values import Unknown

CODEC = TODAY.frames()


def frames(*messages: object) -> list[bytes]:
    writer = FrameWriter(TODAY, CODEC)
    return [writer.encode(message) for message in messages]  # type: ignore[arg-type]


def error_of(data: bytes, reader: FrameReader | None = None) -> str:
    buffer = bytearray(data)
    with pytest.raises(DecodeError) as caught:
        (reader or FrameReader(CODEC)).take(buffer)
    return caught.value.id


@pytest.mark.requirement("HS-002", "HS-004")
def test_frames_arrive_in_pieces() -> None:
    data = b"".join(frames(Progress(text="one"), Loaded()))
    reader, buffer, found = FrameReader(CODEC), bytearray(), []
    for byte in data:
        buffer.append(byte)
        received = reader.take(buffer)
        if received is not None:
            found.append(received)
    assert [type(one.message) for one in found] == [Progress, Loaded]
    assert b"".join(one.raw for one in found) == data
    assert buffer == b""


@pytest.mark.requirement("HS-012")
def test_what_is_not_critical_is_skipped_and_counted() -> None:
    reader = FrameReader(CODEC)
    buffer = bytearray(b"".join(frames(Unknown(0x0A0A, b""), Loaded())))
    first, second = reader.take(buffer), reader.take(buffer)
    assert first is not None
    assert first.message is None
    assert second is not None
    assert second.message == Loaded()


@pytest.mark.requirement("HS-012")
def test_a_critical_message_that_nobody_knows() -> None:
    assert error_of(frames(Unknown(0xFA0A, b""))[0]) == "tag"


@pytest.mark.requirement("HS-006", "HS-013")
def test_sizes_are_refused_before_anything_is_waited_for() -> None:
    assert error_of(bytes.fromhex("80010000 00000000 00010001 00000000")) == "limit"
    assert error_of(bytes.fromhex("80030000 00000000 00010001 00000000")) == "limit"
    reader = FrameReader(CODEC)
    reader.large = 1 << 30
    assert reader.take(bytearray.fromhex("80030000 00000000 01000000 00000000")) is None
    assert error_of(bytes.fromhex("80030000 00000000 01000001 00000000"), reader) == "limit"


@pytest.mark.requirement("HS-003")
@pytest.mark.parametrize("place", [0, 3, 4, 7, 12, 15, 16, 20])
def test_damage_is_seen_before_sense(place: int) -> None:
    frame = bytearray(frames(hello())[0])
    frame[place] ^= 0x10
    if place == 0:
        assert error_of(bytes(frame)) == "checksum"
    else:
        assert error_of(bytes(frame)) == "checksum"


@pytest.mark.requirement("HS-010")
def test_numbers_begin_at_nothing_and_have_no_gap() -> None:
    zero, one = frames(Loaded(), Loaded())
    assert error_of(one) == "handshake/sequence"
    reader = FrameReader(CODEC)
    assert reader.take(bytearray(zero)) is not None
    assert error_of(zero, reader) == "handshake/sequence"


@pytest.mark.requirement("HS-013")
def test_more_frames_than_a_handshake_takes() -> None:
    reader, writer = FrameReader(CODEC), FrameWriter(TODAY, CODEC)
    for _ in range(4096):
        assert reader.take(bytearray(writer.encode(Loaded()))) is not None
    assert error_of(writer.encode(Loaded()), reader) == "limit"


@pytest.mark.requirement("HS-013")
def test_more_entries_than_a_message_takes() -> None:
    def filled(count: int) -> bytes:
        return FrameWriter(TODAY, CODEC).encode(hello(unknown=tuple(Unknown(0x3000, bytes(2)) for _ in range(count))))

    known = sum(1 for _ in entries(filled(0), 16))
    assert FrameReader(CODEC).take(bytearray(filled(1024 - known))) is not None
    assert error_of(filled(1025 - known)) == "limit"
    assert MAX_CAPABILITIES < 1024


@pytest.mark.requirement("CH-020", "CH-028")
def test_entries_stop_where_they_are_cut() -> None:
    frame = frames(hello())[0]
    whole = list(entries(frame, 16))
    assert [tag for tag, _, _ in whole][:2] == [0x8001, 0x8002]
    assert whole[-1][2] == len(frame)
    assert list(entries(frame[:-1], 16)) == whole[:-1]


def test_an_entry_is_found_and_changed() -> None:
    frame = frames(hello())[0]
    place = entry_place(frame, 0x8002)
    other = amended(frame, place, bytes(32))
    assert CODEC.decode(other).message.nonce == bytes(32)
    assert len(other) == len(frame)
    with pytest.raises(DecodeError) as caught:
        entry_place(frame, 0x8FFF)
    assert caught.value.id == "missing"


def test_a_writer_keeps_to_what_the_peer_takes() -> None:
    writer = FrameWriter(TODAY, CODEC)
    long = hello(unknown=(Unknown(0x3000, bytes(65536)),))
    with pytest.raises(Violation) as caught:
        writer.encode(long)
    assert [(found.code.name, found.path) for found in caught.value.items] == [("LIMIT", "/Hello")]
    assert int.from_bytes(writer.encode(Loaded())[4:8], "big") == 0


def test_a_frame_behind_other_bytes() -> None:
    frame = frames(Loaded())[0]
    noise = bytes(range(1, 100))
    assert frame_behind(noise + frame, 0, 0) == (99, True)
    assert frame_behind(noise + frame, 5, 0) == (99, True)
    assert frame_behind(noise + frame[:-1], 0, 0)[0] <= 99
    assert frame_behind(noise + frame, 0, 1) == (99 + 16 - 15, False)
    assert frame_behind(noise + frame[:12] + bytes(4), 0, 0) == (99 + 16 - 15, False)
    later = frames(Loaded(), Progress(text="some words"))[1]
    assert frame_behind(noise + later[:-1], 0, 1) == (99, False)


@pytest.mark.requirement("HS-003")
def test_the_checksum_leaves_itself_out() -> None:
    frame = frames(hello())[0]
    assert checksum(frame) == int.from_bytes(frame[12:16], "big")
    assert CODEC.decode(with_entry(frame, 0x0101, b"x")).message.unknown == (Unknown(0x0101, b"x"),)


def entry(tag: int, value: bytes, reserved: bytes = b"\0\0") -> bytes:
    return tag.to_bytes(2, "big") + reserved + len(value).to_bytes(4, "big") + value


def framed(type: int, payload: bytes, flags: bytes = b"\0\0") -> bytes:
    raw = type.to_bytes(2, "big") + flags + bytes(4) + len(payload).to_bytes(4, "big") + bytes(4) + payload
    return raw[:12] + checksum(raw).to_bytes(4, "big") + raw[16:]


NONCE = entry(0x8002, bytes(32))
VERSIONS = entry(0x8001, b"\0\1")
PAYLOADS = entry(0x8008, b"\6v1-raw")
LEAST = VERSIONS + NONCE + PAYLOADS


@pytest.mark.requirement("HS-011", "CH-020")
def test_flags_and_reserved_bytes_are_ignored() -> None:
    plain = FrameReader(CODEC).take(bytearray(framed(0x8001, LEAST)))
    odd = framed(0x8001, entry(0x8001, b"\0\1", b"\1\2") + NONCE + PAYLOADS, b"\xff\xff")
    found = FrameReader(CODEC).take(bytearray(odd))
    assert plain is not None
    assert found is not None
    assert found.message == plain.message


@pytest.mark.requirement("CH-021")
def test_a_number_is_read_where_it_stands() -> None:
    raw = framed(0x8005, entry(0x8001, entry(0x8001, b"\0\1") + entry(0x8002, b"v1-raw")) + entry(0xFFFD, bytes(32)))
    found = FrameReader(CODEC).take(bytearray(raw))
    assert found is not None
    assert found.message.result.version == 1


@pytest.mark.requirement("CH-022", "CH-024", "CH-025", "CH-026", "CH-027", "CH-028", "CH-032", "HS-157")
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (LEAST + entry(0xF000, b""), "UNKNOWN_CRITICAL"),
        (LEAST + entry(0x000A, b"\0\1"), "UNKNOWN_CRITICAL"),
        (NONCE + VERSIONS + PAYLOADS, "NON_CANONICAL"),
        (VERSIONS + entry(0x8004, b"\2bb\1\1") + entry(0x8004, b"\2aa\1\1") + NONCE, "NON_CANONICAL"),
        (VERSIONS + NONCE + entry(0x8004, b"\2bb\1\1") + entry(0x8004, b"\2aa\1\1") + PAYLOADS, "NON_CANONICAL"),
        (VERSIONS + NONCE + entry(0x8004, b"\1a\1\1") * 2 + PAYLOADS, "DUPLICATE"),
        (VERSIONS * 2 + NONCE + PAYLOADS, "DUPLICATE"),
        (VERSIONS + PAYLOADS, "MISSING"),
        (VERSIONS + entry(0x8002, bytes(31)) + PAYLOADS, "MALFORMED"),
        (VERSIONS + entry(0x8002, bytes(33)) + PAYLOADS, "MALFORMED"),
        (LEAST[:-1], "MALFORMED"),
        (VERSIONS + NONCE + entry(0x8008, b"\2\xc3\xa4"), "MALFORMED"),
        (LEAST + entry(0x0009, b"\xff"), "MALFORMED"),
        (LEAST + entry(0x0009, b"a\0b"), "MALFORMED"),
        (VERSIONS + NONCE + entry(0x8008, b"\x41" + b"v" * 65), "LIMIT"),
    ],
)
def test_rules_of_entries(payload: bytes, code: str) -> None:
    with pytest.raises(DecodeError) as caught:
        FrameReader(CODEC).take(bytearray(framed(0x8001, payload)))
    assert [found.code.name for found in items_of(caught.value)] == [code]
