"""A destination: what it refuses of a source, and how it gets the guest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.protocols.handshake.loopback import (
    INVENTORY,
    STREAM,
    STRIPED_OFFER,
    Loopback,
    Speaker,
    codes,
    destination_config,
    hello,
    message_of,
    names,
    offer,
    relay,
    source_config,
    with_entry,
)
from wireformat.errors import DecodeError, LocalProtocolError
from wireformat.protocols.handshake.messages import Progress, Start
from wireformat.protocols.handshake.negotiation.offers import CapabilityOffer
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import ChannelKey, PayloadReceived
from wireformat.protocols.handshake.sessions.frames import FrameWriter
from wireformat.protocols.handshake.sessions.listener import Listener
from wireformat.protocols.handshake.sessions.payloads import HANDOVER, STRIPED
from wireformat.protocols.handshake.sessions.refusal import errors_of
from wireformat.protocols.handshake.sessions.source import SourceSession

HANDING = offer(HANDOVER)


@pytest.mark.requirement("HS-005", "CH-001")
def test_a_hello_is_answered() -> None:
    speaker = Speaker(Listener(destination_config()))
    reply = speaker.say(hello())
    assert type(reply).__name__ == "HelloReply"
    assert reply.chosen_version == 1
    assert reply.migration_id == bytes([1]) * 16
    assert speaker.answer[:32].hex() == "5145564d48530001010000202b12643c" + 32 * "0"


@pytest.mark.requirement("HS-007", "HS-008")
def test_unknown_versions_are_answered_with_ours_whatever_else_is_wrong() -> None:
    speaker = Speaker(Listener(destination_config()))
    frame = FrameWriter(TODAY, TODAY.frames()).encode(hello(versions=(9, 0x1A1A)))
    reject = speaker.send(with_entry(frame, 0xFF00, b"from a later revision"))
    assert codes(reject) == ["NO_COMMON_VERSION"]
    assert reject.errors[0].actual == "[1]"


@pytest.mark.requirement("CH-022", "HS-007", "HS-008")
def test_a_known_version_does_not_excuse_an_unknown_critical_entry() -> None:
    speaker = Speaker(Listener(destination_config()))
    frame = FrameWriter(TODAY, TODAY.frames()).encode(hello(versions=(9, 1)))
    assert codes(speaker.send(with_entry(frame, 0xFF00, b""))) == ["UNKNOWN_CRITICAL"]


@pytest.mark.requirement("HS-016")
@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([Start(payload="v1-raw")], ["UNEXPECTED"]),
        ([hello(), hello()], ["UNEXPECTED"]),
        ([INVENTORY], ["UNEXPECTED"]),
        ([hello(), Start(payload="v1-raw")], ["UNEXPECTED"]),
        ([hello(nonce=bytes(32))], ["MALFORMED"]),
        ([hello(capabilities=())], []),
    ],
)
def test_messages_out_of_order(messages: list[Any], expected: list[str]) -> None:
    listener = Listener(destination_config())
    speaker = Speaker(listener)
    answers = [speaker.say(message) for message in messages]
    assert codes(answers[-1])[: len(expected)] == expected
    assert listener.is_busy is not bool(expected)


@pytest.mark.requirement("HS-036")
def test_a_name_that_stands_twice() -> None:
    one = hello(offer("multifd"))
    speaker = Speaker(Listener(destination_config()))
    other = replace(one.capabilities[0], flags=type(one.capabilities[0].flags)(0))
    reject = speaker.say(replace(one, capabilities=(other, *one.capabilities)))
    assert codes(reject) == ["DUPLICATE"]
    assert reject.errors[0].path == "/capabilities/multifd"


@pytest.mark.requirement("HS-013", "HS-017")
def test_too_much_progress() -> None:
    speaker = Speaker(Listener(destination_config()))
    speaker.say(hello())
    for _ in range(4094):
        speaker.say(Progress(text="soon"))
    assert speaker.connection.wants_close is False
    speaker.say(Progress(text="soon"))
    assert codes(speaker.say(Progress(text="soon"))) == ["LIMIT"]


def other_result(commit: Any) -> Any:
    return replace(commit, result=replace(commit.result, payload="v1-other"))


def other_plan(commit: Any) -> Any:
    return replace(commit, plan=commit.plan[1:])


@pytest.mark.requirement("HS-111")
@pytest.mark.parametrize("change", [other_result, other_plan])
def test_a_commit_is_bound_to_what_was_said(change: Any) -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.main.tamper = relay("source", "Commit", change)
    run.migrate()
    assert run.outcome == ("failed", "refused")
    assert run.codes("source") == ["TRANSCRIPT_MISMATCH"]


def refusal_of_commit(spoil: Callable[[SourceSession], object]) -> Any:
    """What is answered to a source that commits to something else, its transcript in order."""
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    far = run.main.far
    far.receive_data(run.source.data_to_send())
    run.source.receive_data(far.data_to_send())
    spoil(run.source)
    far.receive_data(run.source.data_to_send())
    run.source.receive_data(far.data_to_send())
    far.receive_data(run.source.data_to_send())
    return message_of(far.data_to_send())


def commits_to_another_result(source: SourceSession) -> None:
    source.result = replace(source.agreed, payload="v1-other")


def plans_less(source: SourceSession) -> None:
    source._plan = source._plan[1:]


def plans_more(source: SourceSession) -> None:
    source._plan = (*source._plan, ChannelKey("multifd", 3))


def plans_something_else(source: SourceSession) -> None:
    source._plan = (ChannelKey("device-state", 0), *source._plan[1:])


@pytest.mark.requirement("HS-052", "HS-116")
@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        (commits_to_another_result, "/result"),
        (plans_less, "/plan"),
        (plans_more, "/plan"),
        (plans_something_else, "/plan"),
    ],
)
def test_a_source_that_commits_to_something_else_is_refused(
    spoil: Callable[[SourceSession], object], path: str
) -> None:
    refusal = refusal_of_commit(spoil)
    assert [(item.code.name, item.path) for item in errors_of(refusal)] == [("RESULT_DIGEST_MISMATCH", path)]


@pytest.mark.requirement("HS-130")
def test_another_payload_than_agreed() -> None:
    run = Loopback(source_config(), destination_config())

    def other(start: Any) -> Any:
        return replace(start, payload=STRIPED)

    run.handshake()
    run.main.tamper = relay("source", "Start", other)
    run.source.start()
    run.pump()
    assert run.codes("source") == ["UNEXPECTED"]
    assert run.outcome == ("failed", "failed")


@pytest.mark.requirement("HS-140")
@pytest.mark.parametrize("spoilt", ["size", "digest"])
def test_a_stream_that_is_not_what_the_source_sent(spoilt: str) -> None:
    run = Loopback(source_config(HANDING), destination_config(HANDING))

    def other(handover: Any) -> Any:
        return replace(handover, **({"size": 7} if spoilt == "size" else {"digest": bytes(32)}))

    run.begin(STREAM)
    run.main.tamper = relay("source", "Handover", other)
    run.source.payload_complete()
    run.pump()
    assert run.outcome == ("failed", "failed")
    assert run.codes("source") == ["MALFORMED"]


@pytest.mark.requirement("HS-131")
def test_payload_arrives_once_and_in_order() -> None:
    run = Loopback(source_config(), destination_config(), step=3)
    run.migrate()
    parts = [event for event in run.heard if isinstance(event, PayloadReceived)]
    place = 0
    for part in parts:
        assert part.offset == place
        place += len(part.data)
    assert b"".join(part.data for part in parts) == STREAM


@pytest.mark.requirement("HS-132")
def test_a_stream_that_cannot_be_followed() -> None:
    run = Loopback(source_config(), destination_config())
    run.begin(b"no stream at all")
    assert run.outcome == ("failed", "failed")
    assert run.codes("source") == ["MALFORMED"]


@pytest.mark.requirement("HS-118")
@pytest.mark.parametrize("last", range(3))
def test_it_goes_on_with_the_last_channel_that_is_needed(last: int) -> None:
    needing = replace(STRIPED_OFFER, channels=(replace(STRIPED_OFFER.channels[0], minimum=3),))
    run = Loopback(source_config(needing), destination_config(STRIPED_OFFER))
    run.pump()
    for index in {0, 1, 2} - {last}:
        run.dial(ChannelKey("multifd", index))
        run.pump()
        assert run.outcome == ("opening", "binding")
    run.dial(ChannelKey("multifd", last))
    run.pump()
    assert run.outcome == ("ready", "ready")


@pytest.mark.requirement("CH-063")
def test_missing_channels_are_named() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.pump()
    run.dial(ChannelKey("multifd", 1))
    run.pump()
    run.destination.silence()
    run.pump()
    assert run.codes("source") == ["CHANNEL_MISSING", "CHANNEL_MISSING"]
    assert [found.path for found in run.told[-1].errors] == [  # type: ignore[union-attr]
        "/channels/multifd/0",
        "/channels/multifd/2",
    ]


def test_a_lost_channel_before_the_start_ends_it() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.handshake()
    run.links[1].cut()
    run.pump()
    assert run.outcome == ("failed", "failed")


def held() -> Loopback:
    run = Loopback(source_config(HANDING), destination_config(HANDING))
    run.handshake()
    run.source.start()
    run.send(STREAM)
    run.pump()
    run.destination.loaded()
    run.main.cut()
    run.pump()
    assert run.destination.state == "held"
    return run


@pytest.mark.requirement("HS-145")
@pytest.mark.parametrize(
    ("step", "state", "event"),
    [("told_run", "complete", "Completed"), ("told_drop", "failed", "Failed"), ("policy_drop", "failed", "Failed")],
)
def test_a_held_guest_waits_to_be_told(step: str, state: str, event: str) -> None:
    run = held()
    assert names(run.heard)[-1] == "Held"
    getattr(run.destination, step)()
    assert run.destination.state == state
    assert names(list(run.listener.events())) == [event]


@pytest.mark.requirement("HS-143")
def test_the_guest_never_runs_before_grant() -> None:
    run = held()
    with pytest.raises(LocalProtocolError):
        run.destination.running()


def test_striped_payload_needs_a_channel() -> None:
    lonely = offer(payloads=(STRIPED,))
    run = Loopback(source_config(lonely), destination_config(lonely))
    run.migrate()
    assert run.codes("source") == ["CHANNEL_COUNT"]


class Counting:
    """A payload of ten bytes."""

    def __init__(self, _: Any) -> None:
        self.is_over = False
        self.may_end = False
        self._seen = 0

    def take(self, data: bytes) -> int:
        self._seen += len(data)
        self.is_over = self._seen >= 10
        return min(10, self._seen)

    def close(self) -> int:
        raise DecodeError("truncated", "ten bytes are needed")


def test_any_end_of_stream_will_do() -> None:
    run = Loopback(source_config(HANDING), destination_config(HANDING, stream_end=Counting))
    run.migrate(b"0123456789")
    assert run.outcome == ("complete", "complete")
    assert run.received == b"0123456789"


def test_a_needless_wish_changes_nothing() -> None:
    extra = replace(offer(), capabilities=(CapabilityOffer("nobody-knows@example.org"),))
    run = Loopback(source_config(extra), destination_config())
    run.migrate()
    assert run.outcome == ("complete", "complete")


@pytest.mark.requirement("HS-101", "HS-117")
def test_nothing_is_listed_again_once_it_is_committed() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.pump()
    assert run.destination.state == "binding"
    run.main.far.receive_data(run.source._writer.encode(INVENTORY))
    run.pump()
    assert run.outcome == ("failed", "failed")
    assert run.codes("source") == ["UNEXPECTED"]


@pytest.mark.requirement("HS-037")
def test_every_attempt_has_secrets_of_its_own() -> None:
    listener = Listener(destination_config())
    replies = []
    for _ in range(3):
        speaker = Speaker(listener)
        replies.append(speaker.say(hello()))
        speaker.connection.receive_eof()
    for name in ("nonce", "migration_id", "channel_secret"):
        assert len({getattr(reply, name) for reply in replies}) == 3


@pytest.mark.requirement("HS-150")
def test_a_refusal_always_has_a_reason() -> None:
    def judge(_: Any) -> Any:
        return ()

    run = Loopback(source_config(), destination_config(judge=judge))
    run.migrate()
    assert run.outcome == ("failed", "refused")
    assert run.codes("source") == ["INTERNAL"]


def test_a_channel_may_come_again_while_others_are_awaited() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.pump()
    key = ChannelKey("multifd", 1)
    first = run.dial(key)
    first.far.receive_data(first.near.data_to_send())
    first.far.receive_eof()
    run.links.remove(first)
    for again in (key, ChannelKey("multifd", 0), ChannelKey("multifd", 2)):
        run.dial(again)
    run.pump()
    assert run.outcome == ("ready", "ready")
