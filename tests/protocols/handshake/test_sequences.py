"""The message sequences that the design names, one test each [handshake D.15]."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from tests.protocols.handshake.loopback import (
    INVENTORY,
    STREAM,
    Link,
    Loopback,
    Speaker,
    codes,
    destination_config,
    hello,
    message_of,
    names,
    offer,
    relay,
    said,
    secrets,
    source_config,
)
from wireformat.errors import LocalProtocolError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.inventories.abilities import Abilities, SectionAbility
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.items.inventory import SectionItem, VersionItem
from wireformat.protocols.handshake.messages import ConfirmLevel
from wireformat.protocols.handshake.negotiation.offers import CapabilityOffer, ChannelOffer, Offer, Wish
from wireformat.protocols.handshake.sessions.channel_source import ChannelSource
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import (
    Agreed,
    ChannelKey,
    ChannelRefused,
    ChannelsWanted,
    Failed,
    Paused,
    Resumed,
    StrangerRefused,
)
from wireformat.protocols.handshake.sessions.listener import Listener
from wireformat.protocols.handshake.sessions.opening import STREAM as STREAM_START
from wireformat.protocols.handshake.sessions.payloads import HANDOVER, RAW, RESUME, STRIPED
from wireformat.protocols.handshake.sessions.resume import Thread
from wireformat.protocols.handshake.sessions.source import SourceSession

TWO = offer("multifd", payloads=(RAW,), channels=2)


@pytest.mark.requirement("CH-040", "CH-052", "CH-061", "HS-014", "HS-018", "HS-030", "HS-130", "HS-131")
@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_plain_success(order: tuple[int, ...]) -> None:
    migration = Loopback(source_config(TWO), destination_config(TWO))
    migration.handshake(lambda plan: iter([plan[index] for index in order]))
    migration.source.start()
    migration.send(STREAM)
    migration.finish()
    assert migration.outcome == ("complete", "complete")
    assert migration.received == STREAM
    assert names(said(migration.main, "source")) == ["Hello", "Inventory", "Commit", "Start"]
    assert names(said(migration.main, "destination")) == [
        "HelloReply",
        "InventoryReply",
        "CommitAck",
        "ChannelsReady",
    ]
    for link in migration.links[1:]:
        assert names(said(link, "destination")) == ["ChannelAck"]


def capable(name: str, *, able: bool, wish: Wish) -> Offer:
    return replace(offer(), capabilities=(CapabilityOffer(name, able, wish),))


@pytest.mark.requirement("CH-034", "HS-211")
def test_a_wish_that_the_destination_lacks_is_dropped() -> None:
    wanting = capable("zero-copy-send", able=True, wish=Wish.WANT)
    migration = Loopback(source_config(wanting), destination_config(offer()))
    migration.migrate()
    assert migration.outcome == ("complete", "complete")
    assert migration.source.agreed.capabilities == ()


@pytest.mark.requirement("HS-151", "HS-154", "HS-155", "HS-211", "HS-212")
def test_a_requirement_that_the_destination_lacks_is_refused_and_the_next_attempt_goes_well() -> None:
    listener = Listener(destination_config(offer()))
    requiring = capable("postcopy-ram", able=True, wish=Wish.REQUIRE)
    refused = Loopback(source_config(requiring), listener)
    refused.migrate()
    assert refused.outcome == ("failed", "refused")
    failure = refused.told[-1]
    assert isinstance(failure, Failed)
    assert failure.by == "peer"
    assert [(item.code, item.path) for item in failure.errors] == [
        (ErrorCode.CAP_UNSUPPORTED, "/capabilities/postcopy-ram")
    ]
    second = Loopback(source_config(capable("postcopy-ram", able=True, wish=Wish.WANT)), listener)
    second.migrate()
    assert second.outcome == ("complete", "complete")


def able_to(*sections: SectionAbility) -> Any:
    abilities = Abilities("pc", "x86_64", 12, None, sections)

    def judged(inventory: Any) -> Any:
        return judge(inventory, abilities)

    return judged


@pytest.mark.requirement("HS-093", "HS-098", "HS-211")
def test_an_unknown_subsection_is_omitted() -> None:
    judged = able_to(SectionAbility("simple", 0, 1, 1), SectionAbility("virtio-net", 0, 11, 9, subsections=()))
    migration = Loopback(source_config(), destination_config(judge=judged))
    migration.migrate()
    assert migration.outcome == ("complete", "complete")
    agreed = next(event for event in migration.told if isinstance(event, Agreed))
    assert [(item.idstr, item.instance_id, item.subsection) for item in agreed.omitted] == [
        ("virtio-net", 0, "virtio-net/rss")
    ]
    commit = next(message for message in said(migration.main, "source") if type(message).__name__ == "Commit")
    assert commit.omitted == agreed.omitted


@pytest.mark.requirement("HS-100", "HS-154", "HS-156")
def test_unknown_devices_end_it_with_every_reason() -> None:
    sections = (
        SectionItem(idstr="vmcoreinfo", instance_id=0, version=2, oldest=2),
        SectionItem(idstr="ivshmem-flat", instance_id=0, version=1, oldest=1),
    )
    judged = able_to(SectionAbility("vmcoreinfo", 0, 1, 1))
    migration = Loopback(
        source_config(inventory=replace(INVENTORY, sections=sections)), destination_config(judge=judged)
    )
    migration.migrate()
    assert migration.outcome == ("failed", "failed")
    assert migration.codes("source") == ["SECTION_UNKNOWN", "SECTION_VERSION"]
    assert migration.codes("destination") == ["SECTION_UNKNOWN", "SECTION_VERSION"]
    assert names(said(migration.main, "source"))[-1] == "Abort"


@pytest.mark.requirement("HS-094")
def test_a_section_is_sent_in_an_older_version() -> None:
    judged = able_to(SectionAbility("simple", 0, 1, 1), SectionAbility("virtio-net", 0, 10, 9))
    migration = Loopback(source_config(), destination_config(judge=judged))
    migration.migrate()
    agreed = next(event for event in migration.told if isinstance(event, Agreed))
    assert agreed.versions == (VersionItem(idstr="virtio-net", instance_id=0, version=10),)


@pytest.mark.requirement("CH-058", "CH-062")
def test_two_migrations_cross_over() -> None:
    one = Loopback(source_config(TWO), destination_config(TWO))
    other = Loopback(source_config(TWO), destination_config(TWO, secrets=secrets(50)))
    for migration in (one, other):
        migration.pump()
    stray = one.source.channel(ChannelKey("multifd", 0))
    stray.connected()
    link = Link(stray, other.listener.accept())
    while link.move():
        pass
    for migration in (one, other):
        for key in (ChannelKey("multifd", 1), ChannelKey("multifd", 0)):
            migration.dial(key)
        migration.pump()
        assert migration.outcome == ("ready", "ready")
    refusals = [event for event in other.heard if isinstance(event, ChannelRefused)]
    assert [error.code for event in refusals for error in event.errors] == [ErrorCode.CHANNEL_BINDING]


@pytest.mark.requirement("CH-054", "CH-058", "CH-062")
def test_a_channel_of_another_migration_is_refused_and_harms_none() -> None:
    listener = Listener(destination_config(TWO))
    first = Loopback(source_config(TWO), listener)
    first.pump()
    stale = first.source.channel(ChannelKey("multifd", 0))
    first.source.cancel()
    first.pump()
    second = Loopback(source_config(TWO), listener)
    second.pump()
    stale.connected()
    link = Link(stale, listener.accept())
    while link.move():
        pass
    refusals = [event for event in second.pump() + second.heard if isinstance(event, ChannelRefused)]
    assert [error.code for event in refusals for error in event.errors] == [ErrorCode.CHANNEL_BINDING]
    for key in (ChannelKey("multifd", 1), ChannelKey("multifd", 0)):
        second.dial(key)
    second.pump()
    assert second.outcome == ("ready", "ready")


@pytest.mark.requirement("HS-021", "HS-200")
def test_a_destination_without_the_handshake_closes() -> None:
    source = SourceSession(source_config())
    source.connect()
    source.connected()
    assert source.data_to_send()[:8].hex() == "5145564d48530001"
    source.receive_eof()
    (event,) = source.events()
    assert isinstance(event, Failed)
    assert [item.code for item in event.errors] == [ErrorCode.LEGACY_PEER_SUSPECTED]
    assert source.state == "failed"


@pytest.mark.requirement("CH-071", "HS-025", "HS-202")
def test_a_source_without_the_handshake_gets_nothing_back() -> None:
    listener = Listener(destination_config())
    connection = listener.accept()
    connection.receive_data(STREAM)
    assert connection.wants_close
    assert connection.data_to_send() == b""
    assert list(listener.events()) == [StrangerRefused(ErrorCode.LEGACY_PEER, STREAM[:16])]
    assert STREAM.startswith(STREAM_START)
    after = Loopback(source_config(), listener)
    after.migrate()
    assert after.outcome == ("complete", "complete")


def stripped(hello: Any) -> Any:
    return replace(hello, versions=(1,))


@pytest.mark.requirement("HS-111", "HS-173")
@pytest.mark.parametrize("level", [ConfirmLevel.NONE, ConfirmLevel.PSK])
def test_a_stripped_version_shows_in_the_transcript(level: ConfirmLevel) -> None:
    both = offer(versions=(1, 0x7777))
    key = {"confirm": level, "psk": bytes(range(32))}
    migration = Loopback(source_config(both, **key), destination_config(offer(), **key))
    migration.main.tamper = relay("source", "Hello", stripped)
    migration.migrate()
    assert migration.outcome == ("failed", "refused")
    assert migration.codes("source") == ["TRANSCRIPT_MISMATCH"]


@pytest.mark.requirement("HS-117", "HS-190", "HS-191", "HS-194", "HS-195", "CH-064")
@pytest.mark.parametrize("payload", [RAW, STRIPED])
def test_a_lost_network_is_survived(payload: str) -> None:
    resumable = offer(RESUME, HANDOVER, payloads=(payload,), channels=2)
    migration = Loopback(source_config(resumable), destination_config(resumable))
    migration.handshake()
    migration.source.start()
    begin(migration, payload)
    late = old_channel(migration)
    for link in migration.links:
        link.cut()
    migration.pump()
    assert migration.outcome == ("paused", "paused")
    assert isinstance(migration.told[-1], Paused)
    assert reconnect(migration) == 10
    late_link = Link(late, migration.listener.accept())
    while late_link.move():
        pass
    assert late.state == "closed"
    migration.source.skip_payload(STREAM[:10])
    migration.send(STREAM[10:])
    migration.finish()
    assert migration.outcome == ("complete", "complete")
    assert migration.received == STREAM


def begin(migration: Loopback, payload: str) -> None:
    if payload == RAW:
        migration.source.send_payload(STREAM[:10])
    else:
        for piece in migration.source.striper.cut(STREAM[:10]):
            next(iter(migration.channels.values())).send(piece)
    migration.pump()


def old_channel(migration: Loopback) -> Any:
    """A channel whose connection arrives when its epoch is over."""
    channel = migration.source.channel(ChannelKey("multifd", 0))
    channel.connected()
    return channel


def reconnect(migration: Loopback) -> int:
    """Resume over new connections; where the source goes on."""
    migration.source.reconnected(bytes([9]) * 32)
    migration.main = Link(migration.source, migration.listener.accept())
    migration.links = [migration.main]
    new = migration.pump()
    if "ChannelsWanted" in names(new):
        for key in (ChannelKey("multifd", 0), ChannelKey("multifd", 1)):
            migration.dial(key)
    migration.pump()
    assert isinstance(new[-1], Resumed)
    return new[-1].offset


@pytest.mark.requirement("HS-192", "HS-196")
def test_a_destination_that_was_restarted_knows_nothing() -> None:
    resumable = offer(RESUME, HANDOVER)
    migration = Loopback(source_config(resumable), destination_config(resumable))
    migration.handshake()
    migration.source.start()
    migration.pump()
    migration.main.cut()
    migration.listener = Listener(destination_config(resumable))
    migration.source.reconnected(bytes([9]) * 32)
    migration.links = [Link(migration.source, migration.listener.accept())]
    migration.pump()
    assert migration.source.state == "paused"
    paused = migration.told[-1]
    assert isinstance(paused, Paused)
    assert [item.code for item in paused.errors] == [ErrorCode.RESUME_UNKNOWN]
    migration.source.give_up()
    assert names(list(migration.source.events())) == ["Failed"]


@pytest.mark.requirement("HS-080")
def test_a_required_channel_that_is_not_accepted_ends_it() -> None:
    needing = replace(TWO, channels=(ChannelOffer("multifd", want=2, minimum=2),))
    migration = Loopback(
        source_config(needing), destination_config(replace(TWO, channels=(ChannelOffer("multifd", maximum=1),)))
    )
    migration.migrate()
    assert migration.codes("source") == ["CHANNEL_COUNT"]


@pytest.mark.requirement("HS-028", "HS-082", "CH-050")
def test_channels_are_asked_for_by_name_once_all_is_committed() -> None:
    run = Loopback(source_config(TWO), destination_config(TWO))
    with pytest.raises(LocalProtocolError):
        run.source.channel(ChannelKey("multifd", 0))
    (wanted,) = [event for event in run.pump() if isinstance(event, ChannelsWanted)]
    assert wanted.plan == (ChannelKey("multifd", 0), ChannelKey("multifd", 1))
    assert names(said(run.main, "destination"))[-1] == "CommitAck"
    single = Loopback(source_config(offer()), destination_config(offer()))
    (nothing,) = [event for event in single.pump() if isinstance(event, ChannelsWanted)]
    assert nothing.plan == ()


@pytest.mark.requirement("CH-050")
def test_a_channel_that_comes_too_early_is_refused() -> None:
    listener = Listener(destination_config(TWO))
    speaker = Speaker(listener)
    reply = speaker.say(hello(TWO))
    thread = Thread(reply.migration_id, reply.channel_secret, 0)
    channel = ChannelSource(ChannelKey("multifd", 0), thread, TODAY, Loopback(source_config(TWO), listener).source)
    channel.connected()
    connection = listener.accept()
    connection.receive_data(channel.data_to_send())
    assert codes(message_of(connection.data_to_send()[32:])) == ["UNEXPECTED"]
    assert listener.is_busy


@pytest.mark.requirement("HS-027")
def test_no_more_connections_than_management_allows() -> None:
    for near, far in ((1, 9), (9, 1), (2, 9)):
        run = Loopback(source_config(offer(channels=3, budget=near)), destination_config(offer(channels=3, budget=far)))
        run.handshake()
        assert len(run.links) == min(near, far)
        assert run.outcome == ("ready", "ready")
