"""A source: how it hands the guest over, and what it does when nobody answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.protocols.handshake.loopback import (
    STREAM,
    STRIPED_OFFER,
    Loopback,
    changed,
    destination_config,
    message_of,
    names,
    offer,
    relay,
    source_config,
)
from wireformat.errors import LocalProtocolError
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions.connection import refusal
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import (
    ChannelKey,
    ChannelRefused,
    ChannelsWanted,
    Failed,
    PayloadEnded,
    Ready,
)
from wireformat.protocols.handshake.sessions.payloads import HANDOVER
from wireformat.protocols.handshake.sessions.refusal import item
from wireformat.protocols.handshake.sessions.source import SourceSession

HANDING = offer(HANDOVER)


def loaded() -> Loopback:
    """A migration whose destination has loaded the guest."""
    run = Loopback(source_config(HANDING), destination_config(HANDING))
    run.handshake()
    run.source.start()
    run.send(STREAM)
    run.pump()
    run.destination.loaded()
    run.pump()
    assert run.outcome == ("loaded", "loaded")
    return run


@pytest.mark.requirement("HS-140", "HS-141", "HS-142", "HS-143")
def test_the_guest_is_handed_over() -> None:
    run = loaded()
    run.source.grant()
    run.pump()
    assert run.outcome == ("granted", "granted")
    run.destination.running()
    run.pump()
    assert run.outcome == ("complete", "complete")
    assert names(run.told)[-3:] == ["PayloadEnded", "PeerLoaded", "Completed"]


@pytest.mark.requirement("HS-142", "HS-145")
def test_a_cut_before_grant_leaves_the_guest_here() -> None:
    run = loaded()
    run.main.cut()
    run.pump()
    assert run.outcome == ("failed", "held")
    run.destination.told_drop()
    assert run.destination.state == "failed"


@pytest.mark.requirement("HS-144")
@pytest.mark.parametrize("runs", [True, False])
def test_a_cut_behind_grant_is_for_management(runs: bool) -> None:
    run = loaded()
    run.source.grant()
    run.main.cut()
    run.pump()
    assert run.outcome == ("unknown", "held")
    assert names(run.told)[-1] == "Uncertain"
    assert not run.source.is_over
    run.source.told_running() if runs else run.source.told_dropped()
    assert run.source.state == ("complete" if runs else "failed")
    assert names(list(run.source.events())) == ["Completed" if runs else "Failed"]


@pytest.mark.requirement("HS-142", "HS-144")
def test_cancelling_behind_grant_does_not_give_the_guest_back() -> None:
    run = loaded()
    run.source.grant()
    run.source.cancel()
    assert run.source.state == "unknown"


@pytest.mark.requirement("HS-142", "HS-161")
def test_cancelling_before_grant_drops_it_at_the_destination() -> None:
    run = loaded()
    run.source.cancel()
    run.pump()
    assert run.outcome == ("cancelled", "failed")
    assert run.codes("destination") == ["CANCELLED"]


@pytest.mark.requirement("HS-136")
def test_an_abort_during_the_payload_is_heard() -> None:
    run = Loopback(source_config(), destination_config())
    run.begin(STREAM[:20])
    run.destination.cancel()
    run.pump()
    assert run.outcome == ("failed", "cancelled")
    assert run.codes("source") == ["CANCELLED"]


@pytest.mark.requirement("HS-131", "HS-156")
def test_nothing_is_said_in_the_middle_of_the_raw_stream() -> None:
    run = Loopback(source_config(), destination_config())
    run.begin(STREAM[:20])
    run.source.cancel()
    assert run.source.data_to_send() == b""
    run.pump()
    assert run.outcome == ("cancelled", "failed")
    assert run.codes("destination") == ["PEER_CLOSED"]


def wrong_digest(reply: Any) -> Any:
    return replace(reply, result_digest=bytes(32))


def other_version(reply: Any) -> Any:
    return replace(reply, chosen_version=2)


def our_nonce(reply: Any) -> Any:
    return replace(reply, nonce=bytes(range(32)))


def no_nonce(reply: Any) -> Any:
    return replace(reply, nonce=bytes(32))


def no_id(reply: Any) -> Any:
    return replace(reply, migration_id=bytes(16))


@pytest.mark.requirement("HS-051", "HS-053")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (wrong_digest, "RESULT_DIGEST_MISMATCH"),
        (other_version, "RESULT_DIGEST_MISMATCH"),
        (our_nonce, "REFLECTION"),
        (no_nonce, "MALFORMED"),
        (no_id, "MALFORMED"),
    ],
)
def test_a_reply_that_does_not_fit_is_aborted(change: Any, code: str) -> None:
    run = Loopback(source_config(), destination_config())
    run.main.tamper = relay("destination", "HelloReply", change)
    run.migrate()
    assert run.codes("source") == [code]
    assert run.codes("destination") == [code]
    assert run.outcome == ("failed", "failed")


@pytest.mark.requirement("HS-201")
@pytest.mark.parametrize(
    ("first", "code"),
    [(b"HTTP/1.1", "LEGACY_PEER"), (STREAM[:8], "LEGACY_PEER"), (b"\x15\x03\x03\0\2", "TLS_UNEXPECTED")],
)
def test_a_peer_that_is_none(first: bytes, code: str) -> None:
    source = SourceSession(source_config())
    source.connect()
    source.connected()
    source.receive_data(first)
    (event,) = source.events()
    assert isinstance(event, Failed)
    assert [found.code.name for found in event.errors] == [code]


@pytest.mark.requirement("HS-171")
def test_a_refusal_without_a_handshake_is_understood() -> None:
    source = SourceSession(source_config())
    source.connect()
    source.connected()
    source.receive_data(refusal(TODAY, (item(ErrorCode.TLS_REQUIRED),)))
    (event,) = source.events()
    assert isinstance(event, Failed)
    assert (event.by, event.errors[0].code) == ("peer", ErrorCode.TLS_REQUIRED)


@pytest.mark.requirement("HS-150")
def test_a_destination_that_cannot_be_reached() -> None:
    source = SourceSession(source_config())
    source.connect()
    source.unreachable("connection refused")
    assert source.state == "failed"
    assert source.data_to_send() == b""
    (event,) = source.events()
    assert isinstance(event, Failed)
    assert [(found.code, found.text) for found in event.errors] == [(ErrorCode.LOCAL_IO, "connection refused")]


@pytest.mark.requirement("CH-063", "HS-028", "HS-118")
def test_an_optional_channel_that_is_not_accepted_is_done_without() -> None:
    def admit(key: ChannelKey) -> Any:
        return item(ErrorCode.LOCAL_IO, text="no room") if key.index == 1 else None

    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER, admit=admit))
    run.handshake()
    assert run.outcome == ("ready", "ready")
    del run.channels[ChannelKey("multifd", 1)]
    run.source.start()
    run.send(STREAM)
    run.finish()
    assert run.outcome == ("complete", "complete")
    assert run.received == STREAM
    refused = [event for event in run.told if isinstance(event, ChannelRefused)]
    assert [event.name for event in refused] == [ChannelKey("multifd", 1)]


@pytest.mark.requirement("CH-063")
def test_a_needed_channel_that_cannot_be_opened_ends_it() -> None:
    needing = replace(STRIPED_OFFER, channels=(replace(STRIPED_OFFER.channels[0], minimum=3),))
    run = Loopback(source_config(needing), destination_config(STRIPED_OFFER))
    run.pump()
    run.source.channel(ChannelKey("multifd", 2)).unreachable("no route")
    run.pump()
    assert run.outcome == ("failed", "failed")
    assert run.codes("destination") == ["CHANNEL_MISSING", "LOCAL_IO"]


@pytest.mark.requirement("HS-118")
def test_ready_without_what_is_needed_is_refused() -> None:
    needing = replace(STRIPED_OFFER, channels=(replace(STRIPED_OFFER.channels[0], minimum=3),))
    run = Loopback(source_config(needing), destination_config(STRIPED_OFFER))

    def fewer(ready: Any) -> Any:
        return replace(ready, bound=ready.bound[:2], missing=ready.bound[2:])

    run.main.tamper = relay("destination", "ChannelsReady", fewer)
    run.handshake()
    assert run.codes("source") == ["CHANNEL_MISSING"]


def test_the_payload_is_what_was_sent() -> None:
    run = Loopback(source_config(HANDING), destination_config(HANDING))
    run.migrate()
    ends = [event for event in (*run.told, *run.heard) if isinstance(event, PayloadEnded)]
    assert ends[0] == ends[1]
    assert ends[0].size == len(STREAM)


def test_steps_out_of_order_are_our_own_fault() -> None:
    source = SourceSession(source_config())
    for step in (source.start, source.grant, source.payload_complete, source.told_running, source.snapshot):
        with pytest.raises(LocalProtocolError):
            step()
    with pytest.raises(LocalProtocolError) as caught:
        source.channel(ChannelKey("multifd", 0))
    assert caught.value.id == "handshake/usage"


def test_a_changed_frame_is_one() -> None:
    run = Loopback(source_config(), destination_config())
    data = run.source.data_to_send()
    other = changed(data, "Hello", our_nonce)
    assert message_of(other[32:]).nonce == message_of(data[32:]).nonce
    assert other == data


def needing(count: int) -> Any:
    """An offer of three channels of which so many are needed."""
    return replace(STRIPED_OFFER, channels=(replace(STRIPED_OFFER.channels[0], minimum=count),))


@pytest.mark.requirement("CH-063", "HS-118", "HS-162", "CH-065")
def test_what_can_be_done_without_is_opened_first() -> None:
    run = Loopback(source_config(needing(1)), destination_config(STRIPED_OFFER))
    (wanted,) = [event for event in run.pump() if isinstance(event, ChannelsWanted)]
    assert wanted.plan == (ChannelKey("multifd", 1), ChannelKey("multifd", 2))
    run.dial(ChannelKey("multifd", 1))
    run.source.channel(ChannelKey("multifd", 2)).unreachable("no route")
    (rest,) = [event for event in run.pump() if isinstance(event, ChannelsWanted)]
    assert rest.plan == (ChannelKey("multifd", 0),)
    assert run.destination.state == "binding"
    run.dial(ChannelKey("multifd", 0))
    run.pump()
    assert run.outcome == ("ready", "ready")
    assert run.heard[-1] == Ready((ChannelKey("multifd", 0), ChannelKey("multifd", 1)), (ChannelKey("multifd", 2),))
    run.source.start()
    run.send(STREAM)
    run.finish()
    assert run.received == STREAM


@pytest.mark.requirement("HS-162")
def test_nobody_waits_for_a_channel_that_cannot_come() -> None:
    run = Loopback(source_config(needing(0)), destination_config(STRIPED_OFFER))
    run.pump()
    run.source.channel(ChannelKey("multifd", 1)).unreachable("no route")
    run.pump()
    assert run.outcome == ("failed", "failed")
    assert run.codes("destination") == ["CHANNEL_MISSING", "LOCAL_IO"]
