"""The source's side of the main channel behind START: the payload, and who owns the guest [handshake D.14].

The guest may be resumed here by itself until GRANT is sent, and never after: what happens then without word from the
destination is known to management alone. A cut of the connection in the payload ends the attempt, unless both sides
negotiated that it may go on over another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, ClassVar

from wireformat.errors import LocalProtocolError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.items.inventory import MachineItem
from wireformat.protocols.handshake.messages import NONCE_SIZE, Inventory, Start
from wireformat.protocols.handshake.negotiation.offers import ErrorItem, Offer
from wireformat.protocols.handshake.sessions import keys
from wireformat.protocols.handshake.sessions.dialect import TODAY, Dialect
from wireformat.protocols.handshake.sessions.events import ChannelsWanted, PayloadEnded, PeerLoaded, Resumed, Started
from wireformat.protocols.handshake.sessions.payloads import FRAMED, HANDOVER, RAW, STRIPED
from wireformat.protocols.handshake.sessions.refusal import item
from wireformat.protocols.handshake.sessions.resume import ResumeState, Thread, check_reply, request
from wireformat.protocols.handshake.sessions.session import Handler
from wireformat.protocols.handshake.sessions.source_channels import SourceChannels
from wireformat.protocols.handshake.sessions.source_handshake import SourceConfig
from wireformat.protocols.handshake.sessions.striped import Striper
from wireformat.protocols.handshake.transfer_messages import MAX_PIECE, Grant, Handover, PayloadBlock, PayloadEnd


class SourceSession(SourceChannels):
    """A source. See `events` for what it tells, and the methods for what it is told."""

    def __init__(self, config: SourceConfig) -> None:
        super().__init__(config)
        self.striper = Striper(config.dialect)
        self._sum = sha256()
        self._sent = 0
        self._nonce = b""
        self._resume_at = 0, b""

    def start(self) -> None:
        """Begin the payload."""
        self._send(Start(payload=self.agreed.payload))
        self._events.append(Started(self.agreed.payload))

    def send_payload(self, data: bytes | memoryview) -> None:
        """Send bytes of the stream on the main channel."""
        self._check_legal("payload")
        self._sum.update(data)
        self._sent += len(data)
        if self.agreed.payload == FRAMED:
            self._send_blocks(memoryview(data))
        else:
            self._outgoing.append(data if isinstance(data, bytes) else bytes(data))

    def _send_blocks(self, data: memoryview) -> None:
        self._check_legal("PayloadBlock")
        for start in range(0, len(data), MAX_PIECE):
            block = PayloadBlock(data=bytes(data[start : start + MAX_PIECE]))
            self._outgoing.append(self._writer.encode(block))

    def payload_complete(self) -> None:
        """The whole stream was given to the session or its striper, and every disk is written.

        Raises `LocalProtocolError` for one that is not.
        """
        if self._unwritten:
            raise LocalProtocolError("handshake/usage", f"{min(self._unwritten)} is not written yet")
        if self.agreed.payload == STRIPED:
            self._sent, self._sum = self.striper.offset, self.striper.sum
        ended = PayloadEnded(self._sent, self._sum.digest())
        if self.agreed.payload == FRAMED:
            self._send(PayloadEnd(size=ended.size, digest=ended.digest))
        if HANDOVER in self.agreed.capabilities:
            self._send(Handover(size=ended.size, digest=ended.digest))
            self._events.append(ended)
        else:
            self._step("payload-end")
            self._events.append(ended)
            self._settle((), "us")

    def _hear_loaded(self, _: Any) -> None:
        self._events.append(PeerLoaded())

    def grant(self) -> None:
        """Give up the right to resume the guest here."""
        self._send(Grant())

    def _hear_running(self, _: Any) -> None:
        self._settle((), "peer")

    def told_running(self) -> None:
        """Management knows that the guest runs at the destination."""
        self._step("told-running")
        self._settle((), "us")

    def told_dropped(self) -> None:
        """Management knows that the destination dropped the guest: it may run here again."""
        self._step("told-dropped")
        self._settle((item(ErrorCode.PEER_CLOSED, text="the destination dropped the guest"),), "us")

    def reconnected(self, nonce: bytes) -> None:
        """A new connection is there for the one that was lost. `nonce` is 32 random bytes, new for each attempt."""
        self._step("reconnect")
        self._begin()
        self._nonce = nonce
        header, message = request(self._next_thread, nonce, self._offset(), self._dialect)
        self._outgoing.append(header)
        self._send(message)

    @property
    def _next_thread(self) -> Thread:
        """The thread of the next epoch. Raises `LocalProtocolError` where there is no migration to resume."""
        if self._thread is None:
            raise LocalProtocolError("illegal-event", f"nothing to resume in state {self.state} of source")
        return replace(self._thread, epoch=self._thread.epoch + 1)

    def _check_message(self, name: str, message: Any, raw: bytes) -> None:
        super()._check_message(name, message, raw)
        if name == "ResumeReply":
            check_reply(message, self._next_thread, self._nonce, self._offset())

    def _hear_resume(self, reply: Any) -> None:
        """Go on where the destination says; the stream up to there must turn out to be the same."""
        self._thread = self._next_thread
        self._resume_at = reply.received, reply.digest
        self._sum, self._sent = sha256(), 0
        self.striper = Striper(self._dialect)
        if self.agreed.payload == STRIPED:
            self._events.append(ChannelsWanted(self._plan))
        self._events.append(Resumed(reply.received))
        self.skip_payload(b"")

    def skip_payload(self, data: bytes | memoryview) -> None:
        """Give the next bytes of the stream that the destination has already, after `Resumed`: they are not sent."""
        self._check_legal("payload")
        end, digest = self._resume_at
        if self._sent + len(data) > end:
            raise LocalProtocolError("handshake/usage", f"the destination has {end} bytes only", path="offset")
        self._sum.update(data)
        self._sent += len(data)
        if self._sent == end:
            if not keys.is_equal(digest, self._sum.digest()):
                self._fault((item(ErrorCode.MALFORMED, "/digest", "the destination has another stream than this one"),))
            self.striper.begin(self._sent, self._sum.copy())

    def snapshot(self) -> ResumeState:
        """What another process needs to resume this paused migration."""
        thread = replace(self._next_thread, epoch=self._next_thread.epoch - 1)
        return ResumeState(thread, self.agreed, self._plan, self._offset())

    @classmethod
    def from_snapshot(cls, state: ResumeState, dialect: Dialect = TODAY) -> SourceSession:
        """The paused session that `snapshot` was taken of."""
        nothing = Offer(versions=(state.result.version,), payloads=(state.result.payload,))
        machine = MachineItem(type="", architecture="", page_bits=0)
        inventory = Inventory(machine=machine, page_sizes=())
        session = cls(SourceConfig(nothing, bytes(NONCE_SIZE), inventory, dialect=dialect))
        session.state = "paused"
        session.result, session._thread = state.result, state.thread
        session._plan, session._sent = state.bound, state.sent
        session.striper.begin(state.sent, sha256())
        return session

    def _is_usable(self) -> bool:
        """Nothing can be said before there is a connection, or where the raw stream may be expected."""
        is_raw = self.state in ("payload", "resuming") and self.agreed.payload == RAW
        return not is_raw and self.state not in ("idle", "connecting", "paused")

    def _lose_channel(self, errors: tuple[ErrorItem, ...]) -> None:
        """An open channel was lost: the raw payload needs none, the pieces of a striped one need all."""
        if self.state == "payload" and self.agreed.payload == STRIPED:
            self._lose(errors)
        else:
            super()._lose_channel(errors)

    def _offset(self) -> int:
        return self.striper.offset if self.agreed.payload == STRIPED else self._sent

    handlers: ClassVar[Mapping[str, Handler]] = {
        **SourceChannels.handlers,
        "Loaded": _hear_loaded,
        "Running": _hear_running,
        "ResumeReply": _hear_resume,
    }
