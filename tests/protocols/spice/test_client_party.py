"""The client as a party: its session and channels, over connections in memory."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.protocols.spice.trio import DEAD, SOURCE, Trio
from wireformat.protocols.spice import ticket
from wireformat.protocols.spice.client_party import ClientConfig, ClientParty
from wireformat.protocols.spice.codes import ChannelType, LinkCode
from wireformat.protocols.spice.link_client import RefusedError
from wireformat.protocols.spice.main_messages import ServerAgentData, ServerAgentToken
from wireformat.protocols.spice.party_events import (
    BodySkipped,
    LinkLost,
    LinkMade,
    LinkWanted,
    Over,
    Place,
    SessionOpened,
)
from wireformat.protocols.spice.stream import OpaqueMessage

ENCRYPT = cache(ticket.encrypt)


def trio(client: dict[str, Any] | None = None, **servers: dict[str, Any]) -> Trio:
    """Three parties, the client's session open."""
    return Trio({"encrypt": ENCRYPT, **(client or {})}, **servers).begin()


@pytest.mark.requirement("SP-072")
def test_a_session_with_its_channels() -> None:
    three = trio()
    assert three.client.state == "running"
    assert three.told("client", SessionOpened) == [SessionOpened(7, SOURCE)]
    assert [(str(made.channel), made.connection_id) for made in three.told("client", LinkMade)] == [
        ("main-0", 0),
        ("inputs-0", 7),
    ]
    assert three.said("source", "client") == ["AttachChannels"]
    assert three.said("source", "server") == ["Init", "Name", "ChannelsList"]


def test_only_channels_that_are_wanted() -> None:
    three = trio({"channels": frozenset({ChannelType.DISPLAY})})
    assert [str(key) for key in three.client.channels] == ["main-0"]


def test_nobody_is_there() -> None:
    party = ClientParty(ClientConfig(DEAD))
    party.start()
    (wanted,) = party.events()
    assert isinstance(wanted, LinkWanted)
    assert (wanted.lane.port, wanted.lane.is_secure) == (5932, False)
    wanted.lane.unreachable("no route to host")
    *_, over = party.events()
    assert isinstance(over, Over)
    assert "nowhere:5932 was not reached: no route to host" in str(over.error)
    assert party.state == "lost"
    assert party.is_over


def test_another_password() -> None:
    three = trio({"password": b"canary"}, source={"password": b"another"})
    (lost,) = three.told("client", LinkLost)
    assert isinstance(lost.error, RefusedError)
    assert lost.error.code == LinkCode.PERMISSION_DENIED
    assert three.client.is_over
    assert "canary" not in repr(three.client.config) + repr(three.log)


def test_the_end_of_main_is_the_end() -> None:
    three = trio()
    three.cables[0].cut()
    three.settle()
    assert three.client.state == "lost"
    assert three.told("client", Over) == [Over(None)]
    assert three.source.session is None


def test_the_end_of_another_channel_is_not() -> None:
    three = trio()
    three.cables[1].cut()
    three.settle()
    assert three.client.state == "running"
    assert [str(key) for key in three.client.channels] == ["main-0"]


def test_what_concerns_no_migration_is_passed_over() -> None:
    three = trio()
    assert three.source.session is not None
    for message in (ServerAgentData(data=b"hello"), ServerAgentToken(tokens=1), OpaqueMessage(999, "", b"?")):
        three.source.session.main.send(message)
    three.settle()
    assert three.client.state == "running"


@pytest.mark.requirement("SP-055")
def test_a_body_that_does_not_decode_is_skipped() -> None:
    three = trio()
    assert three.source.session is not None
    three.source.session.main.send(OpaqueMessage(101, "", b"short"))
    three.settle()
    (skipped,) = three.told("client", BodySkipped)
    assert skipped.name == "MigrateBegin"
    assert three.client.state == "running"


def test_leaving() -> None:
    three = trio()
    three.client.close()
    three.client.close()
    three.settle()
    assert three.told("client", Over) == [Over(None)]
    assert three.source.session is None
    assert three.source.source.state == "alone"


@pytest.mark.requirement("SP-086")
@pytest.mark.parametrize(
    ("place", "is_secure", "expected"),
    [
        (Place("there", 1, 2), False, (1, False)),
        (Place("there", 1, 2), True, (2, True)),
        (Place("there", None, 2), False, (2, True)),
        (Place("there", 1), True, (1, False)),
    ],
)
def test_which_port_is_dialled(place: Place, is_secure: bool, expected: tuple[int, bool]) -> None:
    party = ClientParty(ClientConfig(place, is_secure=is_secure))
    party.start()
    (wanted,) = party.events()
    assert isinstance(wanted, LinkWanted)
    assert (wanted.lane.port, wanted.lane.is_secure) == expected


def test_a_server_that_wants_tls_is_dialled_again() -> None:
    three = Trio({"encrypt": ENCRYPT}, source={"secured": frozenset({ChannelType.MAIN})})
    party = ClientParty(ClientConfig(Place("source", 1, 2), encrypt=ENCRYPT))
    party.start()
    ports = []
    busy = True
    pairs = []
    while busy:
        wanted = [event.lane for event in party.events() if isinstance(event, LinkWanted)]
        ports += [lane.port for lane in wanted]
        pairs += [(lane, three.source.accept(is_secure=lane.is_secure)) for lane in wanted]
        busy = bool(wanted)
        for lane, server in pairs:
            for one, other in ((lane, server), (server, lane)) * 3:
                data = one.data_to_send()
                if data:
                    other.receive_data(data)
                    busy = True
    assert ports == [1, 2, 1]
    assert party.state == "running"
