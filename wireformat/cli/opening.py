"""Opening what the user names: a stream file, a pipe, a description, with one clear line when it cannot be."""

from __future__ import annotations

import os
import stat
import sys
from mmap import mmap
from pathlib import Path
from typing import BinaryIO

from wireformat.cli.exits import UsageError
from wireformat.cli.progress import progress
from wireformat.errors import DecodeError
from wireformat.peer.streams import map_file, read_more, show_more, spool, window_on
from wireformat.protocols.vmstate.description import Description, find_in_file, parse
from wireformat.protocols.vmstate.stream import Stream, read_stream
from wireformat.protocols.vmstate.window import Window

PAGE_SIZES = tuple(1 << bits for bits in range(8, 17))
"""Target page sizes, bytes."""


def open_stream(
    name: str, *, keep: bool = False, learnt: Description | None = None, page_size: int | None = None
) -> Stream:
    """Read a stream by name; `-` is standard input.

    `keep` makes the contents of pages available also for what comes through a pipe. Raises `UsageError` for what is no
    readable file.
    """
    if page_size is not None and page_size not in PAGE_SIZES:
        raise UsageError(f"--page-size {page_size}: a power of two from {PAGE_SIZES[0]} to {PAGE_SIZES[-1]} is needed")
    file = open_binary(name)
    if not _is_regular(file) and not keep:
        with progress(name, None) as watch:
            return read_stream(Window(), more=read_more(file, watch), learnt=learnt, page_size=page_size)
    content = _content(file)
    with progress(name, len(content)) as watch:
        return read_stream(window_on(content), more=show_more(watch), learnt=learnt, page_size=page_size)


def open_binary(name: str) -> BinaryIO:
    """Open a file for reading; `-` is standard input."""
    if name == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed")
        return sys.stdin.buffer
    try:
        if Path(name).is_dir():
            raise UsageError(f"{name}: a directory, and no capture that this version knows")
        return open(name, "rb")
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from None


def _is_regular(file: BinaryIO) -> bool:
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


def _content(file: BinaryIO) -> mmap | bytes:
    """All of a file or pipe, mapped."""
    return map_file(file) if _is_regular(file) else spool(file)


def open_description(name: str | None) -> Description | None:
    """The VM description in a file: the JSON alone, or a stream that ends with it."""
    if name is None:
        return None
    with open_binary(name) as file:
        content = _content(file)
    start = 0 if content[:1] == b"{" else find_in_file(content)
    if start is None:
        raise UsageError(f"{name}: no VM description in it")
    try:
        return parse(bytes(content[start:]).rstrip(b"\0"))
    except DecodeError as error:
        raise UsageError(f"{name}: {error.detail}") from None
