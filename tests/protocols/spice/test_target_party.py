"""What a server does as target."""

from __future__ import annotations

import pytest

from tests.protocols.spice.linking import client
from tests.protocols.spice.test_server_party import exchange, linked, names, server
from wireformat.codec import encode
from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.common_messages import ClientMigrateData
from wireformat.protocols.spice.connection import ClientConnection
from wireformat.protocols.spice.lane import ServerLane
from wireformat.protocols.spice.main_messages import AttachChannels, ClientMigrateEnd, MigrateDstDoSeamless
from wireformat.protocols.spice.party_events import ClientLeft, SessionOpened
from wireformat.protocols.spice.server_channel import STATES
from wireformat.protocols.spice.server_party import ServerParty

SESSION = 0xDEADBEEF
Link = tuple[ClientConnection, ServerLane]


def arriving(party: ServerParty) -> tuple[Link, Link]:
    """Main and inputs of a session that another server began."""
    main = linked(party, connection_id=SESSION)
    return main, linked(party, channel_type=ChannelType.INPUTS, connection_id=SESSION, capabilities=0)


def say(link: Link, *messages: object) -> list[str]:
    """Send messages; what came back since the last time."""
    for message in messages:
        link[0].send(message)  # type: ignore[arg-type]
    exchange(*link)
    return names(link[0])


def state_of(channel: ChannelType) -> ClientMigrateData:
    """The smallest state of a channel."""
    return ClientMigrateData(data=encode(STATES[channel]))


@pytest.mark.requirement("SP-150", "SP-151", "SP-152", "SP-157")
def test_nothing_is_said_before_the_end() -> None:
    party = server()
    main, inputs = arriving(party)
    assert say(main, AttachChannels()) == []
    assert say(inputs) == []
    assert party.target.state == "withholding"
    assert say(main, ClientMigrateEnd()) == ["Init", "Name"]
    assert say(inputs) == ["InputsInit"]
    assert say(main, AttachChannels()) == ["ChannelsList"]
    assert [event.session_id for event in party.events() if isinstance(event, SessionOpened)] == [SESSION]


@pytest.mark.requirement("SP-153", "SP-154", "SP-155")
def test_a_seamless_session_goes_on() -> None:
    party = server()
    main, inputs = arriving(party)
    assert say(main, MigrateDstDoSeamless(version=1)) == ["MigrateDstSeamlessAck"]
    assert say(inputs) == ["InputsInit"]
    assert say(main, state_of(ChannelType.MAIN)) == []
    assert party.target.state == "receiving"
    assert say(inputs, state_of(ChannelType.INPUTS)) == []
    assert (party.target.state, party.source.state) == ("serving", "serving")


@pytest.mark.requirement("SP-154", "SP-155")
def test_a_channel_that_comes_later_starts_at_once() -> None:
    party = server()
    main = linked(party, connection_id=SESSION)
    say(main, MigrateDstDoSeamless(version=1))
    inputs = linked(party, channel_type=ChannelType.INPUTS, connection_id=SESSION, capabilities=0)
    assert say(inputs) == ["InputsInit"]
    say(main, state_of(ChannelType.MAIN))
    assert party.target.state == "receiving"


@pytest.mark.requirement("SP-153")
@pytest.mark.parametrize(("version", "capabilities"), [(2, 15), (0xFFFFFFFF, 15), (1, 7)])
def test_a_version_that_is_not_known(version: int, capabilities: int) -> None:
    party = server(capabilities=type(server().config.capabilities)(capabilities))
    main, _ = arriving(party)
    assert say(main, MigrateDstDoSeamless(version=version)) == ["MigrateDstSeamlessNack"]
    assert say(main, ClientMigrateEnd()) == ["Init", "Name"]


@pytest.mark.requirement("SP-157")
def test_an_end_that_comes_twice_is_passed_over() -> None:
    party = server()
    main, _ = arriving(party)
    say(main, ClientMigrateEnd())
    assert say(main, ClientMigrateEnd()) == []
    assert party.target.state == "serving"


@pytest.mark.requirement("SP-160")
def test_an_end_of_a_seamless_session_is_an_error() -> None:
    party = server()
    main, _ = arriving(party)
    say(main, MigrateDstDoSeamless(version=1), ClientMigrateEnd())
    (left,) = [event for event in party.events() if isinstance(event, ClientLeft)]
    assert left.error is not None
    assert left.error.id == "illegal-event"
    assert party.target.state == "alone"


@pytest.mark.requirement("SP-157")
def test_an_end_of_a_client_that_cannot_migrate_is_passed_over() -> None:
    party = server()
    main = linked(party, connection_id=SESSION, capabilities=0)
    assert say(main, ClientMigrateEnd()) == []
    assert party.target.state == "withholding"


@pytest.mark.requirement("SP-170")
def test_a_state_that_is_none_ends_the_session() -> None:
    party = server()
    main, _ = arriving(party)
    say(main, MigrateDstDoSeamless(version=1), ClientMigrateData(data=b"DCMD"))
    assert party.session is None
    assert main[1].wants_close


@pytest.mark.requirement("SP-156")
def test_a_state_that_comes_twice() -> None:
    party = server()
    main, inputs = arriving(party)
    say(main, MigrateDstDoSeamless(version=1))
    say(inputs, state_of(ChannelType.INPUTS), state_of(ChannelType.INPUTS))
    assert inputs[1].wants_close
    assert not main[1].wants_close


@pytest.mark.requirement("SP-158")
def test_a_client_that_goes_away_is_forgotten() -> None:
    party = server()
    main, _ = arriving(party)
    main[1].receive_eof()
    assert (party.target.state, party.source.state, party.session) == ("alone", "alone", None)
    stranger = client(channel_type=ChannelType.INPUTS, connection_id=SESSION, capabilities=0)
    exchange(stranger, party.accept())
    assert stranger.state == "closed"
