"""Offers and results as values, and as entries of messages.

What travels is sorted by its bytes, and a name is counted by the byte before it: so shorter names come first on the
wire, while an `Offer` sorts by name. What a peer sends may be of another release, so it is read by attribute; a name
that stands twice is refused here, since no order of bytes shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, TypeAlias, TypedDict

from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.items.offer import (
    AbilityFlags,
    CapabilityItem,
    ChannelCount,
    ChannelItem,
    ChannelName,
    ChannelNameEntries,
    DiskFlags,
    DiskItem,
    Names,
    Nothing,
    Numbers,
    ParameterFlags,
    ParameterItem,
    Range,
    SettingItem,
    WishKind,
)
from wireformat.protocols.handshake.messages import ResultEntries
from wireformat.protocols.handshake.negotiation.offers import (
    CapabilityOffer,
    ChannelOffer,
    DiskOffer,
    Offer,
    ParameterOffer,
    Result,
    Span,
    Value,
    Wish,
)
from wireformat.protocols.handshake.sessions.events import STORAGE, ChannelKey
from wireformat.protocols.handshake.sessions.refusal import violation

Allowed: TypeAlias = "Span | tuple[Value, ...]"

# Members of enumerations, made once: an offer has hundreds of them.
_NOTHING: Final = Nothing()
_ABLE_BIT, _EXACT_BIT, _REQUIRE_BIT = int(AbilityFlags.ABLE), int(ParameterFlags.EXACT), int(ParameterFlags.REQUIRE)
_ABLE: Final = {able: AbilityFlags(able * _ABLE_BIT) for able in (False, True)}
_INSISTING: Final = {
    (exact, require): ParameterFlags(exact * _EXACT_BIT | require * _REQUIRE_BIT)
    for exact in (False, True)
    for require in (False, True)
}
_WISHES: Final = {int(wish): wish for wish in Wish}
_WISH_KINDS: Final = {int(wish): WishKind(wish) for wish in Wish}


class OfferEntries(TypedDict):
    """The arguments of an offer message that come from an `Offer`."""

    versions: tuple[int, ...]
    capabilities: tuple[CapabilityItem, ...]
    parameters: tuple[ParameterItem, ...]
    channels: tuple[ChannelItem, ...]
    payloads: tuple[str, ...]
    budget: int
    disks: tuple[DiskItem, ...]


def offer_entries(offer: Offer) -> OfferEntries:
    """An offer as the arguments of HELLO, its reply, or a profile."""
    return OfferEntries(
        versions=offer.versions,
        capabilities=tuple(map(_capability, sorted(offer.capabilities, key=_name_order))),
        parameters=tuple(map(_parameter, sorted(offer.parameters, key=_name_order))),
        channels=tuple(map(_channel, sorted(offer.channels, key=_type_order))),
        payloads=offer.payloads,
        budget=offer.budget,
        disks=tuple(map(_disk, sorted(offer.disks, key=_name_order))),
    )


def _counted(name: str) -> tuple[int, bytes]:
    """The order of names behind a byte that counts them."""
    data = name.encode()
    return len(data), data


def _name_order(named: Any) -> tuple[int, bytes]:
    return _counted(named.name)


def _type_order(typed: Any) -> tuple[int, bytes]:
    return _counted(typed.type)


def _capability(offer: CapabilityOffer) -> CapabilityItem:
    return CapabilityItem(name=offer.name, flags=_ABLE[offer.able], wish=_WISH_KINDS[offer.wish])


def _parameter(offer: ParameterOffer) -> ParameterItem:
    flags = _INSISTING[offer.exact, offer.require]
    value = _NOTHING if offer.value is None else offer.value
    return ParameterItem(name=offer.name, flags=flags, value=value, allowed=_allowed(offer.allowed))


def _allowed(allowed: Allowed) -> Nothing | Range | Numbers | Names:
    if isinstance(allowed, Span):
        return Range(low=allowed.low, high=allowed.high)
    if not allowed:
        return _NOTHING
    texts = tuple(value for value in allowed if isinstance(value, str))
    return Names(values=texts) if texts else Numbers(values=tuple(map(int, allowed)))


def _channel(offer: ChannelOffer) -> ChannelItem:
    return ChannelItem(type=offer.type, want=offer.want, minimum=offer.minimum, maximum=offer.maximum)


def _disk(offer: DiskOffer) -> DiskItem:
    return DiskItem(name=offer.name, flags=DiskFlags.REQUIRED if offer.required else DiskFlags(0))


def offer_of(message: Any) -> Offer:
    """What an offer message of any release says. Raises `Violation` where it names something twice."""
    _check_names("capabilities", (item.name for item in message.capabilities))
    _check_names("parameters", (item.name for item in message.parameters))
    _check_names("channels", (item.type for item in message.channels))
    disks = getattr(message, "disks", ())
    _check_names("disks", (item.name for item in disks))
    return Offer(
        versions=tuple(message.versions),
        payloads=tuple(message.payloads),
        capabilities=tuple(sorted(map(_capability_offer, message.capabilities), key=_plain_name)),
        parameters=tuple(sorted(map(_parameter_offer, message.parameters), key=_plain_name)),
        channels=tuple(sorted(map(_channel_offer, message.channels), key=_plain_type)),
        budget=message.budget,
        disks=tuple(sorted(map(_disk_offer, disks), key=_plain_name)),
    )


def _check_names(group: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise violation(ErrorCode.DUPLICATE, f"/{group}/{name}", f"{name} stands {count} times")


def _plain_name(named: CapabilityOffer | ParameterOffer | DiskOffer) -> str:
    return named.name


def _plain_type(typed: ChannelOffer) -> str:
    return typed.type


def _capability_offer(item: Any) -> CapabilityOffer:
    return CapabilityOffer(item.name, bool(int(item.flags) & _ABLE_BIT), _WISHES.get(item.wish) or Wish(item.wish))


def _parameter_offer(item: Any) -> ParameterOffer:
    flags = int(item.flags)
    return ParameterOffer(
        item.name,
        item.value if isinstance(item.value, (int, str)) else None,
        _allowed_values(item.allowed),
        bool(flags & _EXACT_BIT),
        bool(flags & _REQUIRE_BIT),
    )


def _allowed_values(allowed: Any) -> Allowed:
    if hasattr(allowed, "low"):
        return Span(allowed.low, allowed.high)
    return tuple(getattr(allowed, "values", ()))


def _channel_offer(item: Any) -> ChannelOffer:
    return ChannelOffer(item.type, item.want, item.minimum, item.maximum)


def _disk_offer(item: Any) -> DiskOffer:
    return DiskOffer(item.name, bool(item.flags & DiskFlags.REQUIRED))


def result_entries(result: Result) -> ResultEntries:
    """A result as it travels."""
    return ResultEntries(
        version=result.version,
        payload=result.payload,
        capabilities=tuple(sorted(result.capabilities, key=str.encode)),
        parameters=tuple(
            SettingItem(name=name, value=value) for name, value in sorted(result.parameters, key=_pair_order)
        ),
        channels=tuple(
            ChannelCount(type=name, count=count) for name, count in sorted(result.channels, key=_pair_order)
        ),
        disks=tuple(sorted(result.disks, key=str.encode)),
    )


def _pair_order(pair: tuple[str, object]) -> tuple[int, bytes]:
    return _counted(pair[0])


def result_of(entries: Any) -> Result:
    """The result that travelled."""
    return Result(
        version=entries.version,
        payload=entries.payload,
        capabilities=tuple(sorted(entries.capabilities)),
        parameters=tuple(sorted((item.name, item.value) for item in entries.parameters)),
        channels=tuple(sorted((item.type, item.count) for item in entries.channels)),
        disks=tuple(sorted(getattr(entries, "disks", ()))),
    )


def planned(result: Result) -> tuple[ChannelKey, ...]:
    """Every further channel of a result, in the order in which they travel."""
    found = [ChannelKey(name, index) for name, count in result.channels for index in range(count)]
    found += [ChannelKey(STORAGE, index, name) for index, name in enumerate(sorted(result.disks))]
    return tuple(sorted(found, key=_key_order))


def channel_names(keys: Iterable[ChannelKey]) -> tuple[ChannelName, ...]:
    """Names of channels as they travel."""
    return tuple(map(_channel_name, sorted(keys, key=_key_order)))


def _channel_name(key: ChannelKey) -> ChannelName:
    return ChannelName(type=key.type, index=key.index, entries=ChannelNameEntries(target=key.target or None))


def _key_order(key: ChannelKey) -> tuple[tuple[int, bytes], int]:
    return _counted(key.type), key.index


def channel_keys(names: Iterable[Any]) -> tuple[ChannelKey, ...]:
    """Names of channels that travelled."""
    return tuple(map(channel_key, names))


def channel_key(name: Any) -> ChannelKey:
    """The name of a channel that travelled."""
    return ChannelKey(name.type, name.index, getattr(name.entries, "target", None) or "")
