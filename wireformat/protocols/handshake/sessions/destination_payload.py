"""The destination's side of the payload: where its bytes come from, and when all of it has come [handshake D.13, D.14].

The stream is passed on in order as it comes; where it ends on the main channel, the stream itself says. Pieces may come
over other channels, and overtake what is said on the main one. The payload is whole with the stream and every disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, ClassVar, Final

from wireformat.errors import DecodeError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.destination_channels import DestinationChannels
from wireformat.protocols.handshake.sessions.destination_handshake import DestinationConfig
from wireformat.protocols.handshake.sessions.events import (
    ChannelKey,
    HandedOver,
    PayloadEnded,
    PayloadReceived,
    Started,
)
from wireformat.protocols.handshake.sessions.frames import frame_behind
from wireformat.protocols.handshake.sessions.payloads import FRAMED, HANDOVER, RAW, STRIPED
from wireformat.protocols.handshake.sessions.refusal import Violation, item, violation
from wireformat.protocols.handshake.sessions.session import Handler
from wireformat.protocols.handshake.sessions.striped import Joiner

FRAMED_MESSAGES: Final = frozenset({"PayloadBlock", "PayloadEnd"})

MAX_EARLY: Final = 4 << 20
"""Bytes of all channels that are kept when they overtake START."""


class DestinationPayload(DestinationChannels):
    """A destination that takes the payload."""

    def __init__(self, config: DestinationConfig, exporter: bytes = b"") -> None:
        super().__init__(config, exporter)
        self._sum = sha256()
        self._received = 0
        self._stream = config.stream_end(self._find_frame)
        self._undecided = bytearray()
        self._handover: Any = None
        self._overtaking: list[tuple[ChannelKey, bytes]] = []
        self._is_confirmed = True
        self._joiner: Joiner | None = None
        self._has_payload = False
        self._written: set[ChannelKey] = set()

    def _hear_start(self, start: Any) -> None:
        if start.payload != self.agreed.payload:
            raise violation(ErrorCode.UNEXPECTED, "/payload", "another payload than both agreed on")
        self._events.append(Started(start.payload))
        self._reader.takes_blocks = start.payload == FRAMED
        if start.payload == STRIPED and self.binding is not None:
            lanes = [key for key in self.binding.bound if not key.is_storage]
            self._joiner = Joiner(lanes, self._deliver, self._config.window)
        early, self._overtaking = self._overtaking, []
        for key, data in early:
            self.receive_channel(key, data)

    def _check_message(self, name: str, message: Any, raw: bytes) -> None:
        """Refuse what does not belong into the payload that was agreed, or not yet, or not any more."""
        super()._check_message(name, message, raw)
        is_framed = self.result is not None and self.result.payload == FRAMED
        if name in FRAMED_MESSAGES and (not is_framed or self._has_payload):
            raise violation(ErrorCode.UNEXPECTED, text=f"{name} where no block of the payload is expected")

    def _hear_block(self, block: Any) -> None:
        if not block.data:
            raise violation(ErrorCode.MALFORMED, "/data", "a block without bytes")
        self._deliver(self._received, bytes(block.data))

    def _hear_end(self, end: Any) -> None:
        self._check_arrived(end)
        self._end_payload()

    def _is_streaming(self) -> bool:
        """Whether the bytes of the main channel are the raw stream's."""
        return self.state == "payload" and self.agreed.payload == RAW and not self._has_payload

    def _read(self) -> None:
        self._is_confirmed = True
        while True:
            if self._is_streaming():
                self._pass_on()
            if self._is_streaming() or self.wants_close:
                return
            received = self._reader.take(self._inbox)
            if received is None:
                return
            self._receive(received)

    def _pass_on(self) -> None:
        """Deliver what belongs to the stream; what follows stays."""
        data = bytes(self._inbox)
        self._inbox.clear()
        self._undecided += data
        self._settle_stream(self._stream.take(data))
        if self._stream.is_over:
            self._inbox += self._undecided
            self._undecided.clear()
            self._end_payload()

    def _settle_stream(self, end: int) -> None:
        """Everything before this offset of the stream belongs to it."""
        size = max(0, end - self._received)
        data = bytes(self._undecided[:size])
        del self._undecided[:size]
        self._deliver(self._received, data)

    def _find_frame(self, data: bytes | bytearray, start: int) -> tuple[int, bool]:
        return frame_behind(data, start, self._reader.sequence)

    def _deliver(self, offset: int, data: bytes) -> None:
        if data:
            self._sum.update(data)
            self._received += len(data)
            self._events.append(PayloadReceived(offset, memoryview(data)))

    def _end_payload(self) -> None:
        """The stream is whole. Without a hand-over that is all."""
        self._has_payload = True
        self._events.append(PayloadEnded(self._received, self._sum.digest()))
        self._proceed()

    def _proceed(self) -> None:
        """Go on once stream and disks are whole."""
        if not self._has_payload or self._unwritten:
            return
        if self._handover is not None:
            self._check_handover(self._handover)
        elif HANDOVER not in self.agreed.capabilities:
            self._step("payload-end")
            self._settle((), "us")

    @property
    def _unwritten(self) -> set[ChannelKey]:
        """The disks that are not complete."""
        bound = self.binding.bound if self.binding else set()
        return {key for key in bound if key.is_storage and key not in self._written}

    def receive_eof(self) -> None:
        """The source will send nothing more, or the connection is gone."""
        if self._is_streaming() and (self._stream.may_end or not self._is_resumable()):
            try:
                self._settle_stream(self._stream.close())
            except DecodeError:
                pass
            else:
                self._end_payload()
        if not self._is_waiting_for_disks():
            super().receive_eof()

    def _is_waiting_for_disks(self) -> bool:
        """Whether nothing more is expected on the main channel, but on those of disks."""
        is_last = self.state == "payload" and self._has_payload and HANDOVER not in self.agreed.capabilities
        return is_last and bool(self._unwritten)

    def end_channel(self, key: ChannelKey) -> None:
        """A disk is complete."""
        self._written.add(key)
        if self.state in ("payload", "handed-over"):
            self._guard(self._proceed)

    def receive_channel(self, key: ChannelKey, data: bytes) -> None:
        """Bytes arrived on a bound channel."""
        self._is_confirmed = True
        if self.state == "ready":
            self._hold(key, data)
            return
        if self.state not in ("binding", "payload", "handed-over"):
            return
        try:
            if self._joiner is None:
                raise violation(ErrorCode.UNEXPECTED, f"/channels/{key}", "bytes on a channel before START")
            self._joiner.receive(key, data)
            if self._joiner.is_complete and not self._has_payload:
                self._end_payload()
        except Violation as error:
            self._fault(error.items)

    def _hold(self, key: ChannelKey, data: bytes) -> None:
        """Keep pieces that overtake START on their own connection, if they are few."""
        self._overtaking.append((key, data))
        if sum(len(held) for _, held in self._overtaking) > MAX_EARLY:
            text = "too many bytes on channels before START"
            self._fault((item(ErrorCode.UNEXPECTED, f"/channels/{key}", text),))

    def lose_channel(self, key: ChannelKey, items: tuple[ErrorItem, ...]) -> None:
        """A bound channel is gone. It may come again before all are there; nothing needs it for the raw payload."""
        if self.state == "binding" and self.binding is not None:
            self.binding.bound.discard(key)
        elif key.is_storage and self.state in ("payload", "handed-over"):
            self._fault(items)
        elif self.state == "ready" or (self._joiner is not None and not self._joiner.has_ended(key)):
            self._lose(items)

    def wants_channel(self, key: ChannelKey) -> bool:
        """Whether more should be read from a bound channel; what a disk's carries is for its own protocol to read."""
        if key.is_storage:
            return False
        return self._joiner.wants(key) if self._joiner else self.state not in ("binding", "ready")

    def _hear_handover(self, handover: Any) -> None:
        """The source is paused; pieces of the stream may still be under way on other channels."""
        is_due = self._has_payload or self._joiner is None
        if is_due:
            self._check_arrived(handover, is_whole=self._has_payload)
        if is_due and not self._unwritten:
            self._check_handover(handover)
        else:
            self._handover = handover

    def _check_handover(self, handover: Any) -> None:
        """The stream must be whole before the source hands over."""
        self._check_arrived(handover, is_whole=self._has_payload)
        self._events.append(HandedOver(handover.size, handover.digest))

    def _check_arrived(self, said: Any, *, is_whole: bool = True) -> None:
        """What the source says of the stream must be what arrived."""
        if not is_whole or (said.size, said.digest) != (self._received, self._sum.digest()):
            text = f"{self._received} bytes arrived, and are not the {said.size} bytes that were sent"
            raise violation(ErrorCode.MALFORMED, "/digest", text, expected=said.size, actual=self._received)

    handlers: ClassVar[Mapping[str, Handler]] = {
        **DestinationChannels.handlers,
        "Start": _hear_start,
        "PayloadBlock": _hear_block,
        "PayloadEnd": _hear_end,
        "Handover": _hear_handover,
    }
