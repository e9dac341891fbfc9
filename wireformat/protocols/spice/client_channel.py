"""One channel of a client: its lane to the server in use, and while a migration is announced one to the target."""

from __future__ import annotations

from dataclasses import dataclass

from wireformat.protocols.spice.codes import ChannelType, MigrateFlags
from wireformat.protocols.spice.common_messages import ClientMigrateData, MigrateFlushMark
from wireformat.protocols.spice.lane import ClientLane
from wireformat.protocols.spice.party_events import ChannelKey
from wireformat.protocols.spice.steps import Steps
from wireformat.protocols.spice.stream import AnyMessage, OpaqueMessage

DISPLAY_INIT = OpaqueMessage(101, "INIT", bytes.fromhex("01 0000400100000000 01 00fc5f00"))
"""What opens a display: cache 1 with 20 MiB, dictionary 1 with 6 MiB; servers wait for it before they draw."""


def start_message(channel_type: ChannelType) -> AnyMessage | None:
    """What a client says first on a channel of that type; None: nothing."""
    return DISPLAY_INIT if channel_type == ChannelType.DISPLAY else None


@dataclass(slots=True)
class Channel:
    """A channel. `target` is its lane to the target, until the session has moved there."""

    key: ChannelKey
    lane: ClientLane
    steps: Steps
    target: ClientLane | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the target has it too."""
        return self.target is not None and self.target.is_linked

    def send(self, message: AnyMessage) -> None:
        """Queue a message to the server in use; a peer that is gone gets nothing."""
        if self.lane.is_linked:
            self.lane.connection.send(message)

    def swap(self) -> ClientLane:
        """Be the target's from now on; the lane to the server that was in use, which is still open."""
        assert self.target is not None
        left, self.lane, self.target = self.lane, self.target, None
        self.lane.is_target = False
        return left

    def flush(self, flags: MigrateFlags) -> None:
        """Say that nothing more comes here, if that is asked for."""
        if flags & MigrateFlags.NEED_FLUSH:
            self.send(MigrateFlushMark())
            self.steps.did("MigrateFlushMark")

    def follow(self) -> ClientLane:
        """Go to the target without a state; the lane that is left."""
        left = self._count_on()
        self.steps.did("swap")
        return left

    def carry(self, data: bytes) -> ClientLane:
        """Go to the target with the state, as the first that it hears; the lane that is left."""
        left = self._count_on()
        self.send(ClientMigrateData(data=data))
        self.steps.did("ClientMigrateData")
        return left

    def _count_on(self) -> ClientLane:
        """Swap; the serials of the channel go on."""
        left = self.swap()
        self.lane.connection.next_serial = left.connection.next_serial
        return left

    def drop_target(self) -> None:
        """Give up the lane to the target."""
        if self.target is not None:
            self.target.connection.close()
            self.target = None
