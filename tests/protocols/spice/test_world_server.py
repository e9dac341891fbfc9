"""Servers in a world: what they say, when, and what becomes of a client that is replaced."""

from __future__ import annotations

from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.world_line import Line
from wireformat.protocols.spice.world_scene import FAULT, WAYS, Means, Scene, Server, Way
from wireformat.protocols.spice.world_server import Servers

SERVERS = Servers(TRANSITIONS)


def scene(server: Server, way: Way = WAYS[1]) -> Scene:
    return Scene(way, Means(), (server, SERVERS.fresh()), "running", "served")


def acts(server: Server, way: Way = WAYS[1]) -> list[str]:
    return [act.event for act, _ in SERVERS.steps(scene(server, way), 0)]


def test_the_way_decides_what_is_announced() -> None:
    server = SERVERS.serving()._replace(source="announcing", connects=1)
    found = [acts(server, way) for way in WAYS[:3]]
    assert found == [["connect-done"], ["MigrateBegin"], ["MigrateBeginSeamless"]]


def test_what_is_passed_at_once_happens_before_anything_else_is_read() -> None:
    server = SERVERS.serving()._replace(source="answered", connects=1, line=Line((), ("MigrateConnected",)))
    assert SERVERS.is_passing(server)
    assert acts(server) == ["connect-done"]


def test_a_migrating_client_is_told_nothing() -> None:
    linked = SERVERS.linked(scene(SERVERS.fresh()), 1, False)
    server = linked.servers[1]
    assert (server.source, server.target, server.is_told) == ("receiving", "withholding", False)
    assert list(SERVERS.steps(linked, 1)) == []


def test_a_client_that_is_replaced_leaves_no_callback_behind() -> None:
    waiting = SERVERS.serving()._replace(source="waiting", connects=1)
    server = SERVERS.linked(scene(waiting), 0, True).servers[0]
    assert (server.source, server.target, server.connects) == ("opening", "opening", 0)


def test_a_channel_of_a_migrating_client_is_withheld() -> None:
    linked = SERVERS.channel_linked(SERVERS.linked(scene(SERVERS.fresh()), 1, False), 1)
    assert linked.servers[1].channel == "withheld"
    assert list(SERVERS.steps(linked, 1)) == []


def test_what_no_table_has_is_a_fault() -> None:
    server = SERVERS.serving()._replace(line=Line((), ("MigrateFlushMark",)))
    (_, after), *others = SERVERS.steps(scene(server), 0)
    assert (set(after.marks), len(others)) == ({FAULT}, 0)


def test_a_call_that_cannot_be_made_now_is_not_made() -> None:
    assert SERVERS.called(scene(SERVERS.serving()._replace(source="leaving")), 0, "migrate-connect") is None
