"""Offers of real releases: what they state, what stays out, and what two of them agree on."""

from __future__ import annotations

from itertools import product

import pytest

from wireformat.errors import EncodeError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.offering import LIVE, offer
from wireformat.protocols.handshake.negotiation.offers import (
    CapabilityOffer,
    ChannelOffer,
    Offer,
    ParameterOffer,
    Refusal,
    Result,
    Span,
    Wish,
)
from wireformat.protocols.handshake.negotiation.registry import Handling, Kind, Rule, Side, registry
from wireformat.protocols.handshake.negotiation.releases import RELEASES, release

NEWEST = release("10.2")
CANARY = "canary-5f1c"
LOCAL = [entry.name for entry in registry().parameters if entry.rule is Rule.LOCAL]


def said(found: Offer, name: str) -> CapabilityOffer:
    """What an offer says of a capability."""
    return next(entry for entry in found.capabilities if entry.name == name)


def stated(found: Offer, name: str) -> ParameterOffer:
    """What an offer says of a parameter."""
    return next(entry for entry in found.parameters if entry.name == name)


@pytest.mark.parametrize(("name", "side"), list(product(RELEASES, Side)))
def test_offers_are_sorted_and_name_nothing_twice(name: str, side: Side) -> None:
    found = offer(release(name), side, channels=(ChannelOffer("nbd"), ChannelOffer("multifd")))
    for names in (
        [entry.name for entry in found.capabilities],
        [entry.name for entry in found.parameters],
        [entry.type for entry in found.channels],
    ):
        assert names == sorted(set(names))
        assert names


@pytest.mark.requirement("HS-035")
@pytest.mark.parametrize("side", Side)
def test_what_concerns_one_side_stays_out(side: Side) -> None:
    """A value that occurs nowhere else occurs nowhere in the offer."""
    texts = dict.fromkeys((name for name in LOCAL if name not in ("multifd-channels", "direct-io")), CANARY)
    found = offer(NEWEST, side, {"events": Wish.REQUIRE}, {**texts, "multifd-channels": 251, "direct-io": 1})
    assert CANARY not in repr(found)
    assert "251" not in repr(found)
    assert {entry.name for entry in found.parameters}.isdisjoint(LOCAL)
    assert {entry.name for entry in found.capabilities}.isdisjoint({"events", "return-path", "validate-uuid"})


def test_a_source_decides_on_workload_and_leaves_the_rest_to_the_default() -> None:
    found = offer(NEWEST, Side.SOURCE, {"multifd": Wish.WANT, "xbzrle": Wish.FORBID})
    wishes = {entry.name: entry.wish for entry in found.capabilities}
    assert (wishes.pop("multifd"), wishes.pop("xbzrle")) == (Wish.WANT, Wish.FORBID)
    kinds = {entry.name: entry.kind for entry in registry().capabilities}
    wishes.pop("multifd-postcopy")
    assert {name for name, wish in wishes.items() if wish is Wish.AUTO} == {
        name for name in wishes if kinds[name] is Kind.ARCHITECTURE
    }
    assert set(wishes.values()) == {Wish.AUTO, Wish.AVOID}


@pytest.mark.requirement("HS-031")
def test_a_destination_follows() -> None:
    found = offer(NEWEST, Side.DESTINATION)
    assert {entry.wish for entry in found.capabilities} == {Wish.AUTO}
    assert [entry.value for entry in found.parameters if entry.name in ("mode", "downtime-limit", "max-bandwidth")] == [
        2000000,
        0,
        "normal",
    ]


@pytest.mark.requirement("HS-040")
def test_postcopy_needs_no_setting_on_the_destination() -> None:
    found = negotiate(offer(NEWEST, Side.SOURCE, {"postcopy-ram": Wish.REQUIRE}), offer(NEWEST, Side.DESTINATION))
    assert isinstance(found, Result)
    assert "postcopy-ram" in found.capabilities


