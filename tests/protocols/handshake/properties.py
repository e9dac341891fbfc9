"""What must hold of every negotiation, as functions that change a case and say what came of it [handshake D.7].

Abilities that a side can gain: being able to do something, knowing a version, an encoding or a parameter, accepting
more values, more channels, more connections. Learning a parameter of rule BOTH is not one: it is a promise to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.protocols.handshake.random_offers import Case
from wireformat.protocols.handshake.error_codes import ErrorCode, Retry
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.offers import (
    CapabilityOffer,
    ChannelOffer,
    ErrorItem,
    Offer,
    ParameterOffer,
    Refusal,
    Result,
    Span,
    Wish,
)
from wireformat.protocols.handshake.negotiation.registry import Registry, Rule

VERSIONS = (1, 2, 3, 4)
PAYLOADS = ("v1-raw", "v1-striped")


def outcome(case: Case) -> Result | Refusal:
    """What a case leads to."""
    return negotiate(case.source, case.destination, case.registry)


def richer(case: Case) -> Iterator[tuple[str, Case]]:
    """The case with one ability more on one side, for each ability that could be added, with its name."""
    for name, offer in _richer_offers(case.source, case.registry):
        yield f"source: {name}", replace(case, source=offer)
    for name, offer in _richer_offers(case.destination, case.registry):
        yield f"destination: {name}", replace(case, destination=offer)
    for name, offer in _richer_destinations(case.destination, case.registry):
        yield f"destination: {name}", replace(case, destination=offer)


def _richer_offers(offer: Offer, registry: Registry) -> Iterator[tuple[str, Offer]]:
    """What either side can gain."""
    said = {entry.name: entry for entry in offer.capabilities}
    for entry in registry.capabilities:
        found = said.get(entry.name, CapabilityOffer(entry.name))
        if not found.able:
            yield entry.name, with_capability(offer, replace(found, able=True))
    for version in VERSIONS:
        if version not in offer.versions:
            yield f"version {version}", replace(offer, versions=tuple(sorted((*offer.versions, version))))
    for payload in PAYLOADS:
        if payload not in offer.payloads:
            yield payload, replace(offer, payloads=(*offer.payloads, payload))
    yield "budget", replace(offer, budget=offer.budget + 1)


def _richer_destinations(offer: Offer, registry: Registry) -> Iterator[tuple[str, Offer]]:
    """What only a destination can gain."""
    for channel in offer.channels:
        more = replace(channel, maximum=channel.maximum + 1)
        yield channel.type, with_channel(offer, more)
    known = {entry.name: entry for entry in offer.parameters}
    for entry in registry.parameters:
        said = known.get(entry.name)
        if said is None and entry.rule not in (Rule.LOCAL, Rule.BOTH):
            yield entry.name, with_parameter(offer, ParameterOffer(entry.name))
        elif said is not None and isinstance(said.allowed, Span):
            yield entry.name, with_parameter(offer, replace(said, allowed=Span(0, said.allowed.high)))
        elif said is not None and said.allowed:
            yield entry.name, with_parameter(offer, replace(said, allowed=(*said.allowed, 10)))


def losses(case: Case, settle: Callable[[Case], Result | Refusal] = outcome) -> list[str]:
    """Abilities whose gain turns the success of a case into failure: must be none."""
    if isinstance(settle(case), Refusal):
        return []
    return [name for name, more in richer(case) if isinstance(settle(more), Refusal)]


def rebuilt(case: Case, result: Result) -> Case:
    """The two offers that state a result and nothing else."""
    capabilities = tuple(CapabilityOffer(name, True, Wish.REQUIRE) for name in result.capabilities)
    base = Offer((result.version,), (result.payload,), capabilities, budget=1 + sum(n for _, n in result.channels))
    ordered = {entry.name for entry in case.registry.parameters if entry.rule is Rule.ORDERED}
    asked = tuple(
        ParameterOffer(name, value, (value,) if name in ordered else (), exact=True, require=True)
        for name, value in result.parameters
    )
    taken = tuple(ParameterOffer(name, value, (value,), require=True) for name, value in result.parameters)
    wanted = tuple(ChannelOffer(name, count, count) for name, count in result.channels)
    accepted = tuple(ChannelOffer(name, maximum=count) for name, count in result.channels)
    source = replace(base, parameters=asked, channels=wanted)
    return Case(case.registry, source, replace(base, parameters=taken, channels=accepted))


def repaired(case: Case, item: ErrorItem) -> Case:
    """The case with the change that an error item asks for, on the side that it names."""
    at_source = item.retry is Retry.AFTER_CHANGE_ON_SOURCE
    assert at_source or item.retry is Retry.AFTER_CHANGE_ON_DESTINATION, item
    own, other = (case.source, case.destination) if at_source else (case.destination, case.source)
    _, part, *rest = item.path.split("/")
    changed = REPAIRS[part](own, other, rest[0] if rest else "", item.code, case.registry)
    return replace(case, source=changed) if at_source else replace(case, destination=changed)


def _repair_capability(own: Offer, other: Offer, name: str, code: ErrorCode, registry: Registry) -> Offer:
    said = next((entry for entry in own.capabilities if entry.name == name), CapabilityOffer(name))
    if code is ErrorCode.CAP_CONFLICT:
        return with_capability(own, replace(said, wish=Wish.WANT))
    wish = Wish.AVOID if said.wish is Wish.FORBID and code is not ErrorCode.CAP_UNSUPPORTED else said.wish
    return with_capability(own, CapabilityOffer(name, said.able or code is not ErrorCode.CAP_FORBIDDEN, wish))


def _repair_parameter(own: Offer, other: Offer, name: str, code: ErrorCode, registry: Registry) -> Offer:
    known = {entry.name: entry for entry in own.parameters}
    if code is ErrorCode.PARAM_LOCAL:
        return replace(own, parameters=tuple(entry for entry in own.parameters if entry.name != name))
    theirs = next((entry for entry in other.parameters if entry.name == name), ParameterOffer(name))
    if name not in known:
        return with_parameter(own, ParameterOffer(name, theirs.value))
    if code is ErrorCode.PARAM_UNKNOWN_REQUIRED:
        return with_parameter(own, replace(known[name], require=False))
    return with_parameter(own, _acceptable(known[name], theirs, registry))


def _acceptable(own: ParameterOffer, theirs: ParameterOffer, registry: Registry) -> ParameterOffer:
    """A source's parameter with a value that the destination takes."""
    entry = registry.parameter(own.name)
    assert entry is not None
    if entry.rule is Rule.BOTH:
        return replace(own, value=theirs.value)
    if isinstance(theirs.allowed, Span):
        return replace(own, value=theirs.allowed.low, allowed=())
    return replace(own, value=theirs.allowed[0] if theirs.allowed else entry.default, allowed=())


