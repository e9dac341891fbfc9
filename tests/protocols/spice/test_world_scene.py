"""Scenes change in one place at a time."""

from __future__ import annotations

from wireformat.protocols.spice.world_line import Line
from wireformat.protocols.spice.world_scene import CUT, LATE, WAYS, Means, Scene, Server

SERVER = Server("serving", "serving", "serving")
SCENE = Scene(WAYS[1], Means(), (SERVER, SERVER), "running", "served")


def test_one_server_changes() -> None:
    changed = SCENE.with_line(1, Line())
    assert (changed.servers[0], changed.servers[1].line) == (SERVER, Line())


def test_marks_add_up() -> None:
    assert SCENE.marked(CUT).marked(LATE).marked(CUT).marks == {CUT, LATE}


def test_a_way_has_a_word() -> None:
    assert [way.word for way in WAYS] == ["nothing", "semi", "seamless, plain", "seamless, refused", "seamless, taken"]
