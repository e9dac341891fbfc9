"""Trying the cells of the skew matrix: each in a folder of its own, over sockets of its own, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

from wireformat.peer.skew import AXES, Cell, Matrix, Way
from wireformat.peer.skew_files import run_file
from wireformat.peer.skew_keys import Keys, make_keys
from wireformat.peer.skew_live import run_live
from wireformat.peer.skew_scene import VARIATIONS, Scene, Variation
from wireformat.peer.skew_seen import Seen

LIMIT: Final = 30.0
"""Seconds that a cell may take."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A cell, what it showed, what of that was not expected, and the seconds that it took."""

    cell: Cell
    seen: Seen
    differences: tuple[str, ...]
    seconds: float


def variation(cell: Cell) -> Variation:
    """What a cell is varied by: another row for each of its neighbours, the same in every run."""
    place = 0
    for axis, value in zip(AXES, cell.place, strict=True):
        place = place * len(axis) + axis.index(value)
    return VARIATIONS[(place + place // len(VARIATIONS)) % len(VARIATIONS)]


def try_cell(matrix: Matrix, cell: Cell, folder: Path, keys: Keys) -> Tried:
    """Let the peers of a cell meet. Raises `TimeoutError` where they do not come to an end."""
    started = monotonic()
    seen = asyncio.run(_bounded(Scene(cell, variation(cell), folder, keys)))
    return Tried(cell, seen, seen.differences(matrix.outcomes[cell.expected]), monotonic() - started)


async def _bounded(scene: Scene) -> Seen:
    async with asyncio.timeout(LIMIT):
        return await (run_live if scene.cell.way is Way.LIVE else run_file)(scene)


def try_all(matrix: Matrix, cells: Iterable[Cell]) -> Iterator[Tried]:
    """Try cells, as they are asked for."""
    with TemporaryDirectory() as name:
        keys = make_keys(Path(name))
        for number, cell in enumerate(cells):
            folder = Path(name) / str(number)
            folder.mkdir()
            yield try_cell(matrix, cell, folder, keys)
