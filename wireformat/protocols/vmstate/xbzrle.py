"""XBZRLE: a page as a patch against what the receiver has.

A patch is pairs of runs: so many bytes that stay as they are, so many that are new, and the new bytes themselves. Run
lengths are ULEB128 of at most 14 bits. Bytes behind the last pair stay as they are. Despite its name the format
carries new contents, not the XOR of old and new [qemu-stream 2.1.3].
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import eq

from wireformat.errors import DecodeError

SOURCE = "qemu-stream 2.1.3"
MAX_RUN = (1 << 14) - 1


def apply(patch: bytes, page: bytearray) -> None:
    """Bring a page up to date, in place. Raises `DecodeError`, offsets counted from the start of the patch."""
    for position, data in changes(patch, len(page)):
        page[position : position + len(data)] = data


def changes(patch: bytes, page_size: int) -> Iterator[tuple[int, bytes]]:
    """What a patch changes in a page of `page_size` bytes: position in the page, new bytes.

    Raises `DecodeError` with id `vmstate/xbzrle` where the patch breaks a rule, the last of which is that it changes
    something.
    """
    if not patch:
        raise _malformed("empty patch", 0)
    at = position = 0
    while at < len(patch):
        same, behind = _length(patch, at)
        if same == 0 and at > 0:
            raise _malformed("run of no unchanged bytes between two runs of new ones", at)
        position += same
        if position > page_size:
            raise _malformed(f"unchanged bytes up to {position} in a page of {page_size}", at)
        count, start = _length(patch, behind)
        if count == 0:
            raise _malformed("run of no new bytes", behind)
        if position + count > page_size:
            raise _malformed(f"new bytes up to {position + count} in a page of {page_size}", behind)
        if start + count > len(patch):
            raise _malformed(f"{count} new bytes announced, {len(patch) - start} left", start)
        yield position, patch[start : start + count]
        position, at = position + count, start + count


def _length(patch: bytes, at: int) -> tuple[int, int]:
    """A run's length, and where the bytes behind it begin. At least one byte must follow even a short one."""
    if at + 2 > len(patch):
        raise _malformed("patch ends where a run must follow", at)
    low = patch[at]
    if not low & 0x80:
        return low, at + 1
    high = patch[at + 1]
    if high & 0x80:
        raise _malformed("length of more than 14 bits", at)
    return low & 0x7F | high << 7, at + 2


def encode(old: bytes, new: bytes) -> bytes | None:
    """A patch that makes `new` of `old`, pages of equal size.

    None when nothing differs, for which there is no patch, and when the page is better sent as it is: the patch would
    be no shorter, or a run too long to be counted.
    """
    patch, position, same = bytearray(), 0, 0
    for is_same, run in groupby(map(eq, old, new)):
        count = sum(1 for _ in run)
        if is_same:
            same = count
        elif max(same, count) > MAX_RUN:
            return None
        else:
            patch += _encoded(same) + _encoded(count) + new[position : position + count]
            same = 0
        position += count
    return bytes(patch) if 0 < len(patch) < len(new) else None


def _encoded(length: int) -> bytes:
    return bytes([length]) if length < 0x80 else bytes([length & 0x7F | 0x80, length >> 7])


def _malformed(detail: str, at: int) -> DecodeError:
    return DecodeError("vmstate/xbzrle", detail, offset=at, source=SOURCE)
