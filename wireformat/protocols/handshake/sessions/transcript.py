"""The digest of everything that was said on the main channel [handshake D.10].

It covers what management told this side, both headers, and every frame in the order of turns, whole: those that mean
nothing as well. Each side computes it from its own copy, so a byte that changed on the way shows, whoever changed it.
A frame that carries a digest is covered up to the entry with the digest, and then whole by later ones.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.frame import FRAME_HEADER
from wireformat.protocols.handshake.sessions import keys
from wireformat.protocols.handshake.sessions.frames import amended, entry_place
from wireformat.protocols.handshake.sessions.refusal import violation

TAG: Final = 0xFFFD
"""The entry with the digest, in every message that has one."""

CONFIRMATION: Final = 0xFFFE
"""The entry behind it that proves knowledge of a key."""

COVERED_HEADER: Final = 8
"""Bytes of a frame's header that are covered when the frame carries the digest: what precedes size and checksum."""


class Transcript:
    """Grows with each header and frame. `prologue` is the encoded context that management gave to this side."""

    def __init__(self, prologue: bytes) -> None:
        self._sum = sha256(b"vmhs1 transcript\0" + prologue)
        self._waiting: list[bytes] | None = []

    def headers(self, source: bytes, destination: bytes) -> None:
        """Both headers of the main channel are known. They come before all frames, whenever they arrived."""
        waiting, self._waiting = self._waiting or [], None
        self._sum.update(source + destination)
        for frame in waiting:
            self._sum.update(frame)

    def add(self, frame: bytes) -> None:
        """The next frame, of either side."""
        if self._waiting is None:
            self._sum.update(frame)
        else:
            self._waiting.append(frame)

    def digest(self, frame: bytes, place: int) -> bytes:
        """The digest for a frame that has not been added, whose entry with the digest begins at `place`."""
        covered = self._sum.copy()
        covered.update(frame[:COVERED_HEADER])
        covered.update(frame[FRAME_HEADER:place])
        return covered.digest()


def sealed(raw: bytes, transcript: Transcript, key: bytes, role: str) -> bytes:
    """A frame of a role with the digest of the transcript, and its confirmation where there is a key."""
    place = entry_place(raw, TAG)
    digest = transcript.digest(raw, place)
    raw = amended(raw, place, digest)
    if key:
        raw = amended(raw, entry_place(raw, CONFIRMATION), keys.confirmation(key, role, digest))
    return raw


def check_seal(message: Any, raw: bytes, transcript: Transcript, key: bytes, role: str) -> None:
    """Refuse another transcript of a role than ours, and a confirmation without the key. Raises `Violation`."""
    digest = transcript.digest(raw, entry_place(raw, TAG))
    if not keys.is_equal(message.transcript, digest):
        text = "both sides saw different bytes: something between them changed the handshake"
        raise violation(ErrorCode.TRANSCRIPT_MISMATCH, "/transcript", text)
    if not key and message.confirmation is not None:
        raise violation(ErrorCode.CONFIRM_MAC, "/confirmation", "a confirmation that nobody agreed on")
    if key and not keys.is_equal(message.confirmation, keys.confirmation(key, role, digest)):
        raise violation(ErrorCode.CONFIRM_MAC, "/confirmation", "the peer does not prove that it knows the key")
