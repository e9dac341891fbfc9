"""Going on over new connections after the old ones were lost [handshake D.11].

The result stays what it was; only the epoch grows by one, so that nothing of the old connections passes for new. The
source proves that it is the one that was lost, the destination says what has arrived, and both prove it with the secret
of the channels. A connection that cannot do that changes nothing: the migration stays paused for one that can.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from wireformat.errors import DecodeError
from wireformat.protocols.channels.framing import REVISIONS
from wireformat.protocols.channels.messages import ChannelKind, HeaderEntries
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.messages import ID_SIZE, Resume
from wireformat.protocols.handshake.negotiation.offers import Result
from wireformat.protocols.handshake.sessions import keys, opening
from wireformat.protocols.handshake.sessions.dialect import Dialect
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.payloads import KNOWN
from wireformat.protocols.handshake.sessions.refusal import violation

EPOCHS: Final = (1 << 32) - 1
"""Epochs after which a migration cannot be picked up once more."""


@dataclass(frozen=True, slots=True)
class Thread:
    """What must be kept to pick a migration up again: its id, its secret, and the epoch of the last connections."""

    migration_id: bytes
    secret: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class ResumeState:
    """A paused source, for another process. `bound` are its channels, `sent` the bytes of the stream it had sent."""

    thread: Thread
    result: Result
    bound: tuple[ChannelKey, ...]
    sent: int

    def to_json(self) -> str:
        """As text. It holds the secret of the migration."""
        thread, result = self.thread, self.result
        return json.dumps(
            {
                "migration_id": thread.migration_id.hex(),
                "secret": thread.secret.hex(),
                "epoch": thread.epoch,
                "version": result.version,
                "payload": result.payload,
                "capabilities": result.capabilities,
                "parameters": result.parameters,
                "channels": result.channels,
                "disks": result.disks,
                "bound": [(key.type, key.index, key.target) for key in self.bound],
                "sent": self.sent,
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> ResumeState:
        """Inverse of `to_json`. Raises `DecodeError`, id `handshake/state`."""
        try:
            return cls._read(json.loads(text))
        except KeyError as error:
            raise _unreadable(f"{error.args[0]} is missing") from None
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise _unreadable(str(error)) from None

    @classmethod
    def _read(cls, said: Any) -> ResumeState:
        if not isinstance(said, dict):
            raise TypeError(f"object expected, {type(said).__name__} found")
        thread = Thread(bytes.fromhex(said["migration_id"]), bytes.fromhex(said["secret"]), int(said["epoch"]))
        result = Result(
            int(said["version"]),
            str(said["payload"]),
            tuple(said["capabilities"]),
            tuple((name, value) for name, value in said["parameters"]),
            tuple((name, int(count)) for name, count in said["channels"]),
            tuple(map(str, said["disks"])),
        )
        bound = tuple(ChannelKey(str(kind), int(index), str(target)) for kind, index, target in said["bound"])
        state = cls(thread, result, bound, int(said["sent"]))
        for name, is_right in state._checks():
            if not is_right:
                raise ValueError(f"{name} cannot be that of a migration")
        return state

    def _checks(self) -> Iterator[tuple[str, bool]]:
        """The members that must have a certain size or value, with whether they have."""
        yield "migration_id", len(self.thread.migration_id) == ID_SIZE
        yield "secret", len(self.thread.secret) == keys.KEY_SIZE
        yield "epoch", 0 <= self.thread.epoch < EPOCHS
        yield "version", str(self.result.version) in REVISIONS
        yield "payload", self.result.payload in KNOWN
        yield "sent", self.sent >= 0


def _unreadable(detail: str) -> DecodeError:
    return DecodeError("handshake/state", f"no state of a paused migration: {detail}")


def request(thread: Thread, nonce: bytes, sent: int, dialect: Dialect) -> tuple[bytes, Resume]:
    """The header and the message with which a source comes back, in the epoch of `thread`."""
    entries = HeaderEntries(epoch=thread.epoch)
    header = opening.header_bytes(dialect, ChannelKind.RESUME, thread.migration_id, from_source=True, entries=entries)
    proof = keys.resume_proof(thread.secret, thread.migration_id, thread.epoch, nonce)
    return header, Resume(epoch=thread.epoch, nonce=nonce, proof=proof, sent=sent)


def check_reply(reply: Any, thread: Thread, nonce: bytes, sent: int) -> None:
    """Refuse an answer that the destination of this migration did not give. Raises `Violation`."""
    expected = keys.resume_answer(
        thread.secret, thread.migration_id, thread.epoch, (nonce, reply.nonce), reply.received, reply.digest
    )
    if reply.epoch != thread.epoch:
        raise violation(ErrorCode.RESUME_EPOCH, "/epoch", expected=thread.epoch, actual=reply.epoch)
    if not keys.is_equal(reply.proof, expected):
        raise violation(ErrorCode.CHANNEL_BINDING, "/proof", "the answer is not that of this migration's destination")
    if reply.received > sent:
        text = "the destination has more than was sent"
        raise violation(ErrorCode.MALFORMED, "/received", text, expected=sent, actual=reply.received)
