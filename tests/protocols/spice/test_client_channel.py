"""One channel of a client, between two servers."""

from __future__ import annotations

from tests.protocols.spice.linking import linked
from wireformat.protocols.spice.client_channel import DISPLAY_INIT, Channel, start_message
from wireformat.protocols.spice.codes import ChannelType, MigrateFlags
from wireformat.protocols.spice.connection import ClientConnection
from wireformat.protocols.spice.lane import ClientLane
from wireformat.protocols.spice.main_messages import AttachChannels
from wireformat.protocols.spice.party_events import MAIN, Place
from wireformat.protocols.spice.steps import Steps


def lane(connection: ClientConnection, *, is_target: bool) -> ClientLane:
    """A lane to some place."""
    return ClientLane(connection, list, MAIN, Place("there", 1), is_secure=False, is_target=is_target)


def channel() -> Channel:
    """Main, linked to a server and to a target."""
    here, there = linked()[0], linked()[0]
    steps = Steps("client-channel", lambda event: None, MAIN)
    return Channel(MAIN, lane(here, is_target=False), steps, lane(there, is_target=True))


def test_only_displays_are_opened_by_the_client() -> None:
    assert start_message(ChannelType.DISPLAY) == DISPLAY_INIT
    assert len(DISPLAY_INIT.data) == 14
    assert start_message(ChannelType.INPUTS) is None


def test_a_swap() -> None:
    both = channel()
    here, there = both.lane, both.target
    assert both.is_ready
    assert both.swap() is here
    assert both.lane is there
    assert not both.lane.is_target
    assert both.target is None
    assert here.is_linked
    assert not both.is_ready


def test_a_target_that_is_given_up() -> None:
    both = channel()
    there = both.target
    assert there is not None
    both.drop_target()
    assert there.wants_close
    assert both.target is None
    both.drop_target()
    assert both.lane.is_linked


def test_nothing_is_sent_to_who_is_gone() -> None:
    both = channel()
    both.send(AttachChannels())
    assert both.lane.data_to_send() == bytes.fromhex("6800 00000000")
    both.lane.connection.close()
    both.send(AttachChannels())
    assert both.lane.data_to_send() == b""


def test_a_state_is_carried() -> None:
    both = channel()
    here, there = both.lane, both.target
    assert there is not None
    both.steps = moving()
    both.flush(MigrateFlags.NEED_FLUSH | MigrateFlags.NEED_DATA_TRANSFER)
    assert here.data_to_send() == bytes.fromhex("0400 00000000")
    assert here.connection.next_serial == 2
    both.steps.heard("ServerMigrateData")
    assert both.carry(b"state") is here
    assert there.data_to_send() == bytes.fromhex("0500 05000000") + b"state"
    assert there.connection.next_serial == 3
    assert both.steps.state == "served"


def test_a_channel_without_a_state_follows() -> None:
    both = channel()
    here = both.lane
    both.steps = moving()
    both.flush(MigrateFlags(0))
    assert both.follow() is here
    assert here.data_to_send() == b""
    assert both.steps.state == "served"


def moving() -> Steps:
    """The machine of a channel that was told to move."""
    steps = Steps("client-channel", lambda event: None, MAIN)
    for event in ("dial-target", "target-linked", "Migrate"):
        steps.heard(event)
    return steps
