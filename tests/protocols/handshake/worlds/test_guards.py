"""The guards of the model decide as the code does, over all small values: what is explored is what runs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from itertools import product

import pytest

from tests.protocols.handshake.loopback import (
    RESUMABLE_OFFER,
    STREAM,
    STRIPED_OFFER,
    Link,
    Loopback,
    Speaker,
    destination_config,
    hello,
    offer,
    source_config,
)
from wireformat.protocols.channels.messages import NO_BINDING, ChannelHeader, ChannelKind, HeaderEntries, HeaderFlags
from wireformat.protocols.handshake.messages import CommitAck
from wireformat.protocols.handshake.negotiation.negotiate import negotiate
from wireformat.protocols.handshake.negotiation.offers import CapabilityOffer, Offer, Result, Wish
from wireformat.protocols.handshake.sessions import keys, opening
from wireformat.protocols.handshake.sessions.binding import Binding
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.frames import entry_place
from wireformat.protocols.handshake.sessions.listener import Listener
from wireformat.protocols.handshake.sessions.refusal import Violation
from wireformat.protocols.handshake.sessions.resume import Thread, request
from wireformat.protocols.handshake.sessions.transcript import TAG, Transcript, check_seal
from wireformat.protocols.handshake.worlds import guards as world_guards
from wireformat.protocols.handshake.worlds.agreement import UNPROVEN, Agreement, Case
from wireformat.protocols.handshake.worlds.guards import GUARDS, Header
from wireformat.protocols.handshake.worlds.line import SOURCE, Message

SECRETS = {"our secret": bytes(range(32)), "their secret": bytes(32)}
BINDINGS = {"ours": bytes(range(16)), "theirs": bytes(range(1, 17))}
NAMES = list(product(BINDINGS, (0, 1), ("multifd", "nbd"), range(3)))
"""What a header says and a proof covers: binding, epoch, type, index; two indices are planned."""


def headers() -> Iterator[Header]:
    """All small headers with all small proofs."""
    for (binding, epoch, kind, index), secret, proven in product(NAMES, SECRETS, NAMES):
        yield Header("guest", binding, epoch, kind, index, (secret, *proven))


def as_sent(header: Header, proofs: dict[Hashable, bytes]) -> ChannelHeader:
    """The header that one of the model stands for."""
    entries = HeaderEntries(
        channel_type=header.type, index=header.number, proof=proofs[header.proof], epoch=header.epoch
    )
    flags, binding = HeaderFlags.FROM_SOURCE, BINDINGS[header.binding]
    return ChannelHeader(kind=ChannelKind.DATA, flags=flags, binding=binding, entries=entries)


def admitted(binding: Binding, header: ChannelHeader) -> int | None:
    """The index of the place that a channel may take."""
    try:
        return binding.admit(header).index
    except Violation:
        return None


@pytest.fixture(scope="module")
def proofs() -> dict[Hashable, bytes]:
    """Every proof of the model as bytes."""
    return {
        (secret, name, epoch, kind, index): keys.channel_proof(
            SECRETS[secret], BINDINGS[name], epoch, ChannelKey(kind, index)
        )
        for secret, (name, epoch, kind, index) in product(SECRETS, NAMES)
    }


@pytest.mark.requirement("CH-054", "CH-055", "CH-056", "CH-057", "CH-058")
@pytest.mark.parametrize("becomes", ["bound", "refused"])
@pytest.mark.parametrize("is_filled", list(product((False, True), repeat=2)))
def test_slots_are_those_of_the_code(becomes: str, is_filled: tuple[bool, bool], proofs: dict[Hashable, bytes]) -> None:
    plan = (ChannelKey("multifd", 0), ChannelKey("multifd", 1))
    binding = Binding(Thread(BINDINGS["ours"], SECRETS["our secret"], 1), plan)
    getattr(binding, becomes).update(key for key in plan if is_filled[key.index])
    found = {header: admitted(binding, as_sent(header, proofs)) for header in headers()}
    assert found == {header: GUARDS.slot_of(header, is_filled, 1) for header in found}
    assert sum(index is not None for index in found.values()) == is_filled.count(False)


SIDES = list(product(((1,), (2,), (1, 2)), ("none", "want", "require")))
WISHES = {"want": Wish.WANT, "require": Wish.REQUIRE}


def as_offered(versions: tuple[int, ...], feature: str) -> Offer:
    """The offer that one of the model stands for."""
    entry = CapabilityOffer("multifd", able=True, wish=WISHES[feature]) if feature != "none" else None
    return offer(versions=versions, capabilities=() if entry is None else (entry,))


@pytest.mark.requirement("HS-050")
@pytest.mark.parametrize("source", SIDES, ids=str)
@pytest.mark.parametrize("destination", SIDES, ids=str)
def test_results_are_those_of_the_code(
    source: tuple[tuple[int, ...], str], destination: tuple[tuple[int, ...], str]
) -> None:
    expected = GUARDS.negotiate(world_guards.Offer(*source), world_guards.Offer(*destination))
    found = negotiate(as_offered(*source), as_offered(*destination))
    said = (found.version, found.capabilities == ("multifd",)) if isinstance(found, Result) else None
    assert said == expected


@pytest.mark.requirement("HS-118")
@pytest.mark.parametrize("needed", range(4))
@pytest.mark.parametrize("is_bound", list(product((False, True), repeat=3)))
def test_the_code_is_ready_when_the_model_is(needed: int, is_bound: tuple[bool, ...]) -> None:
    """Where nothing is needed, the code waits for all that may come; no plan of the model is like that."""
    needing = replace(STRIPED_OFFER, channels=(replace(STRIPED_OFFER.channels[0], minimum=needed),))
    run = Loopback(source_config(needing), destination_config(STRIPED_OFFER))
    run.pump()
    for index in (index for index, is_dialled in enumerate(is_bound) if is_dialled):
        run.dial(ChannelKey("multifd", index))
    run.pump()
    is_required = [index < needed or not needed for index in range(3)]
    assert (run.destination.state == "ready") is GUARDS.is_ready(is_bound, is_required)


@pytest.mark.requirement("CH-073")
@pytest.mark.parametrize("kind", [*ChannelKind, ChannelKind(77)])
def test_the_code_opens_what_the_model_opens(kind: ChannelKind) -> None:
    listener = Listener(destination_config())
    speaker = Speaker(listener, opening.header_bytes(TODAY, kind, NO_BINDING, from_source=True))
    speaker.say(hello())
    assert listener.is_busy is GUARDS.opens_migration((kind.name or "").lower())


@pytest.mark.requirement("HS-155", "HS-204")
def test_the_code_is_busy_when_the_model_is() -> None:
    run = Loopback(source_config(RESUMABLE_OFFER), destination_config(RESUMABLE_OFFER))
    states = {"listening": run.listener.is_busy}
    run.main.far.receive_data(run.source.data_to_send()[:32])
    states["header"] = run.listener.is_busy
    run = Loopback(source_config(RESUMABLE_OFFER), destination_config(RESUMABLE_OFFER))
    while run.main.move():
        states[run.destination.state] = run.listener.is_busy
    run.migrate()
    states[run.destination.state] = run.listener.is_busy
    assert {"replied", "judged", "ready", "complete"} <= states.keys()
    assert states == {state: GUARDS.is_busy(state, state == "complete") for state in states}


def come_back(run: Loopback, number: int) -> None:
    """Resume over a new connection."""
    run.source.reconnected(bytes([number]) * 32)
    run.links = [Link(run.source, run.listener.accept())]


def paused(epochs: int, is_confirmed: bool) -> Loopback:
    """A migration that was cut in that epoch, before or after the destination heard something in it."""
    run = Loopback(source_config(RESUMABLE_OFFER), destination_config(RESUMABLE_OFFER))
    run.handshake()
    run.source.start()
    run.source.send_payload(STREAM[:20])
    for number in range(1, epochs + 1):
        run.pump()
        run.links[0].cut()
        come_back(run, number)
        run.pump()
        if is_confirmed or number < epochs:
            run.source.skip_payload(STREAM[: 19 + number])
            run.source.send_payload(STREAM[19 + number : 20 + number])
    run.pump()
    run.links[0].cut()
    assert run.destination.state == "paused"
    return run


@pytest.mark.requirement("HS-192")
@pytest.mark.parametrize(("current", "is_confirmed"), [(0, True), (1, False), (1, True), (2, False), (2, True)])
@pytest.mark.parametrize("epoch", range(5))
def test_the_code_takes_the_epochs_of_the_model(current: int, is_confirmed: bool, epoch: int) -> None:
    run = paused(current, is_confirmed)
    thread, agreed = run.destination.thread, run.destination.agreed
    assert thread is not None
    assert thread.epoch == current
    header, message = request(replace(thread, epoch=epoch), bytes([9]) * 32, 20, TODAY)
    speaker = Speaker(run.listener, header)
    if not speaker.connection.wants_close:
        speaker.say(message)
    assert (run.destination.state == "payload") is GUARDS.takes_epoch(epoch, current, is_confirmed)
    assert run.destination.agreed == GUARDS.result_after_resume(agreed, None)


KEY = bytes(range(32))


def is_taken(has_key: bool, is_same: bool, proof: str) -> bool:
    """Whether a source takes a COMMIT_ACK with the transcript that it computes or another one, and a proof."""
    transcript = Transcript(b"")
    transcript.headers(b"s", b"d")
    bare = TODAY.frames().encode(TODAY.frame(0, CommitAck(transcript=bytes(32))))
    digest = transcript.digest(bare, entry_place(bare, TAG)) if is_same else bytes(32)
    key = {"right": KEY, "wrong": bytes(32)}.get(proof)
    message = CommitAck(transcript=digest, confirmation=key and keys.confirmation(key, "destination", digest))
    raw = TODAY.frames().encode(TODAY.frame(0, message))
    try:
        check_seal(message, raw, transcript, KEY if has_key else b"", "destination")
    except Violation:
        return False
    return True


@pytest.mark.requirement("HS-111", "HS-112")
@pytest.mark.parametrize("has_key", [False, True])
@pytest.mark.parametrize("is_same", [False, True])
@pytest.mark.parametrize("proof", ["none", "right", "wrong"])
def test_what_is_confirmed_is_that_of_the_code(has_key: bool, is_same: bool, proof: str) -> None:
    agreement = Agreement(GUARDS)
    source = agreement.begun("commit-sent", "one")
    number = agreement.expected(source, Message("CommitAck", ("", ""))) if is_same else -1
    said = {"none": UNPROVEN, "right": f"CommitAck {number} with the key", "wrong": "a guess"}[proof]
    case = Case((world_guards.Offer((1,), "none"), world_guards.Offer((1,), "none")), has_key=has_key)
    after = agreement.understood(case, SOURCE, source, Message("CommitAck", (number, said)))
    assert (after is not None) is is_taken(has_key, is_same, proof)
