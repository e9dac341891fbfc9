"""The offer that a program of a given release would make.

It follows from three things: what the release knows, what management says, and the facilities of the host and the
transport. Nothing set earlier leaks in, and what concerns one side alone stays out. A source takes its values from
management or its defaults; a destination says only what it allows, so that it needs no setting of its own.

Some releases have two capabilities that they cannot have on together. A joint capability, one of the handshake itself
that needs both, says that a program can; a side that wishes both wishes that one as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, TypeAlias

from wireformat.errors import EncodeError
from wireformat.protocols.handshake.negotiation.offers import (
    CapabilityOffer,
    ChannelOffer,
    Offer,
    ParameterOffer,
    Span,
    Value,
    Wish,
)
from wireformat.protocols.handshake.negotiation.registry import (
    Capability,
    Handling,
    Kind,
    Parameter,
    Rule,
    Side,
    registry,
)
from wireformat.protocols.handshake.negotiation.releases import Release, ReleaseParameter

Setting: TypeAlias = Value | Span | tuple[Value, ...]
"""What management says of a parameter: a value, or what is allowed, best first."""

LIVE: Final = frozenset({"multi-connection", "userfault"})
"""Facilities of a migration between two Linux hosts over sockets."""

FILE: Final = frozenset({"one-way"})
"""Facilities of a migration into a file, of which every byte is written once and in order."""

COMPRESSION: Final = "multifd-compression"
"""A parameter, and the facility that it makes of a source when any other value than `none` may be chosen."""


def offer(
    release: Release,
    side: Side,
    wishes: Mapping[str, Wish] | None = None,
    settings: Mapping[str, Setting] | None = None,
    *,
    facilities: Collection[str] = LIVE,
    exact: Collection[str] = (),
    required: Collection[str] = (),
    versions: tuple[int, ...] = (1, 2),
    payloads: tuple[str, ...] = ("v1-raw",),
    channels: tuple[ChannelOffer, ...] = (),
    budget: int = 1,
) -> Offer:
    """What that side states. `exact` and `required` name parameters; local parameters are taken and never offered.

    Raises `EncodeError` for a parameter that the release does not know, or whose setting it refuses.
    """
    told = dict(settings or {})
    _check(release, told)
    around = {*facilities, *_compression(side, told)}
    return Offer(
        versions=versions,
        payloads=payloads,
        capabilities=_capabilities(release, side, wishes or {}, around),
        parameters=tuple(_parameters(release, side, told, exact, required)),
        channels=tuple(sorted(channels, key=_type)),
        budget=budget,
    )


def _type(channel: ChannelOffer) -> str:
    return channel.type


def _compression(side: Side, settings: Mapping[str, Setting]) -> tuple[str, ...]:
    chosen = settings.get(COMPRESSION, "none")
    return (COMPRESSION,) if side is Side.SOURCE and chosen not in ("none", ("none",)) else ()


def _capabilities(
    release: Release, side: Side, wishes: Mapping[str, Wish], facilities: Collection[str]
) -> tuple[CapabilityOffer, ...]:
    known = {entry.name: entry for entry in registry().capabilities if _offered(release, entry)}
    meant = _joined({name: wishes.get(name, _usual(side, entry)) for name, entry in known.items()}, known)
    able = {name for name, entry in known.items() if entry.facilities(side).suffice(facilities)}
    able -= {name for name, entry in known.items() if entry.joint and _exclusive(release, entry)}
    lacking = {name: wish for name, wish in wishes.items() if name not in known and not _silent(name)}
    found = {name: CapabilityOffer(name, name in able, wish) for name, wish in (meant | lacking).items()}
    return tuple(found[name] for name in sorted(found))


def _offered(release: Release, entry: Capability) -> bool:
    return entry.handling is Handling.NEGOTIATED and (not entry.release or entry.name in release.capabilities)


def _exclusive(release: Release, entry: Capability) -> bool:
    return frozenset(entry.needs) in map(frozenset, release.exclusive)


def _silent(name: str) -> bool:
    """Whether a capability is never part of an offer."""
    entry = registry().capability(name)
    return entry is not None and entry.handling is not Handling.NEGOTIATED


def _usual(side: Side, entry: Capability) -> Wish:
    """What a side wishes when nobody said: the source decides on workload, and the destination follows."""
    return Wish.AVOID if side is Side.SOURCE and entry.kind is Kind.WORKLOAD else Wish.AUTO


def _joined(wishes: Mapping[str, Wish], known: Mapping[str, Capability]) -> dict[str, Wish]:
    """Wishes, with those of joint capabilities: as strong as the weaker of the two that they are about."""
    joints = [entry for entry in known.values() if entry.joint and wishes[entry.name] is Wish.AUTO]
    return dict(wishes) | {
        entry.name: max((wishes.get(name, Wish.AVOID) for name in entry.needs), key=int) for entry in joints
    }


def _parameters(
    release: Release,
    side: Side,
    settings: Mapping[str, Setting],
    exact: Collection[str],
    required: Collection[str],
) -> list[ParameterOffer]:
    found = []
    for fact in sorted(release.parameters, key=_name):
        entry = registry().parameter(fact.name)
        if entry is None or entry.rule is Rule.LOCAL:
            continue
        value, allowed = _stated(side, entry, fact, settings.get(fact.name))
        found.append(ParameterOffer(fact.name, value, allowed, fact.name in exact, fact.name in required))
    return found


def _name(fact: ReleaseParameter) -> str:
    return fact.name


def _stated(
    side: Side, entry: Parameter, fact: ReleaseParameter, setting: Setting | None
) -> tuple[Value | None, Span | tuple[Value, ...]]:
    """Value and allowed values of a parameter in an offer."""
    if isinstance(setting, (Span, tuple)):
        return None, setting
    if side is Side.SOURCE or entry.rule is Rule.BOTH:
        value = fact.default if setting is None else setting
        return (None, (value,)) if entry.rule is Rule.ORDERED and value is not None else (value, ())
    if entry.rule is Rule.MIN:
        return (_largest(entry) if setting is None else setting), ()
    if setting is not None:
        return None, (setting,)
    return None, () if fact.allowed == entry.allowed else fact.allowed


def _largest(entry: Parameter) -> Value | None:
    """A limit that limits nothing."""
    if entry.unlimited is not None:
        return entry.unlimited
    return entry.allowed.high if isinstance(entry.allowed, Span) else None


def _check(release: Release, settings: Mapping[str, Setting]) -> None:
    for name, setting in settings.items():
        fact = release.parameter(name)
        if fact is None:
            raise EncodeError("reference", f"QEMU {release.name} has no parameter {name}", path=f"/parameters/{name}")
        values = () if isinstance(setting, Span) else setting if isinstance(setting, tuple) else (setting,)
        for value in values:
            if not _takes(fact, value):
                detail = f"QEMU {release.name} does not take {value!r}"
                raise EncodeError("range", detail, path=f"/parameters/{name}", expected=fact.allowed, actual=value)


def _takes(fact: ReleaseParameter, value: Value) -> bool:
    if isinstance(fact.allowed, Span):
        return isinstance(value, int) and fact.allowed.low <= value <= fact.allowed.high
    return not fact.allowed or value in fact.allowed
