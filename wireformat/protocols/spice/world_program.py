"""The VM programs and management in a world: they announce, migrate, succeed and fail; and the network, which cuts.

`migrate` succeeds sooner or later, unless it fails or is cancelled, which is one to SPICE. Then the target is gone and
another takes its place. A program tells its SPICE server of the end only when it has announced the migration.
"""

from __future__ import annotations

from wireformat.protocols.spice.world_scene import AHEAD, CUT, HASTY, LATE, NAMES, SENT, UNTOLD, Scene, Steps
from wireformat.protocols.spice.world_server import Servers
from wireformat.schema.world import Act

FORGETFUL = frozenset({"serving", "receiving"})
"""States of a source that knows no target: whoever was told of it is gone."""


class Program:
    """The steps of programs, management and network."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    def steps(self, scene: Scene) -> Steps:
        """Everything that may happen around client and servers."""
        if scene.guest + 1 < len(scene.servers):
            yield from self._announces(scene)
            yield from self._migrates(scene)
            yield from self._ends(scene)
        yield from self._cuts(scene)

    def _announces(self, scene: Scene) -> Steps:
        index = scene.guest
        called = self._servers.called(scene, index, "migrate-connect") if scene.means.announcements else None
        if called is None:
            return
        server = called.servers[index]
        server = server._replace(has_info=True, connects=server.connects + 1)
        means = scene.means._replace(announcements=scene.means.announcements - 1)
        called = called.with_server(index, server)._replace(means=means)
        if scene.is_migrating or scene.servers[index].connects:
            called = called.marked(HASTY)
        if scene.means.has_client and not scene.servers[index].line.is_up:
            called = called.marked(AHEAD)
        yield Act("management", NAMES[index], "migrate-connect", scene.way.word, False), called

    def _migrates(self, scene: Scene) -> Steps:
        server = scene.servers[scene.guest]
        if scene.is_migrating or not (server.has_info or scene.means.may_be_silent):
            return
        started = scene._replace(is_migrating=True)
        if server.connects:
            started = started.marked(HASTY)
        yield Act("management", NAMES[scene.guest], "migrate", "", False), started

    def _ends(self, scene: Scene) -> Steps:
        if not scene.is_migrating:
            return
        index = scene.guest
        for event in ("migrate-success", "migrate-failure"):
            is_told, is_lost = scene.servers[index].has_info, self._is_lost(scene)
            after = self._servers.called(scene, index, event) if is_told else scene.marked(UNTOLD)
            if after is not None:
                ended = self._succeeded(after) if event == "migrate-success" else self._failed(after)
                ended = ended.marked(AHEAD) if is_told and is_lost else ended
                act = Act("management", NAMES[index], event, "" if is_told else "without a word to SPICE")
                yield act._replace(is_fair=event == "migrate-success"), ended

    def _is_lost(self, scene: Scene) -> bool:
        """Whether nobody hears of an announced migration: the server forgot it, or its client is still to come anew."""
        server = scene.servers[scene.guest]
        is_new = bool(scene.marks & {SENT, LATE})
        is_away = scene.here != scene.guest and (is_new or not server.line.is_up)
        return scene.means.has_client and (is_away or server.source in FORGETFUL)

    def _succeeded(self, scene: Scene) -> Scene:
        server = scene.servers[scene.guest]
        server = server._replace(ends=server.ends + server.has_info, has_info=False)
        return scene.with_server(scene.guest, server)._replace(guest=scene.guest + 1, is_migrating=False)

    def _failed(self, scene: Scene) -> Scene:
        """The target dies; with no client the source's SPICE server answers that too."""
        server = scene.servers[scene.guest]
        is_answered = "end-done" in self._servers.row(server)
        server = server._replace(ends=server.ends + is_answered, has_info=False)
        line = scene.servers[scene.guest + 1].line.closed_by_server()
        dead = self._servers.fresh()._replace(line=line)
        return scene.with_server(scene.guest, server).with_server(scene.guest + 1, dead)._replace(is_migrating=False)

    def _cuts(self, scene: Scene) -> Steps:
        if not scene.means.cuts:
            return
        means = scene.means._replace(cuts=scene.means.cuts - 1)
        for index, server in enumerate(scene.servers):
            for note, line in server.line.cut():
                words = f"between client and {NAMES[index]}{', ' * bool(note)}{note}"
                cut = scene.with_line(index, line)._replace(means=means).marked(CUT)
                yield Act("network", "network", "cut", words, False), cut
