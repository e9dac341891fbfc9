"""Rules that concern several connections, or the order of messages: three parties, joined in memory, keep them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocols.spice.trio import DEAD, SOURCE, Trio
from wireformat.codec import codec_for
from wireformat.errors import LocalProtocolError
from wireformat.protocols.spice.codes import MainCapability
from wireformat.protocols.spice.common_messages import ClientMigrateData, MigrateFlushMark, ServerMigrateData
from wireformat.protocols.spice.machine import SOURCE_CHANNEL, TRANSITIONS
from wireformat.protocols.spice.main_messages import NO_PORT, AttachChannels, ClientMigrateEnd, MigrateBegin
from wireformat.protocols.spice.party_events import (
    TIMER_SECONDS,
    ConnectDone,
    EndDone,
    LinkMade,
    Place,
    SessionOpened,
    TimerStarted,
    TimerStopped,
)
from wireformat.protocols.spice.sighting import Sighting
from wireformat.schema.machine import Machine

SEMI: dict[str, Any] = {"source": {"is_seamless": False}}
ON_MAIN = ["AttachChannels"]


def walk(role: str, *events: str) -> str:
    """Where events lead a role to."""
    machine = Machine(TRANSITIONS)
    state = machine.start(role)
    for event in events:
        state = machine.step(role, state, event)
    return state


def served(trio: Trio) -> tuple[str, str, str]:
    """Where the machines of all three are."""
    return trio.client.state, trio.source.source.state, trio.target.target.state


def only(sightings: list[Sighting], kind: type[Any]) -> Any:
    """The one message of a kind."""
    (found,) = [sighting.value for sighting in sightings if isinstance(sighting.value, kind)]
    return found


@pytest.mark.requirement("SP-073")
@pytest.mark.parametrize("has_names", [False, True])
def test_names_go_to_those_who_can_read_them(has_names: bool) -> None:
    bit = MainCapability.NAME_AND_UUID if has_names else MainCapability(0)
    said = Trio({"capabilities": bit}).begin().said("source", "server")
    assert ("Name" in said) is has_names


@pytest.mark.requirement("SP-086")
def test_a_place_needs_a_host_and_a_port() -> None:
    trio = Trio().begin()
    for place in (Place("", 5930), Place("target", None)):
        with pytest.raises(LocalProtocolError) as caught:
            trio.connect(place)
        assert caught.value.id == "spice/place"
    assert trio.said("source", "server") == ["Init", "Name", "ChannelsList"]
    announced = Place.announced(MigrateBegin(port=NO_PORT, sport=5931, host=b"target\0"))
    assert (announced.port, announced.tls_port) == (None, 5931)


@pytest.mark.requirement("SP-100", "SP-101", "SP-106")
def test_links_to_the_target_are_made_when_it_is_announced() -> None:
    trio = Trio(**SEMI).begin()
    trio.connect()
    targets = [event for event in trio.told("client", LinkMade) if event.is_target]
    assert [str(event.channel) for event in targets] == ["main-0", "inputs-0"]
    assert {event.connection_id for event in targets} == {trio.client.session_id}
    assert served(trio) == ("ready", "linked", "withholding")
    assert trio.told("source", ConnectDone) == [ConnectDone("connected")]


@pytest.mark.requirement("SP-103", "SP-150", "SP-151")
def test_nobody_speaks_on_a_link_to_the_target_before_the_end() -> None:
    trio = Trio(**SEMI).begin()
    trio.connect()
    for channel in ("main-0", "inputs-0"):
        assert trio.sightings("target", channel) == []
    trio.end()
    assert trio.said("target", "client") == ["ClientMigrateEnd"]
    assert trio.said("target", "server")[0] == "Init"
    assert trio.said("target", "server", "inputs-0") == ["InputsInit"]


@pytest.mark.requirement("SP-102", "SP-105", "SP-122", "SP-124", "SP-154", "SP-155")
def test_seamless() -> None:
    trio = Trio().begin()
    trio.connect()
    assert trio.said("target", "client") == ["MigrateDstDoSeamless"]
    assert trio.said("target", "server", "inputs-0") == ["InputsInit"]
    assert trio.target.target.state == "receiving"
    trio.end()
    assert trio.said("source", "client") == [*ON_MAIN, "MigrateConnectedSeamless", "MigrateFlushMark"]
    assert trio.said("source", "server")[-2:] == ["Migrate", "ServerMigrateData"]
    assert trio.said("target", "client") == ["MigrateDstDoSeamless", "ClientMigrateData"]
    assert trio.said("target", "client", "inputs-0") == ["ClientMigrateData"]
    assert trio.said("target", "server") == ["MigrateDstSeamlessAck"]
    assert served(trio) == ("running", "migrated", "serving")
    assert trio.told("source", EndDone) == [EndDone()]


@pytest.mark.requirement("SP-122", "SP-173")
def test_the_client_carries_what_it_cannot_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The target refuses such a state; the client does not notice what it is."""
    state = b"no state of any kind"
    monkeypatch.setattr("wireformat.protocols.spice.server_channel.ServedChannel.state", lambda self: state)
    trio = Trio().begin()
    trio.connect()
    trio.end()
    assert only(trio.sightings("source"), ServerMigrateData).data == state
    assert only(trio.sightings("target"), ClientMigrateData).data == state


