"""What holds of both sides at once: splitting, damage, turns, ends, and that no bytes break a session."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest

from tests.protocols.handshake.loopback import (
    INVENTORY,
    MAIN_HEADER,
    STREAM,
    STRIPED_OFFER,
    Loopback,
    destination_config,
    frames_of,
    message_of,
    names,
    offer,
    relay,
    said,
    source_config,
    with_entry,
)
from wireformat.errors import LocalProtocolError
from wireformat.protocols.handshake import messages
from wireformat.protocols.handshake.messages import ConfirmLevel, Context, Progress
from wireformat.protocols.handshake.negotiation.offers import CapabilityOffer, Offer, ParameterOffer, Wish
from wireformat.protocols.handshake.sessions.destination import DestinationSession
from wireformat.protocols.handshake.sessions.events import Event, Failed, Negotiated, PayloadReceived, ProgressReported
from wireformat.protocols.handshake.sessions.listener import Listener
from wireformat.protocols.handshake.sessions.payloads import FRAMED, HANDOVER, RAW
from wireformat.protocols.handshake.sessions.session import MACHINE, Session
from wireformat.protocols.handshake.sessions.source import SourceSession
from wireformat.schema.lift import lift
from wireformat.schema.values import Unknown

HANDING = offer(HANDOVER)
PSK = {"confirm": ConfirmLevel.PSK, "psk": bytes(range(40, 72))}


def told(events: list[Event]) -> list[Event]:
    """Events without those whose number follows from how bytes arrive."""
    return [event for event in events if not isinstance(event, PayloadReceived)]


@pytest.mark.requirement("HS-158", "HS-253")
@pytest.mark.parametrize("wanted", [offer(), HANDING, STRIPED_OFFER])
@pytest.mark.parametrize("seed", [None, 5])
def test_splitting_changes_nothing(wanted: Offer, seed: int | None) -> None:
    runs = []
    for step in (0, 1, 7):
        run = Loopback(source_config(wanted, grease=seed), destination_config(wanted, grease=seed), step=step)
        run.migrate()
        assert run.outcome == ("complete", "complete")
        assert run.received == STREAM
        runs.append((told(run.told), told(run.heard)))
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.requirement("HS-258", "CH-030", "HS-012", "HS-015", "HS-034")
@pytest.mark.parametrize("seed", range(12))
def test_nonsense_changes_nothing(seed: int) -> None:
    plain = Loopback(source_config(STRIPED_OFFER, **PSK), destination_config(STRIPED_OFFER, **PSK))
    greased = Loopback(
        source_config(STRIPED_OFFER, grease=seed, **PSK), destination_config(STRIPED_OFFER, grease=seed + 100, **PSK)
    )
    for run in (plain, greased):
        run.migrate()
    assert told(greased.told) == told(plain.told)
    assert told(greased.heard) == told(plain.heard)
    assert len(greased.main.log[0][1]) > len(plain.main.log[0][1])


MESSAGES = ("Hello", "HelloReply", "Inventory", "InventoryReply", "Commit", "CommitAck", "Start")


def free_numbers(name: str) -> list[int]:
    """A number in front of, between and behind the entries of a message, for each place where one is free."""
    known = {(field.tag or 0) & 0x7FFF for field in lift(getattr(messages, name)).record.fields}
    return sorted({*({1} - known), *({number + 1 for number in known if number < 0x7FFE} - known), 0x7F00})


PLACES = [(name, number) for name in MESSAGES for number in free_numbers(name)]


class Inserting:
    """Puts one entry that is not critical into every message of one kind."""

    def __init__(self, name: str, number: int) -> None:
        self._name, self._number = name, number

    def frames(self) -> list[Unknown]:
        return []

    def dressed(self, message: Any) -> Any:
        if type(message).__name__ != self._name:
            return message
        return replace(message, unknown=(Unknown(self._number, b"later"),))


@pytest.mark.requirement("HS-256", "CH-023", "HS-004", "HS-210")
@pytest.mark.parametrize(("name", "number"), PLACES)
def test_unknown_entries_are_skipped(name: str, number: int) -> None:
    """Fails when one is refused, or when the result is another than without it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wireformat.protocols.handshake.sessions.session.Greasing", lambda _: Inserting(name, number))
        plain, run = (
            Loopback(source_config(HANDING, grease=seed), destination_config(HANDING, grease=seed))
            for seed in (None, 0)
        )
        for each in (plain, run):
            each.migrate()
    assert run.outcome == ("complete", "complete")
    assert run.source.agreed == run.destination.agreed == plain.source.agreed
    found = [message for side in ("source", "destination") for message in said(run.main, side)]
    assert [type(one).__name__ for one in found if getattr(one, "unknown", ())] == [name]


