"""The destination: listens, lets every connection talk to the listener's sessions, and keeps what a migration sends.

Any number of connections may come from anyone. Each has its own tasks; those that are not part of the migration wait in
a lobby of fixed size. The sessions decide which connection is what; a failed attempt leaves the listener as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from wireformat.peer.keeping import Keeper
from wireformat.peer.line import LINGER, Line
from wireformat.peer.listening import Listener
from wireformat.peer.lobby import Lobby
from wireformat.peer.patience import Patience
from wireformat.peer.securing import Plaintext, refuse, secure
from wireformat.peer.sink import Sink
from wireformat.peer.storage import Disks
from wireformat.peer.wire import Wire
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions.channel_destination import ChannelDestination
from wireformat.protocols.handshake.sessions.events import (
    Cancelled,
    Completed,
    Event,
    Failed,
    Granted,
    HandedOver,
    Held,
    Negotiated,
    Paused,
    PayloadReceived,
    Started,
    StrangerRefused,
)
from wireformat.protocols.handshake.sessions.keys import EXPORTER_LABEL, KEY_SIZE
from wireformat.protocols.handshake.sessions.resume_end import MainEnd, ResumeEnd

if TYPE_CHECKING:
    from OpenSSL import SSL

    from wireformat.protocols.handshake.sessions.connection import Connection
    from wireformat.protocols.handshake.sessions.listener import Listener as Sessions

STRANGERS = 64
"""Connections that may be open without having said who they are."""

HEADER_TIME = 10.0
"""Seconds that a connection has for saying who it is."""

HANDSHAKE_FACTOR = 10
"""So many times the time for which a silent peer is waited for may pass until the payload begins."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a destination behaves where the protocol leaves it a choice. Times are in seconds."""

    timeout: float = 30.0
    header_time: float = HEADER_TIME
    strangers: int = STRANGERS
    keep_listening: bool = False
    exit_on_error: bool = False


