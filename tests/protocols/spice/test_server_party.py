"""A server as a party: who is let in, and who has to leave."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocols.spice.linking import client, key
from tests.protocols.spice.trio import Trio
from wireformat.errors import RemoteProtocolError
from wireformat.protocols.spice.codes import ChannelType, LinkCode
from wireformat.protocols.spice.common_messages import ClientMigrateData, MigrateFlushMark
from wireformat.protocols.spice.connection import ClientConnection
from wireformat.protocols.spice.events import LinkRefused
from wireformat.protocols.spice.lane import ServerLane
from wireformat.protocols.spice.main_messages import MigrateDstDoSeamless
from wireformat.protocols.spice.party_events import (
    BodySkipped,
    ClientLeft,
    LinkLost,
    Place,
    SessionOpened,
)
from wireformat.protocols.spice.server_party import ServerConfig, ServerParty
from wireformat.protocols.spice.stream import OpaqueMessage


def server(**options: Any) -> ServerParty:
    """A server whose sessions are numbered from 7 on."""
    return ServerParty(ServerConfig(**{"next_session": iter(range(7, 99)).__next__, "next_key": key, **options}))


def linked(party: ServerParty, *, is_secure: bool = False, **options: Any) -> tuple[ClientConnection, ServerLane]:
    """A client's connection to a server, as far as it gets."""
    one, lane = client(**options), party.accept(is_secure=is_secure)
    exchange(one, lane)
    return one, lane


def exchange(one: ClientConnection, lane: ServerLane) -> None:
    """Carry what both say."""
    busy = True
    while busy:
        forth, back = one.data_to_send(), lane.data_to_send()
        busy = bool(forth or back)
        if forth:
            lane.receive_data(forth)
        if back:
            one.receive_data(back)
    if lane.wants_close and not one.wants_close:
        one.receive_eof()


def refusal(connection: ClientConnection) -> LinkCode | None:
    """Why a link was refused."""
    (event,) = [event for event in connection.events() if isinstance(event, LinkRefused)]
    return event.code


def names(connection: ClientConnection) -> list[str]:
    """The messages that came."""
    return [event.name for event in connection.events() if hasattr(event, "name")]


@pytest.mark.requirement("SP-070", "SP-073")
def test_the_first_words() -> None:
    party = server(name="guest")
    assert names(linked(party)[0]) == ["Init", "Name"]
    assert names(linked(party, capabilities=0)[0]) == ["Init"]
    assert [event.session_id for event in party.events() if isinstance(event, SessionOpened)] == [7, 8]


@pytest.mark.requirement("SP-043")
def test_a_new_client_throws_out_the_old_one() -> None:
    party = server()
    _, first = linked(party)
    linked(party)
    assert first.wants_close
    assert [event for event in party.events() if isinstance(event, ClientLeft)] == [ClientLeft()]
    assert party.session is not None
    assert party.session.id == 8


@pytest.mark.requirement("SP-042")
@pytest.mark.parametrize("connection_id", [0, 8])
def test_channels_of_no_session(connection_id: int) -> None:
    party = server()
    linked(party)
    one, _ = linked(party, channel_type=ChannelType.INPUTS, connection_id=connection_id, capabilities=0)
    assert refusal(one) == LinkCode.BAD_CONNECTION_ID


@pytest.mark.requirement("SP-018")
def test_channels_that_there_are_not() -> None:
    party = server()
    linked(party)
    for options in ({"channel_type": ChannelType.DISPLAY}, {"channel_type": ChannelType.INPUTS, "channel_id": 1}):
        one, _ = linked(party, connection_id=7, capabilities=0, **options)
        assert refusal(one) is None


def test_a_channel_that_is_linked_twice() -> None:
    party = server()
    linked(party)
    _, first = linked(party, channel_type=ChannelType.INPUTS, connection_id=7, capabilities=0)
    linked(party, channel_type=ChannelType.INPUTS, connection_id=7, capabilities=0)
    assert first.wants_close
    assert party.session is not None
    assert len(party.session.others) == 1


