"""Where a stream's bytes come from: a mapped file, or a pipe.

A file is mapped and shown in steps; what has been read is given back to the kernel, so that a stream of any size is
indexed in a few MiB of memory. What cannot be mapped is read in steps and forgotten, or, where its pages are wanted
later, copied to an unnamed temporary file first.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from wireformat.protocols.vmstate.window import Window

STEP = 4 << 20
"""Bytes of a mapped file that are shown at once."""

READ_SIZE = 1 << 20

Watch = Callable[[int], None]


def map_file(file: BinaryIO, offset: int = 0) -> mmap.mmap | bytes:
    """The contents of a regular file from an offset on, mapped; empty bytes where there are none."""
    if os.fstat(file.fileno()).st_size <= offset:
        return b""
    if offset % mmap.ALLOCATIONGRANULARITY:
        file.seek(offset)
        return spool(file)
    return mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ, offset=offset)


def spool(file: BinaryIO, first: bytes = b"") -> mmap.mmap | bytes:
    """The contents of a pipe, by way of an unnamed temporary file; `first` is what was read of it before."""
    with tempfile.TemporaryFile() as copy:
        copy.write(first)
        shutil.copyfileobj(file, copy, READ_SIZE)
        copy.flush()
        return map_file(copy)


def window_on(content: mmap.mmap | bytes) -> Window:
    """A window that shows the first step of a mapped file."""
    return Window(content, visible=STEP)


def show_more(watch: Watch | None = None) -> Callable[[Window], None]:
    """What reveals the next step of a window on a mapped file and gives back what lies behind its position."""
    dropped = 0

    def show(window: Window) -> None:
        nonlocal dropped
        passed = window.position // mmap.PAGESIZE * mmap.PAGESIZE
        if isinstance(window.buffer, mmap.mmap) and passed > dropped:
            window.buffer.madvise(mmap.MADV_DONTNEED, dropped, passed - dropped)
            dropped = passed
        window.show(max(STEP, window.position - window.end))
        if watch is not None:
            watch(window.position)

    return show


def read_more(file: BinaryIO, watch: Watch | None = None) -> Callable[[Window], None]:
    """What feeds the next piece of a pipe to a window."""

    space = memoryview(bytearray(READ_SIZE))
    _widen(file)

    def read(window: Window) -> None:
        count = file.readinto(space)  # type: ignore[attr-defined]
        if count:
            window.feed(space[:count])
        else:
            window.final = True
        if watch is not None:
            watch(window.position)

    return read


def _widen(file: BinaryIO) -> None:
    """Ask for a pipe that holds a whole step; what is no pipe, or may not grow, stays as it is."""
    with suppress(OSError):
        fcntl.fcntl(file.fileno(), fcntl.F_SETPIPE_SZ, READ_SIZE)
