"""The listening side: sorts connections, and keeps the attempt that is going on [handshake D.12, D.13].

There is one migration at a time. Connections that are none of it, however many, in whatever order and however broken,
change nothing about it: what they did is an event of its own, and everything known of them goes with their connection.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any

from wireformat.protocols.channels.messages import NO_BINDING, ChannelKind, HeaderFlags
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions.channel_destination import ChannelDestination
from wireformat.protocols.handshake.sessions.connection import Connection, refusal
from wireformat.protocols.handshake.sessions.destination import DestinationSession
from wireformat.protocols.handshake.sessions.destination_handshake import DestinationConfig
from wireformat.protocols.handshake.sessions.dialect import TODAY, Dialect
from wireformat.protocols.handshake.sessions.events import ChannelRefused, Event, Failed, StrangerRefused
from wireformat.protocols.handshake.sessions.opening import OURS, check_header
from wireformat.protocols.handshake.sessions.refusal import item, violation
from wireformat.protocols.handshake.sessions.resume_end import MainEnd, ResumeEnd


class Listener:
    """A listening destination. `session` is the attempt that is going on, or the last one."""

    def __init__(self, config: DestinationConfig) -> None:
        self.session: DestinationSession | None = None
        self._config = config
        self._unheard: list[DestinationSession] = []
        self._events: deque[Event] = deque()

    def accept(self, exporter: bytes = b"") -> Connection:
        """A new connection, TLS included."""
        return Connection(self, self._config.dialect, exporter)

    @property
    def is_busy(self) -> bool:
        """Whether an attempt is going on."""
        return self.session is not None and not self.session.is_over

    def next_event(self) -> Event | None:
        """What happened next, None when nothing has."""
        return next(self.events(), None)

    def events(self) -> Iterator[Event]:
        """Everything that happened to the session and to strangers, and was not asked for yet."""
        self._hear_unheard()
        while True:
            if self._events:
                yield self._events.popleft()
            elif self.session is None or (event := self.session.next_event()) is None:
                return
            else:
                yield event

    def _hear_unheard(self) -> None:
        """Report those that never came to a HELLO of their own as what they are: strangers."""
        for session in self._unheard:
            failed = (event for event in session.events() if isinstance(event, Failed))
            self._events.extend(StrangerRefused(event.errors[0].code, OURS) for event in failed)
        self._unheard = [session for session in self._unheard if not session.is_over]

    def route(self, connection: Connection, header: Any, raw: bytes) -> None:
        """Say what a connection is, by its header. Raises `Violation` where it is nothing."""
        if not header.flags & HeaderFlags.FROM_SOURCE:
            raise violation(ErrorCode.REFLECTION, "/header/flags", "the header of a destination")
        match header.kind:
            case ChannelKind.MAIN:
                self._open_main(connection, header, raw)
            case ChannelKind.DATA:
                self._open_channel(connection, header)
            case ChannelKind.RESUME:
                self._open_resumed(connection, header)
            case _:
                text = f"nothing of kind {int(header.kind)} is expected"
                raise violation(ErrorCode.UNEXPECTED, "/header/kind", text, actual=int(header.kind))

    def _open_main(self, connection: Connection, header: Any, raw: bytes) -> None:
        check_header(header, ChannelKind.MAIN, NO_BINDING, from_source=True)
        session = DestinationSession(self._config, connection.exporter)
        session.claim = partial(self._take_on, session)
        self._unheard.append(session)
        session.opened(raw)
        connection.becomes("main", MainEnd(session))

    def _take_on(self, session: DestinationSession) -> None:
        """The first whole HELLO is what keeps a destination busy. Raises `Violation`."""
        if self.is_busy:
            raise violation(ErrorCode.BUSY, text="another migration is going on")
        if self.session is not None:
            self._events.extend(self.session.events())
        self._unheard.remove(session)
        self.session = session

    def _open_channel(self, connection: Connection, header: Any) -> None:
        channel = ChannelDestination(self.session if self.is_busy else None, self._config.dialect)
        channel.opened(header)
        if channel.errors:
            self._events.append(ChannelRefused(None, channel.errors))
        connection.becomes("data", channel)

    def _open_resumed(self, connection: Connection, header: Any) -> None:
        revision = self.session.result.version if self.session and self.session.result else None
        end = ResumeEnd(self.session, self._config.dialect, revision)
        end.opened(header)
        if end.errors:
            self._events.append(ChannelRefused(None, end.errors))
        connection.becomes("resume", end)

    def dismiss(self, code: ErrorCode, first: bytes) -> None:
        """A connection is refused that began so."""
        self._events.append(StrangerRefused(code, first))


def refuse_plaintext(dialect: Dialect = TODAY) -> bytes:
    """What a destination that is configured for TLS answers to a header in clear, before it closes."""
    return refusal(dialect, (item(ErrorCode.TLS_REQUIRED, text="this side is configured for TLS"),))
