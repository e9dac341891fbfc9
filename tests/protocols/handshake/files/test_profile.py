"""Target profiles: saved, read back, negotiated with."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.protocols.handshake.states import abilities_of, inventory_of, section_item, subsection_item
from wireformat.codec import codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.file_messages import Profile
from wireformat.protocols.handshake.files.profile import (
    MAX_SIZE,
    Settlement,
    negotiate_with,
    profile_bytes,
    profile_of,
    profile_text,
    read_profile,
    settle_with,
)
from wireformat.protocols.handshake.inventories.abilities import Abilities, SectionAbility, SubsectionAbility
from wireformat.protocols.handshake.inventories.resolution import Resolution
from wireformat.protocols.handshake.items.inventory import OmittedItem, VersionItem
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.offering import offer
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
from wireformat.protocols.handshake.negotiation.registry import Side
from wireformat.protocols.handshake.negotiation.releases import RELEASES, release
from wireformat.protocols.handshake.sessions.offer_wire import offer_of

RICH = Offer(
    (1,),
    ("v1-striped", "v1-raw"),
    (CapabilityOffer("multifd", True, Wish.AUTO), CapabilityOffer("xbzrle", False, Wish.FORBID)),
    (
        ParameterOffer("max-bandwidth", 1 << 60),
        ParameterOffer("multifd-compression", None, ("none", "zstd")),
        ParameterOffer("compress-level", 1, Span(0, 9), True, True),
        ParameterOffer("downtime-limit", None, (100, 300)),
        ParameterOffer("tls-hostname", "a.example"),
    ),
    (ChannelOffer("multifd", maximum=16),),
    17,
)
RICH = replace(RICH, parameters=tuple(sorted(RICH.parameters, key=lambda found: found.name)))

FORBIDDING = Offer((1,), ("v1-raw",), (CapabilityOffer("xbzrle", False, Wish.FORBID),))


@pytest.mark.requirement("HS-186")
@pytest.mark.parametrize("made", [RICH, Offer((1,), ("v1-raw",))], ids=["rich", "poor"])
def test_both_ways_of_saving_can_be_read_back(made: Offer) -> None:
    profile = profile_of(made, "oldest of this cluster")
    assert read_profile(profile_bytes(profile)) == profile
    assert read_profile(profile_text(profile).encode()) == profile
    assert offer_of(profile) == made


def test_equal_offers_are_equal_bytes() -> None:
    turned = replace(RICH, capabilities=RICH.capabilities[::-1], parameters=RICH.parameters[::-1])
    assert profile_bytes(profile_of(turned)) == profile_bytes(profile_of(RICH))


@pytest.mark.requirement("HS-180", "HS-186")
@pytest.mark.parametrize("name", RELEASES)
def test_a_profile_is_as_good_as_a_live_destination(name: str) -> None:
    destination = offer(release(name), Side.DESTINATION)
    profile = read_profile(profile_bytes(profile_of(destination, name)))
    for other in RELEASES:
        source = offer(release(other), Side.SOURCE)
        assert negotiate_with(source, profile) == negotiate(source, destination)


def test_a_profile_can_refuse() -> None:
    source = Offer((1,), ("v1-raw",), (CapabilityOffer("xbzrle", True, Wish.REQUIRE),))
    found = negotiate_with(source, profile_of(FORBIDDING))
    assert isinstance(found, Refusal)
    assert [(item.code, item.path) for item in found.items] == [
        (ErrorCode.CAP_UNSUPPORTED, "/capabilities/xbzrle"),
        (ErrorCode.CAP_FORBIDDEN, "/capabilities/xbzrle"),
    ]


@pytest.mark.requirement("HS-186")
def test_the_name_decides_nothing() -> None:
    source = Offer((1,), ("v1-raw",))
    results = {negotiate_with(source, profile_of(FORBIDDING, name)) for name in ("", "a", "QEMU 99")}
    assert results == {Result(1, "v1-raw")}


def document(**changes: object) -> bytes:
    """A saved profile as JSON with other parts."""
    return json.dumps(json.loads(profile_text(profile_of(RICH))) | changes).encode()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "missing"),
        (b"\0", "truncated"),
        (b"{", "mismatch"),
        (b"{}", "mismatch"),
        (b"{" + b"[" * 100_000, "mismatch"),
        (document(format="else"), "mismatch"),
        (document(format_version=2), "mismatch"),
        (document(profile=None), "mismatch"),
        (document(profile={"versions": "x"}), "mismatch"),
        (document(profile={"versions": [1]}), "mismatch"),
        (document(profile={"versions": [70000], "payloads": []}), "mismatch"),
        (b"\0" * (MAX_SIZE + 1), "limit"),
    ],
)
def test_what_is_no_profile(data: bytes, error: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read_profile(data)
    assert caught.value.id == error


def test_a_name_stands_once() -> None:
    profile = profile_of(RICH)
    last = profile.capabilities[0]
    twice = replace(profile, capabilities=(replace(last, wish=last.wish.REQUIRE), last))
    with pytest.raises(DecodeError) as caught:
        read_profile(codec_for(Profile).encode(twice))
    assert caught.value.id == "duplicate"


# State.


RSS, MTU = subsection_item("nic/rss", droppable=True), subsection_item("nic/mtu")


@pytest.mark.requirement("HS-093", "HS-094", "HS-180", "HS-186")
def test_omissions_and_versions_follow_without_a_destination() -> None:
    inventory = inventory_of(section_item("cpu", 5, oldest=3), section_item("0000:00:03.0/nic", 1, MTU, RSS))
    destination = Abilities(
        sections=(
            SectionAbility("cpu", 0, newest=4),
            SectionAbility("nic", subsections=(SubsectionAbility("nic/mtu"),)),
            SectionAbility("rtc", 0),
        )
    )
    found = settle_with(Offer((1,), ("v1-raw",)), profile_of(FORBIDDING, abilities=destination), inventory)
    assert isinstance(found, Settlement)
    assert found.result == Result(1, "v1-raw")
    assert found.resolution == Resolution(
        (OmittedItem(idstr="0000:00:03.0/nic", instance_id=0, subsection="nic/rss"),),
        (VersionItem(idstr="cpu", instance_id=0, version=4),),
    )
    assert [item.path for item in found.warnings] == ["/sections/rtc[0]"]


@pytest.mark.requirement("HS-100")
def test_what_is_wrong_with_offer_and_state_is_said_together() -> None:
    source = Offer((1,), ("v1-raw",), (CapabilityOffer("xbzrle", True, Wish.REQUIRE),))
    destination = abilities_of(SectionAbility("nic"), machine="q35")
    profile = profile_of(FORBIDDING, abilities=destination)
    found = settle_with(source, profile, inventory_of(section_item("cpu"), section_item("nic")))
    assert isinstance(found, tuple)
    assert [(item.code, item.path) for item in found] == [
        (ErrorCode.CAP_UNSUPPORTED, "/capabilities/xbzrle"),
        (ErrorCode.CAP_FORBIDDEN, "/capabilities/xbzrle"),
        (ErrorCode.MACHINE_TYPE, "/machine/type"),
        (ErrorCode.SECTION_UNKNOWN, "/sections/cpu[0]"),
    ]


def test_a_source_that_writes_one_version_lowers_none() -> None:
    inventory = inventory_of(section_item("cpu", 5, oldest=3))
    profile = profile_of(FORBIDDING, abilities=Abilities(sections=(SectionAbility("cpu", newest=4),)))
    found = settle_with(Offer((1,), ("v1-raw",)), profile, inventory, {})
    assert isinstance(found, tuple)
    assert [(item.code, item.path) for item in found] == [(ErrorCode.SECTION_VERSION, "/sections/cpu[0]/version")]


def test_nothing_is_judged_where_a_profile_is_an_offer_alone() -> None:
    found = settle_with(Offer((1,), ("v1-raw",)), profile_of(FORBIDDING), inventory_of(section_item("cpu", 5)))
    assert found == Settlement(Result(1, "v1-raw"), Resolution(), ())
