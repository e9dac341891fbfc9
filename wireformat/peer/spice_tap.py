"""A tap: between a SPICE client and its servers, wherever they send it, with everything written down.

The first server is given. Each target that a server announces gets a listening port of the tap, whose address the
client is told instead; so the tap stays in between. TLS is not looked into: a TLS port is taken out of announcements
that have a plain one too, and other announcements pass as they are.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from wireformat.peer.dialling import reach
from wireformat.peer.listening import Listener
from wireformat.peer.wire import Wire
from wireformat.protocols.qapi.addresses import Inet
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.party_events import Place
from wireformat.protocols.spice.recording import file_name, head, note, rows
from wireformat.protocols.spice.relay import OTHER, Relay

TIMELINE = "timeline.jsonl"
CONNECT_TIMEOUT = 5.0


class SpiceTap:
    """One run. `folder` must be there; `host` is where clients reach the tap; `tell` is told lines of the timeline."""

    def __init__(self, folder: Path, host: str, tell: Callable[[dict[str, Any]], None]) -> None:
        self.host = host
        self._folder = folder
        self._tell = tell
        self._count = 0
        self._doors: dict[Place, int] = {}
        self._listeners: list[Listener] = []
        self._timeline: list[dict[str, Any]] = []

    async def run(self, listener: Listener, server: Place) -> None:
        """Stand before a server until cancelled; then the timeline is written."""
        self._start = asyncio.get_running_loop().time()
        try:
            async with asyncio.TaskGroup() as self._group:
                await self._serve(listener, "source", server)
        finally:
            for each in self._listeners:
                each.close()
            text = "".join(f"{json.dumps(line)}\n" for line in self._timeline)
            (self._folder / TIMELINE).write_text(text, encoding="utf-8")

    async def _serve(self, listener: Listener, name: str, server: Place) -> None:
        self._listeners.append(listener)

        def welcome(wire: Wire) -> None:
            self._count += 1
            self._group.create_task(TappedConnection(self, self._count, name, server).run(wire))

        await listener.serve(welcome)

    def reroute(self, place: Place) -> Place | None:
        """The tap's own address in place of a target's, which then has a door here."""
        if not place.host or place.port is None:
            self.note(src="tap", what="passed", host=place.host, tls_port=place.tls_port)
            return None
        if place not in self._doors:
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            listening = socket.create_server((self.host, 0), family=family)
            self._doors[place] = listening.getsockname()[1]
            number = len(self._doors)
            name = "target" if number == 1 else f"target{number}"
            self._group.create_task(self._serve(Listener([listening]), name, place))
            self.note(src="tap", what="door", server=name, host=place.host, port=place.port, door=self._doors[place])
        return Place(self.host, self._doors[place])

    def note(self, **line: Any) -> None:
        """Add to the timeline."""
        self._timeline.append({"t": round(self.now(), 6), **line})
        self._tell(self._timeline[-1])

    def now(self) -> float:
        """Seconds since the start."""
        return asyncio.get_running_loop().time() - self._start

    def file(self, name: str) -> IO[str]:
        """A new file of the capture."""
        return (self._folder / name).open("w", encoding="utf-8")


class TappedConnection:
    """One connection through the tap: to a server at a place, under its number."""

    def __init__(self, tap: SpiceTap, number: int, name: str, server: Place) -> None:
        self._tap = tap
        self._number = number
        self._name = name
        self._server = server
        self._opened = tap.now()
        self._waiting: list[dict[str, Any]] = []
        self._file: IO[str] | None = None
        self._relay = Relay(tap.reroute, self._record)
        self._locks: dict[Sender, asyncio.Lock] = {"client": asyncio.Lock(), "server": asyncio.Lock()}

    async def run(self, client: Wire) -> None:
        """Pass on, until both sides have ended."""
        self._tap.note(src="net", what="open", conn=self._number, server=self._name)
        end = "error"
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                server = await reach(Inet(self._server.host, str(self._server.port)))
            end = "closed"
            await self._pass_on({"client": client, "server": server})
        except OSError:
            pass
        finally:
            client.close(reset=end == "error")
            self._end(end)

    async def _pass_on(self, wires: dict[Sender, Wire]) -> None:
        pumps = [asyncio.ensure_future(self._pump(side, wires)) for side in wires]
        try:
            await asyncio.wait(pumps)
        finally:
            for pump in pumps:
                pump.cancel()
            for wire in wires.values():
                wire.close()

    async def _pump(self, sender: Sender, wires: dict[Sender, Wire]) -> None:
        """Pass on what one side says, and then that it ends; a broken connection breaks the other one too."""
        try:
            while data := await wires[sender].read():
                self._relay.receive_data(sender, data, self._tap.now())
                await self._flush(sender, wires)
            self._ended(sender, "eof")
            await self._flush(sender, wires)
            await wires[OTHER[sender]].finish()
        except OSError:
            self._ended(sender, "error")
            for wire in wires.values():
                wire.close(reset=True)

    def _ended(self, sender: Sender, what: str) -> None:
        self._relay.receive_eof(sender, self._tap.now())
        self._write(note(sender, what, self._tap.now()))

    async def _flush(self, sender: Sender, wires: dict[Sender, Wire]) -> None:
        """Send what either side may hear now, in order.

        What goes back to the sender is left to the one that sends to it already, if any: whoever waited for that would
        not read meanwhile, and a side that is not read may not read either.
        """
        for side, wire in wires.items():
            if side == sender and self._locks[side].locked():
                continue
            async with self._locks[side]:
                while data := self._relay.data_to_send(side):
                    await wire.write(data)

    def _record(self, sender: Sender, data: bytes, time: float) -> None:
        for line in rows(sender, data, time):
            self._write(line)

    def _write(self, line: dict[str, Any]) -> None:
        """A line of the file, which is named once the channel is known."""
        self._waiting.append(line)
        if self._file is None and self._relay.channel is not None:
            self._open()
        if self._file is not None:
            self._file.writelines(f"{json.dumps(each)}\n" for each in self._waiting)
            self._waiting.clear()

    def _open(self) -> None:
        channel = self._relay.channel
        self._file = self._tap.file(file_name(self._number, self._name, channel))
        self._waiting.insert(0, head(self._number, self._name, channel, self._opened))

    def _end(self, what: str) -> None:
        if self._file is None:
            self._open()
        self._write(note(None, what, self._tap.now()))
        assert self._file is not None
        self._file.close()
        self._tap.note(src="net", what="close", conn=self._number, server=self._name)
