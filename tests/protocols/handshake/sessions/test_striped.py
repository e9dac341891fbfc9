"""Pieces: every distribution over channels gives the stream again, and what breaks the rules is refused."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wireformat.protocols.handshake.frame import Piece
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.refusal import Violation
from wireformat.protocols.handshake.sessions.striped import Joiner, Striper

KEYS = tuple(ChannelKey("multifd", index) for index in range(3))
CONTENT = bytes(range(256)) * 40


def piece(offset: int, data: bytes) -> bytes:
    return TODAY.pieces.encode(Piece(offset=offset, data=data))


class Joined:
    """A joiner and what it delivered."""

    def __init__(self, window: int = 1 << 20, start: int = 0) -> None:
        self.content = bytearray(bytes(start))
        self.joiner = Joiner(KEYS, self._deliver, window, start)

    def _deliver(self, offset: int, data: bytes) -> None:
        assert offset == len(self.content)
        self.content += data


@pytest.mark.requirement("HS-133")
@settings(max_examples=60, deadline=None)
@given(st.integers(90, 900), st.integers(0, 10**6), st.integers(40, 700))
def test_any_distribution_gives_the_stream(size: int, seed: int, step: int) -> None:
    random, striper, joined = Random(seed), Striper(TODAY), Joined()
    lanes: dict[ChannelKey, bytearray] = {key: bytearray() for key in KEYS}
    for part in striper.cut(CONTENT, size):
        lanes[random.choice(KEYS)] += part
    for lane in lanes.values():
        lane += striper.end()
    while any(lanes.values()):
        key = random.choice([key for key in KEYS if lanes[key]])
        joined.joiner.receive(key, lanes[key][:step])
        del lanes[key][:step]
    assert joined.joiner.is_complete
    assert joined.content == CONTENT
    assert joined.joiner.total == len(CONTENT)


@pytest.mark.requirement("HS-135")
def test_what_comes_early_is_bounded() -> None:
    joined = Joined(window=1000)
    assert all(joined.joiner.wants(key) for key in KEYS)
    joined.joiner.receive(KEYS[0], piece(2000, bytes(1000)))
    assert not joined.joiner.wants(KEYS[0])
    assert joined.joiner.wants(KEYS[1])
    joined.joiner.receive(KEYS[1], piece(0, bytes(2000)))
    assert joined.joiner.wants(KEYS[0])
    assert len(joined.content) == 3000


@pytest.mark.requirement("HS-135")
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_bounded_joining_never_stops(seed: int) -> None:
    random, striper, joined = Random(seed), Striper(TODAY), Joined(window=500)
    lanes: dict[ChannelKey, bytearray] = {key: bytearray() for key in KEYS}
    for part in striper.cut(CONTENT, 100):
        lanes[random.choice(KEYS)] += part
    for lane in lanes.values():
        lane += striper.end()
    while any(lanes.values()):
        willing = [key for key in KEYS if lanes[key] and joined.joiner.wants(key)]
        assert willing
        key = random.choice(willing)
        joined.joiner.receive(key, lanes[key][:50])
        del lanes[key][:50]
    assert joined.content == CONTENT


@pytest.mark.requirement("HS-134")
@pytest.mark.parametrize(
    ("moves", "code"),
    [
        ([(0, piece(0, b"abc")), (0, piece(2, b"x"))], "NON_CANONICAL"),
        ([(0, piece(0, b"abc")), (1, piece(2, b"x")), (2, b"")], "DUPLICATE"),
        ([(0, piece(5, b"abc")), (1, piece(6, b"x")), (2, piece(0, b"abcde"))], "DUPLICATE"),
        ([(0, piece(3, b"")), (0, b"x")], "UNEXPECTED"),
        ([(0, piece(3, b"")), (1, piece(4, b""))], "MALFORMED"),
        ([(0, piece(3, b"")), (1, piece(3, b"")), (2, piece(3, b""))], "MALFORMED"),
        ([(0, (0).to_bytes(8, "big") + (1 << 20 | 1).to_bytes(4, "big"))], "LIMIT"),
        ([(0, b"\xff" * 8 + bytes(3) + b"\1")], "LIMIT"),
    ],
)
def test_broken_rules(moves: list[Any], code: str) -> None:
    joined, found = Joined(), list[str]()
    for index, data in moves:
        try:
            joined.joiner.receive(KEYS[index], data)
        except Violation as error:
            found += [item.code.name for item in error.items]
    assert found == [code]


def test_going_on_in_the_middle() -> None:
    joined, striper = Joined(start=10), Striper(TODAY)
    list(striper.cut(CONTENT[:10]))
    again = Striper(TODAY)
    again.begin(10, striper.sum.copy())
    for key in KEYS:
        joined.joiner.receive(key, b"".join(again.cut(CONTENT[10:])) if key == KEYS[0] else b"")
        joined.joiner.receive(key, again.end())
    assert joined.joiner.is_complete
    assert bytes(joined.content[10:]) == CONTENT[10:]
    list(striper.cut(CONTENT[10:]))
    assert again.sum.digest() == striper.sum.digest()


def test_an_empty_stream() -> None:
    joined = Joined()
    for key in KEYS:
        assert not joined.joiner.has_ended(key)
        joined.joiner.receive(key, Striper(TODAY).end())
        assert joined.joiner.has_ended(key)
    assert joined.joiner.is_complete
