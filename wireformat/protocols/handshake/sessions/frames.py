"""Frames from bytes that arrive in pieces, and to bytes [handshake D.4, D.5].

A frame's header is read first: its size is checked against what the moment allows before any memory is taken for the
rest. The checksum is the next to be looked at, since nothing else can be believed without it. Sequence numbers count
every frame of a direction, also those that mean nothing to the receiver: what is not critical is skipped, but stays
part of the transcript.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final
from zlib import crc32

from wireformat.codec import Codec
from wireformat.errors import DecodeError
from wireformat.protocols.channels.framing import CRITICAL
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.frame import FRAME_HEADER, MAX_FRAME
from wireformat.protocols.handshake.sessions.dialect import Dialect
from wireformat.protocols.handshake.sessions.refusal import violation
from wireformat.protocols.handshake.transfer_messages import MAX_PIECE, PayloadBlock
from wireformat.schema.record import Record
from wireformat.schema.values import Unknown

FIRST_LIMIT: Final = 65536
"""Bytes of a frame's message, until something else is agreed, and of most messages always."""

MAX_ENTRIES: Final = 1024
"""Entries of a message that is no longer than `FIRST_LIMIT`."""

MAX_FRAMES: Final = 4096
MAX_BYTES: Final = 32 << 20
LARGE: Final = frozenset({0x8003, 0x8004, 0x8005, 0x8030})
"""Messages that may be as long as was agreed: inventory, verdicts, and what is made of them; a manifest in a file."""

BLOCK: Final = PayloadBlock._about.code or 0
"""The message that carries the payload `v1-framed`."""

_HEADER = Struct(">HHIII")
_ENTRY = Struct(">HHI")
MAX_BLOCK: Final = _ENTRY.size + MAX_PIECE


@dataclass(frozen=True, slots=True)
class Received:
    """A frame as it came. `message` is None where the frame is to be skipped."""

    type: int
    raw: bytes
    message: Any


def entries(payload: bytes, start: int = 0) -> Iterator[tuple[int, int, int]]:
    """The entries of a message: number, where the entry begins, and where its value ends. Stops where they are cut."""
    end = len(payload)
    while start + _ENTRY.size <= end:
        tag, _, size = _ENTRY.unpack_from(payload, start)
        behind = start + _ENTRY.size + size
        if behind > end:
            return
        yield tag, start, behind
        start = behind


def entry_place(frame: bytes, tag: int) -> int:
    """Where the entry of that number begins in a frame. Raises `DecodeError`, id `missing`."""
    for found, start, _ in entries(frame, FRAME_HEADER):
        if found == tag:
            return start
    raise DecodeError("missing", f"no entry {tag:#x}")


def frame_behind(buffer: bytes | bytearray, start: int, sequence: int) -> tuple[int, bool]:
    """Where, from `start` on, a whole frame of that number stands, or what may become one.

    The second value says whether it is whole, its checksum right. The last bytes may always become one.
    """
    head = re.compile(rb"(?s)..\0\0" + re.escape(sequence.to_bytes(4, "big")) + rb".{8}")
    first = max(start, len(buffer) - FRAME_HEADER + 1)
    match = head.search(buffer, start)
    while match:
        place = match.start()
        _, _, _, size, crc = _HEADER.unpack_from(buffer, place)
        end = place + FRAME_HEADER + size
        if end <= len(buffer) and crc == checksum(buffer[place:end]):
            return place, True
        if end > len(buffer) and size <= FIRST_LIMIT:
            first = min(first, place)
        match = head.search(buffer, place + 1)
    return first, False


def checksum(frame: bytes | bytearray) -> int:
    """The checksum that belongs into a frame."""
    return crc32(frame[FRAME_HEADER:], crc32(bytes(frame[:12]) + bytes(4)))


