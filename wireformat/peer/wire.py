"""Bytes to and from a peer, over sockets, pipes, commands and files alike.

A wire is one descriptor that goes both ways, or two that go one way each. Descriptors never block: a read or write that
cannot go on waits in the event loop, so that every wait can be cancelled and bounded from outside (`asyncio.timeout`),
and one slow peer never holds up another. After every step the loop gets its turn, also where more could be read.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

READ_SIZE = 256 << 10
"""Bytes that one read returns at most."""


class Wire(Protocol):
    """What a session's bytes go through."""

    async def read(self, limit: int = READ_SIZE) -> bytes:
        """Up to `limit` bytes; empty once the peer sends no more. Raises `OSError` for a broken connection."""
        ...

    async def write(self, data: bytes | memoryview) -> None:
        """Send all of the data. Raises `OSError` for a broken connection."""
        ...

    async def finish(self) -> None:
        """Send no more; what was sent arrives. Raises `OSError` where that cannot be had."""
        ...

    def close(self, *, reset: bool = False) -> None:
        """Let go; waits of others on this wire end with `OSError`. `reset`: nothing of it lingers in the kernel."""
        ...


class DescriptorWire:
    """A wire over descriptors; without `reading` nothing ever comes, without `writing` nothing can be sent."""

    def __init__(self, reading: int | None, writing: int | None) -> None:
        self.reading = reading
        self.writing = writing
        self._waiting: dict[asyncio.Future[None], Callable[[], object]] = {}
        for descriptor in self._descriptors():
            os.set_blocking(descriptor, False)

    async def read(self, limit: int = READ_SIZE) -> bytes:
        """See `Wire`."""
        await asyncio.sleep(0)
        while self.reading is not None:
            try:
                return os.read(self.reading, limit)
            except BlockingIOError:
                loop = asyncio.get_running_loop()
                await self._until(self.reading, loop.add_reader, loop.remove_reader)
        return b""

    async def write(self, data: bytes | memoryview) -> None:
        """See `Wire`."""
        rest = memoryview(data)
        while rest:
            await asyncio.sleep(0)
            if self.writing is None:
                raise BrokenPipeError("nothing can be sent here")
            try:
                rest = rest[os.write(self.writing, rest) :]
            except BlockingIOError:
                loop = asyncio.get_running_loop()
                await self._until(self.writing, loop.add_writer, loop.remove_writer)

    async def finish(self) -> None:
        """See `Wire`."""
        if self.writing is not None and self.writing != self.reading:
            os.close(self.writing)
        self.writing = None

    def close(self, *, reset: bool = False) -> None:
        """See `Wire`."""
        self._release()
        for descriptor in self._descriptors():
            os.close(descriptor)
        self.reading = self.writing = None

    def _descriptors(self) -> set[int]:
        return {each for each in (self.reading, self.writing) if each is not None}

    async def _until(self, descriptor: int, watch: Callable[..., object], unwatch: Callable[[int], object]) -> None:
        """Wait until a descriptor is ready, or this wire is closed."""
        ready = asyncio.get_running_loop().create_future()
        self._waiting[ready] = partial(unwatch, descriptor)
        watch(descriptor, _wake, ready)
        try:
            await ready
        finally:
            unwatch_now = self._waiting.pop(ready, None)
            if unwatch_now is not None:
                unwatch_now()

    def _release(self) -> None:
        """End all waits on this wire."""
        for ready, unwatch in self._waiting.items():
            unwatch()
            if not ready.done():
                ready.set_exception(ConnectionAbortedError("closed here"))
        self._waiting.clear()


class SocketWire(DescriptorWire):
    """A wire over a connected stream socket."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection.fileno(), connection.fileno())
        self.socket = connection
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def finish(self) -> None:
        """See `Wire`."""
        self.writing = None
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def close(self, *, reset: bool = False) -> None:
        """See `Wire`."""
        self._release()
        if reset:
            with suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.reading = self.writing = None
        self.socket.close()


class CommandWire(DescriptorWire):
    """A wire to the standard input and from the standard output of a command; `finish` waits for its end."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        super().__init__(os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno()))
        process.stdin.close()
        process.stdout.close()
        self.process = process

    async def finish(self) -> None:
        """See `Wire`. Raises `OSError` where the command fails."""
        await super().finish()
        descriptor = os.pidfd_open(self.process.pid) if self.process.poll() is None else None
        if descriptor is not None:
            loop = asyncio.get_running_loop()
            try:
                await self._until(descriptor, loop.add_reader, loop.remove_reader)
            finally:
                os.close(descriptor)
        if self.process.wait():
            raise OSError(f"the command ended with {_ending(self.process.returncode)}")

    def close(self, *, reset: bool = False) -> None:
        """See `Wire`; ends the command where it still runs."""
        super().close()
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _wake(ready: asyncio.Future[Any]) -> None:
    if not ready.done():
        ready.set_result(None)
