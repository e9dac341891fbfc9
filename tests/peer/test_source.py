"""A source: whatever happens to its connections, both sides end in a state that both can tell."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from tests.captures.bundle import Captures
from tests.peer.migration import RESUME, Sent, Served, destination, payload_of, send, source, source_config
from tests.peer.relay import relay
from tests.peer.talk import run
from wireformat.peer.destination import Policy
from wireformat.peer.listening import listen
from wireformat.peer.payload import Payload
from wireformat.peer.wire import Wire
from wireformat.protocols.handshake.negotiation.offers import Wish
from wireformat.protocols.handshake.sessions.events import ChannelRefused, Failed, Held, Paused, Resumed
from wireformat.protocols.qapi.addresses import Address, Exec, Unix, parse

CUTS = 40
"""Places of a migration at which it is cut, in the quick test."""


@pytest.fixture
def small(captures: Captures) -> Payload:
    """A stream of 3 kB."""
    return payload_of(captures["7.2/avr-uno"].path)


@pytest.fixture
def large(captures: Captures) -> Payload:
    """A stream that no socket holds."""
    return payload_of(captures["7.2/pc-minimal"].path)


def content(payload: Payload) -> bytes:
    return b"".join(payload.chunks())


async def settled(served: Served) -> None:
    """Wait until the destination's attempt has ended, which a cut may take a moment to do."""
    while (session := served.peer.sessions.session) is not None and not session.is_over:
        if session.state in ("paused", "held"):
            return
        await asyncio.sleep(0.01)


async def size_of(folder: Path, payload: Payload, channels: int) -> int:
    """Bytes that a whole migration exchanges."""
    async with destination(folder) as served, relay(folder, served.address) as between:
        sent = await send(between.address, payload, source_config(channels))
        await served.running
        assert sent.state == "complete"
        return between.carried


async def cut_at(folder: Path, payload: Payload, channels: int, limit: int) -> tuple[str, str]:
    """The states of both sides after a cut; a second migration must succeed where the destination still listens."""
    async with destination(folder) as served, relay(folder, served.address, limit) as between:
        sent = await send(between.address, payload, source_config(channels))
        await settled(served)
        session = served.peer.sessions.session
        state = session.state if session else "listening"
        check(sent, served, state)
        if state in ("listening", "failed", "refused"):
            again = await send(between.address, payload, source_config(channels))
            assert again.state == "complete"
            assert served.received == content(payload)
        return sent.state, state


def check(sent: Sent, served: Served, state: str) -> None:
    """No side is in a state that the other's contradicts [handshake D.14]."""
    allowed = {
        "failed": {"listening", "failed", "refused", "held"},
        "unknown": {"held", "complete"},
        "complete": {"complete"},
    }
    assert state in allowed[sent.state], (sent.state, state, sent.errors)
    assert bool(sent.errors) is (sent.state == "failed")
    assert served.target.exists() is (state == "complete")
    assert served.target.with_name(f"{served.target.name}.held").exists() is (state == "held")
    assert not served.target.with_name(f"{served.target.name}.part").exists()


