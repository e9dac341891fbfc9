"""The destination's ends of main connections: of the first one, and of those that follow after a cut.

A connection that comes back is a stranger until it has proven itself; a session hears nothing of it before. And a
connection that was given up is a stranger from then on, however late its last bytes arrive [handshake D.11].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from wireformat.errors import WireError
from wireformat.protocols.channels.messages import ChannelKind
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.messages import Reject
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions import keys, opening
from wireformat.protocols.handshake.sessions.dialect import Dialect
from wireformat.protocols.handshake.sessions.frames import FrameReader, FrameWriter
from wireformat.protocols.handshake.sessions.refusal import item, items_of, refusing, violation
from wireformat.protocols.handshake.sessions.resume import Thread


class Resumable(Protocol):
    """The session that a source may come back to."""

    state: str
    wants_close: bool
    connection_count: int

    @property
    def thread(self) -> Thread | None:
        """What a source must prove, None before anything is agreed."""

    @property
    def next_epochs(self) -> tuple[int, ...]:
        """The epochs in which a source may come back."""

    def resume(self, resume: Any, reader: FrameReader, writer: FrameWriter) -> None:
        """Go on over the connection that these belong to."""

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the peer."""

    def receive_eof(self) -> None:
        """The connection is gone."""

    def silence(self) -> None:
        """The peer has said nothing for too long."""

    def data_to_send(self) -> bytes:
        """What must be sent to the peer."""


class MainEnd:
    """A main connection's way to its session, for as long as the session has not gone on over another one."""

    def __init__(self, session: Resumable) -> None:
        self._session = session
        self._number = session.connection_count

    @property
    def session(self) -> Resumable:
        """The session that it leads to."""
        return self._session

    @property
    def _is_current(self) -> bool:
        return self._number == self._session.connection_count

    @property
    def wants_close(self) -> bool:
        """Whether the connection is to be closed."""
        return self._session.wants_close or not self._is_current

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the peer."""
        if self._is_current:
            self._session.receive_data(data)

    def receive_eof(self) -> None:
        """The connection is gone."""
        if self._is_current:
            self._session.receive_eof()

    def silence(self) -> None:
        """The peer has said nothing for too long."""
        if self._is_current:
            self._session.silence()

    def data_to_send(self) -> bytes:
        """What must be sent to the peer, once."""
        return self._session.data_to_send() if self._is_current else b""


class ResumeEnd:
    """The destination's end of a connection with a header of kind RESUME, until the source has proven itself."""

    def __init__(self, session: Resumable | None, dialect: Dialect, revision: int | None) -> None:
        self.errors: tuple[ErrorItem, ...] = ()
        self._session = session
        self._main: MainEnd | None = None
        self._dialect = dialect
        self._reader = FrameReader(dialect.frames(revision))
        self._writer = FrameWriter(dialect, dialect.frames(revision))
        self._inbox = bytearray()
        self._outgoing: list[bytes] = []
        self._header: Any = None

    @property
    def is_proven(self) -> bool:
        """Whether the source has shown that it is the one that was lost."""
        return self._main is not None

    @property
    def wants_close(self) -> bool:
        """Whether the connection is to be closed."""
        return bool(self.errors) if self._main is None else self._main.wants_close

    def opened(self, header: Any) -> None:
        """The header has arrived."""
        self._header = header
        answer = opening.header_bytes(self._dialect, ChannelKind.RESUME, header.binding, from_source=False)
        self._outgoing.append(answer)
        self._guard(self._check_header)

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the peer."""
        if self._main is not None:
            self._main.receive_data(data)
        elif not self.errors:
            self._inbox += data
            self._guard(self._read)

    def receive_eof(self) -> None:
        """The connection is gone."""
        self._drop(ErrorCode.PEER_CLOSED)
        if self._main is not None:
            self._main.receive_eof()

    def silence(self) -> None:
        """The peer has said nothing for too long."""
        self._drop(ErrorCode.PEER_SILENT)
        if self._main is not None:
            self._main.silence()

    def data_to_send(self) -> bytes:
        """What must be sent to the peer, once."""
        own, self._outgoing = b"".join(self._outgoing), []
        return own if self._main is None else own + self._main.data_to_send()

    def _drop(self, code: ErrorCode) -> None:
        """Before the source has proven itself, its connection may go without a word."""
        if self._main is None and not self.errors:
            self.errors = (item(code, text="a source came back and said nothing"),)

    def _guard(self, action: Callable[[], object]) -> None:
        try:
            action()
        except WireError as error:
            self.errors = items_of(error)
            self._outgoing.append(self._writer.encode(Reject(errors=refusing(self.errors, self._dialect))))

    def _check_header(self) -> tuple[Resumable, Thread]:
        """The session that the header names, and what the source must prove. Raises `Violation`."""
        header, session = self._header, self._session
        thread = session.thread if session else None
        if session is None or thread is None or thread.migration_id != header.binding:
            raise violation(ErrorCode.RESUME_UNKNOWN, "/header/binding", "no such migration is known here")
        if session.state != "paused":
            raise violation(ErrorCode.RESUME_STATE, "/header/binding", f"the migration is in state {session.state}")
        epoch, expected = header.entries.epoch, session.next_epochs
        if epoch not in expected:
            text = "not the epoch that follows"
            raise violation(ErrorCode.RESUME_EPOCH, "/header/epoch", text, expected=expected[-1], actual=epoch)
        return session, replace(thread, epoch=epoch)

    def _read(self) -> None:
        received = self._reader.take(self._inbox)
        if received is None or received.message is None:
            return
        message, (session, thread) = received.message, self._check_header()
        if type(message).__name__ != "Resume":
            raise violation(ErrorCode.UNEXPECTED, text="a source that comes back says RESUME first")
        expected = keys.resume_proof(thread.secret, thread.migration_id, thread.epoch, message.nonce)
        if message.epoch != thread.epoch or not keys.is_equal(message.proof, expected):
            raise violation(ErrorCode.CHANNEL_BINDING, "/proof", "the source is not the one that was lost")
        session.resume(message, self._reader, self._writer)
        self._main = MainEnd(session)
        if self._inbox:
            self._main.receive_data(self._inbox)
