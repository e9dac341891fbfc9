"""Where a verb writes bytes: a new file, or standard output for `-`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from wireformat.cli.exits import UsageError


@contextmanager
def open_output(name: str, *sources: str) -> Iterator[BinaryIO]:
    """A file to write to; standard output for `-`.

    Raises `UsageError` where the output is one of the `sources`, which would be overwritten while it is read.
    """
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    for source in sources:
        if source != "-" and _is_same(name, source):
            raise UsageError(f"{name}: is the input")
    with open(name, "wb") as file:
        yield file


def _is_same(name: str, source: str) -> bool:
    return Path(name).exists() and Path(source).exists() and Path(name).samefile(source)
