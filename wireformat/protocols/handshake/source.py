"""The source's side of the main channel behind START: the payload, and who owns the guest [handshake D.14].

The guest may be resumed here by itself until GRANT is sent, and never after: what happens then without word from the
destination is known to management alone. A cut of the connection in the payload ends the attempt, unless both sides
negotiated that it may go on over another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, ClassVar

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.events import PayloadEnded, PeerLoaded, Started
from wireformat.protocols.handshake.messages import Grant, Handover, Start
from wireformat.protocols.handshake.payloads import HANDOVER, RAW, STRIPED
from wireformat.protocols.handshake.refusal import item
from wireformat.protocols.handshake.session import Handler
from wireformat.protocols.handshake.source_handshake import SourceConfig, SourceHandshake
from wireformat.protocols.handshake.striped import Striper


class SourceSession(SourceHandshake):
    """A source. See `events` for what it tells, and the methods for what it is told."""

    def __init__(self, config: SourceConfig) -> None:
        super().__init__(config)
        self.striper = Striper(config.dialect)
        self._sum = sha256()
        self._sent = 0

    def start(self) -> None:
        """Begin the payload."""
        self._send(Start(payload=self.agreed.payload))
        self._events.append(Started(self.agreed.payload))

    def send_payload(self, data: bytes | memoryview) -> None:
        """Send bytes of the stream on the main channel."""
        self._check_legal("payload")
        self._sum.update(data)
        self._sent += len(data)
        self._outgoing.append(data if isinstance(data, bytes) else bytes(data))

    def payload_complete(self) -> None:
        """The whole stream was given to the session or its striper."""
        if self.agreed.payload == STRIPED:
            self._sent, self._sum = self.striper.offset, self.striper.sum
        ended = PayloadEnded(self._sent, self._sum.digest())
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

    def _is_usable(self) -> bool:
        """Nothing can be said in the middle of the raw stream, or before there is a connection."""
        is_raw = self.state == "payload" and self.result is not None and self.agreed.payload == RAW
        return not is_raw and self.state not in ("idle", "connecting", "paused")

    def _offset(self) -> int:
        return self._sent

    handlers: ClassVar[Mapping[str, Handler]] = {
        **SourceHandshake.handlers,
        "Loaded": _hear_loaded,
        "Running": _hear_running,
    }
