"""The SPICE client over real connections: opens what its party wants opened, and reports each step.

The party decides; here are sockets, TLS and clocks. A server that does not finish the link stage in time counts as
unreachable. With a certificate subject in the announcement, the certificate of the target must have that subject,
whatever its name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from wireformat.peer.dialler import Dialler
from wireformat.peer.line import LINGER, Line
from wireformat.peer.source import reason
from wireformat.protocols.qapi.addresses import Inet
from wireformat.protocols.spice.client_party import ClientParty
from wireformat.protocols.spice.lane import ClientLane
from wireformat.protocols.spice.party_events import AnswerDue, LinkWanted, Over, PartyEvent, Place

if TYPE_CHECKING:
    from wireformat.peer.tls import Credentials


class SpiceClient:
    """One client, from its first connection to its last.

    `timeout` in seconds bounds each connection and its link stage, `delay` is what a late client waits before it
    answers. `reroute` changes where a place is dialled.
    """

    def __init__(
        self,
        party: ClientParty,
        report: Callable[[PartyEvent], None],
        timeout: float,
        *,
        credentials: Credentials | None = None,
        delay: float = 0.0,
    ) -> None:
        self.party = party
        self._report = report
        self._timeout = timeout
        self._credentials = credentials
        self._delay = delay
        self._over = asyncio.Event()
        self._lines: set[Line] = set()

    async def run(self) -> None:
        """Be a client until no server is left, or `stop`."""
        talking: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as self._group:
            self._talking = talking
            self.party.start()
            self._settle()
            await self._over.wait()
            if talking:
                await asyncio.wait(talking, timeout=2 * LINGER)
            for task in talking:
                task.cancel()

    def stop(self) -> None:
        """Leave."""
        self.party.close()
        self._settle()

    def _settle(self) -> None:
        """Report what happened and do what follows from it."""
        for event in self.party.events():
            self._report(event)
            self._react(event)
        for line in self._lines:
            line.wake()

    def _react(self, event: PartyEvent) -> None:
        match event:
            case LinkWanted(lane):
                task = self._group.create_task(self._talk(lane))
                self._talking.add(task)
                task.add_done_callback(self._talking.discard)
            case AnswerDue():
                asyncio.get_running_loop().call_later(self._delay, self._answer)
            case Over():
                self._over.set()

    def _answer(self) -> None:
        if not self._over.is_set():
            self.party.answer()
            self._settle()

    async def _talk(self, lane: ClientLane) -> None:
        """Open a connection, and let the lane talk over it."""
        try:
            wire, _ = await self._dialler(lane).dial()
        except OSError as fault:
            lane.unreachable(reason(fault))
            self._settle()
            return
        line = Line(wire, lane, self._settle, lambda: line.wake(), lambda: lane.wants_data)
        self._lines.add(line)
        timer = asyncio.get_running_loop().call_later(self._timeout, self._expire, lane)
        try:
            await line.run()
        finally:
            timer.cancel()
            self._lines.discard(line)

    def _dialler(self, lane: ClientLane) -> Dialler:
        address = Inet(lane.place.host, str(lane.port))
        return Dialler(address, self._timeout, self._credentials_for(lane.place) if lane.is_secure else None)

    def _credentials_for(self, place: Place) -> Credentials:
        from wireformat.peer.tls import Credentials

        own = self._credentials or Credentials()
        return replace(own, subject=place.subject) if place.subject else own

    def _expire(self, lane: ClientLane) -> None:
        """The server has not finished the link stage."""
        if lane.connection.state == "linking":
            lane.unreachable("timed out")
            self._settle()
