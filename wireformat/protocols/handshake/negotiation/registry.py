"""What capabilities and parameters mean to the negotiation.

`registries/handshake.json` is this project's registry: a number for every capability and parameter, what a capability
needs and conflicts with, by which rule a parameter is settled. An entry never changes once it is published; new ones
are added.

Not everything a capability needs can be negotiated: a transport that carries several streams, a kernel that tracks
writes. Such things are *facilities*; each side knows its own, and states a capability as able only where they suffice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from wireformat.protocols.handshake.negotiation.offers import Span, Value

FOLDER: Final = Path(__file__).with_name("registries")


class Side(StrEnum):
    """The two ends of a migration."""

    SOURCE = "source"
    DESTINATION = "destination"


class Kind(StrEnum):
    """Who decides about a capability."""

    WORKLOAD = "workload"
    """The user, because it depends on the guest and its load."""
    ARCHITECTURE = "architecture"
    """The two programs, silently, because it is a matter of how bytes travel."""


class Handling(StrEnum):
    """How a capability of QEMU appears in a handshake."""

    NEGOTIATED = "negotiated"
    IMPLIED = "implied"
    """On by definition."""
    LOCAL = "local"
    """Of no concern to the other side."""
    CONTEXT = "context"
    """Replaced by what both sides were told about the migration."""


class Rule(StrEnum):
    """By which rule the two offers of a parameter are settled."""

    LOCAL = "LOCAL"
    """It names something on one side and is never sent."""
    SRC = "SRC"
    """The source's value, within what the destination allows."""
    MIN = "MIN"
    """The smaller of both: a limit."""
    ORDERED = "ORDERED"
    """The first of the source's list that the destination allows."""
    BOTH = "BOTH"
    """Both must say the same."""


@dataclass(frozen=True, slots=True)
class Facilities:
    """What a capability wants of one side's surroundings."""

    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    def suffice(self, present: Iterable[str]) -> bool:
        """Whether surroundings with these facilities allow the capability."""
        found = frozenset(present)
        return found.issuperset(self.requires) and found.isdisjoint(self.excludes)


