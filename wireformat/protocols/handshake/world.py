"""The worlds of the handshake: what the explorer walks, each with what it checks.

The whole protocol at once would be too much to visit. Each world has one part whole, and of the rest what matters to
it: all offers on the main connection; two channels; a tamperer; ownership behind the payload; resume. They step the
tables of `machine` and nothing else; `worlds.guards` says what the tables cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wireformat.protocols.handshake.worlds.channels import ChannelsWorld
from wireformat.protocols.handshake.worlds.claims import CLAIMS
from wireformat.protocols.handshake.worlds.handover import HandoverWorld
from wireformat.protocols.handshake.worlds.handshake import HandshakeWorld
from wireformat.protocols.handshake.worlds.resume import ResumeWorld
from wireformat.protocols.handshake.worlds.tampering import TamperingWorld
from wireformat.schema.world import World

__all__ = ["CLAIMS", "WORLDS"]

WORLDS: Mapping[str, World[Any]] = {
    world.name: world for world in (HandshakeWorld(), ChannelsWorld(), TamperingWorld(), HandoverWorld(), ResumeWorld())
}
"""Every world by its name."""