@pytest.mark.requirement("HS-257", "CH-022", "HS-004", "HS-157")
@pytest.mark.parametrize(("name", "number"), PLACES)
def test_unknown_critical_entries_are_refused(name: str, number: int) -> None:
    run = Loopback(source_config(HANDING), destination_config(HANDING))

    def spoil(_: str, data: bytes) -> bytes:
        start = 32 if data.startswith(b"QEVM") else 0
        frames = frames_of(data if start else MAIN_HEADER + data)
        spoiled = [with_entry(f, 0x8000 | number, b"") if type(message_of(f)).__name__ == name else f for f in frames]
        return data[:start] + b"".join(spoiled)

    run.main.tamper = spoil
    run.handshake()
    if run.source.state == "ready":
        run.source.start()
        run.pump()
    assert run.codes("source")[:1] == ["UNKNOWN_CRITICAL"]
    assert run.source.state == "failed"


def original(wanted: Offer) -> tuple[bytes, bytes]:
    """What source and destination send on the main channel up to START."""
    run = Loopback(source_config(wanted), destination_config(wanted))
    run.migrate()
    sides = {side: b"".join(data for name, data in run.main.log if name == side) for side in ("source", "destination")}
    return sides["source"], sides["destination"]


class Damage:
    """Changes one byte of what one side sends."""

    def __init__(self, side: str, place: int, bit: int) -> None:
        self._side, self._place, self._bit = side, place, bit
        self._seen = 0

    def __call__(self, side: str, data: bytes) -> bytes:
        if side != self._side:
            return data
        local, self._seen = self._place - self._seen, self._seen + len(data)
        if not 0 <= local < len(data):
            return data
        return data[:local] + bytes([data[local] ^ 1 << self._bit]) + data[local + 1 :]


@pytest.mark.requirement("HS-254", "HS-003", "HS-111")
@pytest.mark.parametrize(("side", "index"), [("source", 0), ("destination", 1)])
def test_a_flipped_bit_never_goes_unnoticed(side: str, index: int) -> None:
    bytes_before_start = original(offer())[index][: -len(STREAM) - 31] if side == "source" else original(offer())[index]
    random = Random(4)
    for place in range(0, len(bytes_before_start), 3):
        run = Loopback(source_config(), destination_config())
        run.main.tamper = Damage(side, place, random.randrange(8))
        run.handshake()
        if run.source.state != "ready":
            run.source.silence()
            run.pump()
            assert run.source.state == "failed", place
            assert run.codes("source") != []
        else:
            assert place >= len(original(offer())[1]) - 16 or side == "source"


@pytest.mark.requirement("HS-255", "HS-150", "HS-190")
@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_cut_anywhere_fails_on_both_sides(side: str) -> None:
    count = len(original(HANDING)[side == "destination"])
    for place in range(0, count, 5):
        run = Loopback(source_config(HANDING), destination_config(HANDING))
        passed = 0

        def cut(sender: str, data: bytes, run: Loopback = run, place: int = place) -> bytes:
            nonlocal passed
            if sender != side:
                return data
            room, passed = max(0, place - passed), passed + len(data)
            return data[:room]

        run.main.tamper = cut
        run.migrate()
        run.main.cut()
        run.pump()
        assert run.source.state != "complete" or side == "source"
        assert run.source.state in ("failed", "unknown", "complete")
        assert run.listener.session is None or run.destination.state in ("failed", "held", "complete")


@pytest.mark.requirement("HS-015", "HS-160", "HS-161")
@pytest.mark.parametrize("how", ["cancel", "silence"])
@pytest.mark.parametrize("who", ["source", "destination"])
@pytest.mark.parametrize("moves", range(7))
def test_ending_it_at_any_time_ends_both(how: str, who: str, moves: int) -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    for _ in range(moves):
        run.main.far.receive_data(run.source.data_to_send())
        run.source.receive_data(run.main.far.data_to_send())
    if run.listener.session is None and who == "destination":
        assert moves == 0
        return
    session: Session = run.source if who == "source" else run.destination
    session.cancel() if how == "cancel" else session.silence()
    run.pump()
    assert session.state == ("cancelled" if how == "cancel" else "failed")
    other = run.listener.session if who == "source" else run.source
    assert other is None or other.state == "failed"
    expected = {
        "cancel": ["CANCELLED"],
        "silence": ["PEER_SILENT"] if (who, moves > 2) != ("destination", True) else ["CHANNEL_MISSING"] * 3,
    }[how]
    if other is not None:
        assert run.codes("destination" if who == "source" else "source") == expected


