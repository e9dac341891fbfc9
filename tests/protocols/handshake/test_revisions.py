"""Revision 2 with peers of revision 1 that are made from its frozen baseline, and nothing else [handshake E.5]."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import pytest

from tests.protocols.handshake.loopback import (
    INVENTORY,
    STREAM,
    Loopback,
    destination_config,
    frames_of,
    names,
    offer,
    said,
    source_config,
)
from wireformat.derive.baseline_store import shipped
from wireformat.protocols.handshake.inventories.abilities import abilities_of_inventory
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.sessions.dialect import TODAY, Dialect
from wireformat.protocols.handshake.sessions.payloads import FRAMED, HANDOVER, RAW, STRIPED

NEW_OFFER = offer(HANDOVER, payloads=(FRAMED, RAW, STRIPED), channels=2, versions=(1, 2))
OLD_OFFER = offer(HANDOVER, payloads=(RAW, STRIPED), channels=2)


@cache
def old() -> Dialect:
    """The codecs of revision 1."""
    store = shipped()
    models = store.baseline("handshake", "1").models
    return Dialect(models["Frame"], store.baseline("channels", "1").models["ChannelHeader"], models["Piece"])


def migration_of(near: int, far: int) -> Loopback:
    """A migration between sides that know revisions up to these, with nothing set for the other one."""
    told = {1: (OLD_OFFER, old()), 2: (NEW_OFFER, TODAY)}
    (near_offer, near_dialect), (far_offer, far_dialect) = told[near], told[far]
    abilities = abilities_of_inventory(INVENTORY)
    return Loopback(
        source_config(near_offer, dialect=near_dialect, grease=1),
        destination_config(
            far_offer,
            dialect=far_dialect,
            grease=2,
            judge=partial(judge, abilities=abilities),
            sections=INVENTORY.sections[:1],
        ),
    )


@pytest.mark.requirement("HS-053", "HS-210", "HS-226")
@pytest.mark.parametrize(("near", "far"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_the_newest_revision_of_both_holds(near: int, far: int) -> None:
    migration = migration_of(near, far)
    migration.migrate()
    assert migration.outcome == ("complete", "complete")
    assert migration.received == STREAM
    assert migration.source.agreed == migration.destination.agreed
    assert migration.source.agreed.version == min(near, far)
    assert migration.source.agreed.payload == (FRAMED if near == far == 2 else RAW)
    inventories = [name for name in names(said(migration.main, "source")) if name == "Inventory"]
    assert len(inventories) == (2 if near == far == 2 else 1)


@pytest.mark.requirement("HS-226", "HS-210")
@pytest.mark.parametrize("far", [1, 2])
def test_what_precedes_the_choice_is_understood_in_revision_1(far: int) -> None:
    migration = migration_of(2, far)
    migration.handshake()
    codec = old().frames(1)
    for side, count in (("source", 1), ("destination", 1)):
        first = b"".join(data for sender, data in migration.main.log if sender == side)
        for frame in frames_of(first)[:count]:
            assert codec.decode(frame) is not None


@pytest.mark.requirement("HS-053")
def test_sides_without_a_common_revision_say_so() -> None:
    migration = Loopback(source_config(replace(NEW_OFFER, versions=(2,))), destination_config(OLD_OFFER, dialect=old()))
    migration.handshake()
    assert migration.source.state == "failed"
    assert migration.codes("source") == ["NO_COMMON_VERSION"]
