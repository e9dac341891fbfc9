"""The digest of everything that was said on the main channel [handshake D.10].

It covers what management told this side, both headers, and every frame in the order of turns, whole: those that mean
nothing as well. Each side computes it from its own copy, so a byte that changed on the way shows, whoever changed it.
A frame that carries a digest is covered up to the entry with the digest, and then whole by later ones.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from wireformat.protocols.handshake.frame import FRAME_HEADER

TAG: Final = 0xFFFD
"""The entry with the digest, in every message that has one."""

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
