"""The items of an offer: how values are written, and that they can grow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.derive.plain_bytes import entry
from wireformat.codec import decode, encode
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.items import offer as offer
from wireformat.schema.values import Unknown

NO_FLAGS = offer.ParameterFlags(0)


@pytest.mark.parametrize(
    ("value", "allowed", "expected"),
    [
        (offer.Nothing(), offer.Nothing(), "00" + "00"),
        (5, offer.Nothing(), "01" + "0000000000000005" + "00"),
        ("zstd", offer.Nothing(), "02" + "04" + b"zstd".hex() + "00"),
        (offer.Nothing(), offer.Range(low=0, high=9), "00" + "01" + "0000000000000000" + "0000000000000009"),
        (offer.Nothing(), offer.Numbers(values=(1,)), "00" + "02" + "01" + "0000000000000001"),
        (offer.Nothing(), offer.Names(values=("a", "bc")), "00" + "03" + "02" + "0161" + "026263"),
    ],
)
def test_values_say_how_they_are_written(value: Any, allowed: Any, expected: str) -> None:
    item = offer.ParameterItem(name="p", flags=NO_FLAGS, value=value, allowed=allowed)
    assert encode(item).hex() == "0170" + "00" + expected
    assert decode(offer.ParameterItem, encode(item)) == item


def test_a_capability() -> None:
    item = offer.CapabilityItem(name="multifd", flags=offer.AbilityFlags.ABLE, wish=offer.WishKind.WANT)
    assert encode(item) == b"\x07multifd\x01\x02"


def test_other_kinds_of_value_are_refused() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(offer.ParameterItem, b"\1p\0\3")
    assert (caught.value.id, caught.value.path) == ("tag", "value")


@pytest.mark.requirement("CH-022", "CH-023", "HS-210")
def test_items_grow_by_entries() -> None:
    item = decode(offer.CapabilityItem, b"\x07multifd\x01\x02" + entry(0x0101, b"later"))
    assert item.more.unknown == (Unknown(0x0101, b"later"),)
    with pytest.raises(DecodeError) as caught:
        decode(offer.CapabilityItem, b"\x07multifd\x01\x02" + entry(0x8101, b"later"))
    assert caught.value.id == "tag"


@pytest.mark.requirement("HS-152")
def test_numbers_that_are_not_known_are_kept() -> None:
    item = decode(offer.ErrorEntries, entry(0x8001, b"\x04\xfe") + entry(0x8002, b"") + entry(0x0006, b"\x09"))
    assert (int(item.code), int(item.severity), int(item.retry)) == (0x04FE, 9, 0)
