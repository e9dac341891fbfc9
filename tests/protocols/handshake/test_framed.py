"""The payload in frames: its end is said, so an end that is not said is a cut."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from tests.protocols.handshake.loopback import (
    STREAM,
    Loopback,
    destination_config,
    names,
    offer,
    relay,
    said,
    source_config,
)
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.offers import Refusal, Result
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import Failed, Paused, PayloadEnded, Resumed
from wireformat.protocols.handshake.sessions.frames import FIRST_LIMIT, MAX_BLOCK, MAX_FRAMES, FrameWriter
from wireformat.protocols.handshake.sessions.payloads import FRAMED, HANDOVER, RAW, RESUME
from wireformat.protocols.handshake.transfer_messages import MAX_PIECE, Handover, PayloadBlock, PayloadEnd

BOTH = (1, 2)
PLAIN = offer(payloads=(FRAMED, RAW), versions=BOTH)
HANDED = offer(HANDOVER, payloads=(FRAMED, RAW), versions=BOTH)
RESUMABLE = offer(HANDOVER, RESUME, payloads=(FRAMED,), versions=BOTH)


def started(wanted: object = PLAIN, **more: object) -> Loopback:
    migration = Loopback(source_config(wanted, **more), destination_config(wanted, **more))  # type: ignore[arg-type]
    migration.handshake()
    migration.source.start()
    migration.pump()
    return migration


@pytest.mark.requirement("HS-230", "HS-231")
@pytest.mark.parametrize("wanted", [PLAIN, HANDED, RESUMABLE])
@pytest.mark.parametrize("step", [0, 1])
def test_the_stream_arrives_and_its_end_is_said(wanted: object, step: int) -> None:
    migration = Loopback(source_config(wanted, grease=3), destination_config(wanted, grease=4), step=step)  # type: ignore[arg-type]
    migration.migrate(STREAM, 100)
    assert migration.outcome == ("complete", "complete")
    assert migration.received == STREAM
    blocks = [one for one in said(migration.main, "source") if isinstance(one, PayloadBlock)]
    assert b"".join(block.data for block in blocks) == STREAM
    assert names(said(migration.main, "source")).count("PayloadEnd") == 1


@pytest.mark.requirement("HS-231")
def test_long_pieces_are_cut_into_blocks() -> None:
    migration = started()
    stream = bytes(2 * MAX_PIECE + 1)
    migration.send(stream, len(stream))
    migration.pump()
    sizes = [len(one.data) for one in said(migration.main, "source") if isinstance(one, PayloadBlock)]
    assert sizes == [MAX_PIECE, MAX_PIECE, 1]
    assert migration.received == stream
    assert migration.outcome == ("complete", "complete")


@pytest.mark.requirement("HS-231")
def test_blocks_are_not_counted_as_the_handshake_is() -> None:
    migration = started(HANDED)
    migration.send(bytes(MAX_FRAMES + 100), 1)
    migration.finish()
    assert migration.outcome == ("complete", "complete")
    assert len(migration.received) == MAX_FRAMES + 100


@pytest.mark.requirement("HS-232")
def test_either_side_may_abort_within_the_stream() -> None:
    migration = started()
    migration.source.send_payload(STREAM[:100])
    migration.source.cancel()
    migration.pump()
    assert migration.outcome == ("cancelled", "failed")
    assert migration.codes("destination") == ["CANCELLED"]
    migration = started()
    migration.source.send_payload(STREAM[:100])
    migration.pump()
    migration.destination.cancel()
    migration.pump()
    assert migration.outcome == ("failed", "cancelled")
    assert migration.codes("source") == ["CANCELLED"]


@pytest.mark.requirement("HS-232")
def test_a_stream_without_its_end_was_cut() -> None:
    migration = started()
    migration.source.send_payload(STREAM)
    migration.pump()
    assert migration.received == STREAM
    migration.main.cut()
    migration.pump()
    assert migration.outcome == ("failed", "failed")
    assert migration.codes("destination") == ["PEER_CLOSED"]
    assert not any(isinstance(event, PayloadEnded) for event in migration.heard)


@pytest.mark.requirement("HS-233")
@pytest.mark.parametrize("change", [{"size": 7}, {"digest": bytes(32)}])
def test_an_end_of_another_stream_is_refused(change: dict[str, object]) -> None:
    def other(end: PayloadEnd) -> PayloadEnd:
        return replace(end, **change)  # type: ignore[arg-type]

    migration = started()
    migration.main.tamper = relay("source", "PayloadEnd", other)
    migration.send(STREAM)
    migration.pump()
    assert migration.destination.state == "failed"
    assert migration.codes("destination") == ["MALFORMED"]


def said_to(migration: Loopback, *messages: object) -> list[str]:
    """Names of the codes with which a destination fails over further frames of its source."""
    destination = migration.destination
    writer = FrameWriter(TODAY, TODAY.frames(2))
    writer._sequence = destination._reader.sequence
    for message in messages:
        destination.receive_data(writer.encode(message))  # type: ignore[arg-type]
    failures = [event for event in destination.events() if isinstance(event, Failed)]
    return [item.code.name for event in failures for item in event.errors]


END = PayloadEnd(size=len(STREAM), digest=sha256(STREAM).digest())


@pytest.mark.requirement("HS-231", "HS-233")
def test_blocks_belong_into_one_payload_before_its_end_and_have_bytes() -> None:
    whole = [PayloadBlock(data=STREAM), END]
    assert said_to(started(HANDED), *whole) == []
    assert said_to(started(HANDED), *whole, PayloadBlock(data=b"x")) == ["UNEXPECTED"]
    assert said_to(started(HANDED), *whole, END) == ["UNEXPECTED"]
    assert said_to(started(HANDED), PayloadBlock(data=b"")) == ["MALFORMED"]
    handover = Handover(size=END.size, digest=END.digest)
    assert said_to(started(HANDED), PayloadBlock(data=STREAM), handover) == ["MALFORMED"]
    raw = started(offer(HANDOVER, versions=BOTH))
    raw.source.send_payload(STREAM)
    raw.pump()
    assert said_to(raw, PayloadBlock(data=b"x")) == ["UNEXPECTED"]


def test_a_block_is_long_only_where_blocks_are_expected() -> None:
    migration = Loopback(source_config(PLAIN), destination_config(PLAIN))
    migration.handshake()
    frame = FrameWriter(TODAY, TODAY.frames(2)).encode(PayloadBlock(data=bytes(FIRST_LIMIT)))
    migration.destination.receive_data(frame[:16])
    (failed,) = [event for event in migration.destination.events() if isinstance(event, Failed)]
    assert failed.errors[0].code == ErrorCode.LIMIT
    assert migration.source._writer._limit(0x8020) == MAX_BLOCK


@pytest.mark.requirement("HS-190", "HS-194")
@pytest.mark.parametrize("size", [0, 500, len(STREAM)])
def test_a_cut_stream_goes_on(size: int) -> None:
    migration = started(RESUMABLE)
    migration.source.send_payload(STREAM[:size])
    migration.pump()
    migration.main.cut()
    assert isinstance(migration.pump()[-1], Paused)
    migration.main = migration.links[0] = type(migration.main)(migration.source, migration.listener.accept())
    migration.source.reconnected(bytes([9]) * 32)
    assert isinstance(migration.pump()[-1], Resumed)
    migration.source.skip_payload(STREAM[:size])
    migration.source.send_payload(STREAM[size:])
    migration.source.payload_complete()
    migration.finish()
    assert migration.outcome == ("complete", "complete")
    assert migration.received == STREAM


@pytest.mark.requirement("HS-230")
def test_frames_are_an_encoding_of_revision_2() -> None:
    assert negotiate(PLAIN, PLAIN) == Result(2, FRAMED)
    assert negotiate(replace(PLAIN, versions=(1,)), PLAIN) == Result(1, RAW)
    only = replace(PLAIN, payloads=(FRAMED,))
    refusal = negotiate(only, replace(only, versions=(1,)))
    assert isinstance(refusal, Refusal)
    assert [item.code.name for item in refusal.items] == ["NO_COMMON_PAYLOAD"]
