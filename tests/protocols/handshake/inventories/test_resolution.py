"""What a source does about verdicts: leave out what may be left out, lower what can be lowered, refuse the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.protocols.handshake.states import (
    abilities_of,
    destinations,
    everywhere,
    inventories,
    inventory_of,
    section_item,
    subsection_item,
)
from wireformat.codec import codec_for
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.inventories.abilities import Abilities, SectionAbility
from wireformat.protocols.handshake.inventories.inventory import Key, applied
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.inventories.resolution import Resolution, resolve
from wireformat.protocols.handshake.items.inventory import (
    OmittedItem,
    SectionItem,
    SectionName,
    VerdictEntries,
    VerdictItem,
    VerdictKind,
    VersionItem,
)
from wireformat.protocols.handshake.messages import Inventory, InventoryReply
from wireformat.protocols.handshake.negotiation.offers import ErrorItem


def verdict(
    kind: VerdictKind, version: int = 0, unknown: tuple[str, ...] = (), missing: tuple[str, ...] = ()
) -> VerdictItem:
    """A verdict on `cpu`."""
    entries = VerdictEntries(unknown_subsections=unknown, missing_features=missing)
    return VerdictItem(idstr="cpu", instance_id=0, verdict=kind, version=version, entries=entries)


def resolved(
    section: SectionItem, found: VerdictItem, lowerable: dict[Key, int] | None = None
) -> list[tuple[str, object]]:
    """What comes of one verdict: promises and errors, briefly."""
    outcome = resolve(inventory_of(section), InventoryReply(verdicts=(found,)), lowerable)
    if isinstance(outcome, tuple):
        return [(item.code.name, item.path) for item in outcome]
    return [("omit", item.subsection) for item in outcome.omitted] + [
        ("send", item.version) for item in outcome.versions
    ]


CPU = section_item("cpu", 5, subsection_item("a", droppable=True), subsection_item("b"), oldest=3)
VERSION = ("SECTION_VERSION", "/sections/cpu[0]/version")


@pytest.mark.requirement("HS-093", "HS-094", "HS-095", "HS-096")
@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (verdict(VerdictKind.OK, 5), []),
        (verdict(VerdictKind.OK, 4), [("send", 4)]),
        (verdict(VerdictKind.OK, 2), [VERSION]),
        (verdict(VerdictKind.OK, 6), [VERSION]),
        (verdict(VerdictKind.TOO_NEW, 4), [("send", 4)]),
        (verdict(VerdictKind.TOO_NEW, 3), [("send", 3)]),
        (verdict(VerdictKind.TOO_NEW, 2), [VERSION]),
        (verdict(VerdictKind.TOO_OLD, 6), [VERSION]),
        (verdict(VerdictKind.TOO_OLD, 4), [VERSION]),
        (verdict(VerdictKind.UNKNOWN), [("SECTION_UNKNOWN", "/sections/cpu[0]")]),
        (verdict(VerdictKind(9), 5), [("SECTION_UNKNOWN", "/sections/cpu[0]")]),
        (verdict(VerdictKind.OK, 5, ("a",)), [("omit", "a")]),
        (verdict(VerdictKind.OK, 5, ("b",)), [("SUBSECTION_UNKNOWN", "/sections/cpu[0]/subsections/b")]),
        (verdict(VerdictKind.OK, 5, ("never-offered",)), []),
        (verdict(VerdictKind.TOO_NEW, 4, ("a",)), [("omit", "a"), ("send", 4)]),
        (verdict(VerdictKind.OK, 5, (), ("uso4",)), [("BACKEND_FEATURE", "/sections/cpu[0]/features/uso4")]),
        (
            verdict(VerdictKind.UNKNOWN, 0, ("a", "b"), ("f",)),
            [
                ("SECTION_UNKNOWN", "/sections/cpu[0]"),
                ("SUBSECTION_UNKNOWN", "/sections/cpu[0]/subsections/b"),
                ("BACKEND_FEATURE", "/sections/cpu[0]/features/f"),
            ],
        ),
    ],
)
def test_each_verdict(found: VerdictItem, expected: list[tuple[str, object]]) -> None:
    assert resolved(CPU, found) == expected


@pytest.mark.requirement("HS-094")
@pytest.mark.parametrize(
    ("lowerable", "expected"), [({("cpu", 0): 1}, [("send", 2)]), ({("cpu", 0): 3}, [VERSION]), ({}, [VERSION])]
)
def test_the_source_says_what_it_can_lower(lowerable: dict[Key, int], expected: list[tuple[str, object]]) -> None:
    assert resolved(CPU, verdict(VerdictKind.TOO_NEW, 2), lowerable) == expected


@pytest.mark.requirement("HS-092")
def test_a_section_without_a_verdict_is_an_error() -> None:
    outcome = resolve(inventory_of(CPU), InventoryReply())
    assert isinstance(outcome, tuple)
    assert [(item.code, item.path) for item in outcome] == [(ErrorCode.MISSING, "/sections/cpu[0]")]


@pytest.mark.requirement("HS-092")
def test_a_verdict_on_something_else_is_an_error() -> None:
    reply = InventoryReply(
        verdicts=(verdict(VerdictKind.OK, 5), replace(verdict(VerdictKind.OK, 5), instance_id=1)),
    )
    outcome = resolve(inventory_of(CPU), reply)
    assert isinstance(outcome, tuple)
    assert [(item.code, item.path) for item in outcome] == [(ErrorCode.UNEXPECTED, "/sections/cpu[1]")]


@pytest.mark.requirement("HS-095")
def test_what_the_destination_must_have_and_the_source_lacks_is_an_error() -> None:
    reply = InventoryReply(
        verdicts=(verdict(VerdictKind.OK, 5),), missing_on_source=(SectionName(idstr="a/b", instance_id=2),)
    )
    outcome = resolve(inventory_of(CPU), reply)
    assert isinstance(outcome, tuple)
    assert [(item.code, item.path) for item in outcome] == [(ErrorCode.SECTION_MISSING_ON_SRC, "/sections/a~1b[2]")]


@pytest.mark.requirement("HS-100")
def test_all_errors_are_reported_together() -> None:
    sections = tuple(section_item(name, 2, subsection_item("s")) for name in ("a", "b", "c"))
    reply = judge(
        inventory_of(*sections),
        abilities_of(
            SectionAbility("a", 0, newest=1),
            SectionAbility("c", 0, subsections=()),
            SectionAbility("d", 0, required=True),
        ),
    )
    assert isinstance(reply, InventoryReply)
    outcome = resolve(inventory_of(*sections), reply)
    assert isinstance(outcome, tuple)
    assert [(item.code.name, item.path) for item in outcome] == [
        ("SECTION_UNKNOWN", "/sections/b[0]"),
        ("SECTION_VERSION", "/sections/a[0]/version"),
        ("SUBSECTION_UNKNOWN", "/sections/c[0]/subsections/s"),
        ("SECTION_MISSING_ON_SRC", "/sections/d[0]"),
    ]


def errors(inventory: Inventory, reply: InventoryReply) -> set[ErrorItem]:
    outcome = resolve(inventory, reply)
    return set() if isinstance(outcome, Resolution) else set(outcome)


@pytest.mark.slow
@pytest.mark.requirement("HS-100")
@everywhere
@given(inventories(), destinations())
def test_errors_of_the_whole_are_those_of_its_parts(inventory: Inventory, destination: Abilities) -> None:
    """No error hides another: each section alone gives the same items as all together."""
    reply = judge(inventory, replace(destination, machine="", ram_blocks=None))
    assert isinstance(reply, InventoryReply)
    alone = [
        errors(replace(inventory, sections=(section,)), InventoryReply(verdicts=(verdict,)))
        for section, verdict in zip(inventory.sections, reply.verdicts, strict=True)
    ]
    absent = errors(replace(inventory, sections=()), replace(reply, verdicts=()))
    assert errors(inventory, reply) == set().union(*alone, absent)


@pytest.mark.slow
@everywhere
@given(inventories(), destinations())
def test_resolution_is_idempotent(inventory: Inventory, destination: Abilities) -> None:
    """What is sent after a resolution needs no further one."""
    reply = judge(inventory, destination)
    outcome = resolve(inventory, reply) if isinstance(reply, InventoryReply) else reply
    if isinstance(outcome, Resolution):
        sent = applied(inventory, outcome.omitted, outcome.versions)
        again = judge(sent, destination)
        assert isinstance(again, InventoryReply)
        assert resolve(sent, again) == Resolution()


@pytest.mark.slow
@everywhere
@given(inventories(), destinations())
def test_promises_stand_in_wire_order(inventory: Inventory, destination: Abilities) -> None:
    reply = judge(inventory, destination)
    outcome = resolve(inventory, reply) if isinstance(reply, InventoryReply) else reply
    if isinstance(outcome, Resolution):
        for items, cls in ((outcome.omitted, OmittedItem), (outcome.versions, VersionItem)):
            written = [codec_for(cls).encode(item) for item in items]
            assert written == sorted(set(written))
