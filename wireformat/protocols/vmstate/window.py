"""The part of a stream that can be seen at the moment.

Positions count from the start of the stream. A window stands either on a mapped file, where nothing is ever copied,
or on a growing buffer that forgets what has been consumed. Decoding takes slices: small first, larger while a message
turns out to be longer, so that the cost of a message follows its own size and not that of the window.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from wireformat.codec import NO_PARAMS, Codec
from wireformat.errors import DecodeError

if TYPE_CHECKING:
    from mmap import mmap

Buffer: TypeAlias = "bytes | bytearray | mmap"
"""What a stream can be read from."""

FIRST_SLICE = 512
LONGEST_MARKER = 1 + 1 + 255 + 4
"""Bytes that announce a subsection; whether one follows shows only when so many can be seen."""

KEEP = 1 << 20
"""Consumed bytes that a growing buffer carries before it moves the rest to its front."""


class Window:
    """Bytes `position` to `end` of the stream. `final` says that none follow, `whole` that all can be had again.

    A window on a `buffer` shows `visible` bytes of it at first, all by default; `show` reveals more. Without a buffer
    bytes come by `feed`.
    """

    def __init__(self, buffer: Buffer | None = None, visible: int | None = None) -> None:
        self.buffer: Buffer = bytearray() if buffer is None else buffer
        self.whole = buffer is not None
        self.base = 0
        self.position = 0
        self.end = len(self.buffer) if visible is None else min(visible, len(self.buffer))
        self.final = buffer is not None and self.end == len(self.buffer)

    def show(self, size: int) -> None:
        """Reveal up to `size` further bytes of the buffer."""
        self.end = min(self.end + size, len(self.buffer))
        self.final = self.end == len(self.buffer)

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes to a growing buffer."""
        buffer = self.buffer
        if self.final or self.whole or not isinstance(buffer, bytearray):
            raise ValueError("this window has been closed")
        consumed = self.position - self.base
        if consumed >= min(KEEP, len(buffer)):
            skipped = min(consumed, len(buffer))
            del buffer[:skipped]
            self.base += skipped
        if self.base == self.end and self.position > self.end:
            data = self._skip(data)
        buffer += data
        self.end = self.base + len(buffer)

    def _skip(self, data: bytes | bytearray | memoryview) -> memoryview:
        """Drop the part of new bytes that lies before the position, and never hold it."""
        passed = min(self.position - self.end, len(data))
        self.base += passed
        self.end += passed
        return memoryview(data)[passed:]

    @property
    def available(self) -> int:
        """Bytes from the position on that can be seen."""
        return max(0, self.end - self.position)

    def peek(self, size: int, offset: int = 0) -> bytes:
        """Up to `size` bytes, `offset` behind the position, without consuming them."""
        start = self.position + offset - self.base
        return bytes(self.buffer[start : min(start + size, self.end - self.base)])

    def need(self, size: int) -> None:
        """Raise `truncated` unless `size` bytes can be seen."""
        if self.available < size:
            raise DecodeError("truncated", f"{size} bytes needed, {self.available} left", offset=self.end)

    def skip(self, size: int) -> None:
        """Go on by `size` bytes, which may not have been seen yet."""
        self.position += size

    def take(self, codec: Codec, path: str = "") -> Any:
        """Decode one message at the position and consume it; `path` is its name in errors."""
        value, self.position = self.decode(codec, self.position, path=path)
        return value

    def decode(
        self,
        codec: Codec,
        position: int,
        params: Mapping[str, Any] = NO_PARAMS,
        *,
        first: int = FIRST_SLICE,
        path: str = "",
    ) -> tuple[Any, int]:
        """Decode one message at a position; the value, and the position behind it.

        `first` is how many bytes are tried first, `path` the message's name in errors. Raises `DecodeError` with
        offsets counted from the start of the stream.
        """
        size, start = first, position - self.base
        while True:
            stop = min(start + size, self.end - self.base)
            try:
                value, used = codec.decode_from(bytes(self.buffer[start:stop]), params=params)
            except DecodeError as error:
                if error.need_more and stop < self.end - self.base:
                    size *= 8
                    continue
                raise shifted(error, position, path) from None
            if used + LONGEST_MARKER <= stop - start or not codec.ends_announced:
                return value, position + used
            if stop < self.end - self.base:
                size *= 8
            elif self.final:
                return value, position + used
            else:
                raise DecodeError("truncated", "a subsection may follow", offset=self.end)


def shifted(error: DecodeError, distance: int, path: str = "") -> DecodeError:
    """The same error with its offset moved by `distance` and its path put behind `path`."""
    offset = None if error.offset is None else error.offset + distance
    joined = path + (f".{error.path}" if path and error.path and not error.path.startswith("[") else error.path)
    return DecodeError(
        error.id,
        error.detail,
        path=joined,
        offset=offset,
        expected=error.expected,
        actual=error.actual,
        source=error.source,
    )
