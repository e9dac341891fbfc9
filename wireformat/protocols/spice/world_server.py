"""Servers in a world: each steps its tables as source and as target, and that of one more channel."""

from __future__ import annotations

from collections.abc import Mapping

from wireformat.protocols.spice.world_line import END, Line
from wireformat.protocols.spice.world_scene import AHEAD, FAULT, LATE, NAMES, SENT, Scene, Server, Step, Steps
from wireformat.schema.machine import Table
from wireformat.schema.world import Act

SAID = frozenset(
    {
        "MigrateBegin",
        "MigrateBeginSeamless",
        "MigrateCancel",
        "ServerMigrateEnd",
        "Migrate",
        "MigrateSwitchHost",
        "Init",
    }
)
CALLBACKS = frozenset({"connect-done", "end-done"})
OWN = SAID | CALLBACKS | {"close-client"}
TIMERS = frozenset({"connect-timeout", "leave-timeout"})
ANSWERS = {"MigrateDstSeamlessAck": "taken", "MigrateDstSeamlessNack": "refused"}
OFFERS = {"MigrateBegin": "semi", "MigrateBeginSeamless": "seamless", "connect-done": "nothing"}
SILENT = frozenset({"withholding", "judging", "greeting"})
"""States of a target in which no channel may start."""


