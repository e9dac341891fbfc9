"""How a client follows a migration, and what it does where it cannot."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.protocols.spice.trio import DEAD, SOURCE, TARGET, Trio
from wireformat.protocols.spice import ticket
from wireformat.protocols.spice.codes import MainCapability, MigrateFlags
from wireformat.protocols.spice.common_messages import Migrate, Ping
from wireformat.protocols.spice.main_messages import MigrateSwitchHost, ServerMigrateEnd
from wireformat.protocols.spice.party_events import AnswerDue, ConnectDone, LinkLost, Over, SessionOpened

ENCRYPT = cache(ticket.encrypt)
SEMI: dict[str, Any] = {"is_seamless": False}


def trio(client: dict[str, Any] | None = None, **servers: dict[str, Any]) -> Trio:
    """Three parties, the client's session open."""
    return Trio({"encrypt": ENCRYPT, **(client or {})}, **servers).begin()


def answers(three: Trio) -> list[str]:
    """What the source learned of its client."""
    return [done.answer for done in three.told("source", ConnectDone)]


@pytest.mark.requirement("SP-101", "SP-105", "SP-108", "SP-109")
def test_semi_seamless() -> None:
    three = trio(source=SEMI)
    three.connect()
    assert three.client.state == "ready"
    assert three.said("target", "client") == []
    three.end()
    assert three.said("source", "client") == ["AttachChannels", "MigrateConnected"]
    assert three.said("target", "client") == ["ClientMigrateEnd"]
    assert three.said("target", "server") == ["Init", "Name"]
    assert three.told("client", SessionOpened) == [SessionOpened(7, SOURCE), SessionOpened(7, TARGET)]
    assert three.client.state == "running"


@pytest.mark.requirement("SP-101", "SP-102", "SP-105", "SP-122", "SP-124")
def test_seamless() -> None:
    three = trio()
    three.connect()
    assert three.client.state == "ready-seamless"
    three.end()
    assert three.said("source", "client") == ["AttachChannels", "MigrateConnectedSeamless", "MigrateFlushMark"]
    assert three.said("target", "client") == ["MigrateDstDoSeamless", "ClientMigrateData"]
    assert three.said("target", "client", "inputs-0") == ["ClientMigrateData"]
    assert three.told("client", SessionOpened) == [SessionOpened(7, SOURCE), SessionOpened(7, TARGET)]


@pytest.mark.requirement("SP-110")
def test_switch_host() -> None:
    three = trio({"capabilities": MainCapability(0)})
    three.connect()
    three.end()
    assert three.said("source", "client") == ["AttachChannels"]
    assert three.told("client", SessionOpened) == [SessionOpened(7, SOURCE), SessionOpened(7, TARGET)]
    assert three.target.session is not None
    assert three.target.session.main.lane.connection.link is not None
    assert three.target.session.main.lane.connection.link.connection_id == 0


@pytest.mark.requirement("SP-111")
def test_what_a_target_says_waits() -> None:
    three = trio()
    three.connect()
    assert three.target.session is not None
    three.target.session.main.send(Ping(id=1, timestamp=2))
    three.settle()
    assert three.said("target", "client") == ["MigrateDstDoSeamless"]
    three.end()
    assert three.said("target", "client") == ["MigrateDstDoSeamless", "ClientMigrateData", "Pong"]


@pytest.mark.requirement("SP-112")
def test_what_a_source_says_while_the_client_links_waits() -> None:
    three = trio(source=SEMI)
    three.source.migrate_connect(TARGET)
    three.source.migrate_end(success=True)
    three.settle()
    assert three.said("source", "server")[-3:] == ["MigrateBegin", "MigrateSwitchHost", "MigrateCancel"]
    assert three.said("source", "client") == ["AttachChannels", "MigrateConnected"]
    assert three.client.place == TARGET
    assert three.told("client", SessionOpened)[-1].session_id != 0


@pytest.mark.requirement("SP-106")
def test_a_target_that_is_not_there() -> None:
    three = trio()
    three.connect(DEAD)
    assert answers(three) == ["error"]
    assert three.client.state == "running"
    three.end()
    assert three.client.state == "lost"
    assert "nowhere:5932 was not reached" in str(three.told("client", Over)[0].error)


@pytest.mark.requirement("SP-093")
def test_a_target_that_cannot_take_sessions_over() -> None:
    three = trio(target={"capabilities": MainCapability(0)})
    three.connect()
    assert answers(three) == ["error"]
    three.end()
    assert (three.client.state, three.client.place) == ("running", TARGET)


