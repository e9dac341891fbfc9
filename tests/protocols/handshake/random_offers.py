"""Random registries and offers, fast enough to make hundreds of thousands: plain `random`, seeded by the caller.

They are small on purpose. Half a dozen capabilities with needs and conflicts between them already hold every way in
which required and optional ones can get in each other's way, and hold it often.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from wireformat.protocols.handshake.negotiation.offers import (
    CapabilityOffer,
    ChannelOffer,
    Offer,
    ParameterOffer,
    Span,
    Value,
    Wish,
)
from wireformat.protocols.handshake.negotiation.registry import Capability, Parameter, Registry, Rule

SOURCE_WISHES = (*[Wish.REQUIRE] * 2, *[Wish.WANT] * 6, *[Wish.AUTO] * 6, *[Wish.AVOID] * 5, Wish.FORBID)
DESTINATION_WISHES = (Wish.REQUIRE, Wish.WANT, *[Wish.AUTO] * 12, *[Wish.AVOID] * 5, Wish.FORBID)
CHANNELS = ("device-state", "multifd", "postcopy-preempt")
RULES = tuple(Rule)


@dataclass(frozen=True)
class Case:
    """A registry and two offers made for it."""

    registry: Registry
    source: Offer
    destination: Offer


def case(random: Random, capabilities: int = 6, parameters: int = 2) -> Case:
    """A random case. Names that an offer has and the registry lacks occur, and the reverse."""
    known = registry(random, capabilities, parameters)
    return Case(known, source(random, known), destination(random, known))


def registry(random: Random, capabilities: int, parameters: int) -> Registry:
    """Capabilities that need earlier ones and conflict with any; parameters of every rule."""
    names = [f"c{number}" for number in range(capabilities)]
    entries = []
    for number, name in enumerate(names):
        needs = tuple(other for other in names[:number] if random.random() < 0.25)
        conflicts = tuple(other for other in names[:number] if other not in needs and random.random() < 0.15)
        entries.append(Capability(number, name, default=random.random() < 0.5, needs=needs, conflicts=conflicts))
    random.shuffle(entries)
    found = tuple(replace(entry, number=number) for number, entry in enumerate(entries))
    return Registry(found, tuple(parameter(random, number) for number in range(parameters)))


def parameter(random: Random, number: int) -> Parameter:
    """A parameter of any rule, with numbers up to 9 as values."""
    unlimited = random.choice((None, 0))
    return Parameter(number, f"p{number}", random.choice(RULES), "int", random.randrange(10), Span(0, 9), unlimited)


def source(random: Random, known: Registry) -> Offer:
    """A source's offer."""
    wishes = [capability(random, entry.name, SOURCE_WISHES) for entry in known.capabilities if random.random() < 0.9]
    channels = []
    for name in CHANNELS:
        if random.random() < 0.3:
            want = random.randrange(5)
            channels.append(ChannelOffer(name, want, random.randrange(want + 1) if random.random() < 0.3 else 0))
    return offer(random, wishes, [_asked(random, entry) for entry in known.parameters], channels)


def destination(random: Random, known: Registry) -> Offer:
    """A destination's offer."""
    wishes = [
        capability(random, entry.name, DESTINATION_WISHES) for entry in known.capabilities if random.random() < 0.9
    ]
    channels = [ChannelOffer(name, maximum=random.randrange(5)) for name in CHANNELS if random.random() < 0.9]
    return offer(random, wishes, [_taken(random, entry) for entry in known.parameters], channels)


def offer(
    random: Random,
    capabilities: list[CapabilityOffer],
    parameters: list[ParameterOffer | None],
    channels: list[ChannelOffer],
) -> Offer:
    """An offer of these parts, with versions and payloads that usually meet the other side's."""
    private = [CapabilityOffer("x-private", random.random() < 0.5, random.choice(SOURCE_WISHES[1:]))]
    extra = private if random.random() < 0.1 else []
    return Offer(
        versions=tuple(sorted({random.choice((1, 1, 1, 1, 1, 1, 1, 4)), *random.sample((2, 3), random.randrange(3))})),
        payloads=tuple(random.sample(("v1-raw", "v1-striped"), random.choice((1, 2, 2, 2, 2, 2, 2)))),
        capabilities=tuple(sorted([*capabilities, *extra], key=_name)),
        parameters=tuple(sorted((entry for entry in parameters if entry is not None), key=_name)),
        channels=tuple(sorted(channels, key=_type)),
        budget=random.choice((4, 8, 16, 16)),
    )


def capability(random: Random, name: str, wishes: tuple[Wish, ...]) -> CapabilityOffer:
    """A capability that is likely able, and certainly so where it is required."""
    wish = random.choice(wishes)
    return CapabilityOffer(name, random.random() < (0.95 if wish is Wish.REQUIRE else 0.8), wish)


def _asked(random: Random, entry: Parameter) -> ParameterOffer | None:
    """What a source says of a parameter, if anything."""
    if entry.rule is Rule.LOCAL or random.random() < 0.1:
        return None
    value: Value | None = random.choice((None, random.randrange(10)))
    value = value if entry.rule is not Rule.BOTH or random.random() < 0.2 else None
    ordered = tuple(random.sample(range(10), 3)) if entry.rule is Rule.ORDERED else ()
    return ParameterOffer(entry.name, value, ordered, random.random() < 0.2, random.random() < 0.1)


def _taken(random: Random, entry: Parameter) -> ParameterOffer | None:
    """What a destination says of a parameter, if anything."""
    if entry.rule is Rule.LOCAL or random.random() < 0.1:
        return None
    low = random.randrange(10)
    allowed: tuple[Span | tuple[Value, ...], ...] = (
        (),
        (),
        Span(low, random.randrange(low, 10)),
        tuple(sorted(random.sample(range(10), 4))),
    )
    value = random.randrange(10) if entry.rule is Rule.MIN else None
    return ParameterOffer(entry.name, value, random.choice(allowed), require=random.random() < 0.1)


def _name(entry: CapabilityOffer | ParameterOffer) -> str:
    return entry.name


def _type(entry: ChannelOffer) -> str:
    return entry.type
