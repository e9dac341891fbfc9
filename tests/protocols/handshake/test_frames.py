"""Frames: the vector of the design, pieces of any size, limits before memory, and numbers without gaps."""

from __future__ import annotations

import pytest

from tests.protocols.handshake.loopback import hello, with_entry
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.dialect import TODAY
from wireformat.protocols.handshake.frames import (
    FrameReader,
    FrameWriter,
    amended,
    checksum,
    entries,
    entry_place,
    frame_behind,
)
from wireformat.protocols.handshake.messages import MAX_CAPABILITIES, Loaded, Progress
from wireformat.protocols.handshake.refusal import Violation
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


def test_what_is_not_critical_is_skipped_and_counted() -> None:
    reader = FrameReader(CODEC)
    buffer = bytearray(b"".join(frames(Unknown(0x0A0A, b""), Loaded())))
    first, second = reader.take(buffer), reader.take(buffer)
    assert first is not None
    assert first.message is None
    assert second is not None
    assert second.message == Loaded()


def test_a_critical_message_that_nobody_knows() -> None:
    assert error_of(frames(Unknown(0xFA0A, b""))[0]) == "tag"


def test_sizes_are_refused_before_anything_is_waited_for() -> None:
    assert error_of(bytes.fromhex("80010000 00000000 00010001 00000000")) == "limit"
    assert error_of(bytes.fromhex("80030000 00000000 00010001 00000000")) == "limit"
    reader = FrameReader(CODEC)
    reader.large = 1 << 30
    assert reader.take(bytearray.fromhex("80030000 00000000 01000000 00000000")) is None
    assert error_of(bytes.fromhex("80030000 00000000 01000001 00000000"), reader) == "limit"


@pytest.mark.parametrize("place", [0, 3, 4, 7, 12, 15, 16, 20])
def test_damage_is_seen_before_sense(place: int) -> None:
    frame = bytearray(frames(hello())[0])
    frame[place] ^= 0x10
    if place == 0:
        assert error_of(bytes(frame)) == "checksum"
    else:
        assert error_of(bytes(frame)) == "checksum"


def test_numbers_begin_at_nothing_and_have_no_gap() -> None:
    zero, one = frames(Loaded(), Loaded())
    assert error_of(one) == "sequence"
    reader = FrameReader(CODEC)
    assert reader.take(bytearray(zero)) is not None
    assert error_of(zero, reader) == "sequence"


def test_more_frames_than_a_handshake_takes() -> None:
    reader, writer = FrameReader(CODEC), FrameWriter(TODAY, CODEC)
    for _ in range(4096):
        assert reader.take(bytearray(writer.encode(Loaded()))) is not None
    assert error_of(writer.encode(Loaded()), reader) == "limit"


def test_more_entries_than_a_message_takes() -> None:
    def filled(count: int) -> bytes:
        return FrameWriter(TODAY, CODEC).encode(hello(unknown=tuple(Unknown(0x3000, bytes(2)) for _ in range(count))))

    known = sum(1 for _ in entries(filled(0), 16))
    assert FrameReader(CODEC).take(bytearray(filled(1024 - known))) is not None
    assert error_of(filled(1025 - known)) == "limit"
    assert MAX_CAPABILITIES < 1024


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


def test_the_checksum_leaves_itself_out() -> None:
    frame = frames(hello())[0]
    assert checksum(frame) == int.from_bytes(frame[12:16], "big")
    assert CODEC.decode(with_entry(frame, 0x0101, b"x")).message.unknown == (Unknown(0x0101, b"x"),)
