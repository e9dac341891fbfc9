"""Both sides joined: messages arrive, questions are answered, ends are told."""

from __future__ import annotations

from struct import pack
from typing import Any

import pytest

from tests.captures.spice_runs import NAMES, run
from tests.protocols.spice.linking import client, linked, pump, server
from wireformat.errors import LocalProtocolError
from wireformat.protocols.spice.capture import Connection as Recorded
from wireformat.protocols.spice.codes import ChannelType, CommonCapability
from wireformat.protocols.spice.common_messages import Ack, AckSync, Ping, Pong
from wireformat.protocols.spice.connection import MAX_HELD, ClientConnection, Connection
from wireformat.protocols.spice.events import BodyRefused, Closed, Failed, Linked, MessageReceived
from wireformat.protocols.spice.link_client import LinkClientConfig
from wireformat.protocols.spice.main_messages import (
    AttachChannels,
    MigrateBegin,
    MigrateCancel,
    MigrateConnected,
    MultiMediaTime,
    ServerMigrateEnd,
)
from wireformat.protocols.spice.stream import OpaqueMessage

BEGIN = MigrateBegin(port=15933, sport=65535, host=b"127.0.0.1\0")
FULL = {"common": CommonCapability(0x3)}
ANSWERS = {"AckSync", "Ack", "Pong"}


def messages(connection: Connection) -> list[Any]:
    """The messages that a connection has received."""
    return [event.message for event in connection.events() if isinstance(event, MessageReceived)]


@pytest.mark.requirement("SP-050")
@pytest.mark.parametrize("options", [{}, FULL], ids=["mini", "full"])
def test_messages_arrive_in_both_directions(options: dict[str, Any]) -> None:
    one, other = linked(options)
    other.send(BEGIN)
    other.send(OpaqueMessage(900, "", b"xyz"))
    one.send(MigrateConnected())
    pump(one, other)
    assert [
        (event.name, event.number, event.serial) for event in one.events() if isinstance(event, MessageReceived)
    ] == [
        ("MigrateBegin", 101, 1),
        ("", 900, 2),
    ]
    assert messages(other) == [MigrateConnected()]


@pytest.mark.requirement("SP-062")
def test_pings_are_answered() -> None:
    one, other = linked()
    other.send(Ping(id=7, timestamp=99, filler=bytes(1000)))
    pump(one, other)
    assert messages(one) == [Ping(id=7, timestamp=99, filler=bytes(1000))]
    assert messages(other) == [Pong(id=7, timestamp=99)]


def test_a_client_may_be_told_not_to_answer() -> None:
    one, other = linked({"answers": False})
    other.demand_acks(1)
    other.send(Ping(id=7, timestamp=99))
    pump(one, other)
    assert messages(other) == []
    one.answers = True
    other.send(Ping(id=8, timestamp=99))
    pump(one, other)
    assert messages(other) == [Pong(id=8, timestamp=99)]


@pytest.mark.requirement("SP-060")
def test_acknowledgements_follow_the_window() -> None:
    one, other = linked()
    other.demand_acks(3)
    for count, expected in ((2, 2), (1, 0), (3, 0), (2, 2)):
        for _ in range(count):
            other.send(MultiMediaTime(time=1))
        pump(one, other)
        assert other.unacknowledged == expected
    assert messages(other) == [AckSync(generation=1), Ack(), Ack()]


@pytest.mark.requirement("SP-060")
def test_a_new_window_begins_anew() -> None:
    one, other = linked()
    other.demand_acks(3)
    other.send(MultiMediaTime(time=1))
    other.demand_acks(2)
    other.send(MultiMediaTime(time=1))
    pump(one, other)
    assert messages(other) == [AckSync(generation=1), AckSync(generation=2)]
    assert other.unacknowledged == 1


@pytest.mark.requirement("SP-061")
def test_two_windows_are_the_most_that_may_be_open() -> None:
    _, other = linked()
    assert other.may_send
    other.demand_acks(2)
    for expected in (True, True, True, True, False):
        other.send(MultiMediaTime(time=1))
        assert other.may_send is expected


@pytest.mark.requirement("SP-061")
def test_an_old_acknowledgement_does_not_count() -> None:
    one, other = linked({"answers": False})
    other.demand_acks(2)
    other.send(MultiMediaTime(time=1))
    other.send(MultiMediaTime(time=1))
    one.send(Ack())
    pump(one, other)
    assert other.unacknowledged == 2
    one.send(AckSync(generation=1))
    one.send(Ack())
    pump(one, other)
    assert other.unacknowledged == 0


@pytest.mark.requirement("SP-056")
def test_members_of_a_list_come_before_it_and_are_answered() -> None:
    one, other = linked()
    body = pack("<HII", 2, 10, 16) + pack("<HI", 102, 0) + pack("<HI", 4, 12) + pack("<IQ", 5, 6)
    other.send(OpaqueMessage(8, "", body))
    pump(one, other)
    assert [type(message).__name__ for message in messages(one)] == ["MigrateCancel", "Ping", "MessageList"]
    assert messages(other) == [Pong(id=5, timestamp=6)]


