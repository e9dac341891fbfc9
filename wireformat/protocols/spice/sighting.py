"""What an observer of a connection has seen: a stretch of bytes of one direction, and what it is.

Stretches follow each other without a gap, so nothing that was on the wire is missing. Each gives back the very bytes it
was made from. What is wrong with a stretch stands beside it as a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from wireformat.codec import encode
from wireformat.errors import DecodeError, LocalProtocolError
from wireformat.protocols.spice.link import TICKET_SIZE, Ticket
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.stream import AnyMessage, OpaqueMessage, Received, received_bytes
from wireformat.schema import Message


@dataclass(frozen=True, slots=True)
class OpaqueBytes:
    """Bytes that are no message, or could not be told to be one."""

    data: bytes


Seen: TypeAlias = AnyMessage | OpaqueBytes


@dataclass(frozen=True, slots=True)
class Sighting:
    """A stretch of one direction. `time` is when its last byte came, `arrival` with which piece.

    `received` is there for a message behind the link stage, `part` for anything else. `raw` are the bytes of a part
    whose encoding would be another. `version` is that of the protocol, None the newest. A finding without bytes has
    size 0.
    """

    sender: Sender
    offset: int
    size: int
    received: Received | None = None
    part: Message | OpaqueBytes | None = None
    is_mini: bool = False
    time: float | None = None
    arrival: int = 0
    finding: DecodeError | None = None
    raw: bytes | None = field(default=None, repr=False)
    version: str | None = None

    @property
    def value(self) -> Seen:
        """What the bytes are."""
        if self.received is not None:
            return self.received.message
        assert self.part is not None
        return self.part

    @property
    def name(self) -> str:
        """What that is called."""
        return type(self.part).__name__ if self.received is None else self.received.name

    @property
    def serial(self) -> int | None:
        """The serial of a message."""
        return None if self.received is None else self.received.serial

    @property
    def is_opaque(self) -> bool:
        """Whether it is bytes and no message."""
        return isinstance(self.part, OpaqueBytes)

    def encode(self) -> bytes:
        """The bytes."""
        if self.received is not None:
            return received_bytes(self.received, self.is_mini, self.version)
        if isinstance(self.part, OpaqueBytes):
            return self.part.data
        assert self.part is not None
        return encode(self.part) if self.raw is None else self.raw

    def changed(self, value: Message | OpaqueMessage) -> Sighting:
        """The same place with another message, as a relay would send it."""
        if self.received is not None:
            received = replace(self.received, message=value, raw=None)
            made = replace(self, received=received, finding=None)
        elif isinstance(value, Message):
            made = replace(self, part=value, raw=None, finding=None)
        else:
            raise LocalProtocolError("spice/misplaced", "no message of a channel stands in the link stage")
        return replace(made, size=len(made.encode()))


BLANK: Final = Ticket(encrypted=bytes(TICKET_SIZE))


def blanked(sighting: Sighting) -> Sighting:
    """The same without the ticket: what may be written to a file."""
    return sighting.changed(BLANK) if isinstance(sighting.part, Ticket) else sighting


def coalesced(sightings: Iterable[Sighting]) -> Iterator[Sighting]:
    """The sightings of one direction with opaque neighbours made one, however they arrived."""
    last: Sighting | None = None
    for sighting in sightings:
        if last is not None and _continues(last, sighting):
            last = _joined(last, sighting)
            continue
        if last is not None:
            yield last
        last = sighting
    if last is not None:
        yield last


def _continues(last: Sighting, sighting: Sighting) -> bool:
    return last.is_opaque and sighting.is_opaque and sighting.finding is None and sighting.size > 0


def _joined(last: Sighting, sighting: Sighting) -> Sighting:
    assert isinstance(last.part, OpaqueBytes)
    assert isinstance(sighting.part, OpaqueBytes)
    data = OpaqueBytes(last.part.data + sighting.part.data)
    return replace(last, part=data, size=len(data.data), time=sighting.time, arrival=sighting.arrival)
