"""The client of a server: its session, and the channels that it has linked.

Each channel is stepped twice: as a channel that is served and may move away, and as one that arrived and may have to
wait for its state. What a server says first on a channel, and the smallest state that can be handed over, are here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wireformat.codec import codec_for, encode
from wireformat.errors import DecodeError
from wireformat.protocols.spice.channel_messages import InputsInit, Locks
from wireformat.protocols.spice.codes import ChannelType, MainCapability, MigrateFlags
from wireformat.protocols.spice.lane import ServerLane
from wireformat.protocols.spice.main_messages import MIGRATION_VERSION
from wireformat.protocols.spice.migration_data import CharacterDevice, InputsState, MainState, MigrationBlob
from wireformat.protocols.spice.party_events import ChannelKey
from wireformat.protocols.spice.steps import Steps
from wireformat.protocols.spice.stream import AnyMessage

NO_DEVICE = CharacterDevice(
    version=1, connected=0, client_tokens=0, send_tokens=0, write_size=0, write_tokens=0, write_offset=0
)

STATES: dict[ChannelType, MigrationBlob] = {
    ChannelType.MAIN: MainState(
        device=NO_DEVICE,
        agent_started=0,
        chunk_header_size=0,
        chunk_port=0,
        chunk_size=0,
        header_done=0,
        partial_size=0,
        partial_offset=0,
        remaining=0,
        filter_result=0,
        client_remaining=0,
        client_filter_result=0,
    ),
    ChannelType.INPUTS: InputsState(motion_count=0),
}
"""What these servers hand over, by type of channel; the others have no state."""


def first_message(channel_type: ChannelType) -> AnyMessage | None:
    """What a server says first on a channel that starts; None: nothing."""
    return InputsInit(locks=Locks(0)) if channel_type == ChannelType.INPUTS else None


@dataclass(slots=True)
class ServedChannel:
    """A channel that the client has linked."""

    key: ChannelKey
    lane: ServerLane
    source: Steps
    target: Steps

    @property
    def has_state(self) -> bool:
        """Whether a seamless migration carries something for it."""
        return self.key.type in STATES

    @property
    def flags(self) -> MigrateFlags:
        """What moving it takes."""
        flags = MigrateFlags.NEED_FLUSH | MigrateFlags.NEED_DATA_TRANSFER
        return flags if self.has_state else MigrateFlags(0)

    def state(self) -> bytes:
        """What another server needs to go on."""
        return encode(STATES[self.key.type])

    def restore(self, data: bytes) -> None:
        """Take what another server has handed over. Raises `DecodeError` for what is no state of this channel."""
        state: Any = codec_for(type(STATES[self.key.type])).decode(data)
        if state.version > MIGRATION_VERSION:
            detail = f"version {state.version} is above {MIGRATION_VERSION}"
            raise DecodeError(
                "range", detail, path="version", offset=4, actual=state.version, source="spice-migration 8"
            )

    def send(self, message: AnyMessage) -> None:
        """Queue a message; a client that is gone gets nothing."""
        if self.lane.is_linked:
            self.lane.connection.send(message)


@dataclass(slots=True)
class Session:
    """A client that is served, or will be. `main` is its first channel."""

    id: int
    main: ServedChannel
    others: dict[ChannelKey, ServedChannel] = field(default_factory=dict)

    @property
    def capabilities(self) -> int:
        """What the client can on main."""
        link = self.main.lane.connection.link
        return 0 if link is None else link.peer_capabilities

    def can(self, *capabilities: MainCapability) -> bool:
        """Whether the client can all of that."""
        return all(self.capabilities & each for each in capabilities)

    def channels(self) -> Iterator[ServedChannel]:
        """Every channel, main first."""
        yield self.main
        yield from list(self.others.values())

    def channel_of(self, lane: ServerLane) -> ServedChannel | None:
        """The channel that a lane carries."""
        return next((channel for channel in self.channels() if channel.lane is lane), None)