@pytest.mark.requirement("SP-038")
def test_passwords() -> None:
    party = server(password=b"canary")
    assert refusal(linked(party, password=b"wrong")[0]) == LinkCode.PERMISSION_DENIED
    assert refusal(linked(party)[0]) == LinkCode.PERMISSION_DENIED
    assert names(linked(party, password=b"canary")[0]) == ["Init", "Name"]
    told = list(party.events())
    assert len([event for event in told if isinstance(event, LinkLost)]) == 2
    assert "canary" not in repr(told) + repr(party.config)


@pytest.mark.requirement("SP-017")
def test_channels_that_need_tls() -> None:
    party = server(secured=frozenset({ChannelType.MAIN}))
    assert refusal(linked(party)[0]) == LinkCode.NEED_SECURED
    assert names(linked(party, is_secure=True)[0]) == ["Init", "Name"]


def test_what_a_client_must_not_say_ends_its_session() -> None:
    party = server()
    one, lane = linked(party)
    one.send(MigrateDstDoSeamless(version=1))
    exchange(one, lane)
    assert lane.wants_close
    (left,) = [event for event in party.events() if isinstance(event, ClientLeft)]
    assert isinstance(left.error, RemoteProtocolError)
    assert "MigrateDstDoSeamless is not legal in state serving" in str(left.error)


@pytest.mark.parametrize("message", [MigrateFlushMark(), ClientMigrateData(data=b"ICMD")])
def test_what_a_client_must_not_say_ends_a_channel(message: Any) -> None:
    party = server()
    _, main = linked(party)
    one, lane = linked(party, channel_type=ChannelType.INPUTS, connection_id=7, capabilities=0)
    one.send(message)
    exchange(one, lane)
    assert lane.wants_close
    assert not main.wants_close
    assert party.session is not None
    assert party.session.others == {}


def test_what_leads_nowhere_is_taken() -> None:
    party = server()
    _, main = linked(party)
    one, lane = linked(party, channel_type=ChannelType.INPUTS, connection_id=7, capabilities=0)
    one.send(OpaqueMessage(101, "", bytes(4)))
    one.send(OpaqueMessage(5000, "", b"?"))
    exchange(one, lane)
    assert not lane.wants_close
    assert not main.wants_close


@pytest.mark.requirement("SP-055")
def test_bodies_that_do_not_decode_are_skipped() -> None:
    party = server()
    one, lane = linked(party)
    one.send(OpaqueMessage(110, "", b""))
    exchange(one, lane)
    (skipped,) = [event for event in party.events() if isinstance(event, BodySkipped)]
    assert skipped.name == "MigrateDstDoSeamless"
    assert not lane.wants_close


def test_a_broken_stream_ends_the_session() -> None:
    party = server()
    one, lane = linked(party)
    lane.receive_data(bytes.fromhex("6800 ffffffff"))
    (left,) = [event for event in party.events() if isinstance(event, ClientLeft)]
    assert left.error is not None
    assert left.error.id == "limit"
    assert lane.wants_close
    del one


def test_serving_nobody_any_more() -> None:
    party = server()
    _, main = linked(party)
    stranger = party.accept()
    party.close()
    assert main.wants_close
    assert stranger.wants_close
    assert party.session is None
    assert party.source.state == "alone"


def test_a_source_whose_guest_is_gone_takes_nobody() -> None:
    three = Trio().begin()
    three.connect()
    three.end()
    assert three.source.source.state == "migrated"
    assert refusal(linked(three.source)[0]) == LinkCode.CHANNEL_NOT_AVAILABLE


@pytest.mark.requirement("SP-159")
@pytest.mark.parametrize("is_seamless", [False, True])
def test_a_target_is_a_source_in_its_turn(is_seamless: bool) -> None:
    three = Trio(source={"is_seamless": is_seamless}, target={"is_seamless": is_seamless}).begin()
    three.servers["third"] = server()
    three.log["third"] = []
    three.connect()
    three.end()
    three.target.migrate_connect(Place("third", 5933))
    three.settle()
    three.target.migrate_end(success=True)
    three.settle()
    assert three.client.place == Place("third", 5933)
    assert three.target.source.state == "migrated"
    assert {opened.session_id for opened in three.told("client", SessionOpened)} == {7}
