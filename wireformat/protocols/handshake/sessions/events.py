"""What sessions tell their user, in the order in which it happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.items.inventory import OmittedItem, VersionItem
from wireformat.protocols.handshake.negotiation.offers import ErrorItem, Result

STORAGE: Final = "nbd"
"""The type of channels that carry a disk each."""


@dataclass(frozen=True, slots=True, order=True)
class ChannelKey:
    """The name of a channel: `multifd/3`, or with a target `nbd/vda`."""

    type: str
    index: int
    target: str = ""

    def __str__(self) -> str:
        return f"{self.type}/{self.target or self.index}"

    @property
    def is_storage(self) -> bool:
        """Whether it carries a disk, in another protocol than this one."""
        return self.type == STORAGE and bool(self.target)


@dataclass(frozen=True, slots=True)
class Negotiated:
    """Both sides computed the same result. `peer` is what the other program calls itself, for people."""

    result: Result
    peer: str


@dataclass(frozen=True, slots=True)
class ProgressReported:
    """The peer says that it takes time."""

    text: str
    percent: int | None


@dataclass(frozen=True, slots=True)
class Agreed:
    """Source: what it leaves out, and what it sends in older versions. Fixed from here on."""

    omitted: tuple[OmittedItem, ...]
    versions: tuple[VersionItem, ...]
    warnings: tuple[ErrorItem, ...]


@dataclass(frozen=True, slots=True)
class ChannelsWanted:
    """Source: these channels are to be opened now, in any order."""

    plan: tuple[ChannelKey, ...]


@dataclass(frozen=True, slots=True)
class ChannelOpened:
    """A channel is accepted, and bound."""

    name: ChannelKey


@dataclass(frozen=True, slots=True)
class ChannelRefused:
    """A channel is refused, or was never opened. `name` is None where not even that is known."""

    name: ChannelKey | None
    errors: tuple[ErrorItem, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """All channels that will come are there. The source may start."""

    bound: tuple[ChannelKey, ...]
    missing: tuple[ChannelKey, ...]


@dataclass(frozen=True, slots=True)
class Started:
    """The payload begins."""

    payload: str


@dataclass(frozen=True, slots=True)
class PayloadReceived:
    """Destination: bytes of the stream, each once and in order. `offset` is where in the stream they begin."""

    offset: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class PayloadEnded:
    """The stream is complete: its bytes, and their SHA-256."""

    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Destination: the source is paused and everything has arrived. Load it, then call `loaded`."""

    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class PeerLoaded:
    """Source: the destination has loaded the guest and waits. `grant` gives up the right to resume it here."""


@dataclass(frozen=True, slots=True)
class Granted:
    """Destination: the guest may run here. Let it, then call `running`."""


@dataclass(frozen=True, slots=True)
class Paused:
    """The connection was lost, and the migration can go on over another one. `offset`: bytes of the stream so far.

    `errors` say what happened; after an attempt to go on, why it failed.
    """

    offset: int
    errors: tuple[ErrorItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Resumed:
    """The migration goes on, at `offset` of the stream.

    The source gives the session what precedes it by `skip_payload`, then sends the rest.
    """

    offset: int


@dataclass(frozen=True, slots=True)
class Held:
    """Destination: loaded, not granted, and the connection is gone. The guest neither runs nor is dropped."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Source: granted, and never told that the guest runs. Only management can tell."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The migration is over, and went well."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """This side's management ended it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The migration is over: every known reason, and who found them."""

    errors: tuple[ErrorItem, ...]
    by: Literal["us", "peer"]


@dataclass(frozen=True, slots=True)
class StrangerRefused:
    """Listener: a connection that belongs to no migration; `first` are its first bytes, at most 16."""

    code: ErrorCode
    first: bytes


Event: TypeAlias = (
    Negotiated
    | ProgressReported
    | Agreed
    | ChannelsWanted
    | ChannelOpened
    | ChannelRefused
    | Ready
    | Started
    | PayloadReceived
    | PayloadEnded
    | HandedOver
    | PeerLoaded
    | Granted
    | Paused
    | Resumed
    | Held
    | Uncertain
    | Completed
    | Cancelled
    | Failed
    | StrangerRefused
)
