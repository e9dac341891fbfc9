"""Nonsense that a side sprinkles over what it sends, so that peers stay used to what they do not know.

Reserved numbers and names appear wherever growth is possible: frames before a message, entries in it, versions,
capabilities, payloads, channel types. A seed decides which; the same seed gives the same nonsense [handshake D.4, D.5].
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from wireformat.protocols.handshake.items.offer import AbilityFlags, CapabilityItem, ChannelItem, WishKind
from wireformat.protocols.handshake.negotiation.offers import GREASE
from wireformat.schema.values import Unknown

NUMBERS: Final = tuple(0x0A0A + 0x1010 * step for step in range(8))
"""Reserved numbers that are not critical: 0x0A0A to 0x7A7A."""

LONGEST: Final = 48
OFFERS: Final = frozenset({"Hello", "HelloReply"})


class Greasing:
    """Nonsense by a seed."""

    def __init__(self, seed: int) -> None:
        self._state = sha256(b"grease %d" % seed).digest()

    def _draw(self, below: int) -> int:
        self._state = sha256(self._state).digest()
        return int.from_bytes(self._state[:4], "big") % below

    def _bytes(self) -> bytes:
        size = self._draw(LONGEST)
        return sha256(self._state).digest().ljust(LONGEST, b"?")[:size]

    def frames(self) -> list[Unknown]:
        """Messages of reserved types to send before a message."""
        return [Unknown(NUMBERS[self._draw(8)], b"") for _ in range(self._draw(3))]

    def dressed(self, message: Any) -> Any:
        """The message with entries of reserved numbers; an offer has reserved versions and names besides."""
        if type(message).__name__ in OFFERS:
            message = self._offer(message)
        numbers = sorted({NUMBERS[self._draw(8)] for _ in range(self._draw(3))})
        return replace(message, unknown=(*message.unknown, *(Unknown(number, self._bytes()) for number in numbers)))

    def _offer(self, message: Any) -> Any:
        name = f"{GREASE}{self._draw(1 << 20):x}"
        able = AbilityFlags(self._draw(2))
        capability = CapabilityItem(name=name, flags=able, wish=WishKind(3 + self._draw(2)))
        channel = ChannelItem(type=name, want=0, minimum=0, maximum=self._draw(16))
        return replace(
            message,
            versions=_inserted(message.versions, NUMBERS[self._draw(8)], self._draw(2)),
            payloads=_inserted(message.payloads, name, self._draw(2)),
            capabilities=tuple(sorted((*message.capabilities, capability), key=_name_order)),
            channels=tuple(sorted((*message.channels, channel), key=_type_order)),
        )


def _inserted(values: tuple[Any, ...], value: Any, place: int) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place:])


def _name_order(item: CapabilityItem) -> tuple[int, str]:
    return len(item.name), item.name


def _type_order(item: ChannelItem) -> tuple[int, str]:
    return len(item.type), item.type
