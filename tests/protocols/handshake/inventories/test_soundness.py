"""P-14: a checker that reads what was sent finds every promise that was not kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.captures.bundle import Capture
from tests.protocols.handshake.states import (
    RAM,
    Writer,
    abilities_of,
    destinations,
    everywhere,
    inventories,
    inventory_of,
    section_item,
    subsection_item,
)
from tests.protocols.vmstate.building import (
    EOF,
    Device,
    configuration,
    description,
    field,
    header,
    join,
    subsection,
    vmsd,
)
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.files.container import manifest_of
from wireformat.protocols.handshake.inventories.abilities import Abilities, SectionAbility
from wireformat.protocols.handshake.inventories.inventory import inventory_of_stream, section_order
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.inventories.resolution import Resolution, resolve
from wireformat.protocols.handshake.inventories.soundness import manifest_violations, violations
from wireformat.protocols.handshake.items.inventory import SectionItem, VerdictKind
from wireformat.protocols.handshake.messages import Commit, Inventory, InventoryReply, ResultEntries
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.vmstate.stream import read_stream

RESULT = ResultEntries(version=1, payload="v1-raw")
NIC = section_item("nic", 3, subsection_item("nic/a", droppable=True), subsection_item("nic/b"), oldest=1)


def agreed(inventory: Inventory, destination: Abilities) -> tuple[InventoryReply, Resolution] | None:
    """Verdicts and promise, None where the sides cannot migrate."""
    reply = judge(inventory, destination)
    outcome = resolve(inventory, reply) if isinstance(reply, InventoryReply) else reply
    return (reply, outcome) if isinstance(reply, InventoryReply) and isinstance(outcome, Resolution) else None


def found(writer: Writer, inventory: Inventory, reply: InventoryReply, promise: Resolution) -> tuple[ErrorItem, ...]:
    """What the checker says of the stream of a writer."""
    return violations(read_stream(writer.stream(inventory, promise)), inventory, reply, promise)


def lacking() -> tuple[Inventory, InventoryReply, Resolution]:
    """A source whose destination lacks a subsection and the newest version of one section."""
    inventory = inventory_of(NIC)
    known = judge(inventory, abilities_of(SectionAbility("nic", 0, newest=2, subsections=None)))
    assert isinstance(known, InventoryReply)
    (verdict,) = known.verdicts
    reply = InventoryReply(
        verdicts=(replace(verdict, entries=replace(verdict.entries, unknown_subsections=("nic/a",))),)
    )
    promise = resolve(inventory, reply)
    assert isinstance(promise, Resolution)
    assert (len(promise.omitted), [item.version for item in promise.versions]) == (1, [2])
    return inventory, reply, promise


@pytest.mark.slow
@pytest.mark.requirement("HS-098")
@everywhere
@given(inventories(), destinations())
def test_a_source_that_keeps_its_promise_violates_nothing(inventory: Inventory, destination: Abilities) -> None:
    whole = replace(inventory, sections=tuple(sorted((*inventory.sections, RAM), key=section_order)))
    sections = None if destination.sections is None else (*destination.sections, SectionAbility("ram"))
    agreement = agreed(whole, replace(destination, sections=sections))
    if agreement is not None:
        assert found(Writer(), whole, *agreement) == ()


@pytest.mark.slow
@pytest.mark.requirement("HS-098")
@everywhere
@given(inventories(), destinations())
def test_every_broken_promise_is_found(inventory: Inventory, destination: Abilities) -> None:
    agreement = agreed(inventory, destination)
    if agreement is not None:
        reply, promise = agreement
        omitted = {item.path for item in found(Writer(forgets_omissions=True), inventory, reply, promise)}
        lowered = {item.path for item in found(Writer(forgets_versions=True), inventory, reply, promise)}
        assert (len(omitted), len(lowered)) == (len(promise.omitted), len(promise.versions))


@pytest.mark.requirement("HS-098")
@pytest.mark.parametrize("describes", [True, False])
def test_mutant_omission_forgotten(describes: bool) -> None:
    """Whether or not a description names the subsection."""
    items = found(Writer(forgets_omissions=True, describes=describes), *lacking())
    assert [(item.code, item.path) for item in items] == [
        (ErrorCode.SUBSECTION_UNKNOWN, "/sections/nic[0]/subsections/nic~1a")
    ]


@pytest.mark.requirement("HS-098")
def test_mutant_omitted_but_section_version_not_lowered() -> None:
    items = found(Writer(forgets_versions=True), *lacking())
    assert [(item.code, item.path, item.expected, item.actual) for item in items] == [
        (ErrorCode.SECTION_VERSION, "/sections/nic[0]/version", "2", "3")
    ]


def test_a_promise_that_was_not_made_does_not_excuse_a_version() -> None:
    inventory, reply, _ = lacking()
    items = violations(read_stream(Writer().stream(inventory, Resolution())), inventory, reply, Resolution())
    assert [item.code.name for item in items] == ["SECTION_UNKNOWN", "SUBSECTION_UNKNOWN"]


def test_the_version_that_the_destination_asked_for_must_be_promised_too() -> None:
    inventory, reply, _ = lacking()
    asked = InventoryReply(verdicts=(replace(reply.verdicts[0], verdict=VerdictKind.OK, version=2),))
    items = violations(read_stream(Writer().stream(inventory, Resolution())), inventory, asked, Resolution())
    assert [item.code.name for item in items] == ["SECTION_UNKNOWN", "SUBSECTION_UNKNOWN"]


def test_a_commit_is_a_promise() -> None:
    inventory, reply, promise = lacking()
    commit = Commit(result=RESULT, omitted=promise.omitted, versions=promise.versions, transcript=bytes(32))
    assert violations(read_stream(Writer().stream(inventory, promise)), inventory, reply, commit) == ()


@pytest.mark.requirement("HS-101")
@pytest.mark.parametrize(
    ("extra", "code", "path"),
    [
        (section_item("disk"), "SECTION_UNKNOWN", "/sections/disk[0]"),
        (section_item("nic", 2, instance_id=1), "SECTION_UNKNOWN", "/sections/nic[1]"),
    ],
)
def test_a_section_that_was_not_in_the_inventory(extra: SectionItem, code: str, path: str) -> None:
    inventory, reply, promise = lacking()
    stream = read_stream(Writer().stream(replace(inventory, sections=(*inventory.sections, extra)), promise))
    assert [(item.code.name, item.path) for item in violations(stream, inventory, reply, promise)] == [(code, path)]


def test_a_subsection_that_was_not_in_the_inventory_or_is_newer() -> None:
    inventory, reply, promise = lacking()
    later = section_item("nic", 3, subsection_item("nic/b", 2), subsection_item("nic/new"))
    stream = read_stream(Writer().stream(inventory_of(later), promise))
    assert [item.path for item in violations(stream, inventory, reply, promise)] == [
        "/sections/nic[0]/subsections/nic~1b",
        "/sections/nic[0]/subsections/nic~1new",
    ]


def test_a_description_cannot_hide_a_subsection() -> None:
    """One that calls the bytes of the subsection a buffer."""
    inventory, reply, promise = lacking()
    hidden = subsection("nic/a", b"\1")
    keys = vmsd("nic", field("a", "uint8", 1), field("rest", "buffer", len(hidden)), version=2)
    liar = Device("nic", keys, b"\7" + hidden, version_id=2)
    stream = read_stream(join(header(), configuration(), liar.section(5), EOF, description(liar)))
    assert (stream.fault, stream.findings) == (None, ())
    assert [item.path for item in violations(stream, inventory, reply, promise)] == [
        "/sections/nic[0]/subsections/nic~1a"
    ]


def test_the_stream_of_a_container_holds_what_its_manifest_lists() -> None:
    inventory, _, promise = lacking()
    manifest = manifest_of(RESULT, inventory, promise)
    assert manifest_violations(read_stream(Writer().stream(inventory, promise)), manifest) == ()
    broken = read_stream(Writer(forgets_omissions=True, forgets_versions=True).stream(inventory, promise))
    assert [item.code.name for item in manifest_violations(broken, manifest)] == [
        "SECTION_VERSION",
        "SUBSECTION_UNKNOWN",
    ]


@pytest.mark.requirement("HS-101")
def test_real_streams_hold_what_their_inventory_lists(stream_capture: Capture) -> None:
    stream = read_stream(stream_capture.data)
    assert manifest_violations(stream, manifest_of(RESULT, inventory_of_stream(stream))) == ()
