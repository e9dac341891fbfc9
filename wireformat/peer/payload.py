"""The stream that a source sends: a file, or the part of a container behind its header, in pieces."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Callable, Iterator
from copy import copy
from typing import BinaryIO

from wireformat.peer.streams import map_file, spool
from wireformat.protocols.vmstate.window import Window

CHUNK = 1 << 20
"""Bytes that are sent at once."""


class Payload:
    """The bytes of a file; what is no regular file is read to its end first."""

    def __init__(self, file: BinaryIO) -> None:
        is_regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        self._content: mmap.mmap | bytes = map_file(file) if is_regular else spool(file)
        self._start = 0

    @property
    def size(self) -> int:
        """Bytes of the stream."""
        return len(self._content) - self._start

    def behind(self, size: int) -> Payload:
        """The stream that begins so many bytes into this one."""
        rest = copy(self)
        rest._start = min(self._start + size, len(self._content))
        return rest

    def first(self, size: int) -> bytes:
        """The first bytes, as many as there are."""
        return self._content[self._start : self._start + size]

    def chunks(self, offset: int = 0) -> Iterator[bytes]:
        """The stream from an offset of its own on."""
        for position in range(self._start + offset, len(self._content), CHUNK):
            yield self._content[position : position + CHUNK]
            self._give_back(position)

    def _give_back(self, position: int) -> None:
        """Let the kernel have the memory of a chunk again that was sent."""
        if isinstance(self._content, mmap.mmap):
            start = position // mmap.PAGESIZE * mmap.PAGESIZE
            self._content.madvise(mmap.MADV_DONTNEED, start, min(CHUNK, len(self._content) - start))

    def feed(self) -> Callable[[Window], None]:
        """What feeds the next piece of the stream to a window."""
        chunks = self.chunks()

        def feed(window: Window) -> None:
            if chunk := next(chunks, b""):
                window.feed(chunk)
            else:
                window.final = True

        return feed
