"""Where a destination puts the stream that it receives: a file that has its name only when it is whole.

Until then it is `NAME.part`, which a later resume goes on with. What is not wanted any more goes; what neither side may
run, because the hand-over was cut, is kept as `NAME.held`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO


class Sink:
    """The stream of one migration after another, at one name; `-` is standard output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._file: BinaryIO | None = None
        self._offset = 0

    def begin(self) -> None:
        """A stream begins, at its first byte."""
        self.discard()
        self._file = sys.stdout.buffer if self._is_standard else self._part.open("wb")
        self._offset = 0

    def write(self, offset: int, data: memoryview | bytes) -> None:
        """Take the bytes at an offset of the stream, which are the next ones. Raises `OSError`."""
        assert self._file is not None
        if offset != self._offset:
            self._file.seek(offset)
        self._file.write(data)
        self._offset = offset + len(data)

    def load(self) -> None:
        """All arrived: it is on disk, and does not have its name yet. Raises `OSError`."""
        if self._file is not None:
            self._file.flush()
            if not self._is_standard:
                os.fsync(self._file.fileno())

    def commit(self) -> None:
        """The stream is ours: give it its name."""
        self._close("")

    def hold(self) -> None:
        """Nobody may run the stream: keep it aside."""
        self._close(".held")

    def discard(self) -> None:
        """The stream came to nothing."""
        if self._file is not None and not self._is_standard:
            self._file.close()
            self._part.unlink(missing_ok=True)
        self._file = None

    def _close(self, ending: str) -> None:
        if self._file is None:
            return
        self._file.flush()
        if not self._is_standard:
            self._file.close()
            self._part.replace(f"{self.name}{ending}")
        self._file = None

    @property
    def _is_standard(self) -> bool:
        return self.name == "-"

    @property
    def _part(self) -> Path:
        return Path(f"{self.name}.part")
