"""What a server does as source: announce a target, wait for the client, send it there [spice-migration 9.3].

The VM program calls `migrate_connect` before it migrates, and `migrate_end` when it has. Each call is answered once:
the first when the client has answered, or cannot, or not in time; the second when the client has left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from wireformat.errors import LocalProtocolError
from wireformat.protocols.spice.codes import MainCapability
from wireformat.protocols.spice.common_messages import Migrate, MigrateFlushMark, ServerMigrateData
from wireformat.protocols.spice.main_messages import (
    NO_PORT,
    MigrateBegin,
    MigrateBeginSeamless,
    MigrateCancel,
    MigrateConnected,
    MigrateConnectedSeamless,
    MigrateConnectError,
    MigrateSwitchHost,
    ServerMigrateEnd,
)
from wireformat.protocols.spice.party_events import (
    TIMER_SECONDS,
    Answer,
    ConnectDone,
    EndDone,
    Place,
    TimerName,
    TimerStarted,
    TimerStopped,
)
from wireformat.protocols.spice.server_channel import ServedChannel, Session
from wireformat.protocols.spice.steps import Steps
from wireformat.protocols.spice.stream import AnyMessage

if TYPE_CHECKING:
    from wireformat.protocols.spice.server_party import ServerParty

TIMERS: tuple[TimerName, ...] = ("connect-timeout", "leave-timeout")

ANSWERS: Mapping[str, Answer] = {
    "MigrateConnected": "connected",
    "MigrateConnectedSeamless": "connected-seamless",
    "MigrateConnectError": "error",
    "connect-timeout": "timeout",
    "migrate-connect": "replaced",
    "migrate-success": "timeout",
    "migrate-failure": "failed",
    "client-left": "left",
}
"""What each event that ends the waiting says of the client."""


class Source:
    """The source's side of a server."""

    def __init__(self, party: ServerParty) -> None:
        self.steps = Steps("source", party.tell)
        self._party = party
        self._place = Place("", None)
        self._timers: set[TimerName] = set()
        self._answer: Answer = "untold"

    @property
    def state(self) -> str:
        """Where the source's machine is."""
        return self.steps.state

    def linked(self, event: str) -> None:
        """A main link was made: `link` or `link-migrating`."""
        self.steps.heard(event)

    def greeted(self) -> None:
        """INIT was sent: the client is ours."""
        if self.state == "opening":
            self.steps.did("Init")
        else:
            self.arrived()

    def arrived(self) -> None:
        """A client that migrated has arrived."""
        self._on("arrived")

    def migrate_connect(self, place: Place) -> None:
        """Announce a target. Raises `LocalProtocolError` for a place without host or port, and where it cannot be."""
        if not place.is_usable:
            raise LocalProtocolError("spice/place", "a target needs a host, and a port", source="spice-migration 9.3")
        self._answer = "no-client" if self._party.session is None else "untold"
        before = self._place
        self._place = place
        try:
            self._on("migrate-connect", is_ours=True)
        except LocalProtocolError:
            self._place = before
            raise

    def migrate_end(self, *, success: bool) -> None:
        """The VM has migrated, or not. Raises `LocalProtocolError` where that cannot be."""
        self._on("migrate-success" if success else "migrate-failure", is_ours=True)

    def expire(self, name: TimerName) -> None:
        """A timer has run out; one that was stopped is of no interest."""
        if name in self._timers:
            self._on(name)

    def client_left(self) -> None:
        """The client is gone."""
        if self.steps.allows("client-left"):
            self._on("client-left")

    def heard(self, channel: ServedChannel, message: AnyMessage, name: str) -> bool:
        """A message from the client: whether it concerns the source. Raises `WireError`."""
        match message:
            case MigrateConnected() | MigrateConnectedSeamless() | MigrateConnectError():
                self._on(name)
            case MigrateFlushMark():
                channel.source.heard(name)
                channel.send(ServerMigrateData(data=channel.state()))
                channel.source.did("ServerMigrateData")
            case _:
                return False
        return True

    def _on(self, event: str, *, is_ours: bool = False) -> None:
        """Take a step, and then those that are the source's own."""
        if self.steps.allows("connect-timeout") and event in ANSWERS:
            self._answer = ANSWERS[event]
        (self.steps.did if is_ours else self.steps.heard)(event)
        while (act := _ACTS.get(self.state)) is not None:
            act(self)
        for name in TIMERS:
            if self.steps.allows(name):
                self._start(name)
            else:
                self._stop(name)

    def _start(self, name: TimerName) -> None:
        """A timer runs as long as its end would mean something; acts in between do not set it back."""
        if name not in self._timers:
            self._timers.add(name)
            self._party.tell(TimerStarted(name, TIMER_SECONDS))

    def _stop(self, name: TimerName) -> None:
        if name in self._timers:
            self._timers.discard(name)
            self._party.tell(TimerStopped(name))

    def _session(self) -> Session:
        session = self._party.session
        assert session is not None
        return session

    def _announce(self) -> None:
        """Tell the client of the target, in the best way that both can."""
        session, own = self._session(), self._party.config
        self._answer = "untold"
        least = MainCapability.SEMI_SEAMLESS_MIGRATE
        if not (session.can(least) and own.capabilities & least):
            self._connect_done()
            return
        wanted = MainCapability.SEAMLESS_MIGRATE, MainCapability.AGENT_CONNECTED_TOKENS
        host, subject, port, tls_port = self._target()
        if own.is_seamless and own.capabilities & MainCapability.SEAMLESS_MIGRATE and session.can(*wanted):
            self._say(MigrateBeginSeamless(port=port, sport=tls_port, host=host, cert_subject=subject))
        else:
            self._say(MigrateBegin(port=port, sport=tls_port, host=host, cert_subject=subject))

    def _target(self) -> tuple[bytes, bytes | None, int, int]:
        """The place as a message has it."""
        place = self._place
        subject = None if place.subject is None else place.subject.encode() + b"\0"
        return place.host.encode() + b"\0", subject, place.port or NO_PORT, place.tls_port or NO_PORT

    def _say(self, message: AnyMessage) -> None:
        session = self._session()
        session.main.send(message)
        self.steps.did(type(message).__name__)

    def _connect_done(self) -> None:
        self._stop("connect-timeout")
        self.steps.did("connect-done")
        self._party.tell(ConnectDone(self._answer))

    def _cancel(self) -> None:
        self._say(MigrateCancel())

    def _switch(self) -> None:
        host, subject, port, tls_port = self._target()
        self._say(MigrateSwitchHost(port=port, sport=tls_port, host=host, cert_subject=subject))

    def _end(self) -> None:
        self._say(ServerMigrateEnd())

    def _move(self) -> None:
        """Every channel moves by itself."""
        for channel in self._session().channels():
            channel.send(Migrate(flags=channel.flags))
            channel.source.did("Migrate")
        self.steps.did("Migrate")

    def _close(self) -> None:
        self.steps.did("close-client")
        self._party.leave()

    def _end_done(self) -> None:
        self.steps.did("end-done")
        self._party.tell(EndDone())


_ACTS: Mapping[str, Callable[[Source], None]] = {
    "alone-connecting": Source._connect_done,
    "alone-failing": Source._end_done,
    "announcing": Source._announce,
    "abandoning-postponed": Source._connect_done,
    "abandoned-postponed": Source._connect_done,
    "abandoning": Source._connect_done,
    "abandoned": Source._connect_done,
    "left-unanswered": Source._connect_done,
    "answered": Source._connect_done,
    "answered-seamless": Source._connect_done,
    "unanswered": Source._connect_done,
    "unanswered-ending": Source._connect_done,
    "expired": Source._connect_done,
    "expired-ending": Source._connect_done,
    "refusing-serving": Source._cancel,
    "refusing-linked": Source._cancel,
    "refusing-linked-seamless": Source._cancel,
    "refusing-unlinked": Source._cancel,
    "refusing-leaving": Source._cancel,
    "replacing": Source._cancel,
    "cancelling": Source._cancel,
    "switching": Source._switch,
    "ending": Source._end,
    "ending-seamless": Source._move,
    "closing": Source._close,
    "left": Source._end_done,
}
"""What a source does in the states that it passes at once."""
