"""What a party tells its shell: connections to open, steps it took, and what it waits for [spice-migration 9].

A party is one of the three programs of a migration, without sockets and clocks. It asks for connections and timers by
events, and is told what became of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from wireformat.errors import WireError
from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.main_messages import NO_PORT, MigrateBegin, MigrateBeginSeamless, MigrateSwitchHost

if TYPE_CHECKING:
    from wireformat.protocols.spice.lane import ClientLane

TimerName: TypeAlias = Literal["connect-timeout", "leave-timeout"]
"""A timer goes by the event that the tables know it by."""

TIMER_SECONDS = 10.0
"""How long both timers of a source run [spice-migration 10]."""

Answer: TypeAlias = Literal[
    "connected", "connected-seamless", "error", "timeout", "replaced", "failed", "left", "untold", "no-client"
]
"""What a source learned of its client before it reported that the client has answered, or why it did not wait."""

Announcement: TypeAlias = MigrateBegin | MigrateBeginSeamless | MigrateSwitchHost


@dataclass(frozen=True, slots=True, order=True)
class ChannelKey:
    """Which channel: its type, and which of that type."""

    type: ChannelType
    id: int = 0

    def __str__(self) -> str:
        return f"{self.type.name.lower()}-{self.id}"


MAIN = ChannelKey(ChannelType.MAIN)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is: a plain port, a TLS port, or both; and the certificate subject that it must have."""

    host: str
    port: int | None
    tls_port: int | None = None
    subject: str | None = None

    @classmethod
    def announced(cls, message: Announcement) -> Place:
        """The target that a source tells of."""
        host = _text(message.host or b"")
        subject = None if message.cert_subject is None else _text(message.cert_subject)
        return cls(host, _port(message.port), _port(message.sport), subject or None)

    @property
    def is_usable(self) -> bool:
        """Whether anything can be dialled."""
        return bool(self.host) and (self.port is not None or self.tls_port is not None)


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "replace")


def _port(number: int) -> int | None:
    return None if number in (0, NO_PORT) else number


@dataclass(frozen=True, slots=True)
class LinkWanted:
    """Open a connection for this lane to its place."""

    lane: ClientLane


@dataclass(frozen=True, slots=True)
class LinkMade:
    """The link stage of a channel is over. `connection_id` is what the client named."""

    channel: ChannelKey
    connection_id: int
    is_target: bool = False


@dataclass(frozen=True, slots=True)
class LinkLost:
    """A connection is not made, or gone. `error` says why; None where the peer just closed it."""

    channel: ChannelKey | None
    error: WireError | None
    is_target: bool = False


@dataclass(frozen=True, slots=True)
class BodySkipped:
    """A message was passed over because its body does not decode."""

    channel: ChannelKey
    name: str
    error: WireError


@dataclass(frozen=True, slots=True)
class Stepped:
    """A machine took a step. `channel` is there for the machine of one channel."""

    role: str
    event: str
    state: str
    channel: ChannelKey | None = None


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The client is served: INIT was sent or received, or a seamless migration is complete."""

    session_id: int
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class AnswerDue:
    """The client could answer MIGRATE_BEGIN now, and was told to wait: `answer` goes on."""


@dataclass(frozen=True, slots=True)
class TimerStarted:
    """Call `expire` with the name when the time is over, unless the timer is stopped."""

    name: TimerName
    seconds: float


@dataclass(frozen=True, slots=True)
class TimerStopped:
    """The timer is not needed any more."""

    name: TimerName


@dataclass(frozen=True, slots=True)
class ConnectDone:
    """The program may begin its migration: `migrate_connect` is answered."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class EndDone:
    """The program may go: the client has left, or there was none."""


@dataclass(frozen=True, slots=True)
class ClientLeft:
    """The server serves nobody any more. `error` says what the client did wrong, if it did."""

    error: WireError | None = None


@dataclass(frozen=True, slots=True)
class Over:
    """The client has no server any more, or was told to end. `error` says why."""

    error: WireError | None = None


PartyEvent: TypeAlias = (
    LinkWanted
    | LinkMade
    | LinkLost
    | BodySkipped
    | Stepped
    | SessionOpened
    | AnswerDue
    | TimerStarted
    | TimerStopped
    | ConnectDone
    | EndDone
    | ClientLeft
    | Over
)