@pytest.mark.requirement("HS-041")
@pytest.mark.parametrize(("name", "side"), list(product(RELEASES, Side)))
def test_every_negotiable_capability_is_named(name: str, side: Side) -> None:
    """Also those that this side is not able to or does not want."""
    known = {entry.name for entry in registry().capabilities if entry.handling is Handling.NEGOTIATED}
    own = {entry.name for entry in registry().capabilities if not entry.release}
    found = offer(release(name), side, facilities=())
    assert {entry.name for entry in found.capabilities} == (known & set(release(name).capabilities)) | own


@pytest.mark.requirement("HS-026")
def test_nothing_of_an_earlier_offer_leaks_into_the_next() -> None:
    before = offer(NEWEST, Side.SOURCE)
    offer(NEWEST, Side.SOURCE, {"multifd": Wish.REQUIRE}, {"downtime-limit": 7}, exact=["mode"], budget=9)
    assert offer(NEWEST, Side.SOURCE) == before


@pytest.mark.requirement("HS-076")
def test_a_value_counts_as_stated_also_where_it_is_the_default() -> None:
    source = offer(NEWEST, Side.SOURCE, settings={"multifd-zlib-level": 9})
    found = negotiate(source, offer(NEWEST, Side.DESTINATION, settings={"multifd-zlib-level": 1}))
    assert isinstance(found, Result)
    assert dict(found.parameters)["multifd-zlib-level"] == 1
    free = negotiate(source, offer(NEWEST, Side.DESTINATION))
    assert isinstance(free, Result)
    assert dict(free.parameters)["multifd-zlib-level"] == 9


def test_a_wish_that_the_release_cannot_fulfil_is_stated_all_the_same() -> None:
    assert said(offer(release("5.0"), Side.SOURCE, {"mapped-ram": Wish.REQUIRE}), "mapped-ram") == CapabilityOffer(
        "mapped-ram", False, Wish.REQUIRE
    )


@pytest.mark.parametrize(
    ("capability", "side", "missing", "harmful"),
    [
        ("multifd", Side.DESTINATION, "multi-connection", "rdma"),
        ("postcopy-ram", Side.DESTINATION, "userfault", "cpr"),
        ("zero-copy-send", Side.SOURCE, "zero-copy", "tls"),
        ("mapped-ram", Side.SOURCE, "seekable-file", "tls"),
        ("dirty-limit", Side.SOURCE, "dirty-ring", None),
    ],
)
def test_ability_depends_on_facilities(capability: str, side: Side, missing: str, harmful: str | None) -> None:
    def able(facilities: set[str]) -> bool:
        return said(offer(NEWEST, side, facilities=facilities), capability).able

    assert able({*LIVE, missing})
    assert not able(LIVE - {missing})
    if harmful:
        assert not able({*LIVE, missing, harmful})


def test_compression_takes_the_place_of_zero_copy() -> None:
    around = {*LIVE, "zero-copy"}
    for setting, able in (("none", True), (("none",), True), ("zlib", False), (("zstd", "none"), False)):
        found = offer(NEWEST, Side.SOURCE, settings={"multifd-compression": setting}, facilities=around)
        assert said(found, "zero-copy-send").able is able, setting


@pytest.mark.parametrize(
    ("side", "setting", "expected"),
    [
        (Side.SOURCE, None, ParameterOffer("multifd-zlib-level", 1)),
        (Side.SOURCE, 7, ParameterOffer("multifd-zlib-level", 7)),
        (Side.DESTINATION, None, ParameterOffer("multifd-zlib-level")),
        (Side.DESTINATION, 7, ParameterOffer("multifd-zlib-level", allowed=(7,))),
        (Side.DESTINATION, Span(1, 3), ParameterOffer("multifd-zlib-level", allowed=Span(1, 3))),
    ],
)
def test_settings(side: Side, setting: int | Span | None, expected: ParameterOffer) -> None:
    settings = {} if setting is None else {"multifd-zlib-level": setting}
    assert stated(offer(NEWEST, side, settings=settings), "multifd-zlib-level") == expected


