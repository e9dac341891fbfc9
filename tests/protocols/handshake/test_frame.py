"""The frame around every message, and the pieces of a striped payload."""

from __future__ import annotations

from zlib import crc32

import pytest

from tests.derive.plain_bytes import entry, frame
from wireformat.codec import codec_for, decode, encode
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.frame import FRAMED, Frame, Piece
from wireformat.protocols.handshake.messages import MAX_PIECE, Loaded, Start
from wireformat.schema.lift import lift
from wireformat.schema.values import Unknown

START = encode(Frame(sequence=7, message=Start(payload="v1-raw")))


@pytest.mark.requirement("HS-002", "HS-003")
def test_the_header_is_sixteen_bytes() -> None:
    assert START[:12].hex() == "8008" + "0000" + "00000007" + "0000000e"
    assert int.from_bytes(START[12:16], "big") == crc32(START[:12] + bytes(4) + START[16:])
    assert START[16:] == entry(0x8001, b"v1-raw")


@pytest.mark.requirement("HS-003")
def test_any_changed_bit_is_noticed() -> None:
    for bit in range(8 * len(START)):
        broken = bytearray(START)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DecodeError):
            decode(Frame, bytes(broken))


@pytest.mark.requirement("HS-011")
def test_flags_are_ignored_and_sent_as_zero() -> None:
    start = START[:2] + b"\xff\xff" + START[4:12]
    flagged = start + crc32(start + bytes(4) + START[16:]).to_bytes(4, "big") + START[16:]
    assert encode(decode(Frame, flagged)) == START


@pytest.mark.requirement("HS-012")
def test_messages_that_are_not_known_are_kept_as_they_are() -> None:
    data = frame(0x1A1A, b"\0\1\2", 3)
    value = decode(Frame, data)
    assert value.message == Unknown(0x1A1A, b"\0\1\2")
    assert encode(value) == data


def test_every_number_stands_for_one_message() -> None:
    numbers = [lift(cls).record.code for cls in FRAMED]
    assert len(set(numbers)) == len(numbers) > 19
    assert decode(Frame, frame(0x8011, b"")).message == Loaded()


@pytest.mark.requirement("HS-133", "HS-134")
def test_pieces() -> None:
    piece = Piece(offset=1 << 32, data=b"QEVM")
    assert encode(piece).hex() == "0000000100000000" + "00000004" + b"QEVM".hex()
    assert codec_for(Piece).decode(encode(piece)) == piece
    with pytest.raises(DecodeError) as caught:
        decode(Piece, bytes(8) + (MAX_PIECE + 1).to_bytes(4, "big"))
    assert caught.value.id == "limit"
