"""The handshake as one value, for engines that know no protocol by name."""

from __future__ import annotations

from wireformat.protocols.handshake.catalogue import CATALOGUE
from wireformat.protocols.handshake.frame import FRAMED, Frame, Piece
from wireformat.protocols.handshake.machine import TRANSITIONS
from wireformat.protocols.handshake.messages import REVISIONS, Profile
from wireformat.schema.machine import Machine
from wireformat.schema.protocol import Protocol

PROTOCOL = Protocol(
    name="handshake",
    doc="The two-way handshake that opens a migration: offers, agreement, inventory, channels, hand-over.",
    versions=REVISIONS,
    messages=(Frame, *FRAMED, Piece, Profile),
    roles=tuple(TRANSITIONS),
    machine=Machine(TRANSITIONS),
    errors=CATALOGUE,
    is_proposal=True,
)
