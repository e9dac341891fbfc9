"""Offers and results: there and back, in the order of their bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocols.handshake.loopback import STRIPED_OFFER, hello
from wireformat.protocols.handshake.negotiation.offers import (
    CapabilityOffer,
    ChannelOffer,
    Offer,
    ParameterOffer,
    Result,
    Span,
    Wish,
)
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.offer_wire import (
    channel_keys,
    channel_names,
    offer_of,
    planned,
    result_entries,
    result_of,
)
from wireformat.protocols.handshake.sessions.refusal import Violation

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
NUMBERS = st.integers(0, 2**64 - 1)
VALUES = NUMBERS | st.text("abc\u00e4 ", max_size=9)
ALLOWED = (
    st.just(())
    | st.builds(Span, NUMBERS, NUMBERS)
    | st.lists(NUMBERS, min_size=1, max_size=4).map(tuple)
    | st.lists(st.text("ab", max_size=4), min_size=1, max_size=4).map(tuple)
)
PARAMETERS = st.builds(ParameterOffer, NAMES, st.none() | VALUES, ALLOWED, st.booleans(), st.booleans())
CAPABILITIES = st.builds(CapabilityOffer, NAMES, st.booleans(), st.sampled_from(list(Wish)))
COUNTS = st.integers(0, 65535)
CHANNELS = st.builds(ChannelOffer, NAMES, COUNTS, COUNTS, COUNTS)


def by_name(offer: CapabilityOffer | ParameterOffer) -> str:
    return offer.name


def by_type(offer: ChannelOffer) -> str:
    return offer.type


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    return Offer(
        versions=tuple(draw(st.lists(st.integers(1, 65535), max_size=4))),
        payloads=tuple(draw(st.lists(NAMES, max_size=3))),
        capabilities=tuple(sorted(draw(st.lists(CAPABILITIES, max_size=6, unique_by=by_name)), key=by_name)),
        parameters=tuple(sorted(draw(st.lists(PARAMETERS, max_size=6, unique_by=by_name)), key=by_name)),
        channels=tuple(sorted(draw(st.lists(CHANNELS, max_size=3, unique_by=by_type)), key=by_type)),
        budget=draw(COUNTS),
    )


@settings(max_examples=60, deadline=None)
@given(offers())
def test_offers_travel(offer: Offer) -> None:
    codec = TODAY.frames(1)
    data = codec.encode(TODAY.frame(0, hello(offer)))
    assert offer_of(codec.decode(data).message) == offer


@settings(max_examples=60, deadline=None)
@given(
    st.lists(NAMES, max_size=5, unique=True),
    st.dictionaries(NAMES, VALUES, max_size=5),
    st.dictionaries(NAMES, st.integers(1, 9), max_size=3),
)
def test_results_travel(on: list[str], values: dict[str, int | str], channels: dict[str, int]) -> None:
    result = Result(1, "v1-raw", tuple(sorted(on)), tuple(sorted(values.items())), tuple(sorted(channels.items())))
    entries = result_entries(result)
    assert result_of(entries) == result
    for group in (entries.parameters, entries.channels):
        encoded = [TODAY.part(entry) for entry in group]
        assert encoded == sorted(encoded)
    assert list(entries.capabilities) == sorted(entries.capabilities)


@pytest.mark.requirement("CH-026")
def test_shorter_names_come_first_on_the_wire() -> None:
    names = ["aa", "b", "abc", "c"]
    offer = Offer((1,), ("v1-raw",), tuple(CapabilityOffer(name) for name in sorted(names)))
    assert [item.name for item in hello(offer).capabilities] == ["b", "c", "aa", "abc"]
    assert [item.name for item in offer_of(hello(offer)).capabilities] == sorted(names)


@pytest.mark.requirement("HS-036")
@pytest.mark.parametrize("group", ["capabilities", "parameters", "channels"])
def test_nothing_may_be_named_twice(group: str) -> None:
    message = hello(replace(STRIPED_OFFER, parameters=(ParameterOffer("max-bandwidth", 1),)))
    twice = replace(message, **{group: getattr(message, group) * 2})
    with pytest.raises(Violation) as caught:
        offer_of(twice)
    assert [found.code.name for found in caught.value.items] == ["DUPLICATE"]


@pytest.mark.requirement("HS-116")
def test_the_plan_follows_from_the_result() -> None:
    result = Result(1, "v1-raw", channels=(("device-state", 1), ("multifd", 2)))
    plan = planned(result)
    assert [str(key) for key in plan] == ["multifd/0", "multifd/1", "device-state/0"]
    assert channel_keys(channel_names(reversed(plan))) == plan
    assert channel_keys(channel_names([ChannelKey("nbd", 3)])) == (ChannelKey("nbd", 3),)
