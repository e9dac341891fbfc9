"""The source's side of the channels: which are opened when, and what becomes of each [handshake D.13].

The destination goes on once it has what is needed. So what can be done without is opened first, and what is needed only
when all is known of that: nobody ever waits for a channel that cannot come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from wireformat.errors import LocalProtocolError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.channel_source import ChannelSource
from wireformat.protocols.handshake.sessions.events import (
    ChannelKey,
    ChannelOpened,
    ChannelRefused,
    ChannelsWanted,
    Ready,
)
from wireformat.protocols.handshake.sessions.offer_wire import (
    channel_keys,
)
from wireformat.protocols.handshake.sessions.refusal import item, violation
from wireformat.protocols.handshake.sessions.session import Handler
from wireformat.protocols.handshake.sessions.source_handshake import SourceConfig, SourceHandshake


class SourceChannels(SourceHandshake):
    """A source that opens channels."""

    def __init__(self, config: SourceConfig) -> None:
        super().__init__(config)
        self._unanswered: set[ChannelKey] = set()
        self._unwritten: set[ChannelKey] = set()
        self._withheld: tuple[ChannelKey, ...] = ()

    @property
    def unwritten(self) -> frozenset[ChannelKey]:
        """The disks that are not complete yet."""
        return frozenset(self._unwritten)

    def _hear_agreement(self, _: Any) -> None:
        """Ask for what can be done without first: the destination goes on once what is needed is there."""
        optional = tuple(key for key in self._plan if key in self._optional)
        needed = tuple(key for key in self._plan if key not in self._optional)
        self._unanswered, self._withheld = set(optional), needed if optional else ()
        self._events.append(ChannelsWanted(optional or needed))

    def channel(self, key: ChannelKey) -> ChannelSource:
        """The source's end of a planned channel, for a new connection."""
        if self._thread is None or key not in self._plan or self.state not in ("opening", "payload"):
            raise LocalProtocolError("handshake/usage", f"{key} is not to be opened in state {self.state}")
        return ChannelSource(key, self._thread, self._dialect, self)

    def notice_open(self, key: ChannelKey) -> None:
        """A channel was accepted."""
        self._events.append(ChannelOpened(key))
        if self.state == "opening":
            self._step("channel-open")
            self._answered(key)

    def _answered(self, key: ChannelKey) -> None:
        """Ask for the rest once all is known of what can be done without."""
        self._unanswered.discard(key)
        if not self._unanswered and self._withheld:
            wanted, self._withheld = self._withheld, ()
            self._events.append(ChannelsWanted(wanted))

    def notice_ended(self, key: ChannelKey) -> None:
        """A disk is written."""
        self._unwritten.discard(key)

    def notice_closed(self, key: ChannelKey, errors: tuple[ErrorItem, ...], *, was_open: bool, by_peer: bool) -> None:
        """A channel was refused or could not be opened, or an open one was lost.

        A destination that needs none waits for all: one that it cannot know of, for it did not refuse it, is needed.
        """
        if was_open and key.is_storage and self.state == "payload":
            self._fault(errors)
            return
        if was_open:
            self._lose_channel(errors)
            return
        self._events.append(ChannelRefused(key, errors))
        is_optional = key in self._optional and (by_peer or len(self._optional) < len(self._plan))
        if self.state == "opening" and is_optional:
            self._step("channel-refused")
            self._answered(key)
        elif self.state == "opening":
            self._fault((*errors, item(ErrorCode.CHANNEL_MISSING, f"/channels/{key}", f"{key} is needed")))

    def _lose_channel(self, errors: tuple[ErrorItem, ...]) -> None:
        """An open channel was lost: before the start all are needed."""
        if self.state in ("opening", "ready"):
            self._lose(errors)

    def _hear_ready(self, ready: Any) -> None:
        bound, missing = channel_keys(ready.bound), channel_keys(ready.missing)
        if sorted(bound + missing) != sorted(self._plan) or not self._optional.issuperset(missing):
            raise violation(ErrorCode.CHANNEL_MISSING, "/missing", "the destination goes on without what is needed")
        self._plan = bound
        self._unwritten = {key for key in bound if key.is_storage}
        self._events.append(Ready(bound, missing))

    handlers: ClassVar[Mapping[str, Handler]] = {
        **SourceHandshake.handlers,
        "CommitAck": _hear_agreement,
        "ChannelsReady": _hear_ready,
    }
