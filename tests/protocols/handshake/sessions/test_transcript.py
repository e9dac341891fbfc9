"""Transcripts: headers first whenever they arrive, every byte counts, and the entry with the digest does not."""

from __future__ import annotations

from hashlib import sha256

import pytest

from wireformat.protocols.handshake.sessions.transcript import Transcript

FRAME = bytes(range(16)) + b"payload before" + b"transcript entry"
PLACE = 16 + len(b"payload before")


@pytest.mark.requirement("HS-110")
def test_what_is_covered() -> None:
    transcript = Transcript(b"prologue")
    transcript.headers(b"S-header", b"D-header")
    transcript.add(b"hello")
    transcript.add(b"reply")
    expected = sha256(b"vmhs1 transcript\0prologueS-headerD-headerhelloreply" + FRAME[:8] + b"payload before")
    assert transcript.digest(FRAME, PLACE) == expected.digest()


@pytest.mark.requirement("HS-110")
def test_a_frame_may_be_known_before_the_headers() -> None:
    early, late = Transcript(b""), Transcript(b"")
    early.add(b"hello")
    early.headers(b"s", b"d")
    late.headers(b"s", b"d")
    late.add(b"hello")
    assert early.digest(FRAME, PLACE) == late.digest(FRAME, PLACE)


@pytest.mark.requirement("HS-110")
@pytest.mark.parametrize("what", ["prologue", "source", "destination", "frame"])
def test_everything_counts(what: str) -> None:
    parts = {"prologue": b"p", "source": b"s", "destination": b"d", "frame": b"f"}
    digests = set()
    for changed in (parts, {**parts, what: b"other"}):
        transcript = Transcript(changed["prologue"])
        transcript.headers(changed["source"], changed["destination"])
        transcript.add(changed["frame"])
        digests.add(transcript.digest(FRAME, PLACE))
    assert len(digests) == 2


def test_asking_changes_nothing() -> None:
    transcript = Transcript(b"")
    transcript.headers(b"s", b"d")
    assert transcript.digest(FRAME, PLACE) == transcript.digest(FRAME, PLACE)
