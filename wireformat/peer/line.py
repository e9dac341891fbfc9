"""A line: a wire and the end of a session that talks over it.

What arrives is shown to the end, what the end wants to say is sent, and nothing else is decided here. One task reads
and one writes, so that a peer which does not read is still heard. Sessions are told of the end of a connection once,
after everything that came before it: a refusal that the peer sent before it hung up is never lost to a failed write.
An end that leaves without a word leaves at once: whoever writes a stream into nothing must not take it for arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from wireformat.peer.wire import Wire

LINGER = 1.0
"""Seconds that a closed line waits for the peer to close as well; one closed sooner may take back what was sent."""


class End(Protocol):
    """One end of a conversation, without input or output."""

    @property
    def wants_close(self) -> bool:
        """Whether nothing more will be said or heard, once `data_to_send` is sent."""
        ...

    def receive_data(self, data: bytes, /) -> None:
        """Take what arrived."""
        ...

    def receive_eof(self) -> None:
        """Take that nothing more arrives."""
        ...

    def data_to_send(self) -> bytes:
        """What is to be sent now."""
        ...


class Line:
    """One connection of a session.

    `settle` is called after everything the end was told: it looks at what follows. `touch` is called for every sign of
    life. `may_read` says whether the end takes more at the moment.
    """

    def __init__(
        self,
        wire: Wire,
        end: End,
        settle: Callable[[], None],
        touch: Callable[[], None],
        may_read: Callable[[], bool] | None = None,
    ) -> None:
        self.wire = wire
        self.end = end
        self._settle = settle
        self._touch = touch
        self._may_read = may_read
        self._woken = asyncio.Event()
        self._drained = asyncio.Event()
        self._readable = asyncio.Event()
        self._is_at_end = False
        self._has_spoken = False
        self.fault: OSError | None = None
        """Why the connection broke, where it did and anything is known of it."""

    def wake(self) -> None:
        """Look at the end again: it may have something to say, want to close, or take more."""
        self._drained.clear()
        self._woken.set()
        self._readable.set()

    async def drained(self) -> None:
        """Wait until all that the end wanted to say is sent, or never will be."""
        await self._drained.wait()

    async def run(self, first: bytes = b"") -> None:
        """Talk until the end wants to close or the connection is gone; `first` arrived before."""
        reading = asyncio.create_task(self._read(first))
        try:
            await self._write()
            if not self._is_at_end and self._has_spoken:
                await self.wire.finish()
                await _bounded(reading)
        except OSError:
            await _bounded(reading)
        finally:
            reading.cancel()
            self.wire.close(reset=not self._has_spoken)
            self._ended()
            self._drained.set()

    async def _read(self, first: bytes) -> None:
        data = first
        try:
            while data := data or await self.wire.read():
                self._take(data)
                data = b""
                await self._room()
        except OSError as fault:
            self.fault = fault
        self._ended()

    def _take(self, data: bytes) -> None:
        """Show what arrived to the end; what comes after it closed is of no interest."""
        if self.end.wants_close:
            return
        self._touch()
        self.end.receive_data(data)
        self._settle()
        self.wake()

    async def _room(self) -> None:
        while self._may_read is not None and not self._may_read():
            self._readable.clear()
            await self._readable.wait()

    def _ended(self) -> None:
        if self._is_at_end:
            return
        self._is_at_end = True
        if not self.end.wants_close:
            self.end.receive_eof()
            self._settle()
        self.wake()

    async def _write(self) -> None:
        while True:
            if data := self.end.data_to_send():
                self._has_spoken = True
                await self.wire.write(data)
                self._touch()
            elif self.end.wants_close or self._is_at_end:
                return
            else:
                self._drained.set()
                await self._woken.wait()
                self._woken.clear()


async def _bounded(reading: asyncio.Task[None]) -> None:
    """Wait for a task that ends when the peer hangs up, but not for long."""
    await asyncio.wait([reading], timeout=LINGER)
