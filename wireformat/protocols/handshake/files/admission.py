"""Whether a destination can take a FILE container, before it touches the stream [handshake D.9].

The writer of a file made all decisions; nothing can be skipped or lowered any more, and so the answer is yes or a full
list of reasons. The result in the manifest is negotiated like an offer that insists on every part of itself, the
sections are judged like an inventory of which nothing may be left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.inventories.abilities import Abilities
from wireformat.protocols.handshake.inventories.inventory import inventory_of_manifest
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.inventories.resolution import Resolution, resolve
from wireformat.protocols.handshake.inventories.state_reasons import error
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.offers import (
    CapabilityOffer,
    ErrorItem,
    Offer,
    ParameterOffer,
    Refusal,
    Result,
    Wish,
)
from wireformat.protocols.handshake.negotiation.registry import Registry, Rule
from wireformat.protocols.handshake.negotiation.registry import registry as own_registry
from wireformat.protocols.handshake.sessions.offer_wire import result_of
from wireformat.protocols.handshake.sessions.refusal import ordered

PAYLOAD: Final = "v1-raw"
"""The one encoding of the VM state that a file can hold."""


def admit(manifest: Any, offer: Offer, abilities: Abilities, registry: Registry | None = None) -> tuple[ErrorItem, ...]:
    """Every reason why the destination of that offer and those abilities cannot load the file; empty when it can."""
    return ordered((*_offer_errors(result_of(manifest.result), offer, registry), *_state_errors(manifest, abilities)))


def _offer_errors(result: Result, offer: Offer, registry: Registry | None) -> tuple[ErrorItem, ...]:
    known = own_registry() if registry is None else registry
    outcome = negotiate(insistent(result, known), offer, known)
    found = outcome.items if isinstance(outcome, Refusal) else tuple(_differences(outcome, result))
    return (*found, *_unfit_for_files(result))


def _differences(outcome: Result, result: Result) -> Iterator[ErrorItem]:
    """Parameters whose value in the file exceeds a limit of the destination."""
    limits = dict(outcome.parameters)
    for name, value in result.parameters:
        if name in limits and limits[name] != value:
            text = "the file was written with more than the destination's limit"
            yield error(ErrorCode.PARAM_RANGE, f"/parameters/{name}", text, limits[name], value)


def _unfit_for_files(result: Result) -> Iterator[ErrorItem]:
    if result.payload != PAYLOAD:
        yield error(ErrorCode.NO_COMMON_PAYLOAD, "/payload", "a file holds the plain stream", PAYLOAD, result.payload)
    for name, count in result.channels:
        yield error(ErrorCode.CHANNEL_COUNT, f"/channels/{name}", "a file has no further channels", 0, count)


def insistent(result: Result, registry: Registry) -> Offer:
    """The offer of a source that does nothing but this result, in a file."""
    return Offer(
        versions=(result.version,),
        payloads=(result.payload,),
        capabilities=tuple(CapabilityOffer(name, True, Wish.REQUIRE) for name in result.capabilities),
        parameters=tuple(_parameter(name, value, registry) for name, value in result.parameters),
    )


def _parameter(name: str, value: int | str, registry: Registry) -> ParameterOffer:
    """A parameter that must be so. One at its default need not be known: that is what not knowing it means."""
    entry = registry.parameter(name)
    is_needed = entry is None or value != entry.default
    if entry is not None and entry.rule is Rule.ORDERED:
        return ParameterOffer(name, allowed=(value,), require=is_needed)
    return ParameterOffer(name, value, exact=True, require=is_needed)


def _state_errors(manifest: Any, abilities: Abilities) -> tuple[ErrorItem, ...]:
    inventory = inventory_of_manifest(manifest)
    reply = judge(inventory, abilities)
    if isinstance(reply, tuple):
        return reply
    outcome = resolve(inventory, reply, {})
    return () if isinstance(outcome, Resolution) else outcome
