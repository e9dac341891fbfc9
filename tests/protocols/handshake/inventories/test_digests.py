"""Inventories by digests: what is compared, what is asked for, and what does not fit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

import pytest

from tests.protocols.handshake.loopback import (
    INVENTORY,
    MACHINE,
    STREAM,
    Loopback,
    Speaker,
    codes,
    destination_config,
    hello,
    names,
    offer,
    relay,
    said,
    source_config,
)
from wireformat.codec import codec_for
from wireformat.protocols.handshake.inventories.abilities import Abilities, SectionAbility
from wireformat.protocols.handshake.inventories.digests import Collector, details, digest_of, summary
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.items.inventory import SectionDigest, SectionItem, SectionName
from wireformat.protocols.handshake.messages import DigestKind, Inventory, InventoryReply
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import Agreed
from wireformat.protocols.handshake.sessions.listener import Listener
from wireformat.protocols.handshake.sessions.refusal import Violation

SIMPLE, NET = INVENTORY.sections
BOTH = offer(versions=(1, 2))
FIRST = summary(INVENTORY, TODAY)
WANTS_NET = (SectionName(idstr="virtio-net", instance_id=0),)

WANTS_BOTH = (SectionName(idstr="simple", instance_id=0), *WANTS_NET)


def collector(*own: SectionItem) -> Collector:
    return Collector(own, TODAY)


def refused(take: Any) -> list[tuple[str, str]]:
    with pytest.raises(Violation) as caught:
        take()
    return [(item.code.name, item.path) for item in caught.value.items]


@pytest.mark.requirement("HS-221")
def test_a_digest_is_the_beginning_of_the_sum_of_the_item() -> None:
    assert digest_of(NET, TODAY) == sha256(codec_for(SectionItem).encode(NET)).digest()[:16]
    assert [listed.digest for listed in FIRST.digests] == [digest_of(SIMPLE, TODAY), digest_of(NET, TODAY)]
    assert (FIRST.machine, FIRST.sections, FIRST.digest_kind) == (MACHINE, (), DigestKind.SHA256_128)


@pytest.mark.requirement("HS-222", "HS-223")
def test_what_is_known_is_not_asked_for() -> None:
    assert collector(NET, SIMPLE).take(FIRST) == INVENTORY
    one = collector(SIMPLE, replace(NET, version=10))
    assert one.take(FIRST) is None
    assert one.wanted == WANTS_NET
    assert one.take(details(INVENTORY, one.wanted)) == INVENTORY


@pytest.mark.requirement("HS-223")
def test_digests_of_another_kind_compare_with_nothing() -> None:
    foreign = replace(FIRST, digest_kind=DigestKind(9))
    one = collector(SIMPLE, NET)
    assert one.take(foreign) is None
    assert len(one.wanted) == 2
    assert one.take(replace(details(INVENTORY, one.wanted), digest_kind=DigestKind(9))) == INVENTORY


@pytest.mark.requirement("HS-223")
def test_sections_are_wanted_once_and_only_listed_ones() -> None:
    assert [section.idstr for section in details(INVENTORY, WANTS_NET).sections] == ["virtio-net"]
    stray = SectionName(idstr="nvme", instance_id=3)
    assert refused(partial(details, INVENTORY, (stray,))) == [("UNEXPECTED", "/sections/nvme[3]")]


@pytest.mark.requirement("HS-220")
def test_an_inventory_without_a_kind_of_digest_is_refused() -> None:
    assert refused(partial(collector().take, INVENTORY)) == [("MISSING", "/digest_kind")]


@pytest.mark.requirement("HS-220")
def test_a_first_inventory_lists_nothing_whole_and_nothing_twice() -> None:
    early = replace(FIRST, sections=(NET,))
    assert refused(partial(collector().take, early)) == [("UNEXPECTED", "/sections/virtio-net[0]")]
    twice = replace(FIRST, digests=(*FIRST.digests, SectionDigest(idstr="virtio-net", instance_id=0, digest=b"")))
    assert refused(partial(collector().take, twice)) == [("DUPLICATE", "/sections/virtio-net[0]")]


SECOND = details(INVENTORY, WANTS_NET)
WRONG_SECONDS = [
    (replace(SECOND, sections=()), [("MISSING", "/sections/virtio-net[0]")]),
    (replace(SECOND, sections=(SIMPLE, NET)), [("UNEXPECTED", "/sections/simple[0]")]),
    (replace(SECOND, sections=(replace(NET, version=12),)), [("MALFORMED", "/sections/virtio-net[0]")]),
    (replace(SECOND, machine=replace(MACHINE, type="q35")), [("MALFORMED", "/machine")]),
    (replace(SECOND, page_sizes=(1,)), [("MALFORMED", "/page_sizes")]),
    (replace(SECOND, digests=FIRST.digests), [("UNEXPECTED", "/digests")]),
]


@pytest.mark.requirement("HS-224")
@pytest.mark.parametrize(("second", "items"), WRONG_SECONDS)
def test_a_second_inventory_is_what_was_asked_for(second: Inventory, items: list[tuple[str, str]]) -> None:
    one = collector(SIMPLE)
    assert one.take(FIRST) is None
    assert refused(partial(one.take, second)) == items


@pytest.mark.requirement("HS-224")
def test_an_inventory_that_nobody_asked_for_is_refused() -> None:
    one = collector(SIMPLE, NET)
    one.take(FIRST)
    assert refused(partial(one.take, FIRST)) == [("UNEXPECTED", "")]


@pytest.mark.requirement("HS-220", "HS-223", "HS-225")
@pytest.mark.parametrize(("own", "count"), [((SIMPLE, NET), 1), ((SIMPLE,), 2), ((), 2)])
def test_both_steps_lead_to_the_same_agreement(own: tuple[SectionItem, ...], count: int) -> None:
    abilities = Abilities(sections=(SectionAbility("simple"), SectionAbility("virtio-net", subsections=())))
    far = destination_config(BOTH, judge=partial(judge, abilities=abilities), sections=own)
    migration = Loopback(source_config(BOTH, grease=5), far)
    migration.migrate()
    assert migration.outcome == ("complete", "complete")
    assert migration.received == STREAM
    assert names(said(migration.main, "source")).count("Inventory") == count
    replies = [one for one in said(migration.main, "destination") if isinstance(one, InventoryReply)]
    assert [verdict.idstr for verdict in replies[-1].verdicts] == ["simple", "virtio-net"]
    (agreed,) = [event for event in migration.told if isinstance(event, Agreed)]
    assert [omitted.subsection for omitted in agreed.omitted] == ["virtio-net/rss"]


@pytest.mark.requirement("HS-220")
def test_a_destination_refuses_an_inventory_of_revision_1_in_revision_2() -> None:
    speaker = Speaker(Listener(destination_config(BOTH)))
    speaker.say(hello(BOTH))
    assert codes(speaker.say(INVENTORY)) == ["MISSING"]


@pytest.mark.requirement("HS-223")
def test_a_source_is_asked_once_and_before_any_verdict() -> None:
    def verdicts_too(reply: InventoryReply) -> InventoryReply:
        return replace(reply, missing_on_source=WANTS_NET) if reply.wanted else reply

    def again(reply: InventoryReply) -> InventoryReply:
        return InventoryReply(wanted=WANTS_BOTH)

    for change in (verdicts_too, again):
        migration = Loopback(source_config(BOTH), destination_config(BOTH))
        migration.main.tamper = relay("destination", "InventoryReply", change)
        migration.handshake()
        assert migration.source.state == "failed"
        assert migration.codes("source") == ["UNEXPECTED"]
