"""Live cells of the skew matrix: two peers of this package, each as one build, over a socket.

A side that was told `main` sends or takes the plain stream, as every program can; one that was told `main-v2` runs a
session with the codecs, offer and state of its build. Nothing here helps either side: what they told is what was seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Protocol

from wireformat.peer.destination import DestinationPeer, Policy
from wireformat.peer.dialler import Dialler
from wireformat.peer.listening import Listener, listen
from wireformat.peer.lobby import Lobby
from wireformat.peer.plain import Cut, PlainDestination, send_plain
from wireformat.peer.sink import Sink
from wireformat.peer.skew_guest import OLD_FORM, GuestPayload, abilities_of
from wireformat.peer.skew_scene import Scene
from wireformat.peer.skew_seen import (
    COMPLETE,
    CUT,
    LOADED,
    SENT,
    UNMOVED,
    Seen,
    agreed,
    failed,
    left_behind,
    loading,
    words,
)
from wireformat.peer.source import SourcePeer
from wireformat.peer.tls import server_context
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.inventories.resolution import Resolution
from wireformat.protocols.handshake.inventories.soundness import violations
from wireformat.protocols.handshake.messages import Inventory, InventoryReply
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.events import Agreed, Completed, Event, Failed, StrangerRefused
from wireformat.protocols.handshake.sessions.listener import Listener as Sessions
from wireformat.protocols.handshake.sessions.source import SourceSession
from wireformat.protocols.qapi.addresses import Address, parse
from wireformat.protocols.vmstate.stream import read_stream

TIMEOUT: Final = 5.0
"""Seconds of silence that either side bears; no cell needs them."""

PATIENCE: Final = 2.0
"""Seconds in which a destination must have come to an end that its source has seen already."""


class Near(Protocol):
    """A source."""

    events: list[Event]
    payload: GuestPayload

    async def run(self) -> str:
        """Migrate; how it ended, in the words of the matrix."""
        ...


class PlainNear:
    """A source that was told `main`: it writes what every build can load, since nobody tells it who reads."""

    def __init__(self, dialler: Dialler) -> None:
        self.events: list[Event] = []
        self.payload = GuestPayload(OLD_FORM)
        self.payload.keep(Resolution())
        self._dialler = dialler

    async def run(self) -> str:
        """See `Near`."""
        try:
            await send_plain(self._dialler, self.payload)
        except OSError:
            return CUT
        return SENT


class SessionNear:
    """A source that was told `main-v2`."""

    def __init__(self, scene: Scene, dialler: Dialler) -> None:
        self.events: list[Event] = []
        self.resolution = Resolution()
        self.payload = GuestPayload(scene.near.form)
        session = SourceSession(scene.source_config())
        self._peer = SourcePeer(session, dialler, self.payload, self._report, TIMEOUT)

    def _report(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Agreed):
            self.resolution = Resolution(event.omitted, event.versions)
            self.payload.keep(self.resolution)

    async def run(self) -> str:
        """See `Near`."""
        await self._peer.run()
        return _ending(self.events) or self._peer.session.state


class Far:
    """A destination, listening."""

    def __init__(self, scene: Scene, listener: Listener) -> None:
        self.events: list[Event] = []
        self.address: Address = parse(listener.names[0])
        self.judged: tuple[Inventory, InventoryReply] | None = None
        self._scene = scene
        self._listener = listener

    def start(self) -> None:
        """Begin to serve."""
        self.task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        scene = self._scene
        tls = server_context(scene.keys.destination) if scene.destination_has_tls else None
        sink = Sink(str(scene.target))
        if not scene.cell.destination.shakes_hands:
            report = self.events.append if scene.far.is_aware else _ignore
            lobby = Lobby(8, TIMEOUT)
            await PlainDestination(self._listener, sink, TIMEOUT, lobby, tls, report).run()
            return
        policy = Policy(TIMEOUT, TIMEOUT, exit_on_error=scene.variation.exits_on_error)
        sessions = Sessions(scene.destination_config(self._judge))
        await DestinationPeer(sessions, self._listener, sink, self.events.append, policy, tls).run()

    def _judge(self, inventory: Inventory) -> InventoryReply | tuple[ErrorItem, ...]:
        reply = judge(inventory, abilities_of(self._scene.far.form))
        if not isinstance(reply, tuple):
            self.judged = inventory, reply
        return reply

    async def settle(self, source: str) -> None:
        """Wait for what the source has seen already. Raises what broke the destination, where anything did."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                if source in (COMPLETE, SENT):
                    await asyncio.wait([self.task])
                while not self._has_spoken():
                    await asyncio.sleep(0.001)
                if not self.task.done() and self.must_end:
                    await asyncio.wait([self.task])
        fault = self.task.exception() if self.task.done() else None
        if fault is not None and not isinstance(fault, Cut):
            raise fault

    def _has_spoken(self) -> bool:
        has_ended = any(isinstance(event, Completed | Failed | StrangerRefused) for event in self.events)
        return has_ended or self.task.done() or not self._scene.far.is_aware

    @property
    def ending(self) -> str:
        """How it ended, or that it did not."""
        if ending := _ending(self.events):
            return ending
        if self._scene.cell.destination.shakes_hands or not self.task.done():
            return next(map(_refused, filter(_is_stranger, self.events)), UNMOVED)
        if isinstance(self.task.exception(), Cut):
            return CUT
        return loading(self._scene.target.read_bytes(), self._scene.far)

    @property
    def must_end(self) -> bool:
        """Whether its policy says that it listens no more."""
        is_failure = any(isinstance(event, Failed) or _is_legacy(event) for event in self.events)
        return self.ending in (COMPLETE, LOADED) or (
            self._scene.cell.destination.shakes_hands and is_failure and self._scene.variation.exits_on_error
        )

    async def end(self) -> None:
        """End what still works."""
        self.task.cancel()
        await asyncio.wait([self.task])


