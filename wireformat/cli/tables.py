"""Tables on standard output, as wide as their contents: plain text in a pipe, with bold titles on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column; numbers stand to the right."""

    title: str
    is_number: bool = False


def print_table(title: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print a table under its title, an empty line before it."""
    cells = [[column.title for column in columns], *map(list, rows)]
    widths = [max(len(row[number]) for row in cells) for number in range(len(columns))]
    print(f"\n{_bold(title)}")
    for row in cells:
        parts = (_placed(*cell) for cell in zip(row, columns, widths, strict=True))
        print("  " + "  ".join(parts).rstrip())


def _placed(text: str, column: Column, width: int) -> str:
    return text.rjust(width) if column.is_number else text.ljust(width)


def _bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text
