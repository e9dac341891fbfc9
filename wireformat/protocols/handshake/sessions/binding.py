"""Which connection is which channel of a migration [handshake D.3, R-CH-03 to R-CH-07].

A connection says in its header what it is, and proves that it belongs to this migration and to its present epoch. The
order of arrival means nothing. A proof is looked at before anything else is said, so that a stranger learns nothing of
the plan; what is refused here is refused on that connection alone.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions import keys
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.refusal import violation
from wireformat.protocols.handshake.sessions.resume import Thread


class Binding:
    """The slots of one migration in one epoch, and what has become of them."""

    def __init__(self, thread: Thread, plan: Collection[ChannelKey]) -> None:
        self.plan = tuple(plan)
        self.bound: set[ChannelKey] = set()
        self.refused: set[ChannelKey] = set()
        self._thread = thread
        self._counts = {key.type: sum(1 for other in plan if other.type == key.type) for key in plan}

    @property
    def open(self) -> tuple[ChannelKey, ...]:
        """The channels that have neither come nor been refused, in the order of the plan."""
        return tuple(key for key in self.plan if key not in self.bound and key not in self.refused)

    def close(self) -> None:
        """What has not come will be done without."""
        self.refused.update(self.open)

    def admit(self, header: Any) -> ChannelKey:
        """The slot that a header may fill. Raises `Violation`; nothing is bound yet."""
        key = self._proven(header)
        if key.type not in self._counts:
            text = f"no channel of type {key.type} is planned"
            raise violation(ErrorCode.CHANNEL_UNKNOWN_TYPE, f"/channels/{key.type}", text)
        if not 0 <= key.index < self._counts[key.type]:
            text = f"{key.type} has {self._counts[key.type]} channels"
            raise violation(ErrorCode.CHANNEL_INDEX, f"/channels/{key}", text)
        if key not in self.plan:
            raise violation(ErrorCode.CHANNEL_INDEX, f"/channels/{key}", f"{key} is not planned")
        if key in self.bound:
            raise violation(ErrorCode.CHANNEL_DUPLICATE, f"/channels/{key}", f"{key} is taken")
        if key in self.refused:
            raise violation(ErrorCode.UNEXPECTED, f"/channels/{key}", f"{key} was done without")
        return key

    def _proven(self, header: Any) -> ChannelKey:
        entries = header.entries
        said = entries.channel_type, entries.index, entries.epoch
        if None in said or entries.proof is None:
            raise violation(ErrorCode.MISSING, "/header/entries", "a channel says type, index, epoch and proof")
        kind, index, epoch = said
        key = ChannelKey(kind, index, getattr(entries, "target", None) or "")
        thread = self._thread
        expected = keys.channel_proof(thread.secret, thread.migration_id, thread.epoch, key)
        is_ours = header.binding == thread.migration_id and epoch == thread.epoch
        if not keys.is_equal(entries.proof, expected) or not is_ours:
            text = "the channel belongs to another migration or epoch, or its proof is wrong"
            raise violation(ErrorCode.CHANNEL_BINDING, "/header", text)
        return key
