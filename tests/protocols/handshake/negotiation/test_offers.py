"""Offers and results are plain values: hashable, comparable, unchangeable."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from wireformat.protocols.handshake.error_codes import ErrorCode, Retry, Severity
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


def offer() -> Offer:
    """An offer with one of everything."""
    return Offer(
        versions=(1,),
        payloads=("v1-raw",),
        capabilities=(CapabilityOffer("multifd", able=True, wish=Wish.WANT),),
        parameters=(ParameterOffer("downtime-limit", 300, Span(0, 2000), exact=True),),
        channels=(ChannelOffer("multifd", want=4, minimum=1),),
        budget=5,
    )


def test_equal_offers_are_one_key() -> None:
    assert len({offer(), offer()}) == 1


def test_offers_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        offer().budget = 7  # type: ignore[misc]


def test_a_capability_is_avoided_unless_said_otherwise() -> None:
    assert CapabilityOffer("multifd") == CapabilityOffer("multifd", False, Wish.AVOID)


@pytest.mark.requirement("HS-153")
def test_an_item_is_fatal_and_final_unless_said_otherwise() -> None:
    item = ErrorItem(ErrorCode.BUSY)
    assert (item.severity, item.retry) == (Severity.FATAL, Retry.NEVER)
    assert hash(Refusal((item,))) == hash(Refusal((ErrorItem(ErrorCode.BUSY),)))


def test_a_result_with_nothing_optional() -> None:
    assert Result(1, "v1-raw") == Result(1, "v1-raw", (), (), ())
