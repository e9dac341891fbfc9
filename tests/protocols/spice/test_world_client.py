"""The client in a world: it is busy while it links, skips what it does not know, and closes what it leaves."""

from __future__ import annotations

from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.protocols.spice.world_client import Client
from wireformat.protocols.spice.world_line import END, Line
from wireformat.protocols.spice.world_scene import NOWHERE, SWITCHED, WAYS, Means, Scene
from wireformat.protocols.spice.world_server import Servers

SERVERS = Servers(TRANSITIONS)
CLIENT = Client(TRANSITIONS, SERVERS)


def scene(client: str, *said: str, there: int = NOWHERE) -> Scene:
    """A client with these messages from the source to read."""
    source = SERVERS.serving()._replace(line=Line(said))
    target = SERVERS.fresh()._replace(line=Line())
    return Scene(WAYS[1], Means(), (source, target), client, "served", there=there)


def after(start: Scene) -> dict[str, Scene]:
    return {act.event: scene for act, scene in CLIENT.steps(start)}


def test_it_reads_nothing_from_the_source_while_it_links() -> None:
    assert set(after(scene("attaching", "MigrateSwitchHost", there=1))) == {"channels-linked"}


def test_it_skips_what_it_does_not_know() -> None:
    found = after(scene("ready", "Init", there=1))["takes Init"]
    assert (found.client, found.servers[0].line) == ("ready", Line())


def test_a_new_session_closes_both_links() -> None:
    start = scene("leaving", there=1)
    assert CLIENT.is_passing(start)
    found = after(start)["close-all"]
    assert (found.client, found.here, found.there, set(found.marks)) == ("dialling", NOWHERE, 1, {SWITCHED})
    assert [server.line for server in found.servers] == [Line((), (END,), False)] * 2


def test_a_target_that_is_lost_after_the_move_is_dialled_anew() -> None:
    start = scene("awaiting-init")._replace(here=1)
    found = after(start.with_line(1, Line((END,), (), False)))["takes cut"]
    assert (found.client, found.there) == ("leaving", 1)


def test_a_refusal_uses_up_what_is_allowed() -> None:
    start = scene("connecting")._replace(means=Means(refusals=1))
    found = after(start)["link"]
    assert (found.client, found.means.refusals) == ("failing", 0)
