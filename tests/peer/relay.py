"""A relay between source and destination that can cut every connection at a chosen byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

from wireformat.peer.dialling import connect
from wireformat.peer.listening import Listener, listen
from wireformat.peer.wire import Wire
from wireformat.protocols.qapi.addresses import Address, Unix

NUMBERS = count(1)


class Relay:
    """Carries bytes both ways. `limit`: after so many bytes of all connections together, all are cut, once."""

    def __init__(self, target: Address, listener: Listener, address: Address, limit: int | None) -> None:
        self.address = address
        self.limit = limit
        self.carried = 0
        self.connection_count = 0
        self.is_deaf = False
        """Whether it carries nothing any more, and hangs nothing up: a silent network."""
        self.gate_at: int | None = None
        self.gate = asyncio.Event()
        """Once so many bytes were carried, nothing passes before this event."""
        self.change: Callable[[bytes], bytes] | None = None
        """What is done to everything that passes."""
        self.pause_behind: tuple[int, float] | None = None
        """Once so many bytes were carried, every further one that goes forth comes alone, after so many seconds."""
        self._target = target
        self._listener = listener
        self._wires: list[Wire] = []
        self._forth: set[Wire] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Take connections for ever."""
        await self._listener.serve(self._welcome)

    def cut(self) -> None:
        """Break all connections."""
        for wire in self._wires:
            wire.close(reset=True)
        self._wires.clear()

    def close(self) -> None:
        """Break all connections, and take no more."""
        self.cut()
        self._listener.close()
        for task in self._tasks:
            task.cancel()

    def _welcome(self, wire: Wire) -> None:
        self.connection_count += 1
        self._wires.append(wire)
        self._start(self._join(wire))

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, wire: Wire) -> None:
        try:
            other = await connect(self._target)
        except OSError:
            wire.close()
            return
        self._wires.append(other)
        self._forth.add(other)
        self._start(self._carry(wire, other))
        self._start(self._carry(other, wire))

    async def _carry(self, one: Wire, other: Wire) -> None:
        with suppress(OSError):
            while data := await one.read():
                if self.is_deaf:
                    await asyncio.Event().wait()
                await self._pass_on(data, other)
            await other.finish()

    async def _write(self, data: bytes, other: Wire) -> None:
        if self.pause_behind is None or other not in self._forth or self.carried < self.pause_behind[0]:
            await other.write(data)
            return
        for value in data:
            await asyncio.sleep(self.pause_behind[1])
            await other.write(bytes([value]))

    async def _pass_on(self, data: bytes, other: Wire) -> None:
        if self.change is not None:
            data = self.change(data)
        if self.gate_at is not None and self.carried >= self.gate_at:
            await self.gate.wait()
        left = len(data) if self.limit is None else self.limit - self.carried
        self.carried += len(data)
        await self._write(data[:left], other)
        if left < len(data):
            self.limit = None
            self.cut()


@asynccontextmanager
async def relay(folder: Path, target: Address, limit: int | None = None) -> AsyncIterator[Relay]:
    """A relay to an address; ended on leaving."""
    address = Unix(str(folder / f"relay-{next(NUMBERS)}.sock"))
    carrying = Relay(target, await listen(address), address, limit)
    serving = asyncio.create_task(carrying.serve())
    try:
        yield carrying
    finally:
        serving.cancel()
        carrying.close()
        await asyncio.gather(serving, return_exceptions=True)
