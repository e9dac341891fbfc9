"""The bytes of one side of an observed connection, cut into sightings.

A direction knows when each of its bytes came, and what has become of it: read, or given up. What may be read next is
the observer's to say.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from wireformat.codec import codec_for, encode
from wireformat.errors import DecodeError
from wireformat.protocols.spice.inbox import Inbox
from wireformat.protocols.spice.link import HEADER_SIZE, MAGIC, MAX_LINK
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.sighting import OpaqueBytes, Sighting
from wireformat.protocols.spice.stream import MessageReader
from wireformat.schema import Message

LINK_SOURCE = "spice-migration 1"


class Direction:
    """One side's bytes. What is made out goes to `seen`. An opaque direction is not read any more."""

    def __init__(self, sender: Sender, seen: deque[Sighting], version: str | None = None) -> None:
        self.sender: Sender = sender
        self.inbox = Inbox()
        self.is_ended = False
        self.is_opaque = False
        self.reader: MessageReader | None = None
        self._seen = seen
        self._version = version
        self._marks: deque[tuple[int, float | None, int]] = deque()

    def feed(self, data: bytes, time: float | None, arrival: int) -> None:
        """Add bytes that came at a time, with which piece of the whole."""
        self.inbox.feed(data)
        self._marks.append((self.inbox.offset + len(self.inbox), time, arrival))

    def take_link(self, cls: type[Message]) -> tuple[Any, int] | None:
        """The next link message or reply, not taken yet, and its size; None when more bytes are needed.

        Raises `DecodeError` where there is none.
        """
        at, start = self.inbox.offset, self.inbox.peek(HEADER_SIZE + MAX_LINK)
        if len(start) >= len(MAGIC) and not start.startswith(MAGIC):
            raise DecodeError("constant", f"{start[:4]!r} instead of {MAGIC!r}", path="magic", offset=at)
        try:
            return codec_for(cls).decode_from(start)
        except DecodeError as error:
            if not error.need_more:
                error.offset = at + (error.offset or 0)
                raise
        return None

    def take_part(self, part: Message, size: int, finding: DecodeError | None = None) -> None:
        """The next bytes are this part of the link stage."""
        raw = self.inbox.peek(size)
        self._note(size, part=part, finding=finding, raw=None if encode(part) == raw else raw)

    def take_message(self, is_mini: bool) -> bool:
        """Read a message; False when more bytes are needed. Raises `DecodeError`, id `limit`."""
        assert self.reader is not None
        offset = self.inbox.offset
        received = self.reader.next_message()
        if received is None:
            return False
        time, arrival = self._when(self.inbox.offset)
        self._seen.append(
            Sighting(
                self.sender,
                offset,
                self.inbox.offset - offset,
                received=received,
                is_mini=is_mini,
                time=time,
                arrival=arrival,
                finding=received.error,
                version=self._version,
            )
        )
        return True

    def take_opaque(self) -> bool:
        """Whatever is there is bytes; False when nothing is."""
        data = self.inbox.peek(len(self.inbox))
        if data:
            self._note(len(data), part=OpaqueBytes(data))
        return bool(data)

    def give_up(self, error: DecodeError) -> None:
        """The rest of the direction is bytes; the error stands beside the first of them."""
        self.is_opaque = True
        data = self.inbox.peek(len(self.inbox))
        self._note(len(data), part=OpaqueBytes(data), finding=error)

    def note_silence(self, error: DecodeError, time: float | None, arrival: int) -> None:
        """That nothing came is itself a finding."""
        self.is_opaque = True
        nothing = OpaqueBytes(b"")
        self._seen.append(Sighting(self.sender, 0, 0, part=nothing, time=time, arrival=arrival, finding=error))

    def cut(self) -> DecodeError:
        """The error for an end in the middle of something."""
        try:
            if self.reader is not None:
                self.reader.close()
        except DecodeError as error:
            return error
        left = len(self.inbox)
        detail = f"the connection ends in the link stage, {left} bytes left"
        return DecodeError("truncated", detail, offset=self.inbox.offset, actual=left, source=LINK_SOURCE)

    def _note(self, size: int, **what: Any) -> None:
        """The next bytes, as what they are."""
        offset = self.inbox.offset
        time, arrival = self._when(offset + size)
        self.inbox.take(size)
        self._seen.append(Sighting(self.sender, offset, size, time=time, arrival=arrival, **what))

    def _when(self, end: int) -> tuple[float | None, int]:
        """When the byte before an offset came, and with which piece."""
        while len(self._marks) > 1 and self._marks[0][0] < end:
            self._marks.popleft()
        return self._marks[0][1:] if self._marks else (None, 0)
