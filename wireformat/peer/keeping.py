"""What the events of a migration mean for its stream: when it begins, is written, loaded, named, or dropped.

A sink may fail at any of these. Before the guest is granted the attempt fails with it, and the source goes on running
the guest. Afterwards the source does not, so that what came is left for people, and nobody is told that it runs here.
"""

from __future__ import annotations

from wireformat.peer.sink import Sink
from wireformat.protocols.handshake.sessions.events import (
    Cancelled,
    Completed,
    Event,
    Failed,
    Granted,
    HandedOver,
    Held,
    PayloadEnded,
    PayloadReceived,
    Started,
)
from wireformat.protocols.handshake.sessions.session import Session

ENDINGS = {"failed", "cancelled"}
"""States of a destination in which nothing of the stream is wanted any more."""


class Keeper:
    """A sink in the hands of a session's events. `fault` is what broke it; nothing is kept after that."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.fault: OSError | None = None

    def take(self, event: Event, session: Session | None) -> None:
        """Do with the stream what an event asks for; where that cannot be done, let the session fail."""
        if self.fault is not None and not isinstance(event, Failed | Cancelled):
            return
        try:
            self._keep(event)
        except OSError as fault:
            self.fault = fault
            if session is not None:
                session.fail(f"the stream cannot be kept: {fault.strerror or fault}")
            if session is None or session.state not in ENDINGS:
                self.fault = self._sink.leave(fault)

    def _keep(self, event: Event) -> None:
        match event:
            case Started():
                self._sink.begin()
            case PayloadReceived(offset, data):
                self._sink.write(offset, data)
            case PayloadEnded() | HandedOver():
                self._sink.load()
            case Granted() | Completed():
                self._sink.commit()
            case Held():
                self._sink.hold()
            case Failed() | Cancelled():
                self._sink.discard()