@pytest.mark.requirement("SP-106")
def test_a_target_that_cannot_be_reached() -> None:
    trio = Trio(**SEMI).begin()
    trio.connect(DEAD)
    assert trio.said("source", "client") == [*ON_MAIN, "MigrateConnectError"]
    assert served(trio)[:2] == ("running", "unlinked")
    assert not [lane for lane in trio.client.lanes if lane.is_target]


@pytest.mark.requirement("SP-107", "SP-137", "SP-158")
@pytest.mark.parametrize("servers", [{}, SEMI], ids=["seamless", "semi-seamless"])
def test_a_migration_that_fails(servers: dict[str, Any]) -> None:
    trio = Trio(**servers).begin()
    trio.connect()
    trio.end(success=False)
    assert trio.said("source", "server")[-1] == "MigrateCancel"
    assert served(trio) == ("running", "serving", "alone")
    assert trio.target.session is None
    assert trio.told("source", EndDone) == []


@pytest.mark.requirement("SP-137")
def test_a_failure_is_not_told_to_a_client_that_was_not_linked() -> None:
    trio = Trio().begin()
    trio.connect(DEAD)
    before = trio.said("source", "server")
    trio.end(success=False)
    assert trio.said("source", "server") == before


@pytest.mark.requirement("SP-110", "SP-136")
def test_a_client_that_was_not_linked_begins_a_new_session() -> None:
    trio = Trio({"answering": "refuse"}).begin()
    trio.connect()
    trio.end()
    assert trio.said("source", "server")[-1] == "MigrateSwitchHost"
    assert served(trio)[1:] == ("migrated", "serving")
    assert trio.client.state == "running"
    assert trio.said("target", "server")[0] == "Init"


@pytest.mark.requirement("SP-112", "SP-134")
def test_a_late_answer_is_cancelled_and_the_switch_waits_for_it() -> None:
    trio = Trio({"answering": "late"}, **SEMI).begin()
    trio.connect()
    trio.source.migrate_end(success=True)
    trio.settle()
    assert "MigrateConnected" not in trio.said("source", "client")
    trio.client.answer()
    trio.settle()
    assert trio.said("source", "client")[-1] == "MigrateConnected"
    assert trio.said("source", "server")[-2:] == ["MigrateSwitchHost", "MigrateCancel"]
    assert served(trio) == ("running", "migrated", "serving")


@pytest.mark.requirement("SP-132")
def test_without_a_client_all_is_answered_at_once() -> None:
    trio = Trio()
    trio.connect()
    assert trio.told("source", ConnectDone) == [ConnectDone("no-client")]
    trio.end()
    assert trio.told("source", EndDone) == [EndDone()]
    assert trio.cables == []


@pytest.mark.requirement("SP-133", "SP-180", "SP-181")
def test_a_client_that_does_not_answer_is_not_waited_for() -> None:
    trio = Trio({"answering": "ignore"}, **SEMI).begin()
    trio.connect()
    assert trio.told("source", TimerStarted) == [TimerStarted("connect-timeout", TIMER_SECONDS)]
    before = trio.said("source", "server")
    trio.source.expire("connect-timeout")
    trio.settle()
    assert trio.said("source", "server") == before
    assert trio.told("source", ConnectDone) == [ConnectDone("timeout")]
    trio.source.migrate_end(success=True)
    trio.settle()
    assert trio.said("source", "server")[-1] == "MigrateSwitchHost"


