"""One accepted connection, from its first byte on.

Nothing is known of it before its header, so nothing is held for it but what a header may take. What it turns out to be
gets its bytes from then on; what belongs to no migration is refused, or closed without a word where a word would only
confuse, and nobody else notices [handshake D.12, R-CH-06].
"""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeAlias

from wireformat.errors import WireError
from wireformat.protocols.channels.messages import NO_BINDING, ChannelKind
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.messages import Reject
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions import opening
from wireformat.protocols.handshake.sessions.channel_destination import ChannelDestination
from wireformat.protocols.handshake.sessions.dialect import Dialect
from wireformat.protocols.handshake.sessions.frames import FrameWriter
from wireformat.protocols.handshake.sessions.refusal import item, items_of, refusing
from wireformat.protocols.handshake.sessions.resume_end import MainEnd, ResumeEnd

Role: TypeAlias = Literal["unknown", "main", "data", "resume", "refused"]


class Switchboard(Protocol):
    """Where connections are sorted."""

    def route(self, connection: Connection, header: Any, raw: bytes) -> None:
        """Say what a connection is, by its header. Raises `WireError` where it is nothing."""

    def dismiss(self, code: ErrorCode, first: bytes) -> None:
        """A connection is refused that began so."""


class Connection:
    """An accepted connection. `exporter` are the bytes of its TLS exporter. `end` takes its bytes, once it is known."""

    def __init__(self, board: Switchboard, dialect: Dialect, exporter: bytes = b"") -> None:
        self.role: Role = "unknown"
        self.exporter = exporter
        self.end: MainEnd | ResumeEnd | ChannelDestination | None = None
        self._board = board
        self._dialect = dialect
        self._inbox = bytearray()
        self._first = b""
        self._outgoing = b""

    @property
    def wants_close(self) -> bool:
        """Whether it is to be closed, once everything was sent."""
        return self.role == "refused" or (self.end is not None and self.end.wants_close)

    @property
    def wants_data(self) -> bool:
        """Whether more should be read now."""
        return not isinstance(self.end, ChannelDestination) or self.end.wants_data

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the peer."""
        if self.end is not None:
            self.end.receive_data(data)
        elif self.role == "unknown":
            self._inbox += data
            self._identify()

    def receive_eof(self) -> None:
        """The peer will send nothing more, or the connection is gone."""
        if self.end is not None:
            self.end.receive_eof()
        elif self.role == "unknown":
            self._dismiss(ErrorCode.PEER_CLOSED)

    def silence(self) -> None:
        """The peer has said nothing for too long."""
        if self.end is not None:
            self.end.silence()
        elif self.role == "unknown":
            self._dismiss(ErrorCode.PEER_SILENT)

    def data_to_send(self) -> bytes:
        """What must be sent to the peer, once."""
        answer, self._outgoing = self._outgoing, b""
        return answer if self.end is None else answer + self.end.data_to_send()

    def becomes(self, role: Role, end: MainEnd | ResumeEnd | ChannelDestination) -> None:
        """What has come behind the header, and all that follows, is for this end."""
        self.role, self.end = role, end
        rest, self._inbox = self._inbox, bytearray()
        if rest:
            end.receive_data(rest)

    def _identify(self) -> None:
        self._first = bytes(self._inbox[: opening.SHOWN])
        found = opening.stranger(self._inbox)
        if found is not None:
            code, text = found
            is_answered = code == ErrorCode.TLS_UNEXPECTED
            self._dismiss(code, (item(code, text=text),), NO_BINDING if is_answered else None)
            return
        if not opening.is_possible(self._inbox):
            return
        try:
            opened = opening.take_header(self._inbox, self._dialect)
        except WireError as error:
            self._refuse(error, ChannelKind.MAIN, NO_BINDING)
            return
        if opened is None:
            return
        header, raw = opened
        try:
            self._board.route(self, header, raw)
        except WireError as error:
            self._refuse(error, header.kind, header.binding)

    def _refuse(self, error: WireError, kind: ChannelKind, binding: bytes) -> None:
        items = items_of(error)
        self._dismiss(items[0].code, items, binding, kind)

    def _dismiss(
        self,
        code: ErrorCode,
        items: tuple[ErrorItem, ...] = (),
        binding: bytes | None = None,
        kind: ChannelKind = ChannelKind.MAIN,
    ) -> None:
        """Have nothing more to do with it; answer first where there is a binding to answer with."""
        if binding is not None:
            self._outgoing = refusal(self._dialect, items, kind, binding)
        self.role = "refused"
        self._inbox.clear()
        self._board.dismiss(code, self._first)


def refusal(
    dialect: Dialect, items: tuple[ErrorItem, ...], kind: ChannelKind = ChannelKind.MAIN, binding: bytes = NO_BINDING
) -> bytes:
    """The least that refuses a connection: a header, and REJECT."""
    header = opening.header_bytes(dialect, kind, binding, from_source=False)
    writer = FrameWriter(dialect, dialect.frames())
    return header + writer.encode(Reject(errors=refusing(items, dialect)))
