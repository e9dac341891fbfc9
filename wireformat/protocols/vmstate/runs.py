"""The index of RAM records: runs in columns.

A stream carries one record per guest page, millions of them, but their order is regular: records of one kind
follow each other, each at the next page. Such a stretch is a *run*, and five numbers say all about it. They are
kept in typed columns, so that an index costs 30 bytes for each run and nothing for each page; a `Run`
is built only when one is asked for. Where record n of a run starts, and which page it holds, is arithmetic.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import overload


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one kind for consecutive pages, contiguous in the stream.

    `block` is the index of the RAM block, below 65,536, `flags` the flag bits of the first word, `offset` the place of
    the first page inside the block in bytes, `count` the number of records, `position` the place of the first word in
    the stream.
    """

    block: int
    flags: int
    offset: int
    count: int
    position: int


class Runs:
    """An append-only sequence of `Run`, stored in columns in stream order."""

    __slots__ = ("blocks", "counts", "flags", "offsets", "positions")

    def __init__(self) -> None:
        self.blocks = array("H")
        self.flags = array("H")
        self.offsets = array("Q")
        self.counts = array("Q")
        self.positions = array("Q")

    def append(self, block: int, flags: int, offset: int, count: int, position: int) -> None:
        """Add a run at the end; the meaning of the numbers is that of `Run`."""
        self.blocks.append(block)
        self.flags.append(flags)
        self.offsets.append(offset)
        self.counts.append(count)
        self.positions.append(position)

    def appenders(self) -> tuple[Callable[[int], None], ...]:
        """The columns' own append methods, in the order of `Run`, for a loop that must call all five each time."""
        return tuple(column.append for column in self._columns())

    def extend_last(self, count: int) -> None:
        """Let the last run grow by `count` records."""
        self.counts[-1] += count

    @property
    def record_count(self) -> int:
        """Records in all runs together."""
        return sum(self.counts)

    @property
    def nbytes(self) -> int:
        """Bytes that the columns occupy, unused capacity included."""
        return sum(column.__sizeof__() for column in self._columns())

    def _columns(self) -> tuple[array[int], ...]:
        return self.blocks, self.flags, self.offsets, self.counts, self.positions

    def __len__(self) -> int:
        return len(self.counts)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> list[Run]: ...
    def __getitem__(self, index: int | slice) -> Run | list[Run]:
        if isinstance(index, slice):
            return list(map(Run, *(column[index] for column in self._columns())))
        return Run(*(column[index] for column in self._columns()))

    def __iter__(self) -> Iterator[Run]:
        return map(Run, *self._columns())
