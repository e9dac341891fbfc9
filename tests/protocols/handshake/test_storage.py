"""Disks: selected in the offers, each with a channel of its own, whole before the guest changes hands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.protocols.handshake.loopback import STREAM, Loopback, destination_config, offer, said, source_config
from tests.protocols.handshake.test_revisions import old
from wireformat.errors import LocalProtocolError
from wireformat.protocols.handshake.messages import ChannelAck, Commit
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.offers import DiskOffer, Offer, Refusal, Result
from wireformat.protocols.handshake.sessions.channel_destination import ChannelDestination
from wireformat.protocols.handshake.sessions.events import ChannelKey, ChannelRefused, ChannelsWanted, HandedOver
from wireformat.protocols.handshake.sessions.payloads import FRAMED, HANDOVER, RAW, RESUME, STRIPED
from wireformat.protocols.handshake.sessions.source import SourceSession

VDA, VDB = ChannelKey("nbd", 0, "vda"), ChannelKey("nbd", 1, "vdb")


def disks(*names: str, required: bool = True) -> tuple[DiskOffer, ...]:
    return tuple(DiskOffer(name, required) for name in names)


def wanted(*capabilities: str, **more: Any) -> Offer:
    told: dict[str, Any] = {"versions": (1, 2), "payloads": (FRAMED, RAW), "budget": 3, "disks": disks("vda", "vdb")}
    return offer(*capabilities, **(told | more))


def result(near: Offer, far: Offer) -> Result:
    found = negotiate(near, far)
    assert isinstance(found, Result)
    return found


def refused(near: Offer, far: Offer) -> list[tuple[str, str]]:
    found = negotiate(near, far)
    assert isinstance(found, Refusal)
    return [(item.code.name, item.path) for item in found.items]


@pytest.mark.requirement("HS-241")
def test_disks_are_those_that_both_name() -> None:
    far = wanted(disks=disks("vda", "vdc", required=False))
    assert refused(wanted(), far) == [("DISK_MISSING", "/disks/vdb")]
    assert result(wanted(disks=disks("vda", "vdb", required=False)), far).disks == ("vda",)
    assert result(wanted(), wanted()).disks == ("vda", "vdb")
    assert result(wanted(), replace(far, versions=(1,))).disks == ()


@pytest.mark.requirement("HS-242")
def test_disks_count_for_the_budget() -> None:
    assert refused(wanted(budget=2), wanted()) == [("CHANNEL_BUDGET", "/budget")]
    optional = wanted(budget=2, disks=disks("vda", "vdb", required=False))
    assert result(optional, wanted()).disks == ("vda",)
    both = wanted("multifd", channels=4, budget=5)
    assert result(both, both) == replace(result(both, both), channels=(("multifd", 2),), disks=("vda", "vdb"))


def started(near: Offer, far: Offer | None = None) -> Loopback:
    migration = Loopback(source_config(near, grease=1), destination_config(far or near, grease=2))
    migration.handshake()
    migration.source.start()
    migration.pump()
    return migration


def far_ends(migration: Loopback) -> list[ChannelDestination]:
    ends = [link.far.end for link in migration.links[1:]]
    return [end for end in ends if isinstance(end, ChannelDestination) and end.key and end.key.is_storage]


def write_disks(migration: Loopback, *, far: bool = True) -> None:
    for channel in migration.channels.values():
        if channel.key.is_storage:
            assert channel.release() == b""
            channel.ended()
    for end in far_ends(migration):
        end.release()
        if far:
            end.ended()


@pytest.mark.requirement("HS-240", "HS-243", "CH-080", "CH-081")
@pytest.mark.parametrize(
    ("payload", "capabilities"),
    [(FRAMED, ()), (FRAMED, (HANDOVER,)), (RAW, ()), (RAW, (HANDOVER,)), (STRIPED, (HANDOVER,))],
)
def test_a_guest_moves_with_its_disks(payload: str, capabilities: tuple[str, ...]) -> None:
    channels = 2 if payload == STRIPED else 0
    migration = started(wanted(*capabilities, payloads=(payload,), channels=channels, budget=5))
    assert {key for key in migration.channels if key.is_storage} == {VDA, VDB}
    (commit,) = [one for one in said(migration.main, "source") if isinstance(one, Commit)]
    assert [name.entries.target for name in commit.plan][:2] == ["vda", "vdb"]
    acks = [said(link, "destination")[0] for link in migration.links[1:]]
    assert {ack.name.entries.target for ack in acks if isinstance(ack, ChannelAck)} >= {"vda", "vdb"}
    write_disks(migration)
    if payload == STRIPED:
        migration.channels = {key: channel for key, channel in migration.channels.items() if not key.is_storage}
    migration.send(STREAM)
    migration.finish()
    assert migration.outcome == ("complete", "complete")
    assert migration.received == STREAM


@pytest.mark.requirement("HS-244")
@pytest.mark.parametrize("capabilities", [(), (HANDOVER,)])
def test_a_destination_waits_for_its_disks(capabilities: tuple[str, ...]) -> None:
    migration = started(wanted(*capabilities))
    write_disks(migration, far=False)
    migration.send(STREAM)
    migration.pump()
    assert migration.destination.state == ("handed-over" if capabilities else "payload")
    assert not any(isinstance(event, HandedOver) for event in migration.heard)
    for end in far_ends(migration):
        end.ended()
    migration.finish()
    assert migration.outcome == ("complete", "complete")


@pytest.mark.requirement("HS-244")
def test_a_source_does_not_end_before_its_disks() -> None:
    migration = started(wanted())
    migration.source.send_payload(STREAM)
    with pytest.raises(LocalProtocolError):
        migration.source.payload_complete()


@pytest.mark.requirement("HS-245")
@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_disk_that_is_lost_ends_the_migration(side: str) -> None:
    migration = started(wanted(HANDOVER, RESUME))
    if side == "source":
        migration.channels[VDA].lost("the writer is gone")
    else:
        far_ends(migration)[0].lost("the disk is full")
    migration.pump()
    assert migration.outcome == ("failed", "failed")
    assert "LOCAL_IO" in migration.codes(side)


@pytest.mark.requirement("HS-245")
def test_a_migration_with_disks_is_not_resumed() -> None:
    migration = started(wanted(HANDOVER, RESUME))
    migration.main.cut()
    migration.pump()
    assert migration.outcome == ("failed", "failed")


@pytest.mark.requirement("CH-081")
def test_the_target_is_part_of_the_proof() -> None:
    migration = Loopback(source_config(wanted()), destination_config(wanted()))
    (plan,) = [event.plan for event in migration.pump() if isinstance(event, ChannelsWanted)]
    assert plan == (VDA, VDB)
    link = migration.dial(VDA)
    link.near._entries = replace(link.near._entries, target="vdb")  # type: ignore[union-attr]
    link.near._outgoing.clear()
    assert not isinstance(link.near, SourceSession)
    link.near.state = "dialling"
    link.near.connected()
    migration.pump()
    refusals = [event for event in migration.heard if isinstance(event, ChannelRefused)]
    assert [item.code.name for item in refusals[0].errors] == ["CHANNEL_BINDING"]


@pytest.mark.requirement("HS-241", "HS-226")
def test_a_peer_of_revision_1_exports_nothing() -> None:
    far = offer(payloads=(RAW,), channels=2)
    migration = Loopback(source_config(wanted()), destination_config(far, dialect=old()))
    migration.handshake()
    assert migration.codes("source") == ["DISK_MISSING", "DISK_MISSING"]
    optional = wanted(disks=disks("vda", required=False))
    migration = Loopback(source_config(optional), destination_config(far, dialect=old()))
    migration.migrate()
    assert migration.outcome == ("complete", "complete")


@pytest.mark.requirement("HS-240")
def test_a_disk_stands_once_in_an_offer() -> None:
    twice = (DiskOffer("vda", False), DiskOffer("vda", True))
    migration = Loopback(source_config(wanted(disks=twice)), destination_config(wanted()))
    migration.handshake()
    assert migration.codes("destination") == ["DUPLICATE"]