def test_cancelling_what_is_over_is_our_own_fault() -> None:
    run = Loopback(source_config(), destination_config())
    run.migrate()
    with pytest.raises(LocalProtocolError) as caught:
        run.source.cancel()
    assert caught.value.id == "illegal-event"


@pytest.mark.requirement("HS-039", "HS-112", "HS-113", "HS-115")
@pytest.mark.parametrize(
    ("near", "far", "expected"),
    [
        (PSK, PSK, []),
        (PSK, {**PSK, "psk": bytes(32)}, ["CONFIRM_MAC"]),
        (PSK, {**PSK, "psk": bytes(range(40, 71)) + b"!"}, ["CONFIRM_MAC"]),
        (PSK, {}, ["CONFIRM_MAC"]),
        ({}, PSK, ["CONFIRM_MAC"]),
        ({"confirm": ConfirmLevel.EXPORTER}, {"confirm": ConfirmLevel.EXPORTER}, []),
    ],
)
def test_confirmation(near: dict[str, Any], far: dict[str, Any], expected: list[str]) -> None:
    run = Loopback(source_config(**near), destination_config(**far), exporter=bytes(range(32)))
    run.migrate()
    assert run.codes("source") == expected
    assert (run.source.state == "complete") is not bool(expected)


@pytest.mark.requirement("HS-112", "HS-113")
def test_exporters_that_differ() -> None:
    level: dict[str, Any] = {"confirm": ConfirmLevel.EXPORTER}
    run = Loopback(source_config(**level), destination_config(**level), exporter=bytes(range(32)))
    run.main.far = run.listener.accept(bytes(32))
    run.migrate()
    assert run.codes("source") == ["CONFIRM_MAC"]


def test_a_key_that_is_not_there_is_our_own_fault() -> None:
    source = SourceSession(source_config(confirm=ConfirmLevel.EXPORTER))
    source.connect()
    with pytest.raises(LocalProtocolError) as caught:
        source.connected()
    assert caught.value.id == "handshake/usage"


@pytest.mark.requirement("HS-038", "HS-083")
def test_every_mismatch_is_reported_at_once() -> None:
    near = source_config(
        replace(offer(payloads=(FRAMED,)), capabilities=(CapabilityOffer("xbzrle", True, Wish.REQUIRE),)),
        context=Context(label="web", uuid=bytes(16)),
        confirm=ConfirmLevel.PSK,
        psk=bytes(32),
    )
    run = Loopback(near, destination_config(context=Context(label="db")))
    run.migrate()
    assert run.outcome == ("failed", "refused")
    failure = run.told[-1]
    assert isinstance(failure, Failed)
    assert [(item.code.name, item.path) for item in failure.errors] == [
        ("NO_COMMON_PAYLOAD", "/payloads"),
        ("CONFIRM_MAC", "/confirm"),
        ("CONTEXT_MISMATCH", "/context/label"),
        ("CONTEXT_MISMATCH", "/context/uuid"),
        ("CAP_UNSUPPORTED", "/capabilities/xbzrle"),
    ]


@pytest.mark.requirement("HS-084")
def test_repairing_every_named_item_makes_it_succeed() -> None:
    context = Context(label="web", uuid=bytes(16))
    run = Loopback(source_config(offer(), context=context), destination_config(offer(), context=context))
    run.migrate()
    assert run.outcome == ("complete", "complete")


@pytest.mark.requirement("HS-032")
@pytest.mark.parametrize("text", ["", "QEMU 10.2.0", "\u00e4" * 60, "wireformat 0"])
def test_no_decision_rests_on_text(text: str) -> None:
    def spoil(message: Any) -> Any:
        return replace(message, verdicts=message.verdicts)

    run = Loopback(source_config(implementation=text), destination_config(implementation=text[::-1]))
    run.main.tamper = relay("destination", "InventoryReply", spoil)
    run.migrate()
    assert run.outcome == ("complete", "complete")
    assert next(event for event in run.told if isinstance(event, Negotiated)).peer == text[::-1]


