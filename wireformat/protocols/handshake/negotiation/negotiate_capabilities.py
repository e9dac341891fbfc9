"""Which capabilities are on [handshake D.7].

First what is required on either side, with all that it needs: if that cannot be, there is no result. Then, one by one
in the order of their numbers, what the source wants, and what both leave to the default.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

from wireformat.protocols.handshake.error_codes import ErrorCode, Retry
from wireformat.protocols.handshake.negotiation.negotiate_reasons import SIDES, Reasons
from wireformat.protocols.handshake.negotiation.offers import CapabilityOffer, Offer, Wish, is_grease_name
from wireformat.protocols.handshake.negotiation.registry import Registry

SOURCE: Final = Retry.AFTER_CHANGE_ON_SOURCE
DESTINATION: Final = Retry.AFTER_CHANGE_ON_DESTINATION

ABSENT: Final = CapabilityOffer("")
"""What a side says of a capability that it does not name."""

UNOPPOSED: Final = (Wish.REQUIRE, Wish.WANT, Wish.AUTO)
"""Wishes of a destination with which a default applies."""


@dataclass(frozen=True, slots=True)
class Table:
    """Both sides' capabilities by name; one that a side does not name is not able and avoided."""

    source: Mapping[str, CapabilityOffer]
    destination: Mapping[str, CapabilityOffer]

    @classmethod
    def of(cls, source: Offer, destination: Offer) -> Table:
        """The capabilities of two offers."""
        return cls(_named(source), _named(destination))

    def stated(self, name: str) -> tuple[tuple[Retry, CapabilityOffer], tuple[Retry, CapabilityOffer]]:
        """What each side says of a capability."""
        return (SOURCE, self.source.get(name, ABSENT)), (DESTINATION, self.destination.get(name, ABSENT))

    def required(self) -> set[str]:
        """The names that a side requires itself."""
        sides = (self.source, self.destination)
        return {entry.name for side in sides for entry in side.values() if entry.wish == Wish.REQUIRE}

    def possible(self, name: str) -> bool:
        """Whether both sides are able to and neither forbids it."""
        return all(entry.able and entry.wish != Wish.FORBID for _, entry in self.stated(name))


def settle_capabilities(source: Offer, destination: Offer, registry: Registry, reasons: Reasons) -> tuple[str, ...]:
    """The names of the capabilities that are on, sorted."""
    table = Table.of(source, destination)
    roots = table.required()
    required: frozenset[str] = frozenset().union(*map(registry.closure, roots))
    _check_required(table, roots, required, registry, reasons)
    _check_conflicts(table, roots, required, registry, reasons)
    on = set(required)
    for name in _candidates(table, on, registry):
        more = registry.closure(name) - on
        if all(map(table.possible, more)) and not any(registry.conflicts(sorted(more), on | more)):
            on |= more
    return tuple(sorted(on))


def _named(offer: Offer) -> dict[str, CapabilityOffer]:
    return {entry.name: entry for entry in offer.capabilities if not is_grease_name(entry.name)}


def _candidates(table: Table, required: Set[str], registry: Registry) -> list[str]:
    """What may be added: what the source wants, then what both leave to the default, each by number."""
    ranked = []
    for name, said in table.source.items():
        wished = said.wish == Wish.WANT or (said.wish == Wish.AUTO and _by_default(table, name, registry))
        if wished and name not in required and table.possible(name):
            ranked.append((said.wish, registry.rank(name)))
    return [name for _, (_, name) in sorted(ranked)]


def _by_default(table: Table, name: str, registry: Registry) -> bool:
    entry, said = registry.capability(name), table.destination.get(name)
    return entry is not None and entry.default and said is not None and said.wish in UNOPPOSED


def _check_required(table: Table, roots: Set[str], required: Set[str], registry: Registry, reasons: Reasons) -> None:
    """Both sides must be able to do what is required, and neither may forbid it."""
    for name in sorted(required):
        for side, said in table.stated(name):
            if not said.able:
                code, text = ErrorCode.CAP_UNSUPPORTED, f"{SIDES[side]} lacks {name}"
                _add(code, "unsupported", text, name, side, roots, registry, reasons)
            if said.wish == Wish.FORBID:
                code, text = ErrorCode.CAP_FORBIDDEN, f"{SIDES[side]} forbids {name}"
                _add(code, "forbidden", text, name, side, roots, registry, reasons)


def _add(
    code: ErrorCode,
    state: str,
    text: str,
    name: str,
    side: Retry,
    roots: Set[str],
    registry: Registry,
    reasons: Reasons,
) -> None:
    """Add a reason; of a capability that is only needed by another one, it says by which."""
    path = f"/capabilities/{name}"
    if name in roots:
        reasons.add(code, path, "on", state, text, side)
        return
    root = min((root for root in roots if name in registry.closure(root)), key=registry.rank)
    actual = {"state": state, "chain": registry.chain(root, name)}
    reasons.add(ErrorCode.CAP_DEPENDENCY, path, "on", actual, f"{text}, which {root} needs", side)


def _check_conflicts(table: Table, roots: Set[str], required: Set[str], registry: Registry, reasons: Reasons) -> None:
    """No two required capabilities may conflict; the one that was registered later is to give way."""
    for pair in registry.conflicts(sorted(required), required):
        stays, yields = sorted(pair, key=registry.rank)
        for root in sorted(root for root in roots if yields in registry.closure(root)):
            for side in (side for side, said in table.stated(root) if said.wish == Wish.REQUIRE):
                text = f"{SIDES[side]} requires {root}, but {yields} cannot be on together with {stays}"
                path = f"/capabilities/{root}"
                reasons.add(ErrorCode.CAP_CONFLICT, path, "want", [stays, yields], text, side)