@pytest.mark.slow
@pytest.mark.requirement("HS-144", "HS-146", "HS-150", "HS-190")
@pytest.mark.parametrize("channels", [0, 3])
def test_a_cut_anywhere_ends_both_sides(small: Payload, tmp_path: Path, channels: int) -> None:
    """Fails when a cut hangs a side, makes a success, or spoils the listener for the next migration."""

    async def migrate() -> set[tuple[str, str]]:
        whole = await size_of(tmp_path, small, channels)
        places = [*(whole * step // CUTS for step in range(CUTS)), *range(whole - 24, whole)]
        return {await cut_at(tmp_path, small, channels, limit) for limit in places}

    found = run(migrate(), 120)
    assert {("failed", "listening"), ("failed", "failed")} <= found
    assert found & {("unknown", "held"), ("unknown", "complete")}


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("channels", [0, 2])
def test_a_cut_at_every_byte_ends_both_sides(small: Payload, tmp_path: Path, channels: int) -> None:
    """At every one on main alone; with channels, whose bytes come in any order, at every third."""

    async def migrate() -> set[tuple[str, str]]:
        whole = await size_of(tmp_path, small, channels)
        return {await cut_at(tmp_path, small, channels, limit) for limit in range(0, whole, 1 + channels)}

    found = run(migrate(), 1700)
    assert {("failed", "listening"), ("failed", "failed"), ("failed", "held"), ("unknown", "held")} <= found


@pytest.mark.requirement("HS-190", "HS-191", "HS-195")
@pytest.mark.parametrize("channels", [0, 3])
def test_a_cut_stream_goes_on_where_it_was(large: Payload, tmp_path: Path, channels: int) -> None:
    async def migrate(limit: int) -> tuple[list[int], bytes | None]:
        async with destination(tmp_path) as served, relay(tmp_path, served.address, limit) as between:
            config = source_config(channels, {RESUME: Wish.REQUIRE})
            sent = await send(between.address, large, config)
            assert sent.state == "paused", sent.errors
            await settled(served)
            await sent.peer.resume(bytes(31) + b"\1")
            await served.running
            assert sent.state == "complete", sent.errors
            assert len(served.told(Paused)) == len(served.told(Resumed)) == 1
            return [event.offset for event in served.told(Resumed)], served.received

    for limit in Random(channels).sample(range(20_000, 150_000), 5):
        offsets, received = run(migrate(limit))
        assert received == content(large)
        assert 0 <= offsets[0] <= limit


@pytest.mark.requirement("HS-194")
def test_another_stream_is_not_gone_on_with(large: Payload, tmp_path: Path) -> None:
    """Fails when the bytes that arrived before a cut are not compared with those of the stream that goes on."""
    path = tmp_path / "other"
    other = bytearray(content(large))
    other[5000] ^= 1
    path.write_bytes(other)

    async def migrate() -> tuple[str, set[str], bytes | None]:
        async with destination(tmp_path) as served, relay(tmp_path, served.address, 200_000) as between:
            first = await send(between.address, large, source_config(wishes={RESUME: Wish.REQUIRE}))
            await settled(served)
            second = source(between.address, payload_of(path))
            second.peer.session = type(second.peer.session).from_snapshot(first.peer.session.snapshot())
            await second.peer.resume(bytes(31) + b"\2")
            await settled(served)
            return second.state, second.codes, served.received

    assert run(migrate()) == ("failed", {"MALFORMED"}, None)


@pytest.mark.slow
@pytest.mark.requirement("HS-150", "HS-160")
@pytest.mark.parametrize("limit", [0, 32, 500, 2500])
def test_a_silent_peer_is_not_waited_for(small: Payload, tmp_path: Path, limit: int) -> None:
    """Fails when a side waits for ever, or takes silence for consent."""

    async def migrate() -> tuple[str, set[str], bytes | None]:
        policy = Policy(timeout=0.3)
        async with destination(tmp_path, policy=policy) as served, relay(tmp_path, served.address) as between:

            async def deafen() -> None:
                while between.carried < limit:
                    await asyncio.sleep(0)
                between.is_deaf = True

            deafening = asyncio.create_task(deafen())
            sent = await send(between.address, small, timeout=0.3)
            await deafening
            await settled(served)
            return sent.state, sent.codes, served.received

    state, codes, received = run(migrate())
    assert state in ("failed", "unknown")
    assert codes <= {"PEER_SILENT"}
    assert received is None


def test_nobody_is_there(small: Payload, tmp_path: Path) -> None:
    sent = run(send(Unix(str(tmp_path / "nobody")), small))
    assert (sent.state, sent.codes) == ("failed", {"LOCAL_IO"})
    assert sent.errors[0].text == "No such file or directory"


async def answered(folder: Path, payload: Payload, answer: bytes | None) -> Sent:
    """How it goes where the peer says something else, or hangs up without a word."""

    def welcome(wire: Wire) -> None:
        tasks.append(asyncio.create_task(reply(wire)))

    async def reply(wire: Wire) -> None:
        await wire.read()
        await wire.write(answer or b"")
        await wire.finish()

    tasks: list[asyncio.Task[None]] = []
    listener = await listen(Unix(str(folder / "peer.sock")))
    serving = asyncio.create_task(listener.serve(welcome))
    sent = await send(parse(listener.names[0]), payload)
    serving.cancel()
    listener.close()
    return sent


@pytest.mark.requirement("HS-200", "HS-201")
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "LEGACY_PEER_SUSPECTED"),
        (b"QEVM\0\0\0\3", "LEGACY_PEER"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "LEGACY_PEER"),
        (b"\x15\x03\x01\0\2\2\x46", "TLS_UNEXPECTED"),
        (b"QEVM\x48\x53\0\1\1\0\0\x20\x2b\x12\x64\x3c", "LEGACY_PEER_SUSPECTED"),
    ],
)
def test_a_peer_of_another_kind_is_found_out(small: Payload, tmp_path: Path, answer: bytes, code: str) -> None:
    sent = run(answered(tmp_path, small, answer))
    assert (sent.state, sent.codes) == ("failed", {code})


