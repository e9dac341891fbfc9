"""SPICE as one value, for engines that know no protocol by name."""

from __future__ import annotations

from typing import Final

from wireformat.protocols.spice.catalogue import CATALOGUE
from wireformat.protocols.spice.common_messages import SubMessage
from wireformat.protocols.spice.headers import FullHeader, MiniHeader
from wireformat.protocols.spice.link import VERSIONS, SaslMechanisms
from wireformat.protocols.spice.lookup import LINK_PARTS, MESSAGE_MODULES, STATES, messages_in
from wireformat.protocols.spice.machine import TRANSITIONS
from wireformat.schema import Message
from wireformat.schema.machine import Machine
from wireformat.schema.protocol import Protocol

NUMBERED: Final[tuple[type[Message], ...]] = tuple(cls for module in MESSAGE_MODULES for cls in messages_in(module))
"""Every message that stands behind a header, of all channels first."""

PROTOCOL = Protocol(
    name="spice",
    doc="Remote display: how a client links its channels, and how it moves with the guest to another server.",
    versions=VERSIONS,
    messages=(*LINK_PARTS, SaslMechanisms, FullHeader, MiniHeader, *NUMBERED, *STATES.values()),
    roles=tuple(TRANSITIONS),
    machine=Machine(TRANSITIONS),
    errors=CATALOGUE,
    records=(SubMessage,),
)
