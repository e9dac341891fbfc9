"""Between a client and its servers: everything is passed on, announcements of targets with another address.

Who stands in the way of a connection has no key and needs none: the ticket is for the server, and passes as it came.
What is kept of it for a recording is blank. Only the addresses in MIGRATE_BEGIN and SWITCH_HOST change, so that the
client comes by again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from wireformat.protocols.spice.main_messages import (
    NO_PORT,
    MigrateBegin,
    MigrateBeginSeamless,
    MigrateSwitchHost,
)
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.observer import Observer
from wireformat.protocols.spice.party_events import ChannelKey, Place
from wireformat.protocols.spice.sighting import Sighting, blanked

ANNOUNCEMENTS: Final = (MigrateBegin, MigrateBeginSeamless, MigrateSwitchHost)
OTHER: Final[dict[Sender, Sender]] = {"client": "server", "server": "client"}

Reroute = Callable[[Place], Place | None]
"""Where a client is sent instead of a target; None: to the target itself."""

Record = Callable[[Sender, bytes, float], None]
"""Takes what a side was heard to say, without tickets, and when."""


class Relay:
    """One connection. `record` is given every byte that is passed on, tickets blank."""

    def __init__(self, reroute: Reroute, record: Record) -> None:
        self._observer = Observer()
        self._reroute = reroute
        self._record = record
        self._outgoing: dict[Sender, bytearray] = {"client": bytearray(), "server": bytearray()}

    @property
    def channel(self) -> ChannelKey | None:
        """What the connection carries, once the client has said it."""
        request = self._observer.request
        return None if request is None else ChannelKey(request.message.channel_type, request.message.channel_id)

    def receive_data(self, sender: Sender, data: bytes, time: float) -> None:
        """Take bytes of one side."""
        self._observer.receive_data(sender, data, time)
        self._pass_on(time)

    def receive_eof(self, sender: Sender, time: float) -> None:
        """A side will send nothing more."""
        self._observer.receive_eof(sender, time)
        self._pass_on(time)

    def data_to_send(self, receiver: Sender) -> bytes:
        """What is to be sent to a side, once."""
        data = bytes(self._outgoing[receiver])
        self._outgoing[receiver].clear()
        return data

    def _pass_on(self, time: float) -> None:
        for sighting in self._observer.sightings():
            passed = self._rerouted(sighting)
            self._outgoing[OTHER[passed.sender]] += passed.encode()
            if passed.size:
                self._record(passed.sender, blanked(passed).encode(), time)

    def _rerouted(self, sighting: Sighting) -> Sighting:
        """The same, with another place where it announces one."""
        message: Any = sighting.value if sighting.size else None
        if not isinstance(message, ANNOUNCEMENTS) or message.host is None:
            return sighting
        place = self._reroute(Place.announced(message))
        if place is None:
            return sighting
        port, tls_port = place.port or NO_PORT, place.tls_port or NO_PORT
        return sighting.changed(replace(message, host=place.host.encode() + b"\0", port=port, sport=tls_port))
