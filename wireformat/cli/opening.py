"""Opening what the user names: a stream file, a pipe, a description, with one clear line when it cannot be.

A FILE container is told by its first bytes; the stream in it is then what is read, and offsets count from its start.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from wireformat.cli.exits import UsageError
from wireformat.cli.progress import progress
from wireformat.errors import DecodeError
from wireformat.peer.streams import map_file, read_more, show_more, spool, window_on
from wireformat.protocols.vmstate.description import Description, find_in_file, parse
from wireformat.protocols.vmstate.messages import MAGIC
from wireformat.protocols.vmstate.ram_reader import RamIndex
from wireformat.protocols.vmstate.stream import Stream, read_stream
from wireformat.protocols.vmstate.window import Window

if TYPE_CHECKING:
    from wireformat.protocols.handshake.file_messages import Manifest

FIRST = 9
"""Bytes that tell what a file is."""

PLAIN = MAGIC.to_bytes(4, "big") + b"\0\0\0\3"
"""What a plain stream begins with: nothing of the handshake need be loaded for one."""

PAGE_SIZES = tuple(1 << bits for bits in range(8, 17))
"""Target page sizes, bytes."""


@dataclass(frozen=True, slots=True)
class Front:
    """What stands in front of a stream: the manifest of a container, `size` bytes in all, or nothing.

    `rest` is what was read of the stream behind it.
    """

    size: int = 0
    rest: bytes = b""
    manifest: Manifest | None = None


NOTHING = Front()


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A stream, and the manifest that stood in front of it."""

    stream: Stream
    manifest: Manifest | None = None


def open_stream(
    name: str, *, keep: bool = False, learnt: Description | None = None, page_size: int | None = None
) -> Stream:
    """Read a stream by name, as `open_file` does."""
    return open_file(name, keep=keep, learnt=learnt, page_size=page_size).stream


def open_file(
    name: str, *, keep: bool = False, learnt: Description | None = None, page_size: int | None = None
) -> OpenedFile:
    """Read a stream or a container by name; `-` is standard input.

    `keep` makes the contents of pages available also for what comes through a pipe. Raises `UsageError` for what is no
    readable file.
    """
    if page_size is not None and page_size not in PAGE_SIZES:
        raise UsageError(f"--page-size {page_size}: a power of two from {PAGE_SIZES[0]} to {PAGE_SIZES[-1]} is needed")
    file = open_binary(name)
    return read_file(file, name, file.read(FIRST), keep=keep, learnt=learnt, page_size=page_size)


def read_file(
    file: BinaryIO,
    name: str,
    first: bytes,
    *,
    keep: bool = False,
    learnt: Description | None = None,
    page_size: int | None = None,
) -> OpenedFile:
    """Read a stream or a container of which `first` has been read. What is wrong with a container is a fault."""
    try:
        front = _front(file, first)
    except DecodeError as error:
        return OpenedFile(Stream((), RamIndex(), fault=error))
    if not _is_regular(file) and not keep:
        window = Window()
        window.feed(front.rest)
        with progress(name, None) as watch:
            stream = read_stream(window, more=read_more(file, watch), learnt=learnt, page_size=page_size)
    else:
        content = _content(file, front)
        with progress(name, len(content)) as watch:
            stream = read_stream(window_on(content), more=show_more(watch), learnt=learnt, page_size=page_size)
    return OpenedFile(stream, front.manifest)


def _front(file: BinaryIO, first: bytes) -> Front:
    """What stands in front of the stream of a file, read. Raises `DecodeError` for half a container."""
    if first[:4] != PLAIN[:4] or first.startswith(PLAIN):
        return Front(rest=first)
    from wireformat.protocols.handshake.files.container import ALIGNMENT, is_container
    from wireformat.protocols.handshake.files.container_reader import ContainerReader

    if not is_container(first):
        return Front(rest=first)
    reader = ContainerReader()
    while first:
        reader.receive_data(first)
        if found := reader.take():
            return Front(found.size, bytes(reader.rest), found.manifest)
        first = file.read(ALIGNMENT)
    raise DecodeError("truncated", "the container ends before its stream", path="container", source="handshake D.9")


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


def _content(file: BinaryIO, front: Front = NOTHING) -> mmap | bytes:
    """All of a file or pipe behind its front, mapped."""
    return map_file(file, front.size) if _is_regular(file) else spool(file, front.rest)


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