def test_a_target_that_speaks_before_it_answers() -> None:
    three = trio()
    three.source.migrate_connect(TARGET)
    while not any(cable.lane.is_target and cable.server.is_linked for cable in three.cables):
        three._told()
        for cable in three.cables:
            cable.carry()
    (cable,) = [cable for cable in three.cables if cable.lane.is_target]
    cable.server.connection.send(Ping(id=1, timestamp=2))
    three.settle()
    assert answers(three) == ["error"]


@pytest.mark.requirement("SP-105")
def test_a_version_that_is_refused() -> None:
    three = trio({"version": 2})
    three.connect()
    assert three.client.state == "ready"
    assert three.said("target", "server") == ["MigrateDstSeamlessNack"]
    three.end()
    assert three.said("target", "client") == ["MigrateDstDoSeamless", "ClientMigrateEnd"]


def test_a_client_that_refuses() -> None:
    three = trio({"answering": "refuse"})
    three.connect()
    assert answers(three) == ["error"]
    assert len(three.cables) == 2


def test_a_client_that_takes_no_notice() -> None:
    three = trio({"answering": "ignore"})
    three.connect()
    assert answers(three) == []
    three.source.expire("connect-timeout")
    assert answers(three) == []
    three.settle()
    assert answers(three) == ["timeout"]
    three.end()
    assert (three.client.state, three.client.place) == ("running", TARGET)


def test_a_client_that_is_late() -> None:
    three = trio({"answering": "late"}, source=SEMI)
    three.connect()
    assert three.told("client", AnswerDue) == [AnswerDue()]
    three.source.expire("connect-timeout")
    three.client.answer()
    three.settle()
    assert answers(three) == ["timeout"]
    assert three.said("source", "server")[-2:] == ["MigrateBegin", "MigrateCancel"]
    assert three.client.state == "running"


def test_an_answer_that_nobody_waits_for() -> None:
    three = trio()
    three.client.answer()
    assert three.client.state == "running"
    assert three.client.main.lane.data_to_send() == b""


@pytest.mark.requirement("SP-107")
@pytest.mark.parametrize("is_seamless", [False, True])
def test_a_migration_that_fails(is_seamless: bool) -> None:
    three = trio(source={"is_seamless": is_seamless})
    three.connect()
    three.end(success=False)
    assert (three.client.state, three.client.place) == ("running", SOURCE)
    assert three.target.session is None
    three.connect()
    three.end()
    assert (three.client.state, three.client.place) == ("running", TARGET)


@pytest.mark.parametrize("is_seamless", [False, True])
def test_two_announcements(is_seamless: bool) -> None:
    three = trio(source={"is_seamless": is_seamless})
    three.connect()
    three.connect()
    assert "MigrateCancel" in three.said("source", "server")
    three.end()
    assert (three.client.state, three.client.place) == ("running", TARGET)


def test_a_target_that_goes_away_before_the_end() -> None:
    three = trio(source=SEMI)
    three.connect()
    for cable in three.cables[2:]:
        cable.cut()
    three.settle()
    assert three.client.state == "ready"
    assert all(lost.is_target for lost in three.told("client", LinkLost))
    three.end()
    assert (three.client.state, three.client.place) == ("running", TARGET)
    assert three.said("target", "client") == ["AttachChannels"]


def test_a_target_that_goes_away_while_channels_move() -> None:
    three = trio()
    three.connect()
    assert three.source.session is not None
    three.source.session.main.send(Migrate(flags=MigrateFlags.NEED_FLUSH | MigrateFlags.NEED_DATA_TRANSFER))
    three.settle()
    three.cables[3].cut()
    three.settle()
    assert (three.client.state, three.client.place) == ("running", TARGET)
    assert three.told("client", SessionOpened)[-1].place == TARGET


@pytest.mark.requirement("SP-123")
def test_a_channel_without_a_state_moves_at_once() -> None:
    three = trio()
    three.connect()
    assert three.source.session is not None
    for channel in three.source.session.channels():
        channel.send(Migrate(flags=MigrateFlags(0)))
    three.settle()
    assert three.client.place == TARGET
    assert three.said("source", "client") == ["AttachChannels", "MigrateConnectedSeamless"]


def test_a_place_that_is_none() -> None:
    three = trio()
    assert three.source.session is not None
    three.source.session.main.send(MigrateSwitchHost(port=0xFFFF, sport=0xFFFF, host=b"there\0"))
    three.settle()
    (over,) = three.told("client", Over)
    assert over.error.id == "spice/place"


def test_an_end_that_nothing_announced() -> None:
    three = trio()
    assert three.source.session is not None
    three.source.session.main.send(ServerMigrateEnd())
    three.settle()
    assert three.client.is_over
