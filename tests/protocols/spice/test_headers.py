"""Both headers, with the bytes of a real server."""

from __future__ import annotations

from wireformat.codec import codec_for, encode
from wireformat.protocols.spice.headers import FULL_SIZE, MINI_SIZE, FullHeader, MiniHeader


def test_the_full_header() -> None:
    data = bytes.fromhex("010000000000000067002000000000000000")
    found = codec_for(FullHeader).decode(data)
    assert found == FullHeader(serial=1, type=103, size=32)
    assert (encode(found), len(data)) == (data, FULL_SIZE)


def test_the_mini_header() -> None:
    data = bytes.fromhex("65001e000000")
    found = codec_for(MiniHeader).decode(data)
    assert found == MiniHeader(type=101, size=30)
    assert (encode(found), len(data)) == (data, MINI_SIZE)
