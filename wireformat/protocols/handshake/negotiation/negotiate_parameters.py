"""Which value each parameter has, by the rule that the registry gives it [handshake D.7].

A default fills what an offer leaves open before anything is compared. A parameter that only one side names is dropped,
unless that side requires it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from wireformat.protocols.handshake.error_codes import ErrorCode, Retry
from wireformat.protocols.handshake.negotiation.negotiate_reasons import SIDES, Reasons
from wireformat.protocols.handshake.negotiation.offers import Offer, ParameterOffer, Span, Value, is_grease_name
from wireformat.protocols.handshake.negotiation.registry import Parameter, Registry, Rule

SOURCE: Final = Retry.AFTER_CHANGE_ON_SOURCE
DESTINATION: Final = Retry.AFTER_CHANGE_ON_DESTINATION

Settle: TypeAlias = Callable[[Parameter, ParameterOffer, ParameterOffer, Reasons], Value | None]
Allowed: TypeAlias = Span | tuple[Value, ...]


def settle_parameters(
    source: Offer, destination: Offer, registry: Registry, reasons: Reasons
) -> tuple[tuple[str, Value], ...]:
    """Names with values, sorted by name."""
    theirs = {SOURCE: _named(source), DESTINATION: _named(destination)}
    settled = []
    for name in sorted({*theirs[SOURCE], *theirs[DESTINATION]}):
        stated = {side: offers[name] for side, offers in theirs.items() if name in offers}
        value = _settle(registry.parameter(name), name, stated, reasons)
        if value is not None:
            settled.append((name, value))
    return tuple(settled)


def _named(offer: Offer) -> dict[str, ParameterOffer]:
    return {entry.name: entry for entry in offer.parameters if not is_grease_name(entry.name)}


def _settle(
    entry: Parameter | None, name: str, stated: Mapping[Retry, ParameterOffer], reasons: Reasons
) -> Value | None:
    """The value, or None where the parameter is dropped or a reason was added."""
    if entry is not None and entry.rule is Rule.LOCAL:
        for side in stated:
            text = f"{SIDES[side]} offers {name}, which concerns it alone"
            reasons.add(ErrorCode.PARAM_LOCAL, f"/parameters/{name}", "nothing", "offered", text, side)
        return None
    if entry is None or len(stated) < 2:
        _check_unknown(name, stated, reasons)
        return None
    return RULES[entry.rule](entry, stated[SOURCE], stated[DESTINATION], reasons)


def _check_unknown(name: str, stated: Mapping[Retry, ParameterOffer], reasons: Reasons) -> None:
    """A parameter that cannot be settled must not be required."""
    for side in (side for side, offer in stated.items() if offer.require):
        others = [other for other in SIDES if other not in stated]
        if others:
            text = f"{SIDES[others[0]]} does not know {name}"
            reasons.add(ErrorCode.PARAM_UNKNOWN_REQUIRED, f"/parameters/{name}", "known", "unknown", text, others[0])
        else:
            text = f"{SIDES[side]} requires {name}, for which there is no rule"
            reasons.add(ErrorCode.PARAM_UNKNOWN_REQUIRED, f"/parameters/{name}", "registered", "unknown", text, side)


def _of_source(entry: Parameter, source: ParameterOffer, destination: ParameterOffer, reasons: Reasons) -> Value | None:
    """The source's value where the destination allows it, else the nearest one unless the source is exact."""
    value = _value(entry, source)
    allowed = destination.allowed or entry.allowed
    if not allowed or allows(allowed, value):
        return value
    if isinstance(allowed, Span) and allowed.low > allowed.high:
        _refuse(entry, "a value", allowed, "allows no value", DESTINATION, reasons)
        return None
    if source.exact:
        _refuse(entry, allowed, value, "insists on a value that the destination does not allow", SOURCE, reasons)
        return None
    return nearest(allowed, value)


def _smaller(entry: Parameter, source: ParameterOffer, destination: ParameterOffer, reasons: Reasons) -> Value | None:
    """The smaller limit; the value that means no limit is larger than any."""
    limits = []
    for side, offer in ((SOURCE, source), (DESTINATION, destination)):
        value = _value(entry, offer)
        if isinstance(value, int):
            limits.append(value)
        else:
            _refuse(entry, "a number", value, "states a limit that is no number", side, reasons)
    if len(limits) < 2:
        return None
    return min((limit for limit in limits if limit != entry.unlimited), default=entry.unlimited)


def _first_common(
    entry: Parameter, source: ParameterOffer, destination: ParameterOffer, reasons: Reasons
) -> Value | None:
    """The first value of the source's list that the destination allows."""
    if isinstance(source.allowed, Span):
        _refuse(entry, "a list", source.allowed, "states a range where a list is wanted", SOURCE, reasons)
        return None
    wanted = source.allowed or (_value(entry, source),)
    allowed = destination.allowed or entry.allowed
    common = [value for value in wanted if allows(allowed, value)]
    if not common:
        _refuse(entry, allowed, wanted, "lists no value that the destination allows", SOURCE, reasons)
        return None
    return common[0]


def _equal(entry: Parameter, source: ParameterOffer, destination: ParameterOffer, reasons: Reasons) -> Value | None:
    """The value that both state."""
    value, other = _value(entry, source), _value(entry, destination)
    if value != other:
        _refuse(entry, other, value, "states another value than the destination", SOURCE, reasons)
        return None
    return value


RULES: Final[Mapping[Rule, Settle]] = {
    Rule.SRC: _of_source,
    Rule.MIN: _smaller,
    Rule.ORDERED: _first_common,
    Rule.BOTH: _equal,
}


def _value(entry: Parameter, offer: ParameterOffer) -> Value:
    return entry.default if offer.value is None else offer.value


def _refuse(entry: Parameter, expected: object, actual: object, fault: str, side: Retry, reasons: Reasons) -> None:
    text = f"{SIDES[side]} {fault}: {entry.name}"
    reasons.add(ErrorCode.PARAM_RANGE, f"/parameters/{entry.name}", expected, actual, text, side)


def allows(allowed: Allowed, value: Value) -> bool:
    """Whether a range or a set of values holds a value."""
    if isinstance(allowed, Span):
        return isinstance(value, int) and allowed.low <= value <= allowed.high
    return value in allowed


def nearest(allowed: Allowed, value: Value) -> Value:
    """The allowed number closest to a number, the smaller of two; of texts the first in their order."""
    if isinstance(allowed, Span):
        return min(max(value, allowed.low), allowed.high) if isinstance(value, int) else allowed.low
    if isinstance(value, int) and (numbers := [other for other in allowed if isinstance(other, int)]):
        return min((abs(other - value), other) for other in numbers)[1]
    return min(allowed, key=_kind)


def _kind(value: Value) -> tuple[bool, int, str]:
    """Sorts numbers before texts."""
    return (isinstance(value, str), value if isinstance(value, int) else 0, str(value))