@pytest.mark.requirement("HS-035")
def test_local_parameters_are_never_offered() -> None:
    local = offer(parameters=(ParameterOffer("tls-creds", "canary-71f3"),))
    for make in (partial(SourceSession, source_config(local)), partial(DestinationSession, destination_config(local))):
        with pytest.raises(LocalProtocolError) as caught:
            make()
        assert caught.value.path == "/parameters/tls-creds"


@pytest.mark.requirement("HS-015", "HS-017")
def test_progress_is_told_by_who_has_the_turn() -> None:
    run = Loopback(source_config(HANDING), destination_config(HANDING))
    with pytest.raises(LocalProtocolError) as caught:
        run.source.progress("too early")
    assert caught.value.id == "illegal-event"
    run.handshake()
    run.source.start()
    run.send(STREAM)
    run.pump()
    assert run.destination.state == "handed-over"
    run.destination.progress("loading", 40)
    run.pump()
    assert run.told[-1] == ProgressReported("loading", 40)


@pytest.mark.requirement("HS-014", "HS-016")
def test_progress_out_of_turn_ends_it() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.pump()
    run.source._outgoing.append(run.source._writer.encode(Progress(text="not my turn")))
    assert run.destination.state == "binding"
    run.pump()
    assert run.codes("source") == ["UNEXPECTED"]


@pytest.mark.requirement("CH-072", "HS-203")
def test_reflection() -> None:
    source = SourceSession(source_config())
    source.connect()
    source.connected()
    source.receive_data(source.data_to_send())
    (event,) = source.events()
    assert isinstance(event, Failed)
    assert [item.code.name for item in event.errors] == ["REFLECTION"]


@pytest.mark.requirement("HS-013")
def test_a_message_that_is_too_long_is_not_sent() -> None:
    sections = tuple(replace(INVENTORY.sections[0], idstr=f"{index:0250}") for index in range(300))
    run = Loopback(
        source_config(inventory=replace(INVENTORY, sections=sections)), destination_config(inventory_size=65536)
    )
    run.migrate()
    assert run.codes("source") == ["LIMIT"]
    assert run.codes("destination") == ["LIMIT"]


def test_states_that_end_are_those_of_the_table() -> None:
    run = Loopback(source_config(), destination_config())
    assert not run.source.is_over
    run.migrate()
    assert run.source.is_over
    assert MACHINE.is_final("source", run.source.state)


def mutated(data: bytes, random: Random) -> bytes:
    """Bytes with something wrong about them."""
    changed = bytearray(data)
    for _ in range(random.randrange(1, 4)):
        place = random.randrange(len(changed) + 1)
        match random.randrange(4):
            case 0:
                changed[place : place + random.randrange(8)] = random.randbytes(random.randrange(8))
            case 1:
                changed[place:place] = changed[random.randrange(len(changed) + 1) :][:20]
            case 2:
                del changed[place : place + random.randrange(20)]
            case _:
                changed[place : place + 1] = b"\xff"
    return bytes(changed)


@pytest.mark.requirement("HS-158")
@pytest.mark.parametrize("seed", range(4))
def test_mutated_bytes_never_break_a_listener(seed: int) -> None:
    listener, random = Listener(destination_config(HANDING)), Random(seed)
    data = original(HANDING)[0]
    for _ in range(150):
        connection = listener.accept()
        connection.receive_data(mutated(data, random))
        connection.receive_eof()
        connection.data_to_send()
        while listener.next_event():
            pass
        assert not listener.is_busy or (listener.session is not None and listener.session.state == "held")
        if listener.session is not None and listener.session.state == "held":
            listener.session.told_drop()


@pytest.mark.requirement("HS-158")
@pytest.mark.parametrize("seed", range(4))
def test_mutated_bytes_never_break_a_source(seed: int) -> None:
    random = Random(seed)
    data = original(HANDING)[1]
    for _ in range(150):
        source = SourceSession(source_config(HANDING))
        source.connect()
        source.connected()
        source.receive_data(mutated(data, random))
        source.receive_eof()
        assert source.state == "failed"
        assert isinstance(list(source.events())[-1], Failed)


@pytest.mark.requirement("HS-018")
def test_the_messages_of_a_run_are_few() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.handshake()
    run.source.start()
    run.pump()
    assert len(said(run.main, "source")) + len(said(run.main, "destination")) == 8
    assert [len(link.log) for link in run.links[1:]] == [2, 2, 2]
    assert run.source.agreed.payload != RAW
    assert names(run.told)[-1] == "Started"
