"""The client in a world: it steps its table, reads its lines, links to servers and leaves them."""

from __future__ import annotations

from collections.abc import Mapping

from wireformat.protocols.spice.world_line import END
from wireformat.protocols.spice.world_scene import NAMES, NOWHERE, REFUSED, SWITCHED, Scene, Step, Steps
from wireformat.protocols.spice.world_server import Servers
from wireformat.schema.machine import Table
from wireformat.schema.world import Act

LISTENING = frozenset({"running", "ready", "ready-seamless", "opening", "awaiting-init"})
"""States in which the client reads whatever comes, and skips what it does not know."""

READY = frozenset({"ready", "ready-seamless"})
AT_ONCE = frozenset({"close-all", "close-source", "close-target"})
TO_TARGET = frozenset({"MigrateDstDoSeamless", "ClientMigrateEnd"})
TO_SOURCE = frozenset({"MigrateConnected", "MigrateConnectedSeamless", "MigrateConnectError"})


class Client:
    """The steps of the client under given tables."""

    def __init__(self, table: Table, servers: Servers) -> None:
        self._rows, self._mover_rows = table["client"], table["client-channel"]
        self._servers = servers

    def is_passing(self, scene: Scene) -> bool:
        """Whether it is in a state that is passed at once."""
        row = self._rows[scene.client]
        return bool(row) and row.keys() <= {*AT_ONCE, END} and bool(row.keys() & AT_ONCE)

    def steps(self, scene: Scene) -> Steps:
        """Everything that it may do."""
        row = self._rows[scene.client]
        yield from self._acts(scene, row)
        if self.is_passing(scene):
            return
        yield from self._moves(scene)
        yield from self._reads_here(scene, row)
        yield from self._reads_there(scene, row)

    def _after(self, scene: Scene, event: str) -> Scene:
        return scene._replace(client=self._rows[scene.client][event])

    def _moved(self, scene: Scene, *events: str) -> Scene:
        """After events of its main channel, as far as the table has them."""
        mover = scene.mover
        for event in events:
            mover = self._mover_rows[mover].get(event, mover)
        return scene._replace(mover=mover)

    def _acts(self, scene: Scene, row: Mapping[str, str]) -> Steps:
        for event in row:
            if event in AT_ONCE:
                yield Act("client", "client", event), self._closed(self._after(scene, event), event)
            elif event in TO_SOURCE:
                yield self._says(scene, event, scene.here)
            elif event in TO_TARGET and self._wants(scene, event):
                yield self._says(scene, event, scene.there)
            elif event == "go-semi-seamless" and scene.way.answer == "plain":
                yield Act("client", "client", event), self._after(scene, event)
        if "linked" in row and scene.there != NOWHERE:
            yield from self._dials(scene, "linked", "link-failed")
        if "target-linked" in row:
            yield from self._dials(scene._replace(there=scene.here + 1), "target-linked", "target-failed")
        if "channels-linked" in row and scene.servers[scene.there].line.is_up:
            act = Act("client", NAMES[scene.there], "channels-linked")
            yield act, self._servers.channel_linked(self._after(scene, "channels-linked"), scene.there)
        if "channels-moved" in row and scene.mover == "served":
            yield Act("client", "client", "channels-moved"), self._after(scene, "channels-moved")
        if scene.client in READY and scene.servers[scene.there].line.is_up:
            act = Act("client", NAMES[scene.there], "AttachChannels", "too early", False)
            yield act, self._servers.attached(scene, scene.there)

    def _wants(self, scene: Scene, event: str) -> bool:
        return event != "MigrateDstDoSeamless" or scene.way.answer != "plain"

    def _says(self, scene: Scene, event: str, index: int) -> Step:
        line = scene.servers[index].line.said_by_client(event)
        scene = self._after(scene.with_line(index, line), event)
        if event == "ClientMigrateEnd":
            told = scene.servers[index]._replace(is_told=True)
            scene = scene.with_server(index, told)._replace(here=index, there=NOWHERE)
        return Act("client", NAMES[index], event), scene

    def _dials(self, scene: Scene, event: str, failure: str) -> Steps:
        """It makes a link to the server that it was told of, or cannot."""
        index, is_new = scene.there, event == "linked"
        made = self._servers.linked(self._after(scene, event), index, is_new)
        made = (
            self._moved(made, "dial-target", "target-linked")
            if not is_new
            else made._replace(here=index, there=NOWHERE)
        )
        yield Act("client", NAMES[index], "link" if is_new else "link-migrating"), made
        if scene.means.refusals:
            means = scene.means._replace(refusals=scene.means.refusals - 1)
            failed = self._after(scene._replace(means=means), failure).marked(REFUSED)
            yield Act("client", NAMES[index], "link", "refused", False), failed

    def _closed(self, scene: Scene, event: str) -> Scene:
        """After it has closed what it is told to."""
        if event == "close-target":
            return self._moved(self._hung_up(scene, scene.there), event)._replace(there=NOWHERE)
        if event == "close-source":
            scene = self._moved(self._hung_up(scene, scene.here), event)
            is_there = scene.client == "running"
            return scene._replace(here=scene.there, there=NOWHERE) if is_there else scene._replace(here=NOWHERE)
        target = scene.here + 1 if scene.there == NOWHERE else scene.there
        for index in {scene.here, scene.there} - {NOWHERE}:
            scene = self._hung_up(scene, index)
        is_sent = scene.client == "dialling"
        mover = next(iter(self._mover_rows))
        if is_sent and scene.way.offer != "nothing":
            scene = scene.marked(SWITCHED)
        return scene._replace(here=NOWHERE, there=target if is_sent else NOWHERE, mover=mover)

    def _hung_up(self, scene: Scene, index: int) -> Scene:
        return scene if index == NOWHERE else scene.with_line(index, scene.servers[index].line.closed_by_client())

    def _moves(self, scene: Scene) -> Steps:
        """It moves the state of the main channel: the mark to the source, the state to the target."""
        row = self._mover_rows[scene.mover]
        for event, index in (("MigrateFlushMark", scene.here), ("ClientMigrateData", scene.there)):
            if event in row and scene.client == "moving":
                line = scene.servers[index].line.said_by_client(event)
                yield Act("client", NAMES[index], event), self._moved(scene.with_line(index, line), event)

    def _reads_here(self, scene: Scene, row: Mapping[str, str]) -> Steps:
        """It reads what the server says that it is attached to, when it has time for that."""
        line = scene.servers[scene.here].line if scene.here != NOWHERE else None
        if line is None or not line.to_client:
            return
        event = line.to_client[0]
        act = Act("client", "client", f"takes {event}")
        taken = scene.with_line(scene.here, line._replace(to_client=line.to_client[1:]))
        if event in row:
            is_there = scene.client == "awaiting-init" and event == END
            after = taken._replace(there=scene.here) if is_there else taken
            yield act, self._moved(self._after(after, event), event)
        elif event in self._mover_rows[scene.mover] and scene.mover == "flushed":
            yield act, self._moved(taken, event)
        elif scene.client in LISTENING:
            yield act._replace(note="and skips it"), taken

    def _reads_there(self, scene: Scene, row: Mapping[str, str]) -> Steps:
        """It reads the target's answer, or that the link is gone. Later the link stays unread until it is used."""
        if scene.there == NOWHERE or scene.client in READY:
            return
        line = scene.servers[scene.there].line
        if not line.to_client:
            return
        event = "target-failed" if line.to_client[0] == END else line.to_client[0]
        if event in row:
            taken = scene.with_line(scene.there, line._replace(to_client=line.to_client[1:]))
            yield Act("client", "client", f"takes {line.to_client[0]}"), self._after(taken, event)
