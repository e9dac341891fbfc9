"""The source: dials, lets its session talk over main and every further channel, and sends the stream.

The session decides; this fetches bytes, opens what it wants opened, and ends when the session is over or paused. An
attempt to open a channel is repeated a few times, because nothing is lost by it while the destination still waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING

from wireformat.peer.attempt import Attempt
from wireformat.peer.dialler import Dialler
from wireformat.peer.line import LINGER, Line
from wireformat.peer.patience import Patience
from wireformat.peer.payload import Payload
from wireformat.peer.storage import Disks
from wireformat.protocols.handshake.sessions.events import (
    ChannelKey,
    ChannelOpened,
    ChannelRefused,
    ChannelsWanted,
    Event,
    Paused,
    PeerLoaded,
    Ready,
    Resumed,
    Started,
    Uncertain,
)
from wireformat.protocols.handshake.sessions.payloads import STRIPED

if TYPE_CHECKING:
    from wireformat.protocols.handshake.sessions.channel_source import ChannelSource
    from wireformat.protocols.handshake.sessions.source import SourceSession

ATTEMPTS = 4
"""How often a channel is dialled before it counts as unreachable."""

RETRY_PAUSE = 0.1
"""Seconds between two attempts."""


class SourcePeer:
    """One migration, from the first connection to the last. A silent peer is waited for `timeout` seconds."""

    def __init__(
        self,
        session: SourceSession,
        dialler: Dialler,
        payload: Payload,
        report: Callable[[Event], None],
        timeout: float,
    ) -> None:
        self._disks: Disks | None = None
        self.session = session
        self._dialler = dialler
        self._payload = payload
        self._report = report
        self._patience = Patience(timeout)
        self._over = asyncio.Event()
        self._news = asyncio.Event()
        self._main: Line | None = None
        self._wanted: set[ChannelKey] = set()
        self._channels: list[tuple[ChannelSource, Line]] = []
        self._talking: list[asyncio.Task[None]] = []
        self._working: list[asyncio.Task[None]] = []

    async def run(self, disks: Disks | None = None) -> None:
        """Migrate, with disks. How it went is the session's state, and the last event reported."""
        self._disks = disks
        self.session.connect()
        await self._talk(self.session.connected, self._unreachable)

    async def resume(self, nonce: bytes) -> None:
        """Go on with a paused migration; it stays paused where nobody is reached. Raises `OSError` for that."""

        def connected(_: bytes) -> None:
            self.session.reconnected(nonce)

        await self._talk(connected, _raise)

    async def _talk(self, connected: Callable[[bytes], None], unreachable: Callable[[OSError], None]) -> None:
        self._over.clear()
        self._channels, self._talking, self._working = [], [], []
        async with asyncio.TaskGroup() as self._group:
            self._start(self._working, self._patience.watch(self._silence))
            self._start(self._talking, self._talk_on_main(connected, unreachable))
            try:
                await self._over.wait()
            except asyncio.CancelledError:
                if not self._over.is_set():
                    self.session.cancel()
                    self._settle()
                raise
            finally:
                await self._hang_up()

    async def _talk_on_main(self, connected: Callable[[bytes], None], unreachable: Callable[[OSError], None]) -> None:
        try:
            wire, exporter = await self._dialler.dial()
        except OSError as fault:
            unreachable(fault)
            return
        connected(exporter)
        self._main = Line(wire, self.session, self._settle, self._patience.touch)
        self._settle()
        await self._main.run()

    @property
    def fault(self) -> OSError | None:
        """What broke the main connection, where it was broken."""
        return self._main.fault if self._main else None

    def _unreachable(self, fault: OSError) -> None:
        self.session.unreachable(reason(fault))
        self._settle()

    def _settle(self) -> None:
        """Report what happened and do what follows from it, unless more has happened since."""
        for event in self.session.events():
            self._report(event)
            self._react(event)
        for line in self._lines():
            line.wake()
        self._news.set()
        if self.session.is_over:
            self._over.set()

    def _lines(self) -> list[Line]:
        return [*([self._main] if self._main else []), *(line for _, line in self._channels)]

    def _react(self, event: Event) -> None:
        match event:
            case ChannelsWanted(plan) if not self.session.is_over:
                self._wanted = set(plan)
                for key in plan:
                    self._start(self._talking, self._talk_on(key))
            case Ready() if self.session.state == "ready":
                self.session.start()
            case Started(payload):
                self._start(self._working, self._send(payload, 0))
            case ChannelOpened(name) | ChannelRefused(name) if name is not None:
                self._wanted.discard(name)
            case Resumed(offset):
                assert self.session.result is not None
                self._start(self._working, self._send_again(self.session.result.payload, offset))
            case PeerLoaded() if self.session.state == "loaded":
                self.session.grant()
            case Paused() | Uncertain():
                self._over.set()

    async def _talk_on(self, key: ChannelKey) -> None:
        """Open a channel and let it talk. One that is lost before it was accepted is opened again, a few times."""
        fault: OSError = ConnectionError("the connection was lost")
        for _ in range(ATTEMPTS):
            if self._over.is_set():
                return
            channel = self.session.channel(key)
            try:
                wire, _ = await self._dialler.dial()
            except OSError as error:
                fault = error
            else:
                channel.connected()
                attempt = Attempt(channel)
                place = channel, Line(wire, attempt, self._settle, self._patience.touch)
                self._channels.append(place)
                await place[1].run()
                if not attempt.is_lost:
                    return
                self._channels.remove(place)
            await asyncio.sleep(RETRY_PAUSE)
        channel.unreachable(reason(fault))
        self._settle()

    async def _send(self, payload: str, offset: int) -> None:
        """Send the stream from an offset on, and say that this was all once every disk is written too."""
        await self._carry_disks()
        if payload == STRIPED:
            await self._send_striped(offset)
        else:
            await self._send_raw(offset)
        while self.session.unwritten and self.session.state == "payload":
            self._news.clear()
            await self._news.wait()
        if self.session.state == "payload":
            self.session.payload_complete()
            self._settle()

    async def _carry_disks(self) -> None:
        """Give the channels of disks to those who write them."""
        if self._disks is None or not self.session.unwritten:
            return
        for channel, line in await self._open_channels():
            if channel.key.is_storage:
                line.take_over(partial(self._disks.carry, channel))

    async def _send_again(self, payload: str, offset: int) -> None:
        """Pass over what the destination has already, which proves that it is the same stream, and send the rest."""
        left = offset
        for chunk in self._payload.chunks():
            if not left or self.session.state != "payload":
                break
            self.session.skip_payload(chunk[:left])
            left -= min(left, len(chunk))
            await asyncio.sleep(0)
        self._settle()
        if self.session.state == "payload":
            await self._send(payload, offset)

    async def _send_raw(self, offset: int) -> None:
        main = self._main
        assert main is not None
        for chunk in self._payload.chunks(offset):
            if self.session.state != "payload":
                return
            self.session.send_payload(chunk)
            main.wake()
            await main.drained()

    async def _send_striped(self, offset: int) -> None:
        """Hand pieces to whichever channel has room, in ascending order, and end every channel."""
        channels = [place for place in await self._open_channels() if not place[0].key.is_storage]
        pieces: asyncio.Queue[bytes | None] = asyncio.Queue(len(channels))
        async with asyncio.TaskGroup() as group:
            for channel, line in channels:
                group.create_task(self._send_pieces(channel, line, pieces))
            for chunk in self._payload.chunks(offset):
                for piece in self.session.striper.cut(chunk):
                    await pieces.put(piece)
            for _ in channels:
                await pieces.put(None)

    async def _open_channels(self) -> list[tuple[ChannelSource, Line]]:
        """The channels that are bound; their own acknowledgements may come later than the word on the main channel."""
        while self._wanted:
            self._news.clear()
            await self._news.wait()
        return [(channel, line) for channel, line in self._channels if channel.state == "open"]

    async def _send_pieces(self, channel: ChannelSource, line: Line, pieces: asyncio.Queue[bytes | None]) -> None:
        while channel.state == "open":
            piece = await pieces.get()
            channel.send(self.session.striper.end() if piece is None else piece)
            line.wake()
            await line.drained()
            if piece is None:
                return

    def _silence(self) -> None:
        self.session.silence()
        self._settle()

    def _start(self, tasks: list[asyncio.Task[None]], work: Coroutine[object, object, None]) -> None:
        tasks.append(self._group.create_task(work))

    async def _hang_up(self) -> None:
        """End what still works, let lines say what they have to, and end those that cannot."""
        for task in self._working:
            task.cancel()
        for channel, line in self._channels:
            if channel.state == "open":
                channel.close()
            line.wake()
        if self._talking:
            await asyncio.wait(self._talking, timeout=2 * LINGER)
        for task in self._talking:
            task.cancel()


def _raise(fault: OSError) -> None:
    raise fault


def reason(fault: OSError) -> str:
    """Why something could not be done, for people."""
    return fault.strerror or str(fault) or "timed out"
