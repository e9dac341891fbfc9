"""The destination's side of the commitment and of the channels that follow from it [handshake D.13].

What is committed to never changes again. The channels come over connections of their own and in any order; the
destination goes on once it has what is needed, and what goes wrong on one of them is answered there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.messages import (
    DIGEST_SIZE,
    ChannelsReady,
    CommitAck,
)
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions import keys
from wireformat.protocols.handshake.sessions.binding import Binding
from wireformat.protocols.handshake.sessions.destination_handshake import DestinationConfig, DestinationHandshake
from wireformat.protocols.handshake.sessions.events import ChannelKey, ChannelOpened, ChannelRefused, Ready
from wireformat.protocols.handshake.sessions.offer_wire import (
    channel_keys,
    channel_names,
    planned,
)
from wireformat.protocols.handshake.sessions.refusal import Violation, item, violation
from wireformat.protocols.handshake.sessions.resume import Thread
from wireformat.protocols.handshake.sessions.session import Handler


class DestinationChannels(DestinationHandshake):
    """A destination that binds channels. `binding` are the places of the plan, None before there is one."""

    def __init__(self, config: DestinationConfig, exporter: bytes = b"") -> None:
        super().__init__(config, exporter)
        self.binding: Binding | None = None

    def _hear_commit(self, commit: Any) -> None:
        """Agree, if this is the same result and the plan that follows from it."""
        if not keys.is_equal(self._dialect.part(commit.result), self._result_bytes):
            text = "the source commits to another result than both offers give"
            raise violation(ErrorCode.RESULT_DIGEST_MISMATCH, "/result", text)
        plan = planned(self.agreed)
        if channel_keys(commit.plan) != plan:
            raise violation(ErrorCode.RESULT_DIGEST_MISMATCH, "/plan", "the plan does not follow from the result")
        self._send(CommitAck(transcript=bytes(DIGEST_SIZE), confirmation=bytes(DIGEST_SIZE) if self._key else None))
        self._thread = Thread(self._secrets.migration_id, self._secrets.channel_secret, 0)
        self.binding = Binding(self._thread, plan)
        self._check_channels()

    def admit_channel(self, header: Any) -> ChannelKey:
        """The channel that a header is for. Raises `Violation`."""
        if self.binding is None:
            raise violation(self._early(header), "/header", "no channel is expected yet")
        key = self.binding.admit(header)
        reason = self._config.admit(key)
        if reason is not None:
            self._refuse_channel(self.binding, key, reason)
        return key

    def _early(self, header: Any) -> ErrorCode:
        """What a channel is that comes before COMMIT_ACK: too early, or none of ours."""
        is_ours = header.binding == self._secrets.migration_id
        return ErrorCode.UNEXPECTED if is_ours else ErrorCode.CHANNEL_BINDING

    def _refuse_channel(self, binding: Binding, key: ChannelKey, reason: ErrorItem) -> None:
        """Refuse a channel for a reason of our own, which ends the attempt where the source needs it."""
        binding.refused.add(key)
        self._events.append(ChannelRefused(key, (reason,)))
        if self._is_needed(key):
            text = f"{key} is needed, and refused"
            self._fault((reason, item(ErrorCode.CHANNEL_MISSING, f"/channels/{key}", text)))
        else:
            self._step("channel-refused")
            self._check_channels()
        raise Violation((reason,))

    def bind_channel(self, key: ChannelKey) -> None:
        """The channel is accepted."""
        if self.binding is not None:
            self.binding.bound.add(key)
            self._events.append(ChannelOpened(key))
            if self.state == "binding":
                self._step("channel-bound")
                self._check_channels()

    def _check_channels(self) -> None:
        """Go on once nothing more is to come."""
        binding = self.binding
        if binding is not None and self.state == "binding" and self._has_enough(binding):
            binding.close()
            bound, missing = sorted(binding.bound), sorted(binding.refused)
            self._send(ChannelsReady(bound=channel_names(bound), missing=channel_names(missing)))
            self._events.append(Ready(tuple(bound), tuple(missing)))

    def _has_enough(self, binding: Binding) -> bool:
        """Whether all needed channels are there; where none is needed, whether each has come or was refused.

        A source opens what it can do without before what it needs, so nothing waits for a channel that never comes.
        """
        needed = [key for key in binding.plan if self._is_needed(key)]
        return binding.bound.issuperset(needed) if needed else not binding.open

    def _is_needed(self, key: ChannelKey) -> bool:
        return key.is_storage or key.index < self._needed.get(key.type, 0)

    def silence(self) -> None:
        """The peer has said nothing for too long; while channels are awaited, these are what is missing."""
        if self.state != "binding" or self.binding is None:
            super().silence()
            return
        self._end("silence", tuple(map(_missing, self.binding.open)))

    handlers: ClassVar[Mapping[str, Handler]] = {**DestinationHandshake.handlers, "Commit": _hear_commit}


def _missing(key: ChannelKey) -> ErrorItem:
    return item(ErrorCode.CHANNEL_MISSING, f"/channels/{key}", f"{key} did not come")
