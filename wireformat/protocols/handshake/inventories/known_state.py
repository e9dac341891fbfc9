"""What is known of device state beyond what programs say of themselves: `negotiation/registries/device_state.json`.

Whether a subsection may be left out cannot be read off it. The file lists those that may, each with the reason why the
guest will not notice: it cannot see what they hold, or the destination starts with an equally good value. What is not
listed may not be left out [handshake D.8]. The file also lists the sections that no `-dump-vmstate` shows, because they
belong to no device class [qemu-stream 11.1]: a dump without them says nothing of whether the program knows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from wireformat.protocols.handshake.negotiation.registry import document


@dataclass(frozen=True, slots=True)
class KnownState:
    """Names with the reason why they are listed: subsections that may be left out, sections that dumps lack."""

    droppable: Mapping[str, str]
    undumped: Mapping[str, str]


@cache
def known_state() -> KnownState:
    """The file's contents."""
    return KnownState(**document("device_state"))
