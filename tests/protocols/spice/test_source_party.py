"""What a server does as source."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocols.spice.trio import SOURCE, Trio
from wireformat.errors import LocalProtocolError
from wireformat.protocols.spice.codes import MainCapability
from wireformat.protocols.spice.main_messages import MigrateConnected, MigrateConnectError
from wireformat.protocols.spice.party_events import (
    ClientLeft,
    ConnectDone,
    EndDone,
    Place,
    TimerStarted,
    TimerStopped,
)

SEMI: dict[str, Any] = {"is_seamless": False}


def timers(three: Trio) -> list[tuple[str, bool]]:
    """Timers of the source that were started, or stopped."""
    events = [event for event in three.log["source"] if isinstance(event, TimerStarted | TimerStopped)]
    return [(event.name, isinstance(event, TimerStarted)) for event in events]


def answers(three: Trio) -> list[str]:
    """What the source learned of its client."""
    return [done.answer for done in three.told("source", ConnectDone)]


@pytest.mark.requirement("SP-133", "SP-138", "SP-180")
def test_timers_of_a_migration() -> None:
    three = Trio(source=SEMI).begin()
    three.connect()
    assert timers(three) == [("connect-timeout", True), ("connect-timeout", False)]
    three.end()
    assert timers(three)[2:] == [("leave-timeout", True), ("leave-timeout", False)]
    assert three.told("source", TimerStarted)[0].seconds == 10.0


@pytest.mark.requirement("SP-081", "SP-086")
def test_the_place_as_it_is_told() -> None:
    three = Trio(source=SEMI).begin()
    three.connect(Place("target", None, 5931, "CN=target"))
    begin = [each.value for each in three.sightings("source") if each.name == "MigrateBegin"]
    assert [(one.port, one.sport, one.host, one.cert_subject) for one in begin] == [
        (0xFFFF, 5931, b"target\0", b"CN=target\0")
    ]


@pytest.mark.requirement("SP-086")
@pytest.mark.parametrize("place", [Place("", 1), Place("there", None)])
def test_a_target_needs_a_place(place: Place) -> None:
    three = Trio().begin()
    with pytest.raises(LocalProtocolError, match="a target needs a host, and a port"):
        three.source.migrate_connect(place)
    assert three.source.source.state == "serving"


@pytest.mark.requirement("SP-132")
def test_without_a_client() -> None:
    three = Trio()
    three.connect()
    assert answers(three) == ["no-client"]
    three.end(success=False)
    assert three.told("source", EndDone) == [EndDone()]
    three.end()
    assert three.source.source.state == "migrated"
    assert three.told("source", EndDone) == [EndDone()] * 2


def test_without_a_target() -> None:
    three = Trio().begin()
    three.end(success=False)
    assert three.source.source.state == "serving"
    three.end()
    assert three.told("source", EndDone) == [EndDone()]
    assert three.client.state == "lost"


@pytest.mark.requirement("SP-138", "SP-181")
def test_a_client_that_does_not_leave_is_closed() -> None:
    three = Trio({"answering": "ignore"}, source=SEMI).begin()
    three.connect()
    three.source.migrate_end(success=True)
    assert answers(three) == []
    three.source.expire("leave-timeout")
    three.settle()
    assert answers(three) == ["timeout"]
    assert three.told("source", EndDone) == [EndDone()]
    assert three.told("source", ClientLeft) == [ClientLeft()]


@pytest.mark.requirement("SP-130")
def test_a_client_that_leaves_instead_of_an_answer() -> None:
    three = Trio({"answering": "ignore"}).begin()
    three.connect()
    three.client.close()
    three.settle()
    assert answers(three) == ["left"]
    assert three.source.source.state == "alone"


@pytest.mark.requirement("SP-130", "SP-137")
def test_a_failure_before_the_answer() -> None:
    three = Trio({"answering": "ignore"}).begin()
    three.connect()
    three.end(success=False)
    assert answers(three) == ["failed"]
    assert "MigrateCancel" not in three.said("source", "server")


@pytest.mark.requirement("SP-130", "SP-135")
def test_an_announcement_that_is_replaced_is_answered_first() -> None:
    three = Trio({"answering": "late"}).begin()
    three.connect()
    three.connect()
    assert answers(three) == ["replaced"]
    assert timers(three) == [("connect-timeout", True), ("connect-timeout", False), ("connect-timeout", True)]
    assert three.said("source", "server").count("MigrateBeginSeamless") == 2
    assert "MigrateCancel" not in three.said("source", "server")


@pytest.mark.requirement("SP-134")
def test_answers_that_nobody_waits_for() -> None:
    three = Trio().begin()
    three.client.main.send(MigrateConnectError())
    three.client.main.send(MigrateConnected())
    three.settle()
    assert three.said("source", "server")[-1] == "MigrateCancel"
    assert three.source.source.state == "serving"


def test_a_timer_that_was_stopped() -> None:
    three = Trio().begin()
    three.source.expire("connect-timeout")
    three.source.expire("leave-timeout")
    assert three.source.source.state == "serving"


@pytest.mark.requirement("SP-090", "SP-091")
@pytest.mark.parametrize(
    ("client", "is_seamless", "expected"),
    [
        (MainCapability(0xF), True, "MigrateBeginSeamless"),
        (MainCapability(0xF), False, "MigrateBegin"),
        (MainCapability(0x7), True, "MigrateBegin"),
        (MainCapability(0xB), True, "MigrateBegin"),
        (MainCapability(0xE), True, None),
    ],
)
def test_the_best_way_that_both_can(client: MainCapability, is_seamless: bool, expected: str | None) -> None:
    three = Trio({"capabilities": client}, source={"is_seamless": is_seamless}).begin()
    three.connect()
    told = [name for name in three.said("source", "server") if name.startswith("MigrateBegin")]
    assert told == ([] if expected is None else [expected])


@pytest.mark.requirement("SP-142")
def test_a_client_that_still_arrives_is_told_later() -> None:
    three = Trio(source=SEMI).begin()
    three.connect()
    three.target.migrate_connect(SOURCE)
    three.settle()
    assert three.target.source.state == "postponed"
    assert three.said("target", "server") == []
    three.end()
    assert three.said("target", "server")[:3] == ["Init", "Name", "MigrateBeginSeamless"]
