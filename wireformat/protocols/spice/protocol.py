"""SPICE as one value, for engines that know no protocol by name."""

from __future__ import annotations

from collections.abc import Mapping
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

REPLIES: Final[Mapping[str, tuple[str, ...]]] = {
    "ServerLink": ("ClientLink", "MechanismChoice"),
    "SaslMechanisms": ("MechanismChoice",),
    "LinkResult": ("Ticket",),
    "AckSync": ("SetAck",),
    "Pong": ("Ping",),
    "ChannelsList": ("AttachChannels",),
    "MigrateConnected": ("MigrateBegin", "MigrateBeginSeamless"),
    "MigrateConnectedSeamless": ("MigrateBeginSeamless",),
    "MigrateConnectError": ("MigrateBegin", "MigrateBeginSeamless"),
    "MigrateDstSeamlessAck": ("MigrateDstDoSeamless",),
    "MigrateDstSeamlessNack": ("MigrateDstDoSeamless",),
    "MigrateFlushMark": ("Migrate",),
    "ServerMigrateData": ("MigrateFlushMark",),
    "Init": ("ClientMigrateEnd",),
}
"""Which message answers which; an announcement is answered before the client acts on the next [spice-migration 9.5]."""

PROTOCOL = Protocol(
    name="spice",
    doc="Remote display: how a client links its channels, and how it moves with the guest to another server.",
    versions=VERSIONS,
    messages=(*LINK_PARTS, SaslMechanisms, FullHeader, MiniHeader, *NUMBERED, *STATES.values()),
    roles=tuple(TRANSITIONS),
    machine=Machine(TRANSITIONS),
    errors=CATALOGUE,
    replies=REPLIES,
    records=(SubMessage,),
)
