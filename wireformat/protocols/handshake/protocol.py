"""The handshake as one value, for engines that know no protocol by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wireformat.protocols.channels.framing import REVISIONS
from wireformat.protocols.handshake.catalogue import CATALOGUE
from wireformat.protocols.handshake.file_messages import Profile
from wireformat.protocols.handshake.frame import FRAMED, Frame, Piece
from wireformat.protocols.handshake.machine import TRANSITIONS
from wireformat.schema.machine import Machine
from wireformat.schema.protocol import Protocol

REPLIES: Final[Mapping[str, tuple[str, ...]]] = {
    "HelloReply": ("Hello",),
    "InventoryReply": ("Inventory",),
    "CommitAck": ("Commit",),
    "ResumeReply": ("Resume",),
    "Loaded": ("Handover",),
    "Running": ("Grant",),
    "Reject": ("Hello", "Inventory", "Commit", "Resume"),
    "Abort": ("Handover",),
}
"""Which message answers which: those of a turn, and what may end it instead [handshake D.4, D.6, D.14]."""

PROTOCOL = Protocol(
    name="handshake",
    doc="The two-way handshake that opens a migration: offers, agreement, inventory, channels, hand-over.",
    versions=REVISIONS,
    messages=(Frame, *FRAMED, Piece, Profile),
    roles=tuple(TRANSITIONS),
    machine=Machine(TRANSITIONS),
    errors=CATALOGUE,
    replies=REPLIES,
    is_proposal=True,
)
