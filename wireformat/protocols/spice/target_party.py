"""What a server does as target: withhold every channel until the client is there for good [spice-migration 9.4].

A main link with a connection id is a session that another server began. Semi-seamless, nothing is said until the client
says MIGRATE_END; seamless, channels start at once, and wait for the state that the client carries over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wireformat.protocols.spice.codes import MainCapability
from wireformat.protocols.spice.common_messages import ClientMigrateData
from wireformat.protocols.spice.main_messages import (
    MIGRATION_VERSION,
    ClientMigrateEnd,
    MigrateDstDoSeamless,
    MigrateDstSeamlessAck,
    MigrateDstSeamlessNack,
)
from wireformat.protocols.spice.party_events import SessionOpened
from wireformat.protocols.spice.server_channel import ServedChannel, Session, first_message
from wireformat.protocols.spice.steps import Steps
from wireformat.protocols.spice.stream import AnyMessage

if TYPE_CHECKING:
    from wireformat.protocols.spice.server_party import ServerParty


class Target:
    """The target's side of a server."""

    def __init__(self, party: ServerParty) -> None:
        self.steps = Steps("target", party.tell)
        self._party = party

    @property
    def state(self) -> str:
        """Where the target's machine is."""
        return self.steps.state

    def linked(self, event: str, session: Session) -> None:
        """A main link was made: `link` or `link-migrating`."""
        if self.steps.heard(event) == "opening":
            self._greet(session)
        else:
            session.main.target.did("withhold")

    def _greet(self, session: Session) -> None:
        self._party.greet(session)
        self.steps.did("Init")
        self._party.source.greeted()
        for channel in session.channels():
            self._start(channel)

    def joined(self, channel: ServedChannel) -> None:
        """A further channel was linked."""
        self.steps.heard("channel-linked")
        if self.state == "withholding":
            channel.target.did("withhold")
        elif self.state == "receiving" and channel.has_state:
            self._await(channel)
        else:
            self._start(channel)

    def _start(self, channel: ServedChannel) -> None:
        channel.target.did("start")
        self._open(channel)

    def _await(self, channel: ServedChannel) -> None:
        """Start a channel whose state is still on its way."""
        channel.target.did("await-data")
        self._open(channel)

    def _open(self, channel: ServedChannel) -> None:
        message = first_message(channel.key.type)
        if message is not None:
            channel.send(message)

    def attached(self) -> bool:
        """The client asks for the channels: whether it gets them, which one that migrates does not."""
        if self.steps.allows("AttachChannels"):
            self.steps.heard("AttachChannels")
        return self.state == "serving"

    def heard(self, channel: ServedChannel, message: AnyMessage, name: str) -> None:
        """A message from the client, which need not concern the target. Raises `WireError`."""
        session = self._party.session
        assert session is not None
        match message:
            case ClientMigrateEnd() if session.can(MainCapability.SEMI_SEAMLESS_MIGRATE):
                if self.steps.heard(name) == "greeting":
                    self._greet(session)
            case MigrateDstDoSeamless(version=version):
                self.steps.heard(name)
                self._judge(session, version)
            case ClientMigrateData(data=data):
                self._restore(session, channel, data, name)

    def _judge(self, session: Session, version: int) -> None:
        """Take a seamless migration, or not."""
        can = self._party.config.capabilities & MainCapability.SEAMLESS_MIGRATE
        answer = MigrateDstSeamlessAck() if can and version <= MIGRATION_VERSION else MigrateDstSeamlessNack()
        session.main.send(answer)
        if self.steps.did(type(answer).__name__) == "receiving":
            for channel in session.channels():
                self._await(channel)

    def _restore(self, session: Session, channel: ServedChannel, data: bytes, name: str) -> None:
        channel.target.heard(name)
        channel.restore(data)
        if all(each.target.state != "awaiting-data" for each in session.channels()):
            self.steps.did("channels-restored")
            self._party.source.arrived()
            self._party.tell(SessionOpened(session.id))

    def client_left(self) -> None:
        """The client is gone."""
        if self.steps.allows("client-left"):
            self.steps.heard("client-left")
