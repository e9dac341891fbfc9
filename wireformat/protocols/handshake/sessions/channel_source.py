"""The source's end of a further channel: it says which one it is, and sends nothing more until it is accepted."""

from __future__ import annotations

from typing import Any, Protocol

from wireformat.errors import RemoteProtocolError
from wireformat.protocols.channels.messages import ChannelKind, HeaderEntries
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions import keys, opening
from wireformat.protocols.handshake.sessions.channel_end import ChannelEnd
from wireformat.protocols.handshake.sessions.dialect import Dialect
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.offer_wire import channel_key
from wireformat.protocols.handshake.sessions.refusal import Violation, errors_of, item, violation
from wireformat.protocols.handshake.sessions.resume import Thread


class Owner(Protocol):
    """What a channel belongs to: a session."""

    def notice_open(self, key: ChannelKey) -> None:
        """The channel was accepted."""

    def notice_ended(self, key: ChannelKey) -> None:
        """What the channel carried in another protocol is complete."""

    def notice_closed(self, key: ChannelKey, errors: tuple[ErrorItem, ...], *, was_open: bool, by_peer: bool) -> None:
        """The channel was refused, by the peer or by chance, or lost, for these reasons."""


class ChannelSource(ChannelEnd):
    """Made by a session for one connection; `thread` says where the channel belongs."""

    role = "source-channel"

    def __init__(self, key: ChannelKey, thread: Thread, dialect: Dialect, owner: Owner) -> None:
        super().__init__(dialect)
        self.key = key
        self._binding = thread.migration_id
        proof = keys.channel_proof(thread.secret, thread.migration_id, thread.epoch, key)
        self._entries = HeaderEntries(
            channel_type=key.type, index=key.index, proof=proof, epoch=thread.epoch, target=key.target or None
        )
        self._owner = owner
        self._has_header = False
        self._is_refused = False

    def connected(self) -> None:
        """The connection is there, TLS included."""
        self._step("connected")
        header = opening.header_bytes(
            self._dialect, ChannelKind.DATA, self._binding, from_source=True, entries=self._entries
        )
        self._outgoing.append(header)
        self._step("ChannelHeader")

    def unreachable(self, text: str) -> None:
        """The connection could not be made. Another end may be tried for the same channel."""
        self._end("cut", (item(ErrorCode.LOCAL_IO, text=text),))

    def send(self, data: bytes) -> None:
        """Send bytes on the open channel."""
        self._step("payload")
        self._outgoing.append(data)

    def close(self) -> None:
        """Everything was sent."""
        self._step("close")
        self.wants_close = True

    def _read(self) -> None:
        if not self._has_header and not self._take_header():
            return
        if self.state == "open":
            if self._inbox:
                raise violation(ErrorCode.UNEXPECTED, text="nothing comes back on this channel")
            return
        received = self._reader.take(self._inbox)
        if received is not None and received.message is not None:
            self._hear(received.message)

    def _take_header(self) -> bool:
        """Read the destination's header; false while it is incomplete."""
        stranger = opening.stranger(self._inbox)
        if stranger is not None:
            raise violation(stranger[0], text=f"the peer is {stranger[1]}")
        found = opening.take_header(self._inbox, self._dialect) if opening.is_possible(self._inbox) else None
        if found is None:
            return False
        opening.check_header(found[0], ChannelKind.DATA, self._binding, from_source=False)
        self._has_header = True
        return True

    def _hear(self, message: Any) -> None:
        """The answer: accepted, or why not."""
        match type(message).__name__:
            case "ChannelAck" if channel_key(message.name) == self.key:
                self._step("ChannelAck")
                self._owner.notice_open(self.key)
            case "ChannelAck":
                raise violation(ErrorCode.UNEXPECTED, "/name", "the peer accepts another channel than this one")
            case "Reject" | "Abort":
                self._is_refused = True
                raise Violation(errors_of(message))
            case name:
                raise RemoteProtocolError("illegal-event", f"{name} is not legal on a channel")

    def _over(self) -> None:
        self._owner.notice_ended(self.key)

    def _closed(self, items: tuple[ErrorItem, ...], was_open: bool) -> None:
        self._owner.notice_closed(self.key, items, was_open=was_open, by_peer=self._is_refused)