@dataclass(frozen=True, slots=True)
class Capability:
    """A capability in the registry; `default` is what `auto` means, `needs` and `conflicts` name capabilities.

    `release` is false for capabilities of the handshake itself, which no release of QEMU has. A `joint` one says that
    the two that it needs can be on together: without it they conflict, because some releases cannot do that.
    """

    number: int
    name: str
    kind: Kind = Kind.WORKLOAD
    handling: Handling = Handling.NEGOTIATED
    default: bool = False
    needs: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    source: Facilities = Facilities()
    destination: Facilities = Facilities()
    release: bool = True
    joint: bool = False

    def facilities(self, side: Side) -> Facilities:
        """What it wants of that side."""
        return self.source if side is Side.SOURCE else self.destination


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the registry.

    `type` is `int`, `bool`, `enum` or `str`; `allowed` is a range or the known values, empty for any. `unlimited` is
    the value that means no limit at all, where there is one. `changeable`: also while the migration runs.
    """

    number: int
    name: str
    rule: Rule
    type: str = "int"
    default: Value = 0
    allowed: Span | tuple[Value, ...] = ()
    unlimited: int | None = None
    changeable: bool = False


@dataclass(frozen=True)
class Registry:
    """Capabilities and parameters, in the order of their numbers."""

    capabilities: tuple[Capability, ...] = ()
    parameters: tuple[Parameter, ...] = ()

    def capability(self, name: str) -> Capability | None:
        """The capability of that name."""
        return self._capabilities.get(name)

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name."""
        return self._parameters.get(name)

    def closure(self, name: str) -> frozenset[str]:
        """The capability and all that it needs, directly or not. A name that is not registered needs nothing."""
        known = self._closures.get(name)
        return frozenset((name,)) if known is None else known

    def conflicts(self, names: Iterable[str], among: Set[str]) -> Iterator[tuple[str, str]]:
        """Pairs of one of `names` and one of `among` that cannot be on together when all of `among` are."""
        for name in names:
            for other in sorted(self._rivals.get(name, frozenset()) & among):
                if self._joints.get(frozenset((name, other))) not in among:
                    yield name, other

    def rank(self, name: str) -> tuple[int, str]:
        """Sorts names by number; those that are not registered come last, by name."""
        found = self._capabilities.get(name)
        return (1 << 32 if found is None else found.number, name)

    def chain(self, start: str, end: str) -> tuple[str, ...]:
        """A shortest way from a capability to one in its closure, both included."""
        ways: dict[str, tuple[str, ...]] = {start: (start,)}
        waiting = [start]
        for name in waiting:  # grows while it is walked: breadth first
            new = [need for need in self._needs(name) if need not in ways]
            ways.update({need: (*ways[name], need) for need in new})
            waiting.extend(new)
        return ways[end]

    @cached_property
    def _capabilities(self) -> Mapping[str, Capability]:
        return {entry.name: entry for entry in self.capabilities}

    @cached_property
    def _parameters(self) -> Mapping[str, Parameter]:
        return {entry.name: entry for entry in self.parameters}

    @cached_property
    def _closures(self) -> Mapping[str, frozenset[str]]:
        return {entry.name: self._reached(entry.name) for entry in self.capabilities}

    @cached_property
    def _rivals(self) -> Mapping[str, frozenset[str]]:
        rivals: dict[str, set[str]] = {}
        pairs = [(entry.name, other) for entry in self.capabilities for other in entry.conflicts]
        for first, second in [*pairs, *map(sorted, self._joints)]:
            rivals.setdefault(first, set()).add(second)
            rivals.setdefault(second, set()).add(first)
        return {name: frozenset(others) for name, others in rivals.items()}

    @cached_property
    def _joints(self) -> Mapping[frozenset[str], str]:
        return {frozenset(entry.needs): entry.name for entry in self.capabilities if entry.joint}

    def _needs(self, name: str) -> tuple[str, ...]:
        found = self._capabilities.get(name)
        return found.needs if found else ()

    def _reached(self, start: str) -> frozenset[str]:
        reached = {start}
        waiting = [start]
        while waiting:
            new = [need for need in self._needs(waiting.pop()) if need not in reached]
            reached.update(new)
            waiting.extend(new)
        return frozenset(reached)


@cache
def registry() -> Registry:
    """This project's registry, revision 1."""
    found = document("handshake")
    return Registry(
        tuple(_capability(entry) for entry in found["capabilities"]),
        tuple(_parameter(entry) for entry in found["parameters"]),
    )


def document(name: str) -> Any:
    """The data file of that name."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def _capability(entry: Mapping[str, Any]) -> Capability:
    return Capability(
        number=entry["number"],
        name=entry["name"],
        kind=Kind(entry["kind"]),
        handling=Handling(entry.get("handling", "negotiated")),
        default=entry.get("default", False),
        needs=tuple(entry.get("needs", ())),
        conflicts=tuple(entry.get("conflicts", ())),
        source=_facilities(entry.get("source", {})),
        destination=_facilities(entry.get("destination", {})),
        release=entry.get("release", True),
        joint=entry.get("joint", False),
    )


def _facilities(entry: Mapping[str, Any]) -> Facilities:
    return Facilities(tuple(entry.get("requires", ())), tuple(entry.get("excludes", ())))


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    return Parameter(
        number=entry["number"],
        name=entry["name"],
        rule=Rule(entry["rule"]),
        type=entry["type"],
        default=entry["default"],
        allowed=allowed_values(entry),
        unlimited=entry.get("unlimited"),
        changeable=entry.get("changeable", False),
    )


def allowed_values(entry: Mapping[str, Any]) -> Span | tuple[Value, ...]:
    """The range or the values of a parameter in a data file."""
    if "range" in entry:
        low, high = entry["range"]
        return Span(low, high)
    return tuple(entry.get("values", ()))
