"""Programs and management in a world: who is told of what, and what a failure takes along."""

from __future__ import annotations

from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.world_line import END, Line
from wireformat.protocols.spice.world_program import Program
from wireformat.protocols.spice.world_scene import AHEAD, CUT, HASTY, UNTOLD, WAYS, Means, Scene
from wireformat.protocols.spice.world_server import Servers

SERVERS = Servers(TRANSITIONS)
PROGRAM = Program(SERVERS)
SCENE = Scene(WAYS[1], Means(), (SERVERS.serving(), SERVERS.fresh()), "running", "served")


def after(scene: Scene) -> dict[str, Scene]:
    return {act.event: found for act, found in PROGRAM.steps(scene)}


def source(scene: Scene, state: str, connects: int = 0) -> Scene:
    """With a source in a state, that has announced."""
    return scene.with_server(0, scene.servers[0]._replace(source=state, has_info=True, connects=connects))


def test_an_announcement_is_owed_an_answer() -> None:
    found = after(SCENE)["migrate-connect"]
    assert (found.servers[0].source, found.servers[0].connects, found.means.announcements) == ("announcing", 1, 0)
    assert set(after(SCENE)) == {"migrate-connect"}, "nothing migrates that was not announced"


def test_management_may_be_silent_and_hasty() -> None:
    untold = after(SCENE._replace(means=Means(may_be_silent=True)))["migrate"]
    assert after(untold)["migrate-success"].marks == {UNTOLD}
    waiting = source(SCENE, "waiting", connects=1)
    assert after(waiting)["migrate"].marks == {HASTY}


def test_success_moves_the_guest_and_is_owed_an_answer() -> None:
    found = after(source(SCENE, "linked")._replace(is_migrating=True))["migrate-success"]
    assert (found.guest, found.servers[0].source, found.servers[0].ends) == (1, "ending", 1)


def test_a_forgotten_target_is_marked() -> None:
    found = after(source(SCENE, "serving")._replace(is_migrating=True))["migrate-success"]
    assert found.marks == {AHEAD}


def test_failure_takes_the_target_along() -> None:
    start = source(SCENE, "linked")._replace(is_migrating=True).with_line(1, Line())
    found = after(start)["migrate-failure"]
    assert (found.guest, found.servers[0].source, found.servers[0].ends) == (0, "cancelling", 0)
    assert found.servers[1] == SERVERS.fresh()._replace(line=Line((END,), (), False))


def test_failure_without_a_client_is_owed_an_answer() -> None:
    start = SCENE.with_server(0, SERVERS.fresh()._replace(has_info=True))._replace(is_migrating=True)
    assert after(start)["migrate-failure"].servers[0].ends == 1


def test_every_line_that_is_up_can_be_cut() -> None:
    start = SCENE._replace(means=Means(announcements=0, cuts=1)).with_line(1, Line())
    found = [(act.note, set(scene.marks), scene.means.cuts) for act, scene in PROGRAM.steps(start)]
    assert found == [("between client and source", {CUT}, 0), ("between client and target", {CUT}, 0)]
