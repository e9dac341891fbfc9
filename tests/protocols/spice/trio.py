"""A client and its servers, joined in memory: what each says is carried until nobody has anything to say."""

from __future__ import annotations

from typing import Any

from tests.protocols.spice.linking import key
from wireformat.protocols.spice.client_party import ClientConfig, ClientParty
from wireformat.protocols.spice.lane import ClientLane, ServerLane
from wireformat.protocols.spice.observer import Observer
from wireformat.protocols.spice.party_events import LinkWanted, PartyEvent, Place
from wireformat.protocols.spice.server_party import ServerConfig, ServerParty
from wireformat.protocols.spice.sighting import Sighting

SOURCE, TARGET = Place("source", 5930), Place("target", 5931)
DEAD = Place("nowhere", 5932)


class Cable:
    """A connection, and all that went over it."""

    def __init__(self, lane: ClientLane, server: ServerLane) -> None:
        self.lane = lane
        self.server = server
        self.observer = Observer()
        self.seen: list[Sighting] = []
        self.is_cut = False

    def carry(self) -> bool:
        """Carry what both ends have to say; whether there was anything."""
        if self.is_cut:
            return False
        said = [
            self._take("client", self.lane.data_to_send()),
            self._take("server", self.server.data_to_send()),
        ]
        if not any(said) and (self.lane.wants_close or self.server.wants_close):
            self.cut()
            return True
        return any(said)

    def _take(self, sender: Any, data: bytes) -> bool:
        if not data:
            return False
        self.observer.receive_data(sender, data, 0.0)
        self.seen += self.observer.sightings()
        (self.server if sender == "client" else self.lane).receive_data(data)
        return True

    def cut(self) -> None:
        """Both ends learn that nothing more comes."""
        self.is_cut = True
        for end in (self.server, self.lane):
            if not end.wants_close:
                end.receive_eof()


class Trio:
    """A client at a source, with a target beside it. `log` is what each told, by name."""

    def __init__(self, client: dict[str, Any] | None = None, **servers: dict[str, Any]) -> None:
        self.client = ClientParty(ClientConfig(SOURCE, **(client or {})))
        self.servers = {
            place.host: ServerParty(
                ServerConfig(
                    **{"next_session": iter((7, 8, 9)).__next__, "next_key": key, **servers.get(place.host, {})}
                )
            )
            for place in (SOURCE, TARGET)
        }
        self.cables: list[Cable] = []
        self.log: dict[str, list[PartyEvent]] = {"client": [], "source": [], "target": []}

    @property
    def source(self) -> ServerParty:
        """The server that is served by first."""
        return self.servers["source"]

    @property
    def target(self) -> ServerParty:
        """The other one."""
        return self.servers["target"]

    def begin(self) -> Trio:
        """Let the client open its session."""
        self.client.start()
        self.settle()
        return self

    def settle(self) -> None:
        """Carry everything until all is quiet."""
        busy = True
        while busy:
            busy = any([self._told(), *[cable.carry() for cable in list(self.cables)]])

    def _told(self) -> bool:
        """Take down what was told, and make the connections that are wanted."""
        for name, server in self.servers.items():
            self.log[name] += server.events()
        told = list(self.client.events())
        self.log["client"] += told
        for event in told:
            if isinstance(event, LinkWanted):
                self._dial(event.lane)
        return bool(told)

    def _dial(self, lane: ClientLane) -> None:
        server = self.servers.get(lane.place.host)
        if server is None:
            lane.unreachable("nobody there")
        else:
            self.cables.append(Cable(lane, server.accept()))

    def connect(self, place: Place = TARGET, *, is_settled: bool = True) -> None:
        """The VM program names a target."""
        self.source.migrate_connect(place)
        if is_settled:
            self.settle()

    def end(self, *, success: bool = True) -> None:
        """The guest has migrated, or not."""
        self.source.migrate_end(success=success)
        self.settle()

    def said(self, host: str, sender: str, channel: str = "main-0", nth: int = -1) -> list[str]:
        """The messages of one side on a connection to a server, by name; `nth` of its connections."""
        return [sighting.name for sighting in self.sightings(host, channel, nth) if sighting.sender == sender]

    def sightings(self, host: str, channel: str = "main-0", nth: int = -1) -> list[Sighting]:
        """The messages of both sides on a connection."""
        found = [each for each in self.cables if each.lane.place.host == host and str(each.lane.key) == channel]
        return [sighting for sighting in found[nth].seen if sighting.received is not None]

    def told(self, name: str, kind: type[Any]) -> list[Any]:
        """What a party told of one kind."""
        return [event for event in self.log[name] if isinstance(event, kind)]
