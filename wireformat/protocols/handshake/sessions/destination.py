"""The destination's side of the main channel behind the payload: who owns the guest, and coming back [handshake D.14].

The guest runs here only after GRANT. A destination that has loaded it, and loses the connection before that, holds it:
it neither runs nor is dropped until management, or for dropping a policy, says so. A cut in the payload is a pause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from wireformat.errors import LocalProtocolError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.messages import ResumeReply
from wireformat.protocols.handshake.sessions import keys
from wireformat.protocols.handshake.sessions.binding import Binding
from wireformat.protocols.handshake.sessions.destination_payload import DestinationPayload
from wireformat.protocols.handshake.sessions.events import Granted, Resumed
from wireformat.protocols.handshake.sessions.frames import FrameReader, FrameWriter
from wireformat.protocols.handshake.sessions.payloads import FRAMED
from wireformat.protocols.handshake.sessions.refusal import item
from wireformat.protocols.handshake.sessions.resume import Thread
from wireformat.protocols.handshake.sessions.session import Handler
from wireformat.protocols.handshake.sessions.striped import Joiner
from wireformat.protocols.handshake.transfer_messages import Loaded, Running


class DestinationSession(DestinationPayload):
    """A destination, one attempt. See `events` for what it tells, and the methods for what it is told."""

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
        **DestinationPayload.handlers,
        "Grant": _hear_grant,
    }