@pytest.mark.requirement("CH-072", "HS-203")
def test_an_echo_is_found_out(small: Payload) -> None:
    sent = run(send(Exec(("cat",)), small))
    assert (sent.state, sent.codes) == ("failed", {"REFLECTION"})


@pytest.mark.requirement("HS-161")
@pytest.mark.parametrize("channels", [0, 2])
def test_cancelling_ends_both_sides(large: Payload, tmp_path: Path, channels: int) -> None:
    async def migrate() -> tuple[str, list[str], bytes | None]:
        async with destination(tmp_path) as served, relay(tmp_path, served.address) as between:
            sent = source(between.address, large, source_config(channels))
            running = asyncio.create_task(sent.peer.run())
            while between.carried < 100_000:
                await asyncio.sleep(0)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            await settled(served)
            codes = [item.code.name for event in served.told(Failed) for item in event.errors]
            return sent.state, codes, served.received

    state, codes, received = run(migrate())
    assert state == "cancelled"
    assert codes
    assert set(codes) <= {"CANCELLED", "PEER_CLOSED", "MALFORMED"}
    assert received is None


@pytest.mark.slow
@pytest.mark.requirement("HS-145")
def test_a_cut_after_loading_leaves_the_guest_held(small: Payload, tmp_path: Path) -> None:
    """The destination has everything, and may not run it: what it loaded is kept aside [handshake D.14]."""

    async def migrate(limit: int) -> tuple[str, bytes | None]:
        async with destination(tmp_path) as served, relay(tmp_path, served.address, limit) as between:
            await send(between.address, small)
            await settled(served)
            held = served.target.with_name(f"{served.target.name}.held")
            return ("held" if served.told(Held) else "", held.read_bytes() if held.exists() else None)

    whole = run(size_of(tmp_path, small, 0))
    found = [run(migrate(whole - back)) for back in range(1, 60)]
    assert ("held", content(small)) in found
    assert all(bytes_ is None for kind, bytes_ in found if not kind)


@pytest.mark.requirement("CH-063")
def test_a_channel_that_cannot_be_opened_fails_the_migration(small: Payload, tmp_path: Path) -> None:
    async def migrate() -> tuple[str, bool]:
        async with destination(tmp_path) as served, relay(tmp_path, served.address) as between:
            sent = source(between.address, small, source_config(1))
            dialler = sent.peer._dialler
            running = asyncio.create_task(sent.peer.run())
            while not between.connection_count:
                await asyncio.sleep(0)
            object.__setattr__(dialler, "address", nowhere(tmp_path))
            await running
            return sent.state, any(isinstance(event, ChannelRefused) for event in sent.events)

    assert run(migrate()) == ("failed", True)


def nowhere(folder: Path) -> Address:
    return Unix(str(folder / "nowhere"))