class DestinationPeer:
    """A listening address, from the first connection until a migration is complete."""

    def __init__(
        self,
        sessions: Sessions,
        listener: Listener,
        sink: Sink,
        report: Callable[[Event], None],
        policy: Policy,
        tls: SSL.Context | None = None,
        disks: Disks | None = None,
    ) -> None:
        self._disks = disks
        self.sessions = sessions
        self.is_complete = False
        self._listener = listener
        self._keeper = Keeper(sink)
        self._report = report
        self._policy = policy
        self._tls = tls
        self._patience = Patience(policy.timeout)
        self.lobby = Lobby(policy.strangers, policy.header_time)
        self._over = asyncio.Event()
        self._deadline: asyncio.TimerHandle | None = None
        self._lines: dict[Connection, Line] = {}
        self._refused: set[Wire] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until a migration is complete (or for ever, as the policy says). `is_complete` tells how it ended."""
        async with asyncio.TaskGroup() as self._group:
            watching = self._group.create_task(self._patience.watch(self._silence))
            serving = self._group.create_task(self._serve())
            try:
                await self._over.wait()
            except asyncio.CancelledError:
                session = self.sessions.session
                if session is not None and not session.is_over and not self._over.is_set():
                    session.cancel()
                    self._settle()
                raise
            finally:
                serving.cancel()
                watching.cancel()
                await self._hang_up()

    async def _serve(self) -> None:
        """Take connections; where no more can come, the last one decides."""
        await self._listener.serve(self._welcome)
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._over.set()

    def _welcome(self, wire: Wire) -> None:
        self.lobby.enter(wire)
        task = self._group.create_task(self._receive(wire))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _receive(self, wire: Wire) -> None:
        """One connection, whoever it is."""
        try:
            if self._tls is None:
                await self._talk(wire, wire, b"")
            else:
                await self._talk_secured(wire, self._tls)
        except OSError:
            pass
        finally:
            self.lobby.leave(wire)
            wire.close()

    async def _talk_secured(self, wire: Wire, context: SSL.Context) -> None:
        try:
            secured = await secure(wire, context)
        except Plaintext as error:
            self._report(StrangerRefused(ErrorCode.TLS_REQUIRED, error.first))
            await refuse(wire, error.first)
        else:
            await self._talk(wire, secured, secured.export(EXPORTER_LABEL, KEY_SIZE))

    async def _talk(self, outer: Wire, wire: Wire, exporter: bytes) -> None:
        """Let a connection talk to the sessions. `outer` is what the lobby knows it by."""
        connection = self.sessions.accept(exporter)

        def settle() -> None:
            if outer in self.lobby and self._is_known(connection):
                self.lobby.leave(outer)
                self._lines[connection] = line
            if connection.wants_close:
                self._refused.add(outer)
            self._settle()

        def touch() -> None:
            if outer not in self.lobby:
                self._patience.touch()

        line = Line(wire, connection, settle, touch, partial(_wants_data, connection))
        try:
            await line.run()
        finally:
            self._lines.pop(connection, None)
            self._refused.discard(outer)

    def _is_known(self, connection: Connection) -> bool:
        """Whether a connection is no stranger: it is a bound channel, has said HELLO, or has come back with a proof."""
        match connection.end:
            case MainEnd(session=session):
                return session is self.sessions.session
            case ResumeEnd(is_proven=is_proven):
                return is_proven
            case ChannelDestination(key=key):
                return key is not None
        return False

    @property
    def sink_fault(self) -> OSError | None:
        """Why the stream could not be kept, where that is how it ended."""
        return self._keeper.fault

    def _settle(self) -> None:
        """Keep what came, report what happened, do what follows, and let every connection that is concerned go on."""
        for event in self.sessions.events():
            self._keeper.take(event, self.sessions.session)
            is_kept = self._keeper.fault is None
            if not isinstance(event, PayloadReceived) and (is_kept or not isinstance(event, Completed)):
                self._report(event)
            if is_kept or isinstance(event, Failed | Cancelled):
                self._react(event)
        if self._keeper.fault is not None:
            self._over.set()
        for line in self._lines.values():
            line.wake()

    def _react(self, event: Event) -> None:
        session = self.sessions.session
        match event:
            case Negotiated():
                self._bound(HANDSHAKE_FACTOR * self._policy.timeout)
            case Started():
                self._bound(None)
                self._carry_disks()
            case HandedOver():
                assert session is not None
                if session.state == "handed-over":
                    session.loaded()
            case Granted():
                assert session is not None
                if session.state == "granted":
                    session.running()
            case Completed():
                self._end(is_complete=True)
            case Paused():
                self._drop_lines()
            case Held():
                self._over.set()
            case Failed() | Cancelled():
                self._end(is_complete=False)
            case StrangerRefused(code=ErrorCode.LEGACY_PEER) if session is None or session.is_over:
                self._end(is_complete=False)

    def _carry_disks(self) -> None:
        """Give the channels of disks to those who keep them."""
        for connection, line in self._lines.items():
            end = connection.end
            is_disk = isinstance(end, ChannelDestination) and end.key is not None and end.key.is_storage
            if self._disks is not None and isinstance(end, ChannelDestination) and is_disk:
                line.take_over(partial(self._disks.carry, end))

    def _end(self, *, is_complete: bool) -> None:
        """A migration, or an attempt, is over: go on listening where the policy says so."""
        self._bound(None)
        self.is_complete = is_complete
        goes_on = self._policy.keep_listening if is_complete else not self._policy.exit_on_error
        if not goes_on:
            self._over.set()

    def _bound(self, time: float | None) -> None:
        """Let the attempt fail unless something happens within that time, in seconds; None lifts the bound."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if time is not None:
            self._deadline = asyncio.get_running_loop().call_later(time, self._silence)

    def _drop_lines(self) -> None:
        """The connections of a paused migration are of no use any more, also those that still work."""
        for line in self._lines.values():
            line.wire.close(reset=True)

    def _silence(self) -> None:
        session = self.sessions.session
        if session is not None and not session.is_over and session.state != "paused":
            session.silence()
            self._settle()

    async def _hang_up(self) -> None:
        """Let the migration's connections, and those that are refused, say what they have to, and end all."""
        self._listener.close()
        for wire in self._refused:
            self.lobby.leave(wire)
        self.lobby.close()
        for line in self._lines.values():
            line.wake()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LINGER)
        for task in self._tasks:
            task.cancel()


def _wants_data(connection: Connection) -> bool:
    return connection.wants_data