def _repair_channel(own: Offer, other: Offer, name: str, code: ErrorCode, registry: Registry) -> Offer:
    said = next((entry for entry in own.channels if entry.type == name), ChannelOffer(name))
    theirs = next((entry for entry in other.channels if entry.type == name), ChannelOffer(name))
    if said.want < said.minimum:
        return with_channel(own, replace(said, want=said.minimum))
    return with_channel(own, replace(said, maximum=theirs.minimum))


def _repair_budget(own: Offer, other: Offer, name: str, code: ErrorCode, registry: Registry) -> Offer:
    return replace(own, budget=1 + sum(entry.minimum for entry in (*own.channels, *other.channels)))


def _repair_versions(own: Offer, other: Offer, name: str, code: ErrorCode, registry: Registry) -> Offer:
    return replace(own, versions=(*own.versions, *other.versions))


def _repair_payloads(own: Offer, other: Offer, name: str, code: ErrorCode, registry: Registry) -> Offer:
    return replace(own, payloads=(*own.payloads, *other.payloads))


REPAIRS: dict[str, Callable[[Offer, Offer, str, ErrorCode, Registry], Offer]] = {
    "capabilities": _repair_capability,
    "parameters": _repair_parameter,
    "channels": _repair_channel,
    "budget": _repair_budget,
    "versions": _repair_versions,
    "payloads": _repair_payloads,
}


def with_capability(offer: Offer, entry: CapabilityOffer) -> Offer:
    """The offer with that capability, in place of what it said of it."""
    others = [said for said in offer.capabilities if said.name != entry.name]
    return replace(offer, capabilities=tuple(sorted((*others, entry), key=_name)))


def with_parameter(offer: Offer, entry: ParameterOffer) -> Offer:
    """The offer with that parameter, in place of what it said of it."""
    others = [said for said in offer.parameters if said.name != entry.name]
    return replace(offer, parameters=tuple(sorted((*others, entry), key=_name)))


def with_channel(offer: Offer, entry: ChannelOffer) -> Offer:
    """The offer with those channels, in place of what it said of their type."""
    others = [said for said in offer.channels if said.type != entry.type]
    return replace(offer, channels=tuple(sorted((*others, entry), key=_name)))


def _name(entry: CapabilityOffer | ParameterOffer | ChannelOffer) -> str:
    return entry.type if isinstance(entry, ChannelOffer) else entry.name
