"""A progress bar for long input, on standard error and only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONG = 64 << 20
"""Bytes from which on a bar is worth showing."""


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Callable[[int], None] | None]:
    """A function that is told the position reached, in bytes; None where nobody watches.

    `total` is the size of the input in bytes, None when it is not known.
    """
    if not sys.stderr.isatty() or (total is not None and total < LONG):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)

        def watch(position: int) -> None:
            bar.update(task, completed=position)

        yield watch
