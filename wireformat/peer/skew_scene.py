"""What one cell of the skew matrix is tried with: builds, keys, and all that may vary without changing how it ends."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from wireformat.peer.skew import Cell, Insistence, Transport
from wireformat.peer.skew_builds import BUILDS, Build
from wireformat.peer.skew_guest import inventory_of
from wireformat.peer.skew_keys import Keys
from wireformat.protocols.handshake.messages import NONCE_SIZE, ConfirmLevel, Context
from wireformat.protocols.handshake.negotiation.offers import Wish
from wireformat.protocols.handshake.negotiation.registry import Side
from wireformat.protocols.handshake.sessions.destination_handshake import DestinationConfig, Judge, Secrets
from wireformat.protocols.handshake.sessions.source_handshake import SourceConfig
from wireformat.protocols.qapi.addresses import Address, Inet, Unix

WISHES: Final = {Insistence.WANT: Wish.WANT, Insistence.REQUIRE: Wish.REQUIRE}
GUEST: Final = UUID("5ca1ab1e-0000-4000-8000-000000000001").bytes


@dataclass(frozen=True, slots=True)
class Variation:
    """What else may differ between migrations, and must not change how a cell ends [handshake E.5]."""

    channels: int
    has_uuid: bool
    exits_on_error: bool
    has_grease: bool
    over_tcp: bool


VARIATIONS: Final = tuple(
    Variation(3 * bool(row & 1), bool(row & 2), bool(row & 4), bool(row & 8), bool(row & 16))
    for row in (0b00000, 0b11110, 0b10101, 0b01011, 0b00111, 0b11001, 0b10010, 0b01100)
)
"""Rows in which every two of these meet in every combination."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A cell, and what it is tried with; `folder` is its own, and empty."""

    cell: Cell
    variation: Variation
    folder: Path
    keys: Keys

    @property
    def near(self) -> Build:
        """The source's build."""
        return BUILDS[self.cell.source.build]

    @property
    def far(self) -> Build:
        """The destination's build."""
        return BUILDS[self.cell.destination.build]

    @property
    def wish(self) -> Wish:
        """What both sides wish of their features."""
        return WISHES[self.cell.wish]

    @property
    def source_has_tls(self) -> bool:
        """Whether the source is configured for TLS."""
        return self.cell.transport in (Transport.TLS, Transport.SOURCE_TLS)

    @property
    def destination_has_tls(self) -> bool:
        """Whether the destination is configured for TLS."""
        return self.cell.transport in (Transport.TLS, Transport.DESTINATION_TLS)

    @property
    def address(self) -> Address:
        """Where the destination is to listen."""
        return Inet("127.0.0.1", "0") if self.variation.over_tcp else Unix(str(self.folder / "socket"))

    @property
    def target(self) -> Path:
        """Where the destination writes."""
        return self.folder / "received"

    def source_config(self) -> SourceConfig:
        """What a source with the handshake brings."""
        build, channels = self.near, self.variation.channels
        return SourceConfig(
            offer=build.offer(Side.SOURCE, self.wish, channels=channels, has_tls=self.source_has_tls),
            nonce=secrets.token_bytes(NONCE_SIZE),
            inventory=inventory_of(build.form),
            context=self._context,
            confirm=_level(self.source_has_tls),
            implementation=build.name,
            grease=1 if self.variation.has_grease else None,
            dialect=build.dialect,
        )

    def destination_config(self, judge: Judge) -> DestinationConfig:
        """What a destination with the handshake brings."""
        build = self.far
        return DestinationConfig(
            offer=build.offer(Side.DESTINATION, self.wish, channels=16, has_tls=self.destination_has_tls),
            secrets=_fresh_secrets,
            context=self._context,
            judge=judge,
            confirm=_level(self.destination_has_tls),
            implementation=build.name,
            grease=2 if self.variation.has_grease else None,
            dialect=build.dialect,
        )

    @property
    def _context(self) -> Context:
        return Context(label="skew", uuid=GUEST if self.variation.has_uuid else None)


def _level(has_tls: bool) -> ConfirmLevel:
    return ConfirmLevel.EXPORTER if has_tls else ConfirmLevel.NONE


def _fresh_secrets() -> Secrets:
    return Secrets(secrets.token_bytes(32), secrets.token_bytes(16), secrets.token_bytes(32))
