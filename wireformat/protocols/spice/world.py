"""The worlds of SPICE migration: what the explorer walks, each with what it checks.

They step the tables of `machine` and nothing else. Each lets other things happen: two announcements and both timers,
cuts, links that are refused, management that does not announce, a guest that moves on at once, no client at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wireformat.protocols.spice.world_claims import CLAIMS
from wireformat.protocols.spice.world_migration import MigrationWorld
from wireformat.protocols.spice.world_scene import WAYS, Means
from wireformat.schema.world import World

__all__ = ["CLAIMS", "WORLDS"]

CALM = MigrationWorld(
    "calm",
    "One guest, one client: every interleaving of three parties, failures, both timers, two announcements.",
    Means(announcements=2),
    ("S-02-hasty", "S-02-late"),
)
CUTS = MigrationWorld("cuts", "The same with one announcement and a cut anywhere.", Means(cuts=1), ("S-01-cut",))
REFUSED = MigrationWorld("refused", "The target refuses up to two links.", Means(refusals=2), ("S-01-refused",))
UNTOLD = MigrationWorld(
    "untold", "Management may migrate without a word to SPICE.", Means(may_be_silent=True), ("S-01-untold",)
)
AGAIN = MigrationWorld(
    "again",
    "The guest moves on to a third server, maybe before the client has come to the second.",
    Means(announcements=2),
    ("S-01-ahead",),
    count=3,
    ways=(*WAYS[:2], WAYS[-1]),
)
ALONE = MigrationWorld("alone", "There is no client.", Means(announcements=2, has_client=False), ways=WAYS[1:2])

WORLDS: Mapping[str, World[Any]] = {world.name: world for world in (CALM, CUTS, REFUSED, UNTOLD, AGAIN, ALONE)}
"""Every world by its name."""