def _ignore(_: Event) -> None:
    """A build that knows nothing of handshakes says nothing about them."""


def _ending(events: list[Event]) -> str:
    for event in reversed(events):
        if isinstance(event, Completed):
            return COMPLETE
        if isinstance(event, Failed):
            return failed(event.errors)
    return ""


def _is_stranger(event: Event) -> bool:
    return isinstance(event, StrangerRefused)


def _is_legacy(event: Event) -> bool:
    return isinstance(event, StrangerRefused) and event.code == ErrorCode.LEGACY_PEER


def _refused(event: Event) -> str:
    assert isinstance(event, StrangerRefused)
    return f"refused: {event.code.name}"


async def run_live(scene: Scene) -> Seen:
    """Try a live cell."""
    far = Far(scene, await listen(scene.address))
    far.start()
    try:
        credentials = scene.keys.source if scene.source_has_tls else None
        near = _near(scene, Dialler(far.address, TIMEOUT, credentials))
        source = await near.run()
        await far.settle(source)
        ending = far.ending
        lingering = tuple(_lingering(far.must_end, far.task.done()))
    finally:
        await far.end()
    revision, features = agreed(far.events) if ending == COMPLETE else (None, ())
    events = (
        *(f"source: {words(event)}" for event in near.events),
        *(f"destination: {words(event)}" for event in far.events),
    )
    troubles = (*_troubles(scene, near, far, ending), *lingering)
    return Seen(source, ending, revision, features, troubles, events)


def _near(scene: Scene, dialler: Dialler) -> Near:
    return SessionNear(scene, dialler) if scene.cell.source.shakes_hands else PlainNear(dialler)


def _lingering(must_end: bool, is_ended: bool) -> Iterator[str]:
    if must_end != is_ended:
        yield "the destination " + ("listens on" if must_end else "listens no more")


def _troubles(scene: Scene, near: Near, far: Far, ending: str) -> Iterator[str]:
    """What must not be, however it ended."""
    has_come = ending in (COMPLETE, LOADED)
    yield from left_behind(scene.target.name, (each.name for each in scene.folder.iterdir()), is_wanted=has_come)
    if not has_come or not scene.target.exists():
        return
    if near.events and agreed(near.events) != agreed(far.events):
        yield "the two sides agreed on different things"
    data = scene.target.read_bytes()
    if data != b"".join(near.payload.chunks()):
        yield "the stream that arrived is not the one that was sent"
    if far.judged is not None and isinstance(near, SessionNear):
        found = violations(read_stream(data), *far.judged, near.resolution)
        yield from (f"sent what was not agreed: {item.path}" for item in found)
