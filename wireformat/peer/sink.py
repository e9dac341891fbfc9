"""Where a destination puts the stream that it receives: a file that has its name only when it is whole.

Until then it is `NAME.part`, which a later resume goes on with. What is not wanted any more goes; what neither side may
run, because the hand-over was cut, is kept as `NAME.held`. Whatever fails here is a `SinkFault`, so that nobody takes
it for a fault of a connection: the peer is not to blame, and may have to be told.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from typing import BinaryIO


class SinkFault(OSError):
    """The stream cannot be kept. `filename` is the sink's name, `strerror` the reason."""


class Sink:
    """The stream of one migration after another, at one name; `-` is standard output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._file: BinaryIO | None = None
        self._offset = 0

    def check(self) -> None:
        """Raise `SinkFault` where no stream could be kept; nothing is changed by that."""
        if self._is_standard:
            return
        with self._faults():
            self._check_target()
            was_there = self._part.exists()
            with self._part.open("ab"):
                pass
            if not was_there:
                self._part.unlink()

    def _check_target(self) -> None:
        """Raise `OSError` where the name stands for anything that a file cannot take the place of."""
        target = Path(self.name)
        if target.is_dir():
            raise OSError(EISDIR, os.strerror(EISDIR))
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            raise OSError("is no regular file")

    def begin(self) -> None:
        """A stream begins, at its first byte. Raises `SinkFault`."""
        self.discard()
        with self._faults():
            self._file = sys.stdout.buffer if self._is_standard else self._part.open("wb")
        self._offset = 0

    def write(self, offset: int, data: memoryview | bytes) -> None:
        """Take the bytes at an offset of the stream, which are the next ones. Raises `SinkFault`."""
        assert self._file is not None
        with self._faults():
            if offset != self._offset:
                self._file.seek(offset)
            self._file.write(data)
        self._offset = offset + len(data)

    def load(self) -> None:
        """All arrived: it is on disk, and does not have its name yet. Raises `SinkFault`."""
        if self._file is None:
            return
        with self._faults():
            self._file.flush()
            if not self._is_standard:
                os.fsync(self._file.fileno())

    def commit(self) -> None:
        """The stream is ours: give it its name. Raises `SinkFault`."""
        self._close("")

    def hold(self) -> None:
        """Nobody may run the stream: keep it aside. Raises `SinkFault`."""
        self._close(".held")

    def discard(self) -> None:
        """The stream came to nothing."""
        if self._file is not None and not self._is_standard:
            with suppress(OSError):
                self._file.close()
            with suppress(OSError):
                self._part.unlink()
        self._file = None

    def leave(self, fault: OSError) -> SinkFault:
        """Leave what came where it is, since it may be all that there is of a guest; the fault, and where that is."""
        reason = fault.strerror or str(fault)
        if self._file is not None and not self._is_standard:
            with suppress(OSError):
                self._file.close()
            reason = f"{reason}; what came is left in {self._part}"
        self._file = None
        return SinkFault(fault.errno, reason, self.name)

    def _close(self, ending: str) -> None:
        if self._file is None:
            return
        with self._faults():
            self._file.flush()
            if not self._is_standard:
                self._file.close()
                self._part.replace(f"{self.name}{ending}")
        self._file = None

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """What goes wrong here, under the name of the sink."""
        try:
            yield
        except OSError as error:
            raise SinkFault(error.errno, error.strerror or str(error), self.name) from None

    @property
    def _is_standard(self) -> bool:
        return self.name == "-"

    @property
    def _part(self) -> Path:
        return Path(f"{self.name}.part")