@pytest.mark.requirement("SP-138", "SP-180", "SP-181")
def test_a_client_that_does_not_leave_is_closed_before_the_end_is_told() -> None:
    """The tables: behind whatever ended the migration the timer leads to the end, and nothing else comes between."""
    way = ["link", "Init", "migrate-connect", "MigrateBegin", "MigrateConnected", "connect-done", "migrate-success"]
    assert walk("source", *way, "ServerMigrateEnd", "leave-timeout", "close-client") == "left"
    assert TRANSITIONS["source"]["left"] == {"end-done": "migrated"}


@pytest.mark.requirement("SP-180")
def test_timers_stop_when_what_they_wait_for_has_come() -> None:
    trio = Trio().begin()
    trio.connect()
    trio.end()
    names = ["connect-timeout", "leave-timeout"]
    assert [event.name for event in trio.told("source", TimerStarted)] == names
    assert [event.name for event in trio.told("source", TimerStopped)] == names


@pytest.mark.requirement("SP-135", "SP-141")
def test_a_second_target_takes_the_place_of_the_first() -> None:
    trio = Trio(**SEMI).begin()
    trio.connect()
    trio.connect()
    assert trio.said("source", "server")[3:] == ["MigrateBegin", "MigrateCancel", "MigrateBegin"]
    assert served(trio) == ("ready", "linked", "withholding")
    trio.end(success=False)
    assert trio.source.source.state == walk("source", "link", "Init")


@pytest.mark.requirement("SP-139")
def test_state_is_the_last_word_on_a_channel_of_the_source() -> None:
    trio = Trio().begin()
    trio.connect()
    trio.end()
    for channel in ("main-0", "inputs-0"):
        names = [sighting.name for sighting in trio.sightings("source", channel)]
        assert names[-2:] == ["MigrateFlushMark", "ServerMigrateData"]


@pytest.mark.requirement("SP-120", "SP-140")
def test_a_mark_that_nobody_asked_for_ends_the_channel() -> None:
    assert {state for state, row in SOURCE_CHANNEL.items() if "MigrateFlushMark" in row} == {"moving"}
    trio = Trio().begin()
    lane = next(lane for lane in trio.client.lanes if str(lane.key) == "inputs-0")
    lane.connection.send(MigrateFlushMark())
    trio.settle()
    assert "ServerMigrateData" not in trio.said("source", "server", "inputs-0")
    assert [cable.is_cut for cable in trio.cables] == [False, True]


@pytest.mark.requirement("SP-142")
def test_an_announcement_waits_until_the_client_has_arrived() -> None:
    way = ["link-migrating", "migrate-connect"]
    assert "MigrateBegin" not in TRANSITIONS["source"][walk("source", *way)]
    assert "MigrateBegin" in TRANSITIONS["source"][walk("source", *way, "arrived")]


@pytest.mark.requirement("SP-152", "SP-157")
def test_what_comes_at_the_wrong_time_is_ignored() -> None:
    trio = Trio(**SEMI).begin()
    trio.connect()
    (held,) = [lane for lane in trio.client.lanes if lane.is_target and str(lane.key) == "main-0"]
    held.connection.send(AttachChannels())
    trio.settle()
    assert trio.said("target", "server") == []
    trio.end()
    opened = trio.said("target", "server")
    held.connection.send(ClientMigrateEnd())
    trio.settle()
    assert trio.said("target", "server") == opened
    assert trio.told("target", SessionOpened) == [SessionOpened(trio.client.session_id)]


@pytest.mark.requirement("SP-159")
def test_the_session_keeps_its_number_on_the_way_back() -> None:
    trio = Trio(**SEMI, target={"is_seamless": False}).begin()
    number = trio.client.session_id
    trio.connect()
    trio.end()
    trio.servers["source"] = Trio().source
    trio.target.migrate_connect(SOURCE)
    trio.settle()
    trio.target.migrate_end(success=True)
    trio.settle()
    assert trio.client.place == SOURCE
    assert trio.client.session_id == number
    assert [session.session_id for session in trio.told("source", SessionOpened)] == [number, number]


@pytest.mark.requirement("SP-173")
def test_any_bytes_are_a_state_to_the_client() -> None:
    data = bytes(range(256))
    assert codec_for(ServerMigrateData).decode(data).data == codec_for(ClientMigrateData).decode(data).data == data
