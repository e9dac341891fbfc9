"""Rules of the specification, as real programs kept them in the recorded runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.captures.spice_runs import NAMES, run
from wireformat.protocols.spice.capture import Connection
from wireformat.protocols.spice.codes import ChannelType, LinkCode, MigrateFlags
from wireformat.protocols.spice.common_messages import ClientMigrateData, Migrate, ServerMigrateData
from wireformat.protocols.spice.link import ClientLink, LinkMessage, LinkResult
from wireformat.protocols.spice.main_messages import ChannelsList, Init
from wireformat.protocols.spice.sighting import Sighting

RUNS = [name for name in NAMES if name != "link-errors"]
SEAMLESS, SEMI = "seamless-ok-ticket", "semi-seamless-ok"
ALL = MigrateFlags.NEED_FLUSH | MigrateFlags.NEED_DATA_TRANSFER


def link(connection: Connection) -> LinkMessage:
    """What a connection was opened for."""
    (found,) = [each.value.message for each in connection.side("client") if isinstance(each.value, ClientLink)]
    return found


def messages(connection: Connection, sender: Any) -> list[Sighting]:
    """What one side sent behind the link stage."""
    return [sighting for sighting in connection.side(sender) if sighting.received is not None]


def values(connection: Connection, kind: type[Any]) -> list[Any]:
    """The messages of one kind on a connection."""
    return [sighting.value for sighting in connection.sightings if isinstance(sighting.value, kind)]


def moment(connection: Connection, kind: type[Any]) -> float:
    """When the one message of a kind was seen."""
    (found,) = [each.time for each in connection.sightings if isinstance(each.value, kind)]
    assert found is not None
    return found


def is_open(connection: Connection) -> bool:
    """Whether its link was made."""
    return [each.code for each in values(connection, LinkResult)] == [LinkCode.OK]


def mains(name: str) -> list[Connection]:
    """The main channels of a run that were opened."""
    return [each for each in run(name).connections if is_open(each) and link(each).channel_type == ChannelType.MAIN]


def channels(name: str, server: str) -> dict[tuple[ChannelType, int], Connection]:
    """The channels of a run to one server."""
    found = [each for each in run(name).connections if each.server == server]
    return {(link(each).channel_type, link(each).channel_id): each for each in found}


@pytest.mark.requirement("SP-070")
@pytest.mark.parametrize("name", RUNS)
def test_a_new_session_opens_with_its_number(name: str) -> None:
    for connection in mains(name):
        if link(connection).connection_id == 0:
            first = messages(connection, "server")[0].value
            assert isinstance(first, Init)
            assert first.session_id != 0


@pytest.mark.requirement("SP-071")
@pytest.mark.parametrize("name", RUNS)
def test_channels_are_listed_when_they_are_asked_for(name: str) -> None:
    for connection in mains(name):
        names = [sighting.name for sighting in connection.sightings]
        lists = values(connection, ChannelsList)
        assert len(lists) <= names.count("AttachChannels")
        if lists:
            assert names.index("AttachChannels") < names.index("ChannelsList")
        assert ChannelType.MAIN not in {item.type for each in lists for item in each.channels}


@pytest.mark.requirement("SP-072", "SP-101", "SP-159")
@pytest.mark.parametrize("name", RUNS)
def test_channels_name_the_session(name: str) -> None:
    """Those of a target too; the number is that of the session before, however often it moves."""
    known = {0}
    for connection in run(name).connections:
        if is_open(connection):
            assert link(connection).connection_id in known
        known |= {each.session_id for each in values(connection, Init)}


@pytest.mark.requirement("SP-101")
@pytest.mark.parametrize("name", [SEAMLESS, SEMI])
def test_main_is_linked_to_the_target_first_and_then_what_there_is(name: str) -> None:
    here, there = channels(name, "source"), channels(name, "target")
    assert set(there) == set(here)
    main = there.pop((ChannelType.MAIN, 0))
    linked = moment(main, LinkResult)
    for connection in there.values():
        assert moment(connection, ClientLink) >= linked


@pytest.mark.requirement("SP-102", "SP-103", "SP-105", "SP-108", "SP-109")
def test_what_is_said_on_main_in_both_ways() -> None:
    said = {
        (name, server, sender): [
            each.name
            for each in messages(channels(name, server)[ChannelType.MAIN, 0], sender)
            if each.name not in ("Ping", "Pong")
        ]
        for name in (SEMI, SEAMLESS)
        for server in ("source", "target")
        for sender in ("client", "server")
    }
    assert said[SEMI, "target", "client"][0] == "ClientMigrateEnd"
    assert "AttachChannels" not in said[SEMI, "target", "client"]
    assert said[SEMI, "target", "server"][0] == "Init"
    assert said[SEMI, "source", "client"][-1] == "MigrateConnected"
    assert said[SEMI, "source", "server"][-1] == "ServerMigrateEnd"
    assert said[SEAMLESS, "target", "client"][:2] == ["MigrateDstDoSeamless", "ClientMigrateData"]
    assert said[SEAMLESS, "target", "server"][0] == "MigrateDstSeamlessAck"
    assert said[SEAMLESS, "source", "client"][-2:] == ["MigrateConnectedSeamless", "MigrateFlushMark"]
    assert said[SEAMLESS, "source", "server"][-2:] == ["Migrate", "ServerMigrateData"]


@pytest.mark.requirement("SP-109")
def test_a_session_that_has_moved_repeats_its_number() -> None:
    (here,), (there,) = (values(channels(SEMI, server)[ChannelType.MAIN, 0], Init) for server in ("source", "target"))
    assert there.session_id == here.session_id


@pytest.mark.requirement("SP-124")
def test_a_seamless_migration_has_neither_end_nor_beginning() -> None:
    names = [sighting.name for _, sighting in run(SEAMLESS).messages()]
    assert [names.count(each) for each in ("ServerMigrateEnd", "ClientMigrateEnd", "Init")] == [0, 0, 1]


@pytest.mark.requirement("SP-123", "SP-172")
def test_flags_say_what_a_channel_takes() -> None:
    flags = {key[0]: values(each, Migrate)[0].flags for key, each in channels(SEAMLESS, "source").items()}
    assert flags == {type: MigrateFlags(0) if type == ChannelType.CURSOR else ALL for type in flags}
    assert {ChannelType.MAIN, ChannelType.DISPLAY, ChannelType.INPUTS, ChannelType.CURSOR} <= set(flags)


@pytest.mark.requirement("SP-122", "SP-139", "SP-173")
def test_states_are_carried_over_as_they_are() -> None:
    here, there = channels(SEAMLESS, "source"), channels(SEAMLESS, "target")
    carried = 0
    for key, connection in here.items():
        states = values(connection, ServerMigrateData)
        assert [each.data for each in states] == [each.data for each in values(there[key], ClientMigrateData)]
        for _ in states:
            assert messages(connection, "server")[-1].name == "ServerMigrateData"
            assert messages(connection, "client")[-1].name == "MigrateFlushMark"
            carried += 1
    assert carried >= 4