@pytest.mark.requirement("SP-055")
def test_a_body_that_does_not_decode_is_skipped() -> None:
    one, other = linked()
    other.send(OpaqueMessage(101, "", b"short"))
    other.send(MigrateCancel())
    pump(one, other)
    refused, received = one.events()
    assert isinstance(refused, BodyRefused)
    assert (refused.number, refused.name, refused.data, refused.error.id) == (101, "MigrateBegin", b"short", "overrun")
    assert isinstance(received, MessageReceived)
    assert one.state == "open"


@pytest.mark.requirement("SP-052")
def test_a_message_that_is_too_long_breaks_the_stream() -> None:
    one, _ = linked()
    one.receive_data(pack("<HI", 2, 0xFFFFFFFF))
    (event,) = one.events()
    assert isinstance(event, Failed)
    assert event.error.id == "limit"
    assert one.wants_close
    one.receive_data(pack("<HI", 102, 0))
    assert list(one.events()) == []


def test_an_end_between_messages_and_inside_one() -> None:
    one, _ = linked()
    one.receive_eof()
    one.receive_eof()
    assert list(one.events()) == [Closed()]
    one, _ = linked()
    one.receive_data(b"\1")
    one.receive_eof()
    (event,) = one.events()
    assert isinstance(event, Failed)
    assert event.error.id == "truncated"


def test_our_own_end_sends_what_is_queued() -> None:
    one, other = linked()
    one.send(MigrateConnected())
    one.close()
    assert (one.state, one.wants_close) == ("closed", True)
    other.receive_data(one.data_to_send())
    assert messages(other) == [MigrateConnected()]
    with pytest.raises(LocalProtocolError) as caught:
        one.send(MigrateConnected())
    assert caught.value.id == "spice/not-open"


def test_nothing_can_be_sent_before_the_link() -> None:
    with pytest.raises(LocalProtocolError):
        client().send(AttachChannels())


def test_sides_cannot_send_what_belongs_to_the_other() -> None:
    one, other = linked()
    with pytest.raises(LocalProtocolError):
        one.send(ServerMigrateEnd())
    with pytest.raises(LocalProtocolError):
        other.send(MigrateConnected())
    assert one.data_to_send() == other.data_to_send() == b""


@pytest.mark.requirement("SP-111")
def test_a_held_connection_reads_nothing_before_its_release() -> None:
    one, other = linked({"is_held": True})
    other.demand_acks(1)
    other.send(Ping(id=1, timestamp=2))
    pump(one, other)
    assert list(one.events()) == list(other.events()) == []
    one.release()
    pump(one, other)
    assert [type(message).__name__ for message in messages(one)] == ["SetAck", "Ping"]
    assert messages(other) == [AckSync(generation=1), Ack(), Pong(id=1, timestamp=2)]


def test_a_held_connection_wants_no_more_when_much_has_come() -> None:
    one, other = linked({"is_held": True})
    other.send(Ping(id=1, timestamp=2, filler=bytes(MAX_HELD)))
    assert one.wants_data
    one.receive_data(other.data_to_send())
    assert not one.wants_data
    one.release()
    assert one.wants_data


def test_a_held_connection_ends_behind_what_it_was_sent() -> None:
    one, other = linked({"is_held": True})
    other.send(MigrateCancel())
    one.receive_data(other.data_to_send())
    one.receive_eof()
    assert list(one.events()) == []
    one.release()
    assert [type(event).__name__ for event in one.events()] == ["MessageReceived", "Closed"]


@pytest.mark.requirement("SP-044")
def test_a_message_may_come_with_the_link_result() -> None:
    one, other = client(), server()
    other.receive_data(one.data_to_send())
    one.receive_data(other.data_to_send())
    other.receive_data(one.data_to_send())
    other.send(BEGIN)
    one.receive_data(other.data_to_send())
    linked_event, received = one.events()
    assert isinstance(linked_event, Linked)
    assert isinstance(received, MessageReceived)


@pytest.mark.requirement("SP-125")
def test_serials_go_on_from_another_connection() -> None:
    one, other = linked(FULL)
    assert one.next_serial == 1
    one.next_serial = 41
    one.send(MigrateConnected())
    assert one.next_serial == 42
    pump(one, other)
    (event,) = other.events()
    assert isinstance(event, MessageReceived)
    assert event.serial == 41


@pytest.mark.requirement("SP-125")
def test_serials_can_be_set_before_the_link() -> None:
    one, other = client(common=CommonCapability(0x3)), server()
    one.next_serial = 7
    pump(one, other)
    assert one.next_serial == 7


def replayed(recorded: Recorded) -> list[str]:
    """What our client answers by itself to what a real server sent."""
    one, _ = linked({"channel_type": ChannelType.DISPLAY, "capabilities": 0})
    for sighting in recorded.side("server"):
        if sighting.received is not None:
            one.receive_data(sighting.encode())
    _, other = linked({"channel_type": ChannelType.DISPLAY, "capabilities": 0})
    other.receive_data(one.data_to_send())
    return [type(message).__name__ for message in messages(other)]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(("link", "minimal", "no-"))])
def test_it_answers_as_the_real_client_did(name: str) -> None:
    compared = 0
    for recorded in run(name).connections:
        answers = [one.name for one in recorded.side("client") if one.name in ANSWERS]
        if "AckSync" in answers:
            assert replayed(recorded) == answers
            compared += 1
    assert compared > 0


def test_configurations_of_today() -> None:
    assert ClientConnection(LinkClientConfig()).data_to_send()[:4] == b"REDQ"
    assert server().data_to_send() == b""