def test_lists_are_preferences() -> None:
    found = offer(NEWEST, Side.SOURCE, settings={"multifd-compression": ("zstd", "none")})
    assert stated(found, "multifd-compression").allowed == ("zstd", "none")
    assert stated(offer(NEWEST, Side.SOURCE), "multifd-compression").allowed == ("none",)
    older = offer(release("7.2"), Side.DESTINATION)
    assert stated(older, "multifd-compression").allowed == ("none", "zlib", "zstd")


def test_marks() -> None:
    found = offer(NEWEST, Side.SOURCE, exact=["downtime-limit"], required=["mode"])
    marked = [(entry.name, entry.exact, entry.require) for entry in found.parameters if entry.exact or entry.require]
    assert marked == [("downtime-limit", True, False), ("mode", False, True)]


@pytest.mark.parametrize(
    ("name", "setting", "id", "text"),
    [
        ("no-such", 1, "reference", "/parameters/no-such: QEMU 10.2 has no parameter no-such"),
        ("downtime-limit", 2000001, "range", "/parameters/downtime-limit: QEMU 10.2 does not take 2000001"),
        (
            "multifd-compression",
            ("zstd", "lz4"),
            "range",
            "/parameters/multifd-compression: QEMU 10.2 does not take 'lz4'",
        ),
        ("downtime-limit", "x", "range", "/parameters/downtime-limit: QEMU 10.2 does not take 'x'"),
    ],
)
def test_settings_that_the_release_refuses(name: str, setting: int | str | tuple[str, ...], id: str, text: str) -> None:
    with pytest.raises(EncodeError) as caught:
        offer(NEWEST, Side.SOURCE, settings={name: setting})
    assert (caught.value.id, str(caught.value)) == (id, text)


@pytest.mark.requirement("HS-031")
@pytest.mark.parametrize(("source", "destination"), list(product(RELEASES, RELEASES)))
def test_any_two_releases_agree_where_nothing_is_required(source: str, destination: str) -> None:
    """The destination needs no setting, and takes the source's value wherever both know a parameter."""
    asked = offer(release(source), Side.SOURCE, settings={"downtime-limit": 1234, "announce-rounds": 7})
    found = negotiate(asked, offer(release(destination), Side.DESTINATION))
    assert isinstance(found, Result)
    assert found.capabilities == ("ownership-handover",)
    ours = {entry.name: entry.allowed[0] if entry.allowed else entry.value for entry in asked.parameters}
    theirs = {entry.name for entry in release(destination).parameters}
    assert dict(found.parameters) == {name: value for name, value in ours.items() if name in theirs}


@pytest.mark.parametrize("name", RELEASES)
def test_multifd_and_postcopy_only_where_both_can(name: str) -> None:
    both = {"multifd": Wish.WANT, "postcopy-ram": Wish.WANT}
    source = offer(NEWEST, Side.SOURCE, both)
    found = negotiate(source, offer(release(name), Side.DESTINATION))
    assert isinstance(found, Result)
    assert ("multifd" in found.capabilities) is (name == "10.2")
    assert "postcopy-ram" in found.capabilities


def test_multifd_and_postcopy_both_required_of_an_older_release() -> None:
    source = offer(NEWEST, Side.SOURCE, {"multifd": Wish.REQUIRE, "postcopy-ram": Wish.REQUIRE})
    found = negotiate(source, offer(release("9.2"), Side.DESTINATION))
    assert isinstance(found, Refusal)
    assert [(item.code, item.path) for item in found.items] == [
        (ErrorCode.CAP_UNSUPPORTED, "/capabilities/multifd-postcopy")
    ]
    assert isinstance(negotiate(source, offer(NEWEST, Side.DESTINATION)), Result)


@pytest.mark.requirement("HS-211")
def test_a_newer_source_keeps_what_an_older_destination_lacks_to_itself() -> None:
    wishes = {"switchover-ack": Wish.WANT, "postcopy-preempt": Wish.WANT}
    found = negotiate(offer(NEWEST, Side.SOURCE, wishes), offer(release("7.2"), Side.DESTINATION))
    assert isinstance(found, Result)
    assert found.capabilities == ("ownership-handover", "postcopy-preempt", "postcopy-ram")
