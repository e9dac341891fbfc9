"""How a client follows a migration: switch-host, semi-seamless and seamless [spice-migration 9.1, 9.2].

Main is linked to the target first, everything else behind it; only when all are linked, and the target has said whether
it takes a seamless migration, the source is answered. Semi-seamless, the whole session moves at MIGRATE_END; seamless,
each channel moves by itself at MIGRATE and carries its state along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wireformat.errors import RemoteProtocolError
from wireformat.protocols.spice.client_channel import Channel
from wireformat.protocols.spice.codes import MainCapability, MigrateFlags
from wireformat.protocols.spice.common_messages import Migrate, ServerMigrateData
from wireformat.protocols.spice.lane import ClientLane
from wireformat.protocols.spice.main_messages import (
    ClientMigrateEnd,
    MigrateBegin,
    MigrateBeginSeamless,
    MigrateCancel,
    MigrateConnected,
    MigrateConnectedSeamless,
    MigrateConnectError,
    MigrateDstDoSeamless,
    MigrateSwitchHost,
    ServerMigrateEnd,
)
from wireformat.protocols.spice.party_events import MAIN, AnswerDue, Place, SessionOpened
from wireformat.protocols.spice.stream import AnyMessage

if TYPE_CHECKING:
    from wireformat.protocols.spice.client_party import ClientParty

LINKING = frozenset({"attaching", "attaching-seamless", "asked"})
"""States in which channels are being linked to the target."""

NOWHERE = Place("", None)
SOURCE = "spice-migration 9.2"

BEGINNINGS = (MigrateBegin, MigrateBeginSeamless)
"""Messages behind which a client reads nothing from main until it has answered."""

ANSWERS = {"attached": MigrateConnected, "attached-seamless": MigrateConnectedSeamless}


class Moves:
    """What a client does about migrations. `target` is where it would go."""

    def __init__(self, party: ClientParty) -> None:
        self.target = NOWHERE
        self._party = party
        self._version = 0
        self._left: list[ClientLane] = []

    @property
    def _state(self) -> str:
        return self._party.steps.state

    def heard(self, channel: Channel, message: AnyMessage, name: str) -> None:
        """The server in use says something that a migration consists of. Raises `RemoteProtocolError`."""
        match message:
            case MigrateBegin() | MigrateBeginSeamless():
                self._begin(message, name)
            case MigrateCancel():
                self._party.steps.heard(name)
                if self._state == "staying":
                    self._drop_targets()
            case MigrateSwitchHost():
                self._switch_host(message, name)
            case ServerMigrateEnd():
                self._move(name)
            case Migrate(flags=flags):
                self._move_channel(channel, flags, name)
            case ServerMigrateData(data=data):
                channel.steps.heard(name)
                self._moved(channel, channel.carry(data))

    def _begin(self, message: MigrateBegin | MigrateBeginSeamless, name: str) -> None:
        party = self._party
        if party.config.answering == "ignore":
            party.main.lane.connection.release()
            return
        party.steps.heard(name)
        if self._state.startswith("replacing"):
            self._drop_targets()
        self.target = Place.announced(message)
        if isinstance(message, MigrateBeginSeamless):
            self._version = message.version if party.config.version is None else party.config.version
        if party.config.answering == "refuse" or not self.target.is_usable:
            self._fail()
        else:
            self._dial(party.main)

    def _dial(self, channel: Channel) -> None:
        channel.steps.did("dial-target")
        channel.target = self._party.dial(channel.key, self.target, is_target=True)

    def target_linked(self, channel: Channel) -> None:
        """A channel has its link to the target."""
        party = self._party
        channel.steps.heard("target-linked")
        if channel.key != MAIN:
            self._look_whether_linked()
            return
        if not _capabilities(channel) & MainCapability.SEMI_SEAMLESS_MIGRATE:
            self._fail()
            return
        if party.steps.heard("target-linked") == "asking":
            self._ask(channel)
        for other in list(party.channels.values()):
            if other.key != MAIN:
                self._dial(other)
        self._look_whether_linked()

    def _ask(self, main: Channel) -> None:
        """Ask for a seamless migration, as the first thing that the target hears."""
        assert main.target is not None
        connection = main.target.connection
        if _capabilities(main) & MainCapability.SEAMLESS_MIGRATE:
            connection.send(MigrateDstDoSeamless(version=self._version))
            self._party.steps.did("MigrateDstDoSeamless")
        else:
            connection.is_held = True
            self._party.steps.did("go-semi-seamless")

    def heard_from_target(self, name: str) -> None:
        """The target answers whether it takes a seamless migration."""
        steps = self._party.steps
        if not steps.allows(name):
            self._fail()
            return
        steps.heard(name)
        self._look_whether_answerable()

    def _look_whether_linked(self) -> None:
        channels = self._party.channels.values()
        if self._state in LINKING and all(channel.is_ready for channel in channels):
            self._party.steps.did("channels-linked")
        self._look_whether_answerable()

    def _look_whether_answerable(self) -> None:
        if self._state not in ANSWERS:
            return
        if self._party.config.answering == "late":
            self._party.tell(AnswerDue())
        else:
            self.answer()

    def answer(self) -> None:
        """Tell the source that every channel is linked."""
        answer = ANSWERS.get(self._state)
        if answer is None:
            return
        main = self._party.main
        main.send(answer())
        self._party.steps.did(answer.__name__)
        main.lane.connection.release()

    def target_lost(self, channel: Channel) -> None:
        """A link to the target is not made, or gone."""
        channel.target = None
        if channel.steps.allows("target-failed"):
            channel.steps.heard("target-failed")
        if self._state in ("ready", "ready-seamless"):
            self._party.steps.heard("target-failed")
        elif self._state == "moving":
            self._party.steps.heard("target-failed")
            self.begin_anew()
        else:
            self._fail()

    def _fail(self) -> None:
        """The target is of no use: tell the source, and stay."""
        steps, main = self._party.steps, self._party.main
        steps.heard("target-failed")
        self._drop_targets()
        main.send(MigrateConnectError())
        steps.did("MigrateConnectError")
        main.lane.connection.release()

    def _drop_targets(self) -> None:
        for channel in self._party.channels.values():
            if channel.target is not None:
                channel.drop_target()
                channel.steps.did("close-target")
        self._party.steps.did("close-target")

    def _switch_host(self, message: MigrateSwitchHost, name: str) -> None:
        self._party.steps.heard(name)
        self.target = Place.announced(message)
        self.begin_anew()

    def begin_anew(self) -> None:
        """Leave everything, and open a new session at the target: the guest is there."""
        party = self._party
        party.drop_all()
        self._left.clear()
        party.steps.did("close-all")
        party.place, party.session_id, self.target = self.target, 0, NOWHERE
        if party.place.is_usable:
            party.start()
            return
        party.steps.heard("link-failed")
        party.end(RemoteProtocolError("spice/place", "the source names no place to go to", source=SOURCE))

    def _move(self, name: str) -> None:
        """The guest runs at the target: the whole session goes there."""
        party = self._party
        if party.steps.heard(name) == "leaving":
            self.begin_anew()
            return
        for channel in list(party.channels.values()):
            if channel.is_ready:
                channel.swap().connection.close()
                channel.steps.did("close-source")
            else:
                self._abandon(channel)
        party.steps.did("close-source")
        if MAIN not in party.channels:
            party.steps.heard("cut")
            self.begin_anew()
            return
        party.place = self.target
        party.main.send(ClientMigrateEnd())
        party.steps.did("ClientMigrateEnd")
        self._use(party.main)

    def _abandon(self, channel: Channel) -> None:
        channel.drop_target()
        channel.lane.connection.close()
        del self._party.channels[channel.key]

    def arrived(self) -> None:
        """The target has greeted: every other channel is put into use."""
        self.target = NOWHERE
        for channel in list(self._party.channels.values()):
            if channel.key != MAIN:
                self._party.begin(channel)
                self._use(channel)

    def _use(self, channel: Channel) -> None:
        connection = channel.lane.connection
        connection.holds_after = BEGINNINGS if channel.key == MAIN else ()
        connection.release()

    def _move_channel(self, channel: Channel, flags: MigrateFlags, name: str) -> None:
        """This channel goes to the target now, with its state if it has one."""
        if self._party.steps.heard(name) == "leaving":
            self.begin_anew()
            return
        channel.steps.heard(name)
        channel.flush(flags)
        if not flags & MigrateFlags.NEED_DATA_TRANSFER:
            self._moved(channel, channel.follow())

    def _moved(self, channel: Channel, left: ClientLane) -> None:
        """A channel is at the target. The source is not left yet: it drops every channel once main is gone."""
        self._left.append(left)
        self._use(channel)
        self._look_whether_moved()

    def channel_lost(self, channel: Channel) -> None:
        """The server in use has closed a channel."""
        party = self._party
        channel.drop_target()
        channel.steps.heard("cut")
        party.channels.pop(channel.key, None)
        self._look_whether_linked()
        self._look_whether_moved()

    def _look_whether_moved(self) -> None:
        party = self._party
        if self._state != "moving" or any(channel.target for channel in party.channels.values()):
            return
        party.steps.did("channels-moved")
        for lane in self._left:
            lane.connection.close()
        self._left.clear()
        party.steps.did("close-source")
        party.place, self.target = self.target, NOWHERE
        party.tell(SessionOpened(party.session_id, party.place))


def _capabilities(main: Channel) -> int:
    """What the target can."""
    assert main.target is not None
    link = main.target.connection.link
    return 0 if link is None else link.peer_capabilities
