"""A SPICE server over real connections: two listening addresses at most, one plain and one for TLS, and both timers.

The party decides; here are sockets, TLS and clocks. A connection that does not finish the link stage in time is closed;
where too many wait for theirs, further ones are closed at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from wireformat.peer.line import LINGER, Line
from wireformat.peer.listening import Listener
from wireformat.peer.wire import Wire
from wireformat.protocols.spice.lane import ServerLane
from wireformat.protocols.spice.party_events import PartyEvent, Place, TimerName, TimerStarted, TimerStopped
from wireformat.protocols.spice.server_party import ServerParty

if TYPE_CHECKING:
    from OpenSSL import SSL

MAX_CONNECTIONS = 256
"""Connections at one time, linked or not."""


class SpiceServer:
    """One server. `timeout` in seconds bounds the link stage of each connection."""

    def __init__(self, party: ServerParty, report: Callable[[PartyEvent], None], timeout: float) -> None:
        self.party = party
        self._report = report
        self._timeout = timeout
        self._lines: set[Line] = set()
        self._timers: dict[TimerName, asyncio.TimerHandle] = {}
        self._talking: set[asyncio.Task[None]] = set()

    async def serve(self, listener: Listener, context: SSL.Context | None = None) -> None:
        """Take whoever connects, over TLS where there is a context; without end."""
        await listener.serve(partial(self._welcome, context))

    def migrate_connect(self, place: Place) -> None:
        """Name a target, as a VM program does."""
        self.party.migrate_connect(place)
        self.settle()

    def migrate_end(self, *, success: bool) -> None:
        """Tell how the migration went, as a VM program does."""
        self.party.migrate_end(success=success)
        self.settle()

    async def close(self) -> None:
        """Serve nobody any more; what was said still arrives."""
        self.party.close()
        self.settle()
        if self._talking:
            await asyncio.wait(self._talking, timeout=2 * LINGER)
        for task in self._talking:
            task.cancel()
        for timer in self._timers.values():
            timer.cancel()

    def settle(self) -> None:
        """Report what happened and do what follows from it."""
        for event in self.party.events():
            self._react(event)
            self._report(event)
        for line in self._lines:
            line.wake()

    def _react(self, event: PartyEvent) -> None:
        match event:
            case TimerStarted(name, seconds):
                self._timers[name] = asyncio.get_running_loop().call_later(seconds, self._expire, name)
            case TimerStopped(name):
                self._timers.pop(name).cancel()

    def _expire(self, name: TimerName) -> None:
        self.party.expire(name)
        self.settle()

    def _welcome(self, context: SSL.Context | None, wire: Wire) -> None:
        if len(self._talking) >= MAX_CONNECTIONS:
            wire.close(reset=True)
            return
        task = asyncio.get_running_loop().create_task(self._talk(wire, context))
        self._talking.add(task)
        task.add_done_callback(self._talking.discard)

    async def _talk(self, wire: Wire, context: SSL.Context | None) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                secured = wire if context is None else await _secured(wire, context)
            await self._talk_on(secured, is_secure=context is not None)
        except OSError:
            pass
        finally:  # cancelling too: nobody else would close it
            wire.close(reset=True)

    async def _talk_on(self, wire: Wire, *, is_secure: bool) -> None:
        """Let a lane of its own talk over a connection."""
        lane = self.party.accept(is_secure=is_secure)
        line = Line(wire, lane, self.settle, lambda: line.wake(), lambda: lane.wants_data)
        self._lines.add(line)
        timer = asyncio.get_running_loop().call_later(self._timeout, self._give_up, lane, line)
        try:
            await line.run()
        finally:
            timer.cancel()
            self._lines.discard(line)

    def _give_up(self, lane: ServerLane, line: Line) -> None:
        """The client has not finished the link stage."""
        if lane.connection.state == "linking":
            lane.receive_eof()
            self.settle()
            line.wake()


async def _secured(wire: Wire, context: SSL.Context) -> Wire:
    from wireformat.peer.tls import accept_tls

    return await accept_tls(wire, context)
