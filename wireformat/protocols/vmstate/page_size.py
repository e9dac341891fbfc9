"""The target page size of a stream that does not state it.

Flags and page offset share one word, and a plain page is as long as the page size says, so a wrong size soon runs
into words that mean nothing. The usual sizes are tried, the most common first; the one whose records stay plausible
longest is it [qemu-stream 2.1].
"""

from __future__ import annotations

from typing import Final

from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.ram import COMPRESS_PAGE, CONTINUE, EOS, PAGE, XBZRLE, ZERO
from wireformat.protocols.vmstate.window import Window

CANDIDATES: Final = (4096, 16384, 65536, 8192, 1024, 2048, 512, 256, 32768)
ENOUGH: Final = 64
"""Records that are looked at; none that makes no sense among them counts for as much again."""

LONGEST_HEAD: Final = 8 + 256 + 4
"""Bytes of a record before its contents: word, block name, length."""

MAX_WORD: Final = 1 << 48
"""No block of guest memory is larger."""


def guess_page_size(window: Window, position: int) -> int:
    """The page size that makes the records from `position` on plausible, bytes.

    Raises `DecodeError`: `truncated` when too little can be seen, `vmstate/page-size` when no size fits.
    """
    scores = {size: _plausible_records(window, position, size) for size in CANDIDATES}
    best = max(scores, key=scores.__getitem__)
    if scores[best] == 0:
        raise DecodeError("vmstate/page-size", "no page size fits", offset=position, source="qemu-stream 2.1")
    return best


def _plausible_records(window: Window, position: int, page_size: int) -> int:
    """How well a page size explains the records: one for each record, one more where it is the next page."""
    score, expected = 0, -1
    for _ in range(ENOUGH):
        head = window.peek(LONGEST_HEAD, position - window.position)
        if len(head) < 9:
            if window.final:
                return score
            raise DecodeError("truncated", "too few records to tell the page size", offset=window.end)
        word = int.from_bytes(head[:8], "big")
        flags, offset = word & page_size - 1, word & -page_size
        size = _record_size(head, flags, page_size)
        if size is None or offset >= MAX_WORD:
            return score + ENOUGH if word == EOS else score
        score += 1 + (offset == expected)
        expected, position = offset + page_size, position + size
    return score + ENOUGH


def _record_size(head: bytes, flags: int, page_size: int) -> int | None:
    """The size of a page record that begins with `head`, None when the flags are those of no page."""
    kind, body = flags & ~CONTINUE, 8 if flags & CONTINUE else 9 + head[8]
    if kind == ZERO:
        return body + 1
    if kind == PAGE:
        return body + page_size
    if kind == XBZRLE:
        return body + 3 + int.from_bytes(head[body + 1 : body + 3], "big")
    if kind == COMPRESS_PAGE:
        return body + 4 + int.from_bytes(head[body : body + 4], "big")
    return None
