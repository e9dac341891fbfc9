"""Whether a destination can take a FILE container: yes, or every reason why not."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from tests.captures.bundle import Captures
from tests.captures.dumps import dump_text
from tests.protocols.handshake.states import abilities_of, block_item, inventory_of, section_item, subsection_item
from wireformat.protocols.handshake.files.admission import admit, insistent
from wireformat.protocols.handshake.files.container import front, manifest_of
from wireformat.protocols.handshake.files.container_reader import read_front
from wireformat.protocols.handshake.inventories.abilities import LARGEST, Abilities, SectionAbility
from wireformat.protocols.handshake.inventories.dump import abilities_of_dump, parse_dump
from wireformat.protocols.handshake.inventories.inventory import inventory_of_stream
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.offering import offer
from wireformat.protocols.handshake.negotiation.offers import (
    CapabilityOffer,
    ChannelOffer,
    Offer,
    ParameterOffer,
    Result,
    Span,
    Wish,
)
from wireformat.protocols.handshake.negotiation.registry import Side, registry
from wireformat.protocols.handshake.negotiation.releases import RELEASES, release
from wireformat.protocols.handshake.sessions.offer_wire import result_entries
from wireformat.protocols.vmstate.stream import read_stream

INVENTORY = inventory_of(
    section_item("cpu", 5, subsection_item("x", droppable=True), oldest=1), blocks=(block_item("pc.ram"),)
)
RESULT = Result(1, "v1-raw", ("xbzrle",), (("xbzrle-cache-size", 65536),))
DESTINATION = Offer(
    (1,),
    ("v1-raw",),
    (CapabilityOffer("postcopy-ram", True, Wish.AUTO), CapabilityOffer("xbzrle", True, Wish.AUTO)),
    (ParameterOffer("max-bandwidth", 1 << 20), ParameterOffer("xbzrle-cache-size")),
)
ABLE = abilities_of(SectionAbility("cpu", 0, newest=5), blocks=INVENTORY.ram_blocks)


def with_parameter(name: str, value: int) -> Result:
    return replace(RESULT, parameters=((name, value),))


def reasons(
    result: Result = RESULT, offered: Offer = DESTINATION, abilities: Abilities = ABLE
) -> list[tuple[str, str]]:
    """Code and path of every reason against a file."""
    manifest = manifest_of(result_entries(result), INVENTORY)
    return [(item.code.name, item.path) for item in admit(manifest, offered, abilities)]


def test_a_file_that_can_be_loaded() -> None:
    assert reasons() == []


@pytest.mark.requirement("HS-184")
@pytest.mark.parametrize(
    ("result", "found"),
    [
        (replace(RESULT, version=2), [("NO_COMMON_VERSION", "/versions")]),
        (replace(RESULT, capabilities=("multifd",)), [("CAP_UNSUPPORTED", "/capabilities/multifd")]),
        (with_parameter("max-bandwidth", 2 << 20), [("PARAM_RANGE", "/parameters/max-bandwidth")]),
        (with_parameter("downtime-limit", 300), []),
        (with_parameter("downtime-limit", 5), [("PARAM_UNKNOWN_REQUIRED", "/parameters/downtime-limit")]),
        (replace(RESULT, channels=(("multifd", 2),)), [("CHANNEL_COUNT", "/channels/multifd")]),
        (
            replace(RESULT, payload="v1-striped"),
            [("NO_COMMON_PAYLOAD", "/payload"), ("NO_COMMON_PAYLOAD", "/payloads")],
        ),
    ],
)
def test_results(result: Result, found: list[tuple[str, str]]) -> None:
    assert reasons(result) == found


def test_a_file_holds_the_plain_stream_even_where_more_could_be_read() -> None:
    striped = replace(DESTINATION, payloads=("v1-striped", "v1-raw"), channels=(ChannelOffer("multifd", maximum=9),))
    result = replace(RESULT, payload="v1-striped", channels=(("multifd", 2),))
    assert reasons(result, striped) == [("NO_COMMON_PAYLOAD", "/payload"), ("CHANNEL_COUNT", "/channels/multifd")]


def test_what_the_destination_requires_must_be_in_the_file() -> None:
    strict = replace(
        DESTINATION, capabilities=(CapabilityOffer("postcopy-ram", True, Wish.REQUIRE), *DESTINATION.capabilities[1:])
    )
    assert reasons(offered=strict) == [("CAP_UNSUPPORTED", "/capabilities/postcopy-ram")]


@pytest.mark.requirement("HS-184")
@pytest.mark.parametrize(
    ("ability", "found"),
    [
        (SectionAbility("cpu", 0, newest=4), [("SECTION_VERSION", "/sections/cpu[0]/version")]),
        (SectionAbility("cpu", 0, subsections=()), [("SUBSECTION_UNKNOWN", "/sections/cpu[0]/subsections/x")]),
        (SectionAbility("cpu", 1), [("SECTION_UNKNOWN", "/sections/cpu[0]")]),
    ],
)
def test_nothing_can_be_lowered_or_left_out_any_more(ability: SectionAbility, found: list[tuple[str, str]]) -> None:
    """A live source could send version 4, and could leave `x` out."""
    assert reasons(abilities=abilities_of(ability, blocks=INVENTORY.ram_blocks)) == found


@pytest.mark.requirement("HS-184")
def test_all_reasons_are_given_together() -> None:
    poor = Abilities("q35", ram_blocks=(block_item("pc.ram", 4096),), sections=())
    result = replace(RESULT, version=7, capabilities=("multifd",), channels=(("multifd", 1),))
    assert reasons(result, abilities=poor) == [
        ("NO_COMMON_VERSION", "/versions"),
        ("CAP_UNSUPPORTED", "/capabilities/multifd"),
        ("MACHINE_TYPE", "/machine/type"),
        ("SECTION_UNKNOWN", "/sections/cpu[0]"),
        ("RAMBLOCK", "/ram_blocks/pc.ram/used_length"),
        ("CHANNEL_COUNT", "/channels/multifd"),
    ]


@pytest.mark.parametrize("name", RELEASES)
def test_a_result_is_admitted_by_the_profile_it_was_made_for(name: str) -> None:
    """Whatever was negotiated with a destination, that destination takes."""
    source = offer(release(name), Side.SOURCE, {"ownership-handover": Wish.FORBID}, facilities=())
    destination = offer(release(name), Side.DESTINATION)
    result = negotiate(source, destination)
    assert isinstance(result, Result)
    assert admit(manifest_of(result_entries(result), INVENTORY), destination, ABLE) == ()


@pytest.mark.requirement("HS-184")
@pytest.mark.parametrize(("older", "newer"), list(combinations(RELEASES, 2)))
def test_a_later_release_loads_what_an_earlier_one_saved_for_itself(older: str, newer: str) -> None:
    """Fails when a parameter at its default, which the later one has no more, stands against it."""
    source = offer(release(older), Side.SOURCE, {"ownership-handover": Wish.FORBID}, facilities=())
    result = negotiate(source, offer(release(older), Side.DESTINATION))
    assert isinstance(result, Result)
    assert admit(manifest_of(result_entries(result), INVENTORY), offer(release(newer), Side.DESTINATION), ABLE) == ()


@pytest.mark.parametrize("name", RELEASES)
def test_an_insistent_offer_gives_its_result(name: str) -> None:
    source, destination = offer(release(name), Side.SOURCE), offer(release(name), Side.DESTINATION)
    result = negotiate(source, destination)
    assert isinstance(result, Result)
    assert negotiate(insistent(result, registry()), destination) == result


def test_an_ordered_parameter_is_a_list_of_one() -> None:
    ordered = Result(1, "v1-raw", (), (("multifd-compression", "zstd"),))
    (parameter,) = insistent(ordered, registry()).parameters
    assert (parameter.value, parameter.allowed) == (None, ("zstd",))
    allowing = replace(DESTINATION, parameters=(ParameterOffer("multifd-compression", allowed=("none",)),))
    assert reasons(ordered, allowing) == [("PARAM_RANGE", "/parameters/multifd-compression")]


def test_a_range_is_not_stretched() -> None:
    allowing = replace(DESTINATION, parameters=(ParameterOffer("compress-level", allowed=Span(1, 3)),))
    assert reasons(with_parameter("compress-level", 9), allowing) == [("PARAM_RANGE", "/parameters/compress-level")]


def test_a_real_stream_in_a_container_is_admitted_by_its_program(captures: Captures) -> None:
    data = captures["7.2/pc-minimal"].data
    container = read_front(front(manifest_of(result_entries(RESULT), inventory_of_stream(read_stream(data)))))
    assert admit(container.manifest, DESTINATION, abilities_of_dump(parse_dump(dump_text("10.2/pc-i440fx-7.2")))) == ()
    other = admit(container.manifest, DESTINATION, abilities_of_dump(parse_dump(dump_text("7.2/q35"))))
    assert [(item.code.name, item.path) for item in other] == [("MACHINE_TYPE", "/machine/type")]


def test_versions_have_no_upper_bound_where_none_is_known() -> None:
    newest = inventory_of(section_item("cpu", LARGEST))
    assert admit(manifest_of(result_entries(RESULT), newest), DESTINATION, Abilities()) == ()
