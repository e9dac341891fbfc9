"""Where a stream's bytes come from, at the least cost for a reader that looks at few of them.

A source shows part of the stream in a buffer: `buffer[start:end]`, where the buffer's first byte is byte `base` of the
stream. The reader takes what it can, then calls `advance`, which forgets what lies behind and shows more. Both
kinds hold a few megabytes however long the stream is:

* A regular file is mapped, so bytes that nobody looks at are never copied; pages behind the reader are given back.
  (As with every mapping, the process is killed by SIGBUS if somebody truncates the file meanwhile.)
* Anything else is read into one buffer again and again; only an incomplete rest is moved to its front.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from typing import TYPE_CHECKING, Final, Protocol

from wireformat.errors import DecodeError
from wireformat.limits import MAX_BUFFERED

if TYPE_CHECKING:
    from io import RawIOBase
    from types import TracebackType
    from typing import Self

WINDOW_SIZE: Final = 4 << 20
"""Bytes of a mapped file that are resident at a time: large enough that giving them back costs nothing."""

BUFFER_SIZE: Final = 1 << 20
"""Bytes read at once: smaller buffers cost more system calls, larger ones leave the processor's cache."""


class Source(Protocol):
    """What a stream reader needs: `buffer[:end]` can be read, `final` says that the stream ends there."""

    buffer: mmap.mmap | bytearray
    base: int
    end: int
    final: bool

    def advance(self, start: int) -> int:
        """Forget all before `buffer[start]` and show more; return the new index of the same byte."""
        ...


class FileSource:
    """A regular file that is not empty, mapped. Raises OSError, or ValueError when it is empty."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        with open(path, "rb", buffering=0) as file:
            self.buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.buffer.madvise(mmap.MADV_SEQUENTIAL)
        self.base = 0
        self.end = 0
        self.final = False
        self._given_back = 0

    def advance(self, start: int) -> int:
        """Show one window more, counted from `buffer[start]`, which keeps its index."""
        size = len(self.buffer)
        behind = min(start, size) // mmap.PAGESIZE * mmap.PAGESIZE
        if behind > self._given_back:
            self.buffer.madvise(mmap.MADV_DONTNEED, self._given_back, behind - self._given_back)
            self._given_back = behind
        self.end = min(max(self.end, start) + WINDOW_SIZE, size)
        self.final = self.end == size
        return start

    def close(self) -> None:
        """Unmap the file."""
        self.buffer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PipeSource:
    """A pipe, a socket's file or a terminal: anything unbuffered that has `readinto`."""

    def __init__(self, file: RawIOBase) -> None:
        self._file = file
        self.buffer = bytearray(BUFFER_SIZE)
        self.base = 0
        self.end = 0
        self.final = False
        _widen(file)

    def advance(self, start: int) -> int:
        """Read once; the byte at `start` becomes the first. Bytes up to a `start` beyond the end are skipped.

        Raises DecodeError `limit` when one message outgrows the limit.
        """
        rest = max(0, self.end - start)
        self.buffer[:rest] = self.buffer[self.end - rest : self.end]
        self.base += self.end - rest
        missing = start - self.end if start > self.end else 0
        self.end = rest
        if rest == len(self.buffer):
            self._grow()
        self._read()
        return missing

    def _read(self) -> None:
        with memoryview(self.buffer) as view:
            count = self._file.readinto(view[self.end :])
        self.final = count == 0
        self.end += count or 0

    def _grow(self) -> None:
        size = len(self.buffer)
        if size >= MAX_BUFFERED:
            raise DecodeError("limit", f"message exceeds {MAX_BUFFERED} bytes", offset=self.base, expected=MAX_BUFFERED)
        self.buffer.extend(bytes(size))


def _widen(file: RawIOBase) -> None:
    """Ask for a pipe that holds a whole buffer; what is no pipe, or may not grow, stays as it is."""
    try:
        fcntl.fcntl(file.fileno(), fcntl.F_SETPIPE_SZ, BUFFER_SIZE)
    except OSError:
        return
