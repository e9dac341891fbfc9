"""Proofs: the texts that are signed, and that every part of them counts."""

from __future__ import annotations

import hmac
from hashlib import sha256

import pytest

from wireformat.protocols.handshake.sessions import keys
from wireformat.protocols.handshake.sessions.events import ChannelKey

SECRET, BINDING = bytes(range(32)), bytes(range(16))


def signed(text: bytes) -> bytes:
    return hmac.new(SECRET, text, sha256).digest()


@pytest.mark.requirement("CH-059", "HS-112", "HS-193")
def test_the_texts() -> None:
    proof = keys.channel_proof(SECRET, BINDING, 7, ChannelKey("multifd", 3))
    assert proof == signed(b"vmhs1 channel\0" + BINDING + b"\0\0\0\7multifd\0\0\3")[:16]
    assert keys.resume_proof(SECRET, BINDING, 1, b"n" * 32) == signed(
        b"vmhs1 resume source\0" + BINDING + b"\0\0\0\1" + b"n" * 32
    )
    assert keys.resume_answer(SECRET, BINDING, 1, (b"s" * 32, b"d" * 32), 5, b"x" * 32) == signed(
        b"vmhs1 resume destination\0" + BINDING + b"\0\0\0\1" + b"s" * 32 + b"d" * 32 + bytes(7) + b"\5" + b"x" * 32
    )
    assert keys.confirmation(SECRET, "source", b"t" * 32) == signed(b"vmhs1 confirm source\0" + b"t" * 32)
    assert keys.result_digest(b"entries") == sha256(b"vmhs1 result\0entries").digest()


@pytest.mark.parametrize(
    "other",
    [
        (bytes(32), BINDING, 0, ChannelKey("multifd", 0)),
        (SECRET, bytes(16), 0, ChannelKey("multifd", 0)),
        (SECRET, BINDING, 1, ChannelKey("multifd", 0)),
        (SECRET, BINDING, 0, ChannelKey("multifd", 1)),
        (SECRET, BINDING, 0, ChannelKey("nbd", 0)),
    ],
)
def test_everything_counts(other: tuple[bytes, bytes, int, ChannelKey]) -> None:
    assert keys.channel_proof(*other) != keys.channel_proof(SECRET, BINDING, 0, ChannelKey("multifd", 0))


def test_a_side_cannot_use_the_others_confirmation() -> None:
    assert keys.confirmation(SECRET, "source", bytes(32)) != keys.confirmation(SECRET, "destination", bytes(32))


@pytest.mark.requirement("CH-060", "HS-115")
@pytest.mark.parametrize(("given", "equal"), [(b"abcd", True), (b"abce", False), (b"abc", False), (None, False)])
def test_all_of_a_proof_is_compared(given: bytes | None, equal: bool) -> None:
    assert keys.is_equal(given, b"abcd") is equal
