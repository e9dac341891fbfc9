"""What a destination says of a machine: verdicts, or why it cannot be."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.handshake.states import (
    NAMES,
    abilities_of,
    block_item,
    destinations,
    everywhere,
    inventories,
    inventory_of,
    section_item,
    subsection_item,
)
from wireformat.codec import codec_for
from wireformat.protocols.handshake.error_codes import ErrorCode, Severity
from wireformat.protocols.handshake.inventories.abilities import LARGEST, Abilities, SectionAbility, SubsectionAbility
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.inventories.resolution import Resolution, resolve
from wireformat.protocols.handshake.items.inventory import (
    FeatureItem,
    MachineItem,
    RamBlockItem,
    SectionName,
    VerdictItem,
    VerdictKind,
)
from wireformat.protocols.handshake.messages import MAX_ERRORS, Inventory, InventoryReply
from wireformat.protocols.handshake.negotiation.offers import ErrorItem


def reply_to(inventory: Inventory, *abilities: SectionAbility) -> InventoryReply:
    found = judge(inventory, abilities_of(*abilities))
    assert isinstance(found, InventoryReply)
    return found


def verdict_on(version: int, ability: SectionAbility | None) -> VerdictItem:
    """The verdict on section `cpu` with two subsections and two features."""
    features = FeatureItem(name="f", value=b"1"), FeatureItem(name="g", value=b"1")
    section = section_item("cpu", version, subsection_item("x"), subsection_item("y", 2), features=features)
    (found,) = reply_to(inventory_of(section), *(() if ability is None else (ability,))).verdicts
    return found


@pytest.mark.requirement("HS-092", "VM-034")
@pytest.mark.parametrize(
    ("version", "kind", "said"),
    [
        (2, VerdictKind.TOO_OLD, 3),
        (3, VerdictKind.OK, 3),
        (5, VerdictKind.OK, 5),
        (6, VerdictKind.TOO_NEW, 5),
    ],
)
def test_versions(version: int, kind: VerdictKind, said: int) -> None:
    found = verdict_on(version, SectionAbility("cpu", 0, newest=5, oldest=3))
    assert (found.verdict, found.version) == (kind, said)


@pytest.mark.requirement("HS-092", "VM-035")
def test_an_unknown_section_has_no_version() -> None:
    found = verdict_on(7, None)
    assert (found.verdict, found.version, found.entries.unknown_subsections) == (VerdictKind.UNKNOWN, 0, ())


def test_subsections_and_features_that_are_lacking_are_named() -> None:
    ability = SectionAbility("cpu", 0, subsections=(SubsectionAbility("y", 1),), features=(("g", b"2"),))
    found = verdict_on(1, ability).entries
    assert (found.unknown_subsections, found.missing_features) == (("x", "y"), ("f", "g"))


def test_where_subsections_are_not_known_none_is_refused() -> None:
    assert verdict_on(1, SectionAbility("cpu", 0)).entries.unknown_subsections == ()


@pytest.mark.requirement("HS-095")
def test_what_the_source_lacks_is_fatal_only_where_it_is_required() -> None:
    reply = reply_to(
        inventory_of(), SectionAbility("aa", 1, required=True), SectionAbility("b", 2), SectionAbility("any")
    )
    assert reply.missing_on_source == (SectionName(idstr="aa", instance_id=1),)
    assert [(item.code, item.path, item.severity) for item in reply.warnings] == [
        (ErrorCode.SECTION_MISSING_ON_SRC, "/sections/b[2]", Severity.WARNING)
    ]


def test_warnings_fit_into_a_message() -> None:
    reply = reply_to(inventory_of(), *(SectionAbility(f"{'/' * (number % 7)}{number}", 0) for number in range(200)))
    assert len(reply.warnings) == MAX_ERRORS
    assert codec_for(InventoryReply).decode(codec_for(InventoryReply).encode(reply)) == reply


@pytest.mark.requirement("HS-091", "VM-020", "VM-021")
@pytest.mark.parametrize(
    ("abilities", "paths"),
    [
        (Abilities("q35", "x86_64", 12), ["/machine/type"]),
        (Abilities("pc-q35-7.2", "x86_64", 12), ["/machine/type"]),
        (Abilities("q35", "arm", 14), ["/machine/architecture", "/machine/page_bits", "/machine/type"]),
        (Abilities("pc", "", 0), []),
        (Abilities(), []),
    ],
)
def test_machines(abilities: Abilities, paths: list[str]) -> None:
    found = judge(inventory_of(), abilities)
    assert [(item.code, item.path) for item in (found if isinstance(found, tuple) else ())] == [
        (ErrorCode.MACHINE_TYPE, path) for path in paths
    ]


def test_a_source_that_does_not_say_what_it_is_passes() -> None:
    unknown = replace(inventory_of(), machine=MachineItem(type="", architecture="", page_bits=0))
    assert isinstance(judge(unknown, Abilities("pc", "x86_64", 12)), InventoryReply)


@pytest.mark.requirement("HS-091")
@pytest.mark.parametrize(
    ("theirs", "ours", "paths"),
    [
        (block_item("a", 4096), block_item("a", 4096), []),
        (block_item("a", 4096), block_item("a", 8192), ["/ram_blocks/a/used_length"]),
        (block_item("a", 8192), block_item("a", 4096, 8192), []),
        (block_item("a", 2048), block_item("a", 4096, 8192), []),
        (block_item("a", 8193), block_item("a", 4096, 8192), ["/ram_blocks/a/used_length"]),
        (block_item("a", 4096, None, 4096), block_item("a", 4096, None, 2 << 20), ["/ram_blocks/a/page_size"]),
        (block_item("a", 4096, None, 0), block_item("a", 4096, None, 2 << 20), []),
        (block_item("a", 4096), block_item("x/y", 4096), ["/ram_blocks/a", "/ram_blocks/x~1y"]),
    ],
)
def test_memory(theirs: RamBlockItem, ours: RamBlockItem, paths: list[str]) -> None:
    found = judge(inventory_of(blocks=(theirs,)), abilities_of(blocks=(ours,)))
    assert [(item.code, item.path) for item in (found if isinstance(found, tuple) else ())] == [
        (ErrorCode.RAMBLOCK, path) for path in paths
    ]


def test_an_inventory_without_memory_is_not_judged_by_it() -> None:
    assert isinstance(judge(inventory_of(), abilities_of(blocks=(block_item("a"),))), InventoryReply)


@pytest.mark.requirement("HS-100")
def test_a_wrong_machine_does_not_hide_what_else_is_wrong() -> None:
    inventory = inventory_of(
        section_item("cpu", 5, subsection_item("x", droppable=True), subsection_item("y")),
        section_item("nic", 9, oldest=4),
        blocks=(block_item("a", 4096),),
    )
    cpu, nic = SectionAbility("cpu", 0, subsections=()), SectionAbility("nic", 0, newest=4)
    found = judge(inventory, abilities_of(cpu, nic, machine="q35", blocks=(block_item("a", 8192),)))
    assert isinstance(found, tuple)
    assert [(item.code.name, item.path) for item in found] == [
        ("MACHINE_TYPE", "/machine/type"),
        ("SUBSECTION_UNKNOWN", "/sections/cpu[0]/subsections/y"),
        ("RAMBLOCK", "/ram_blocks/a/used_length"),
    ]


@pytest.mark.slow
@pytest.mark.requirement("HS-092")
@everywhere
@given(inventories(), destinations())
def test_verdicts_are_one_for_each_section_in_wire_order(inventory: Inventory, destination: Abilities) -> None:
    reply = judge(inventory, destination)
    if isinstance(reply, InventoryReply):
        assert [(item.idstr, item.instance_id) for item in reply.verdicts] == [
            (item.idstr, item.instance_id) for item in inventory.sections
        ]
        assert codec_for(InventoryReply).decode(codec_for(InventoryReply).encode(reply)) == reply
        for items in (reply.missing_on_source, reply.warnings):
            written = [codec_for(type(item)).encode(item) for item in items]
            assert written == sorted(set(written))


@pytest.mark.slow
@everywhere
@given(inventories(), destinations(), st.sampled_from(NAMES))
def test_more_ability_never_turns_success_into_failure(inventory: Inventory, destination: Abilities, name: str) -> None:
    before = outcome(inventory, destination)
    if isinstance(before, Resolution) and destination.sections is not None:
        better = tuple(improved(one) if one.idstr == name else one for one in destination.sections)
        assert isinstance(outcome(inventory, replace(destination, sections=better)), Resolution)


def improved(ability: SectionAbility) -> SectionAbility:
    return replace(ability, newest=LARGEST, oldest=0, subsections=None, features=None, required=False)


def outcome(inventory: Inventory, destination: Abilities) -> Resolution | tuple[ErrorItem, ...]:
    """What comes of judging and resolving."""
    reply = judge(inventory, destination)
    return reply if isinstance(reply, tuple) else resolve(inventory, reply)


# The repair property (P-17): what is named is what is wrong.


@pytest.mark.slow
@pytest.mark.requirement("HS-084")
@everywhere
@given(inventories(), destinations())
def test_where_all_that_is_named_is_changed_the_same_run_succeeds(inventory: Inventory, destination: Abilities) -> None:
    found = outcome(inventory, destination)
    for item in found if isinstance(found, tuple) else ():
        destination = repaired(inventory, destination, item)
    assert isinstance(outcome(inventory, destination), Resolution)


@pytest.mark.slow
@everywhere
@given(inventories(), destinations())
def test_where_one_thing_is_changed_that_item_is_gone_and_no_other(
    inventory: Inventory, destination: Abilities
) -> None:
    found = outcome(inventory, destination)
    for item in found if isinstance(found, tuple) else ():
        after = outcome(inventory, repaired(inventory, destination, item))
        left = set() if isinstance(after, Resolution) else {(one.code, one.path) for one in after}
        whole = item.code is ErrorCode.RAMBLOCK
        expected = {(one.code, one.path) for one in found if not (one is item or (whole and same_block(one, item)))}
        assert left == expected


def same_block(one: ErrorItem, other: ErrorItem) -> bool:
    return one.path.split("/")[1:3] == other.path.split("/")[1:3]


SECTION = re.compile(r"/sections/([^/\[]+)\[(\d+)\](?:/(\w+)/?(.*))?")


def repaired(inventory: Inventory, destination: Abilities, item: ErrorItem) -> Abilities:
    """The destination after the change that an item asks for."""
    place = item.path.split("/")
    if item.code is ErrorCode.MACHINE_TYPE:
        name = {"type": "machine"}.get(place[2], place[2])
        return replace(destination, **{name: getattr(inventory.machine, place[2])})
    if item.code is ErrorCode.RAMBLOCK:
        name = plain(place[2])
        others = [block for block in destination.ram_blocks or () if block.idstr != name]
        theirs = [block for block in inventory.ram_blocks if block.idstr == name]
        return replace(destination, ram_blocks=(*others, *theirs))
    match = SECTION.fullmatch(item.path)
    assert match, item.path
    key = plain(match[1]), int(match[2])
    known = destination.find(*key) or SectionAbility(key[0])
    better = changed(replace(known, idstr=key[0], instance_id=key[1]), inventory, item.code, plain(match[4] or ""))
    others_known = [one for one in destination.sections or () if (one.idstr, one.instance_id) != key]
    return replace(destination, sections=(*others_known, better))


def plain(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def changed(ability: SectionAbility, inventory: Inventory, code: ErrorCode, name: str) -> SectionAbility:
    """An ability that no longer gives cause for one error."""
    if code is ErrorCode.SECTION_MISSING_ON_SRC:
        return replace(ability, required=False)
    section = next(
        one for one in inventory.sections if (one.idstr, one.instance_id) == (ability.idstr, ability.instance_id)
    )
    if code is ErrorCode.SECTION_VERSION:
        return replace(
            ability, newest=max(ability.newest, section.version), oldest=min(ability.oldest, section.version)
        )
    if code is ErrorCode.SUBSECTION_UNKNOWN:
        others = tuple(one for one in ability.subsections or () if one.name != name)
        return replace(ability, subsections=(*others, SubsectionAbility(name)))
    if code is ErrorCode.BACKEND_FEATURE:
        value = next(one.value for one in section.entries.features if one.name == name)
        return replace(ability, features=(*(ability.features or ()), (name, value)))
    assert code is ErrorCode.SECTION_UNKNOWN
    return ability