class Servers:
    """The steps of all servers under given tables."""

    def __init__(self, table: Table) -> None:
        self._source, self._target = table["source"], table["target"]
        self._mover, self._channel = table["source-channel"], table["target-channel"]

    def fresh(self) -> Server:
        """A server without a client."""
        return Server(next(iter(self._source)), next(iter(self._target)), next(iter(self._mover)))

    def serving(self) -> Server:
        """A server whose client has opened its session there."""
        return self.fresh()._replace(source="serving", target="serving", line=Line(), is_told=True)

    def row(self, server: Server) -> Mapping[str, str]:
        """What is legal for a server as source."""
        return self._source[server.source]

    def is_passing(self, server: Server) -> bool:
        """Whether it is in a state that is passed at once."""
        rows = self._source[server.source], self._target[server.target]
        return any(row and row.keys() <= {*OWN, *ANSWERS} for row in rows)

    def steps(self, scene: Scene, index: int) -> Steps:
        """Everything that one server may do."""
        server = scene.servers[index]
        yield from self._acts(scene, index, server)
        yield from self._answers(scene, index, server)
        if self.is_passing(server):
            return
        yield from self._timers(scene, index, server)
        yield from self._moves(scene, index, server)
        yield from self._reads(scene, index, server)

    def _acts(self, scene: Scene, index: int, server: Server) -> Steps:
        row = self._source[server.source]
        for event in [event for event in row if event in OWN]:
            if server.source == "announcing" and OFFERS[event] != scene.way.offer:
                continue
            after = server._replace(source=row[event])
            if event == "Init":
                after = after._replace(target=self._target[server.target].get(event, server.target))
            yield self._said(scene, index, event, after)
        if "Init" in self._target[server.target] and "Init" not in row:
            yield self._said(scene, index, "Init", self._arrived(server, "Init"))

    def _said(self, scene: Scene, index: int, event: str, after: Server) -> Step:
        """A message, a callback, or the end of the client."""
        if event == "connect-done":
            after = after._replace(connects=after.connects - 1)
        elif event == "end-done":
            after = after._replace(ends=after.ends - 1)
        elif event == "close-client":
            after = after._replace(line=after.line.closed_by_server())
        else:
            after = after._replace(line=after.line.said_by_server(event))
        if event == "Migrate":
            after = after._replace(mover=self._mover[after.mover].get(event, after.mover))
        if event == "MigrateSwitchHost":
            scene = scene.marked(SENT)
        receiver = "management" if event in CALLBACKS else "client"
        return Act(NAMES[index], receiver, event), scene.with_server(index, after)

    def _answers(self, scene: Scene, index: int, server: Server) -> Steps:
        """As target it says what it makes of seamless."""
        row = self._target[server.target]
        for event in row:
            if event in ANSWERS and ANSWERS[event] == scene.way.answer:
                line = server.line.said_by_server(event)
                after = server._replace(target=row[event], line=line, is_told=event == "MigrateDstSeamlessAck")
                yield Act(NAMES[index], "client", event), scene.with_server(index, after)

    def _arrived(self, server: Server, event: str) -> Server:
        """The session is the server's own now: as source it may go on with what it was asked meanwhile."""
        source = self._source[server.source].get("arrived", server.source)
        return server._replace(source=source, target=self._target[server.target][event])

    def _timers(self, scene: Scene, index: int, server: Server) -> Steps:
        row = self._source[server.source]
        for event in [event for event in row if event in TIMERS]:
            after = scene.with_server(index, server._replace(source=row[event]))
            has_gone_on = event == "leave-timeout" and scene.guest > index + 1
            after = after.marked(AHEAD) if has_gone_on else after
            yield Act(NAMES[index], NAMES[index], event, "", False), after.marked(LATE)

    def _moves(self, scene: Scene, index: int, server: Server) -> Steps:
        """It hands over the state of its main channel, or starts the other channel."""
        row = self._mover[server.mover]
        if "ServerMigrateData" in row and server.mover == "flushed":
            after = server._replace(
                mover=row["ServerMigrateData"], line=server.line.said_by_server("ServerMigrateData")
            )
            yield Act(NAMES[index], "client", "ServerMigrateData"), scene.with_server(index, after)
        if server.channel and "start" in self._channel[server.channel] and server.target not in SILENT:
            after = server._replace(channel=self._channel[server.channel]["start"])
            yield Act(NAMES[index], NAMES[index], "start"), scene.with_server(index, after)

    def _reads(self, scene: Scene, index: int, server: Server) -> Steps:
        if not server.line.to_server:
            return
        event = server.line.to_server[0]
        server = server._replace(line=server.line._replace(to_server=server.line.to_server[1:]))
        act = Act(NAMES[index], NAMES[index], f"takes {event}")
        yield act, self._taken(scene, index, server, event)

    def _taken(self, scene: Scene, index: int, server: Server, event: str) -> Scene:
        if event == END:
            return scene.with_server(index, self._left(server))
        if event == "ClientMigrateData" and "channels-restored" in self._target[server.target]:
            return scene.with_server(index, self._arrived(server, "channels-restored"))
        if event in self._source[server.source]:
            return scene.with_server(index, server._replace(source=self._source[server.source][event]))
        if event in self._target[server.target]:
            return scene.with_server(index, server._replace(target=self._target[server.target][event]))
        if event in self._mover[server.mover]:
            return scene.with_server(index, server._replace(mover=self._mover[server.mover][event]))
        return scene.with_server(index, server).marked(FAULT)

    def _left(self, server: Server) -> Server:
        """The client is gone, for every table of the server."""
        return server._replace(
            source=self._source[server.source].get("client-left", server.source),
            target=self._target[server.target].get("client-left", server.target),
            mover=self._mover[server.mover].get("client-left", server.mover),
            channel="",
            is_told=False,
        )

    def _forgotten(self, server: Server) -> Server:
        """After the callbacks that a client leaves behind."""
        while "connect-done" in self._source[server.source] and self.is_passing(server):
            after = self._source[server.source]["connect-done"]
            server = server._replace(source=after, connects=server.connects - 1)
        return server

    def linked(self, scene: Scene, index: int, is_new: bool) -> Scene:
        """A client has made its main link; one that was there is thrown out."""
        server, event = scene.servers[index], "link" if is_new else "link-migrating"
        if server.line.is_up or server.line.to_server:
            server = self._forgotten(self._left(server))
        target = self._target[server.target].get(event, server.target)
        source = self._source[server.source].get(event, server.source)
        mover = next(iter(self._mover))
        after = server._replace(source=source, target=target, mover=mover, line=Line(), is_told=is_new)
        return scene.with_server(index, after)

    def channel_linked(self, scene: Scene, index: int) -> Scene:
        """A client has linked its other channel too."""
        server = scene.servers[index]
        channel = next(iter(self._channel))
        if server.target in SILENT:
            channel = self._channel[channel]["withhold"]
        target = self._target[server.target].get("channel-linked", server.target)
        return scene.with_server(index, server._replace(target=target, channel=channel))

    def attached(self, scene: Scene, index: int) -> Scene:
        """A client has asked for the channels."""
        server = scene.servers[index]
        target = self._target[server.target].get("AttachChannels", server.target)
        return scene if target == server.target else scene.with_server(index, server._replace(target=target))

    def called(self, scene: Scene, index: int, event: str) -> Scene | None:
        """The VM program calls; none where a server cannot take the call now."""
        server = scene.servers[index]
        row = self._source[server.source]
        return None if event not in row else scene.with_server(index, server._replace(source=row[event]))
