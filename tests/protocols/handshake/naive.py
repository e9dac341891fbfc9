"""The mutant that the properties must catch: capabilities settled the straightforward way.

Mark whatever is required, needed by that, or optional and possible; of each conflicting pair drop the weaker; then drop
what lost something it needs. It looks right and nearly always is. But an optional capability can push out one that a
required one needs, so that a side that gains an ability loses the migration.
"""

from __future__ import annotations

from wireformat.protocols.handshake.error_codes import ErrorCode, Retry
from wireformat.protocols.handshake.negotiation.negotiate_capabilities import Table
from wireformat.protocols.handshake.negotiation.negotiate_reasons import Reasons
from wireformat.protocols.handshake.negotiation.offers import Offer, Wish
from wireformat.protocols.handshake.negotiation.registry import Registry


def settle_naively(source: Offer, destination: Offer, registry: Registry, reasons: Reasons) -> tuple[str, ...]:
    """What `settle_capabilities` computes, nearly always."""
    table = Table.of(source, destination)
    on = _marked(table, registry)
    for first, second in sorted(registry.conflicts(sorted(on), on.keys())):
        if first in on and second in on:
            del on[min((first, second), key=lambda name: (on[name], registry.rank(name)))]
    while lost := [name for name in on if not registry.closure(name) <= on.keys()]:
        for name in lost:
            del on[name]
    for name in sorted(table.required() - on.keys()):
        reasons.add(ErrorCode.CAP_CONFLICT, f"/capabilities/{name}", "on", "off", "pushed out", Retry.NEVER)
    return tuple(sorted(on))


def _marked(table: Table, registry: Registry) -> dict[str, int]:
    """What would be on if nothing conflicted, with its strength."""
    roots = table.required()
    needed = {name for root in roots for name in registry.closure(root)}
    wished = {name for name, said in table.source.items() if said.wish == Wish.WANT}
    marked = dict.fromkeys(needed, 0) | dict.fromkeys(wished, 2) | dict.fromkeys(roots, 3)
    return {name: strength for name, strength in marked.items() if table.possible(name)}