class FrameReader:
    """Takes frames off the front of the bytes of one direction.

    `large` is the most that this side takes of the messages that may be long, once both have offered; `codec` follows
    the revision. `takes_blocks` says that the payload comes in frames now: its blocks may be long, and as many as it
    takes. `latest` is the last frame whose header and checksum were right, understood or not.
    """

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.large = FIRST_LIMIT
        self.sequence = 0
        self.takes_blocks = False
        self.latest = b""
        self._count = 0
        self._bytes = 0

    def take(self, buffer: bytearray) -> Received | None:
        """The next frame, None while it is incomplete. Raises `DecodeError`."""
        if len(buffer) < FRAME_HEADER:
            return None
        type, _, sequence, size, crc = _HEADER.unpack_from(buffer)
        self._check_size(type, size)
        if len(buffer) < FRAME_HEADER + size:
            return None
        raw = bytes(buffer[: FRAME_HEADER + size])
        del buffer[: FRAME_HEADER + size]
        self._check(type, raw, sequence, crc)
        self.latest = raw
        return Received(type, raw, self._message(type, raw))

    def _check_size(self, type: int, size: int) -> None:
        is_block = self.takes_blocks and type == BLOCK
        limit = MAX_BLOCK if is_block else min(MAX_FRAME, self.large) if type in LARGE else FIRST_LIMIT
        if size > limit:
            raise DecodeError("limit", f"frame of {size} bytes", path="size", expected=limit, actual=size)
        if not is_block and (self._count >= MAX_FRAMES or self._bytes + size > MAX_BYTES):
            raise DecodeError("limit", "more than a handshake takes", path="sequence")

    def _check(self, type: int, raw: bytes, sequence: int, crc: int) -> None:
        computed = checksum(raw)
        if crc != computed:
            raise DecodeError("checksum", f"{crc:#010x} instead of {computed:#010x}", path="crc")
        if sequence != self.sequence:
            detail = f"frame {sequence} instead of {self.sequence}"
            raise DecodeError("handshake/sequence", detail, path="sequence", expected=self.sequence, actual=sequence)
        self.sequence += 1
        if not (self.takes_blocks and type == BLOCK):
            self._count += 1
            self._bytes += len(raw)
        may_be_many = _ENTRY.size * MAX_ENTRIES < len(raw) - FRAME_HEADER <= FIRST_LIMIT
        if may_be_many and sum(1 for _ in entries(raw, FRAME_HEADER)) > MAX_ENTRIES:
            raise DecodeError("limit", f"more than {MAX_ENTRIES} entries", path="message")

    def _message(self, type: int, raw: bytes) -> Any:
        message = self.codec.decode(raw).message
        if not isinstance(message, Unknown):
            return message
        if type & CRITICAL:
            raise DecodeError("tag", f"message {type:#06x} is critical and unknown", path="type", actual=type)
        return None


class FrameWriter:
    """Numbers frames and encodes them. `large` is what the peer takes of the messages that may be long."""

    def __init__(self, dialect: Dialect, codec: Codec) -> None:
        self.codec = codec
        self.large = FIRST_LIMIT
        self._dialect = dialect
        self._sequence = 0

    def encode(self, message: Record | Unknown) -> bytes:
        """The next frame. Raises `EncodeError`, or `Violation` when the peer does not take so much."""
        raw = self.codec.encode(self._dialect.frame(self._sequence, message))
        size, limit = len(raw) - FRAME_HEADER, self._limit(int.from_bytes(raw[:2], "big"))
        if size > limit:
            name = type(message).__name__
            text = f"{name} is longer than the peer takes"
            raise violation(ErrorCode.LIMIT, f"/{name}", text, expected=limit, actual=size)
        self._sequence += 1
        return raw

    def _limit(self, type: int) -> int:
        if type == BLOCK:
            return MAX_BLOCK
        return min(MAX_FRAME, self.large) if type in LARGE else FIRST_LIMIT


def amended(frame: bytes, place: int, value: bytes) -> bytes:
    """The frame with other bytes as the value of the entry at `place`, and the checksum that goes with them."""
    start = place + _ENTRY.size
    body = frame[FRAME_HEADER:start] + value + frame[start + len(value) :]
    head = frame[:12]
    return head + checksum(head + bytes(4) + body).to_bytes(4, "big") + body
