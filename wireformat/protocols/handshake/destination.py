"""The destination's side of the main channel behind START: the payload, and who owns the guest [handshake D.14].

The stream is passed on in order as it comes; where it ends on the main channel, the stream itself says. The guest runs
here only after GRANT. A destination that has loaded it, and loses the connection before that, holds it: it neither runs
nor is dropped until management, or for dropping a policy, says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, ClassVar, Final

from wireformat.errors import DecodeError, LocalProtocolError
from wireformat.protocols.handshake import keys
from wireformat.protocols.handshake.binding import Binding
from wireformat.protocols.handshake.destination_channels import DestinationChannels
from wireformat.protocols.handshake.destination_handshake import DestinationConfig
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.events import (
    ChannelKey,
    Granted,
    HandedOver,
    PayloadEnded,
    PayloadReceived,
    Resumed,
    Started,
)
from wireformat.protocols.handshake.frames import FrameReader, FrameWriter, frame_behind
from wireformat.protocols.handshake.messages import Loaded, ResumeReply, Running
from wireformat.protocols.handshake.offers import ErrorItem
from wireformat.protocols.handshake.payloads import FRAMED, HANDOVER, RAW, STRIPED
from wireformat.protocols.handshake.refusal import Violation, item, violation
from wireformat.protocols.handshake.resume import Thread
from wireformat.protocols.handshake.session import Handler
from wireformat.protocols.handshake.striped import Joiner

FRAMED_MESSAGES: Final = frozenset({"PayloadBlock", "PayloadEnd"})


MAX_EARLY: Final = 4 << 20
"""Bytes of all channels that are kept when they overtake START."""


class DestinationSession(DestinationChannels):
    """A destination, one attempt. See `events` for what it tells, and the methods for what it is told."""

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

    def _hear_start(self, start: Any) -> None:
        if start.payload != self.agreed.payload:
            raise violation(ErrorCode.UNEXPECTED, "/payload", "another payload than both agreed on")
        self._events.append(Started(start.payload))
        self._reader.takes_blocks = start.payload == FRAMED
        if start.payload == STRIPED and self.binding is not None:
            self._joiner = Joiner(self.binding.bound, self._deliver, self._config.window)
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
        if self._handover is not None:
            self._check_handover(self._handover)
        elif HANDOVER not in self.agreed.capabilities:
            self._step("payload-end")
            self._settle((), "us")

    def receive_eof(self) -> None:
        """The source will send nothing more, or the connection is gone."""
        if self._is_streaming() and (self._stream.may_end or not self._is_resumable()):
            try:
                self._settle_stream(self._stream.close())
            except DecodeError:
                pass
            else:
                self._end_payload()
        super().receive_eof()

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
        elif self.state == "ready" or (self._joiner is not None and not self._joiner.has_ended(key)):
            self._lose(items)

    def wants_channel(self, key: ChannelKey) -> bool:
        """Whether more should be read from a bound channel."""
        return self._joiner.wants(key) if self._joiner else self.state not in ("binding", "ready")

    def _hear_handover(self, handover: Any) -> None:
        """The source is paused; pieces of the stream may still be under way on other channels."""
        if self._has_payload or self._joiner is None:
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

    def loaded(self) -> None:
        """The guest is loaded, and does not run."""
        self._send(Loaded())

    def _hear_grant(self, _: Any) -> None:
        self._events.append(Granted())

    def running(self) -> None:
        """The guest runs here."""
        self._send(Running())
        self._settle((), "us")

    def told_run(self) -> None:
        """Management knows that the guest was granted: it may run here."""
        self._step("told-run")
        self._settle((), "us")

    def told_drop(self) -> None:
        """Management knows that the guest runs at the source: drop it here."""
        self._step("told-drop")
        self._settle((item(ErrorCode.CANCELLED, text="management had the guest dropped"),), "us")

    def policy_drop(self) -> None:
        """The guest was held for as long as the policy allows."""
        self._step("policy-drop")
        self._settle((item(ErrorCode.PEER_SILENT, text="the guest was held for too long, and is dropped"),), "us")

    @property
    def next_epochs(self) -> tuple[int, ...]:
        """The epochs in which a source may come back. The last one again, where it may not have heard of it."""
        epoch = self._thread.epoch if self._thread else 0
        return (epoch + 1,) if self._is_confirmed else (epoch, epoch + 1)

    def resume(self, resume: Any, reader: FrameReader, writer: FrameWriter) -> None:
        """Go on over the connection that these belong to, whose source has proven itself."""
        thread, binding = self._thread, self.binding
        if thread is None or binding is None:
            raise LocalProtocolError("illegal-event", f"nothing to resume in state {self.state} of destination")
        self._step("reconnect")
        self._begin()
        self._reader, self._writer = reader, writer
        if self.agreed.payload == FRAMED:
            self._reader.takes_blocks, self._has_payload = True, False
        self._thread = replace(thread, epoch=resume.epoch)
        self._is_confirmed = False
        self.binding = Binding(self._thread, sorted(binding.bound))
        if self._joiner is not None:
            self._joiner = Joiner(self.binding.plan, self._deliver, self._config.window, self._received)
        self._step("Resume")
        self._send(self._resume_reply(resume, self._thread))
        self._events.append(Resumed(self._offset()))

    def _resume_reply(self, resume: Any, thread: Thread) -> ResumeReply:
        """Say what has arrived, be it passed on or not."""
        whole = self._sum.copy()
        whole.update(self._undecided)
        size, digest, nonce = self._offset(), whole.digest(), self._config.secrets().nonce
        proof = keys.resume_answer(
            thread.secret, thread.migration_id, thread.epoch, (resume.nonce, nonce), size, digest
        )
        return ResumeReply(epoch=thread.epoch, nonce=nonce, proof=proof, received=size, digest=digest)

    def _offset(self) -> int:
        return self._received + len(self._undecided)

    handlers: ClassVar[Mapping[str, Handler]] = {
        **DestinationChannels.handlers,
        "Start": _hear_start,
        "PayloadBlock": _hear_block,
        "PayloadEnd": _hear_end,
        "Handover": _hear_handover,
        "Grant": _hear_grant,
    }
