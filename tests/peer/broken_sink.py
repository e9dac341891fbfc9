"""A sink that fails at one step, as one on a full disk or a folder that went does."""

from __future__ import annotations

import errno
import os

from wireformat.peer.sink import Sink, SinkFault

STEPS = ("begin", "write", "load", "commit")


class BrokenSink(Sink):
    """Does what a sink does, up to the step `at`."""

    def __init__(self, name: str, at: str) -> None:
        super().__init__(name)
        self._at = at

    def begin(self) -> None:
        """See `Sink`."""
        self._fail_at("begin")
        super().begin()

    def write(self, offset: int, data: memoryview | bytes) -> None:
        """See `Sink`."""
        self._fail_at("write")
        super().write(offset, data)

    def load(self) -> None:
        """See `Sink`."""
        self._fail_at("load")
        super().load()

    def commit(self) -> None:
        """See `Sink`."""
        self._fail_at("commit")
        super().commit()

    def _fail_at(self, step: str) -> None:
        if step == self._at:
            raise SinkFault(errno.ENOSPC, os.strerror(errno.ENOSPC), self.name)
