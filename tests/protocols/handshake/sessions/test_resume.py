"""Coming back: states that are kept, proofs, and connections that are not the one that was lost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.protocols.handshake.loopback import (
    RESUMABLE_OFFER,
    STREAM,
    Link,
    Loopback,
    Speaker,
    codes,
    destination_config,
    message_of,
    names,
    source_config,
)
from wireformat.errors import DecodeError, LocalProtocolError
from wireformat.protocols.handshake.messages import Progress, ResumeReply
from wireformat.protocols.handshake.negotiation.offers import Result
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import ChannelKey, Paused
from wireformat.protocols.handshake.sessions.keys import resume_answer
from wireformat.protocols.handshake.sessions.refusal import Violation
from wireformat.protocols.handshake.sessions.resume import ResumeState, Thread, check_reply, request
from wireformat.protocols.handshake.sessions.source import SourceSession

NONCE = bytes([9]) * 32


def paused() -> Loopback:
    """A migration that was cut behind 20 bytes of the stream."""
    run = Loopback(source_config(RESUMABLE_OFFER), destination_config(RESUMABLE_OFFER))
    run.begin(STREAM[:20])
    run.main.cut()
    run.pump()
    assert run.outcome == ("paused", "paused")
    return run


def come_back(run: Loopback, nonce: bytes = NONCE) -> None:
    """Resume over a new connection."""
    run.source.reconnected(nonce)
    run.main = Link(run.source, run.listener.accept())
    run.links = [run.main]
    run.pump()


def finish(run: Loopback) -> None:
    run.source.skip_payload(STREAM[:5])
    run.source.skip_payload(STREAM[5:20])
    run.send(STREAM[20:])
    run.finish()
    assert run.outcome == ("complete", "complete")
    assert run.received == STREAM


@pytest.mark.requirement("HS-191", "HS-194")
def test_a_migration_goes_on() -> None:
    run = paused()
    come_back(run)
    assert run.outcome == ("payload", "payload")
    finish(run)


@pytest.mark.requirement("HS-191")
def test_another_process_goes_on() -> None:
    run = paused()
    state = run.source.snapshot()
    assert ResumeState.from_json(state.to_json()) == state
    run.source = SourceSession.from_snapshot(ResumeState.from_json(state.to_json()))
    come_back(run)
    finish(run)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("[]", "object expected, list found"),
        ("{}", "migration_id is missing"),
        ('{"migration_id": "zz"}', "non-hexadecimal number"),
        ("null", "object expected, NoneType found"),
        ("[" * 200_000, "recursion"),
    ],
)
def test_a_state_that_is_none(text: str, reason: str) -> None:
    with pytest.raises(DecodeError) as caught:
        ResumeState.from_json(text)
    assert caught.value.id == "handshake/state"
    assert caught.value.detail.startswith("no state of a paused migration: ")
    assert reason in caught.value.detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("migration_id", "00"),
        ("secret", "00"),
        ("epoch", -1),
        ("epoch", (1 << 32) - 1),
        ("version", 99),
        ("payload", "nonsense"),
        ("sent", -1),
    ],
)
def test_a_state_that_no_migration_has(name: str, value: object) -> None:
    said = json.loads(paused().source.snapshot().to_json())
    with pytest.raises(DecodeError) as caught:
        ResumeState.from_json(json.dumps({**said, name: value}))
    assert caught.value.detail == f"no state of a paused migration: {name} cannot be that of a migration"


def test_all_of_a_state_is_kept() -> None:
    result = Result(1, "v1-striped", ("multifd",), (("max-bandwidth", 5), ("x", "y")), (("multifd", 2),))
    state = ResumeState(Thread(bytes(range(16)), bytes(range(32)), 4), result, (ChannelKey("multifd", 1),), 77)
    assert ResumeState.from_json(state.to_json()) == state


def test_a_second_cut_and_a_third() -> None:
    run = paused()
    for number in (1, 2, 3):
        come_back(run, bytes([number]) * 32)
        assert run.outcome == ("payload", "payload")
        run.source.skip_payload(STREAM[:20])
        run.main.cut()
        run.pump()
        assert run.outcome == ("paused", "paused")
    come_back(run)
    finish(run)


@pytest.mark.requirement("HS-192")
def test_a_reply_that_got_lost_can_be_asked_for_again() -> None:
    run = paused()
    run.source.reconnected(NONCE)
    lost = Link(run.source, run.listener.accept())
    lost.far.receive_data(run.source.data_to_send())
    lost.cut()
    assert run.outcome == ("paused", "paused")
    come_back(run, bytes([8]) * 32)
    finish(run)


@pytest.mark.requirement("CH-064", "HS-195")
def test_an_old_connection_is_not_heard_any_more() -> None:
    run = paused()
    old = run.main.far
    come_back(run)
    old.receive_data(b"late bytes of the old connection")
    old.receive_eof()
    old.silence()
    assert old.wants_close
    assert old.data_to_send() == b""
    assert run.outcome == ("payload", "payload")
    finish(run)


def thread_of(run: Loopback) -> Thread:
    assert run.destination.thread is not None
    return run.destination.thread


def resuming(run: Loopback, thread: Thread) -> Speaker:
    """A stranger who comes back with a thread of its own."""
    header, message = request(thread, NONCE, 20, TODAY)
    speaker = Speaker(run.listener, header)
    if not speaker.connection.wants_close:
        speaker.say(message)
    return speaker


@pytest.mark.requirement("CH-042", "HS-192", "HS-193", "HS-196")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"migration_id": bytes(16)}, "RESUME_UNKNOWN"),
        ({"epoch": 0}, "RESUME_EPOCH"),
        ({"epoch": 2}, "RESUME_EPOCH"),
        ({"epoch": 1, "secret": bytes(32)}, "CHANNEL_BINDING"),
    ],
)
def test_strangers_who_come_back(change: dict[str, Any], code: str) -> None:
    run = paused()
    speaker = resuming(run, replace(thread_of(run), **change))
    assert codes(message_of(speaker.answer[32:])) == [code]
    assert speaker.connection.wants_close
    assert run.destination.state == "paused"
    come_back(run)
    finish(run)


@pytest.mark.requirement("HS-191", "HS-196")
def test_only_resume_opens_a_resumed_connection() -> None:
    run = paused()
    header, _ = request(replace(thread_of(run), epoch=1), NONCE, 20, TODAY)
    speaker = Speaker(run.listener, header)
    assert codes(speaker.say(Progress(text="let me in"))) == ["UNEXPECTED"]
    for ending in ("receive_eof", "silence"):
        quiet = Speaker(run.listener, header)
        getattr(quiet.connection, ending)()
        assert quiet.connection.wants_close
    assert run.destination.state == "paused"


def answer(thread: Thread, received: int, **more: Any) -> ResumeReply:
    proof = resume_answer(thread.secret, thread.migration_id, thread.epoch, (NONCE, bytes(32)), received, bytes(32))
    reply = ResumeReply(epoch=thread.epoch, nonce=bytes(32), proof=proof, received=received, digest=bytes(32))
    return replace(reply, **more)


@pytest.mark.requirement("HS-193", "HS-194")
@pytest.mark.parametrize(
    ("received", "more", "code"),
    [
        (5, {"epoch": 3}, "RESUME_EPOCH"),
        (5, {"nonce": bytes([1]) * 32}, "CHANNEL_BINDING"),
        (5, {"digest": bytes([1]) * 32}, "CHANNEL_BINDING"),
        (21, {}, "MALFORMED"),
    ],
)
def test_answers_of_others(received: int, more: dict[str, Any], code: str) -> None:
    thread = Thread(bytes(range(16)), bytes(range(32)), 1)
    check_reply(answer(thread, 5), thread, NONCE, 20)
    with pytest.raises(Violation) as caught:
        check_reply(answer(thread, received, **more), thread, NONCE, 20)
    assert [found.code.name for found in caught.value.items] == [code]


@pytest.mark.requirement("HS-193", "HS-196")
def test_a_false_answer_leaves_it_paused() -> None:
    run = paused()
    run.source.reconnected(NONCE)
    run.main = Link(run.source, run.listener.accept())
    run.links = [run.main]

    def spoil(side: str, data: bytes) -> bytes:
        return data if side == "source" else data[:32] + message_frame(data[32:])

    run.main.tamper = spoil
    run.pump()
    assert run.source.state == "paused"
    assert isinstance(run.told[-1], Paused)
    assert [found.code.name for found in run.told[-1].errors] == ["CHANNEL_BINDING"]


def message_frame(frame: bytes) -> bytes:
    codec = TODAY.frames()
    value = codec.decode(frame)
    return codec.encode(replace(value, message=replace(value.message, received=3)))


@pytest.mark.requirement("HS-194")
def test_another_stream_than_before_is_noticed() -> None:
    run = paused()
    come_back(run)
    run.source.skip_payload(bytes(20))
    assert run.source.state == "failed"
    assert names(list(run.source.events())) == ["Failed"]


def test_skipping_more_than_arrived_is_our_own_fault() -> None:
    run = paused()
    come_back(run)
    with pytest.raises(LocalProtocolError) as caught:
        run.source.skip_payload(STREAM[:21])
    assert caught.value.path == "offset"


def test_giving_up() -> None:
    run = paused()
    run.source.give_up()
    run.destination.give_up()
    assert run.outcome == ("failed", "failed")
    with pytest.raises(LocalProtocolError):
        run.source.reconnected(NONCE)


@pytest.mark.requirement("HS-190")
def test_without_the_capability_a_cut_is_the_end() -> None:
    run = Loopback(source_config(), destination_config(RESUMABLE_OFFER))
    run.handshake()
    run.source.start()
    run.pump()
    run.main.cut()
    run.pump()
    assert run.outcome == ("failed", "failed")
