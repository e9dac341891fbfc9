"""What a destination can load, in a profile: all that is known comes back, and nothing else is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.captures.dumps import dump_names, dump_text
from tests.protocols.handshake.states import block_item, destinations, everywhere, inventories
from wireformat.codec import codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.file_messages import Profile
from wireformat.protocols.handshake.files.profile import profile_bytes, profile_of, profile_text, read_profile
from wireformat.protocols.handshake.files.profile_abilities import abilities_of_profile, state_entries
from wireformat.protocols.handshake.inventories.abilities import Abilities, SectionAbility, SubsectionAbility
from wireformat.protocols.handshake.inventories.dump import abilities_of_dump, parse_dump
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.items.inventory import MachineItem
from wireformat.protocols.handshake.items.profile import LoadableEntries, LoadableFlags, LoadableSection
from wireformat.protocols.handshake.messages import Inventory
from wireformat.protocols.handshake.negotiation.offers import Offer

OFFER = Offer((1,), ("v1-raw",))
EMPTY = Profile(versions=(1,), payloads=("v1-raw",))
NIC = LoadableSection(idstr="nic", instance_id=0, newest=2, oldest=1)


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert state_entries(Abilities()) == {"machine": None, "ram_blocks": (), "sections": ()}
    assert abilities_of_profile(profile_of(OFFER)) == Abilities()


def test_each_part_has_its_place() -> None:
    subsections = SubsectionAbility("nic/rss", 3, 1), SubsectionAbility("rss")
    anywhere = SectionAbility("nic", None, 2, 1, subsections, (("uso4", b"\1"),), required=True)
    here = SectionAbility("cpu", 7, 4)
    blocks = block_item("pc.bios"), block_item("pc.ram")
    found = state_entries(Abilities("pc", "", 12, blocks, (anywhere, here)))
    assert found["machine"] == MachineItem(type="pc", architecture="", page_bits=12)
    assert found["ram_blocks"] == blocks[::-1]
    cpu, nic = found["sections"]
    assert cpu == LoadableSection(idstr="cpu", instance_id=7, newest=4, oldest=0)
    everything = LoadableFlags.ANYWHERE | LoadableFlags.ALL_SUBSECTIONS | LoadableFlags.ALL_FEATURES
    assert (nic.idstr, nic.instance_id, nic.flags) == ("nic", 0, everything | LoadableFlags.REQUIRED)
    assert [(one.name, one.newest, one.oldest) for one in nic.entries.subsections] == [
        ("rss", 0xFFFFFFFF, 0),
        ("nic/rss", 3, 1),
    ]
    assert [(one.name, one.value) for one in nic.entries.features] == [("uso4", b"\1")]


@pytest.mark.slow
@pytest.mark.requirement("HS-180", "HS-186")
@everywhere
@given(inventories(), destinations())
def test_a_profile_judges_as_its_destination_does(inventory: Inventory, destination: Abilities) -> None:
    """A destination that has no memory, or loads nothing, is one of which nothing is known."""
    saved = profile_bytes(profile_of(OFFER, abilities=destination))
    known = replace(destination, ram_blocks=destination.ram_blocks or None, sections=destination.sections or None)
    assert judge(inventory, abilities_of_profile(read_profile(saved))) == judge(inventory, known)


@pytest.mark.requirement("HS-186")
@pytest.mark.parametrize("name", dump_names())
def test_all_that_a_real_program_can_load_is_kept(name: str) -> None:
    destination = abilities_of_dump(parse_dump(dump_text(name)))
    profile = profile_of(OFFER, name, destination)
    assert read_profile(profile_text(profile).encode()) == profile
    back = abilities_of_profile(read_profile(profile_bytes(profile)))
    assert back.machine == destination.machine
    assert _by_key(back) == _by_key(destination)


def _by_key(abilities: Abilities) -> dict[tuple[str, int | None], SectionAbility]:
    """The sections of a program, with their subsections in one order."""
    return {
        (one.idstr, one.instance_id): replace(one, subsections=_by_name(one.subsections))
        for one in abilities.sections or ()
    }


def _by_name(subsections: tuple[SubsectionAbility, ...] | None) -> tuple[SubsectionAbility, ...] | None:
    return None if subsections is None else tuple(sorted(subsections, key=lambda one: one.name))


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        (replace(EMPTY, sections=(NIC, replace(NIC, newest=3))), "nic"),
        (replace(EMPTY, ram_blocks=(block_item("pc.ram", 1), block_item("pc.ram", 2))), "pc.ram"),
    ],
)
def test_one_thing_is_said_of_each(profile: Profile, name: str) -> None:
    saved = codec_for(Profile).encode(profile)
    with pytest.raises(DecodeError) as caught:
        read_profile(saved)
    assert (caught.value.id, caught.value.detail) == ("duplicate", f"{name} stands 2 times")


def test_a_place_and_any_place_are_two_things() -> None:
    anywhere = replace(NIC, flags=LoadableFlags.ANYWHERE | LoadableFlags.ALL_SUBSECTIONS, entries=LoadableEntries())
    profile = replace(EMPTY, sections=(NIC, anywhere))
    abilities = abilities_of_profile(read_profile(codec_for(Profile).encode(profile)))
    here, elsewhere = abilities.find("nic", 0), abilities.find("0000:00:03.0/nic", 4)
    assert here is not None
    assert elsewhere is not None
    assert (here.subsections, elsewhere.subsections) == (None, ())
