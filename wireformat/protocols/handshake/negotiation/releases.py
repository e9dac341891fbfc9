"""What real releases of QEMU know of migration.

`registries/qemu-RELEASE.json` lists the capabilities and parameters of a release, with defaults and ranges, as its QAPI
schema and its answers to QMP have them. These are facts about programs that do not speak the handshake; `offering`
makes of them what such a program would offer if it did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from wireformat.errors import SchemaError
from wireformat.protocols.handshake.negotiation.offers import Span, Value
from wireformat.protocols.handshake.negotiation.registry import allowed_values, document

RELEASES: Final = ("5.0", "7.2", "8.2", "9.2", "10.2")
"""The releases of QEMU that have a file here, oldest first."""


@dataclass(frozen=True, slots=True)
class ReleaseParameter:
    """A parameter as one release has it; `default` is None where it has none until it is set."""

    name: str
    type: str
    default: Value | None = None
    allowed: Span | tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """What one release of QEMU knows.

    `exclusive` are pairs of capabilities that it cannot have on together although later releases can. `sources` say
    where the facts are from.
    """

    name: str
    capabilities: tuple[str, ...]
    parameters: tuple[ReleaseParameter, ...]
    exclusive: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]

    def parameter(self, name: str) -> ReleaseParameter | None:
        """The parameter of that name."""
        return next((entry for entry in self.parameters if entry.name == name), None)


@cache
def release(name: str) -> Release:
    """The release of that name, such as `7.2`. Raises `SchemaError`."""
    if name not in RELEASES:
        raise SchemaError("reference", f"no registry of release {name}; there are {', '.join(RELEASES)}", actual=name)
    found = document(f"qemu-{name}")
    return Release(
        name,
        tuple(found["capabilities"]),
        tuple(_release_parameter(entry) for entry in found["parameters"]),
        tuple((first, second) for first, second in found["exclusive"]),
        tuple(found["sources"]),
    )


def _release_parameter(entry: Mapping[str, Any]) -> ReleaseParameter:
    return ReleaseParameter(entry["name"], entry["type"], entry.get("default"), allowed_values(entry))
