"""How many channels of each type there will be beside the main one [handshake D.7].

The source says how many it wants and needs, the destination how many it accepts, and each side how many connections
may exist at all. What is needed comes first; what is wanted beyond that shares the rest, one channel at a time in the
order of the types' names. So neither a larger limit nor a larger wish can ever cost what is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wireformat.protocols.handshake.error_codes import ErrorCode, Retry
from wireformat.protocols.handshake.negotiation.negotiate_reasons import SIDES, Reasons
from wireformat.protocols.handshake.negotiation.offers import ChannelOffer, DiskOffer, Offer, is_grease_name

DISKS_SINCE: Final = 2
"""The revision from which disks have channels."""


def settle_channels(
    source: Offer, destination: Offer, version: int, reasons: Reasons
) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    """Types with their number, where it is not 0, and disks, each of which has a channel besides."""
    accepted = {offer.type: offer.maximum for offer in destination.channels}
    wanted = sorted((offer for offer in source.channels if not is_grease_name(offer.type)), key=_type)
    for offer in wanted:
        _check(offer, accepted.get(offer.type, 0), reasons)
    needed = {offer.type: offer.minimum for offer in wanted}
    limits = {offer.type: min(offer.want, accepted.get(offer.type, 0)) for offer in wanted}
    required, optional = _disks(source, destination, version, reasons)
    taken = sum(needed.values()) + len(required) + 1
    _check_budgets(source, destination, taken, reasons)
    budget = min(source.budget, destination.budget)
    disks = required + optional[: max(0, budget - taken)]
    return _shared(needed, limits, budget - 1 - len(disks)), tuple(sorted(disks))


def _disks(source: Offer, destination: Offer, version: int, reasons: Reasons) -> tuple[list[str], list[str]]:
    """The disks that must be written, and those that may: sorted, and exported by the destination."""
    if version < DISKS_SINCE:
        return [], []
    exported = {disk.name for disk in destination.disks}
    for disk in source.disks:
        if disk.required and disk.name not in exported:
            text = "the destination does not export this disk"
            retry = Retry.AFTER_CHANGE_ON_DESTINATION
            reasons.add(ErrorCode.DISK_MISSING, f"/disks/{disk.name}", None, None, text, retry)
    common = [disk for disk in source.disks if disk.name in exported and not is_grease_name(disk.name)]
    return _names(common, required=True), _names(common, required=False)


def _names(disks: list[DiskOffer], *, required: bool) -> list[str]:
    return sorted(disk.name for disk in disks if disk.required is required)


def _type(offer: ChannelOffer) -> str:
    return offer.type


def _check(offer: ChannelOffer, accepted: int, reasons: Reasons) -> None:
    """Both the wish and what is accepted must reach what is needed."""
    path = f"/channels/{offer.type}"
    if accepted < offer.minimum:
        text = f"destination accepts too few channels of type {offer.type}"
        retry = Retry.AFTER_CHANGE_ON_DESTINATION
        reasons.add(ErrorCode.CHANNEL_COUNT, path, offer.minimum, accepted, text, retry)
    if offer.want < offer.minimum:
        text = f"source wants fewer channels of type {offer.type} than it needs"
        reasons.add(ErrorCode.CHANNEL_COUNT, path, offer.minimum, offer.want, text, Retry.AFTER_CHANGE_ON_SOURCE)


def _check_budgets(source: Offer, destination: Offer, needed: int, reasons: Reasons) -> None:
    for offer, retry in (
        (source, Retry.AFTER_CHANGE_ON_SOURCE),
        (destination, Retry.AFTER_CHANGE_ON_DESTINATION),
    ):
        if offer.budget < needed:
            text = f"{SIDES[retry]} allows fewer connections than are needed"
            reasons.add(ErrorCode.CHANNEL_BUDGET, "/budget", needed, offer.budget, text, retry)


def _shared(needed: Mapping[str, int], limits: Mapping[str, int], budget: int) -> tuple[tuple[str, int], ...]:
    """What is needed, and what remains of the budget shared out, one at a time."""
    counts = dict(needed)
    rest = budget - sum(needed.values())
    while rest > 0 and (open_types := [name for name, count in counts.items() if count < limits[name]][:rest]):
        step = max(1, min(rest // len(open_types), min(limits[name] - counts[name] for name in open_types)))
        counts.update({name: counts[name] + step for name in open_types})
        rest -= step * len(open_types)
    return tuple((name, count) for name, count in counts.items() if count)
