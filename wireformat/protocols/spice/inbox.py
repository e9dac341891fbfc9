"""Bytes that have arrived and are not read yet: taken from the front, any number at a time.

`wireformat.codec.Buffer` decodes messages whose size nobody tells beforehand. Here each size is known before its bytes
are looked at, so what is waited for is a number, and pieces of any size cost the same.
"""

from __future__ import annotations

COMPACT = 1 << 16
"""Bytes that may lie unused at the front before they are cut off."""


class Inbox:
    """A queue of bytes. `offset` is where in the stream its front is."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._front = 0
        self.offset = 0

    def __len__(self) -> int:
        return len(self._data) - self._front

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes to the end."""
        if self._front >= COMPACT and self._front * 2 >= len(self._data):
            del self._data[: self._front]
            self._front = 0
        self._data += data

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer where fewer are there; they stay."""
        return bytes(self._data[self._front : self._front + size])

    def take(self, size: int) -> bytes:
        """The next bytes, fewer where fewer are there; they are gone."""
        taken = self.peek(size)
        self._front += len(taken)
        self.offset += len(taken)
        return taken

    def take_all(self) -> bytes:
        """Everything."""
        return self.take(len(self))
