"""Strangers in numbers, while a migration goes on: it does not notice, and memory stays [R-CH-06, handshake P-13]."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from tests.captures.bundle import Captures
from tests.peer.crowd import crowd, idlers
from tests.peer.migration import MOST_EVENTS, Sent, Served, destination, payload_of, send, source, source_config
from tests.peer.relay import relay
from tests.peer.talk import run
from wireformat.peer.destination import STRANGERS, Policy
from wireformat.peer.payload import Payload
from wireformat.peer.wire import Wire
from wireformat.protocols.channels.messages import NO_BINDING, ChannelKind
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import StrangerRefused
from wireformat.protocols.handshake.sessions.opening import header_bytes
from wireformat.protocols.qapi.addresses import Unix

MAIN_HEADER = header_bytes(TODAY, ChannelKind.MAIN, NO_BINDING, from_source=True)
OURS = b"QEVM\x48\x53\0\1"
LONG = 1700.0
"""Seconds: more than any crowd takes."""

ALLOWED = 8 << 20
"""Bytes by which the process may grow."""


@pytest.fixture
def payload(captures: Captures) -> Payload:
    """A stream that no socket holds."""
    return payload_of(captures["7.2/pc-minimal"].path)


def resident() -> int:
    """Memory of this process, in bytes."""
    gc.collect()
    text = Path("/proc/self/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) * 1024


def path_of(served: Served) -> Path:
    assert isinstance(served.address, Unix)
    return Path(served.address.path)


async def disturbed(folder: Path, payload: Payload, number: int, channels: int) -> tuple[Sent, Served, set[bytes]]:
    """A migration that cannot end before a crowd has come and gone; how it went, and what the crowd was answered."""
    policy = Policy(timeout=LONG, header_time=2.0)
    async with destination(folder, policy=policy) as served, relay(folder, served.address) as between:
        await crowd(path_of(served), 300, seed=1)
        between.gate_at = 100_000
        sent = source(between.address, payload, source_config(channels), LONG)
        migrating = asyncio.create_task(sent.peer.run())
        while between.carried < between.gate_at:
            await asyncio.sleep(0.01)
        before = resident()
        answers = await crowd(path_of(served), number, seed=number)
        grown = resident() - before
        assert grown < ALLOWED, f"grew by {grown} bytes"
        assert len(served.peer.lobby) <= STRANGERS
        between.gate.set()
        await migrating
        await served.running
        assert len(served.told(StrangerRefused)) > min(number, MOST_EVENTS) / 4
        return sent, served, set(answers)


@pytest.mark.slow
@pytest.mark.requirement("CH-070", "CH-073", "CH-074")
@pytest.mark.parametrize("channels", [0, 2])
def test_a_crowd_does_not_disturb_a_migration(payload: Payload, tmp_path: Path, channels: int) -> None:
    sent, served, answers = run(disturbed(tmp_path, payload, 1000, channels), LONG)
    assert sent.state == "complete", sent.errors
    assert served.received == b"".join(payload.chunks())
    assert answers == {b"", OURS}


@pytest.mark.requirement("CH-070", "CH-074")
@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_strangers(payload: Payload, tmp_path: Path) -> None:
    sent, served, answers = run(disturbed(tmp_path, payload, 100_000, 2), LONG)
    assert sent.state == "complete", sent.errors
    assert served.received == b"".join(payload.chunks())
    assert answers == {b"", OURS}


@pytest.mark.requirement("CH-074")
def test_those_who_stay_silent_make_room_for_others(payload: Payload, tmp_path: Path) -> None:
    """Fails when idle connections keep a source out, or are kept for ever."""

    async def migrate() -> tuple[str, int, int]:
        async with destination(tmp_path, policy=Policy(header_time=60.0)) as served:
            idle = await idlers(path_of(served), 5 * STRANGERS)
            while served.peer.lobby.dropped < 4 * STRANGERS:
                await asyncio.sleep(0.01)
            sent = await send(served.address, payload, source_config(2))
            await served.running
            for each in idle:
                each.close()
            return sent.state, served.peer.lobby.dropped, len(served.peer.lobby)

    state, dropped, left = run(migrate(), 60)
    assert (state, left) == ("complete", 0)
    assert dropped >= 4 * STRANGERS


@pytest.mark.requirement("CH-074")
def test_headers_of_strangers_leave_them_strangers(payload: Payload, tmp_path: Path) -> None:
    """Fails when a header that proves nothing lifts the bound on connections, while a migration is under way or not."""

    async def migrate() -> tuple[str, int, int]:
        policy = Policy(header_time=60.0)
        async with destination(tmp_path, policy=policy) as served, relay(tmp_path, served.address) as between:
            between.gate_at = 100_000
            sent = source(between.address, payload, source_config())
            migrating = asyncio.create_task(sent.peer.run())
            while between.carried < between.gate_at:
                await asyncio.sleep(0.01)
            idle = await idlers(path_of(served), 2 * STRANGERS)
            for each in idle:
                with suppress(OSError):
                    await asyncio.get_running_loop().sock_sendall(each, MAIN_HEADER)
            await asyncio.sleep(0.1)
            strangers = len(served.peer.lobby)
            between.gate.set()
            await migrating
            for each in idle:
                each.close()
            return sent.state, strangers, served.peer.lobby.dropped

    state, strangers, dropped = run(migrate())
    assert (state, strangers) == ("complete", STRANGERS)
    assert dropped >= STRANGERS


@pytest.mark.requirement("CH-070")
def test_a_header_alone_holds_nobody_up(payload: Payload, tmp_path: Path) -> None:
    """Fails when whoever sends the 32 bytes that open a migration keeps a source out."""

    async def migrate() -> str:
        async with destination(tmp_path) as served:
            idle = await idlers(path_of(served), 3)
            for each in idle:
                await asyncio.get_running_loop().sock_sendall(each, MAIN_HEADER)
            await asyncio.sleep(0.05)
            sent = await send(served.address, payload)
            for each in idle:
                each.close()
            return sent.state

    assert run(migrate()) == "complete"


@pytest.mark.requirement("CH-070")
def test_a_channel_that_is_crowded_out_is_opened_again(payload: Payload, tmp_path: Path) -> None:
    """Fails when a crowd that fills the lobby in the wrong moment ends a migration that opens its channels."""

    async def migrate() -> tuple[str, int]:
        async with destination(tmp_path, policy=Policy(strangers=1)) as served:
            drop, numbers = served.peer.lobby._drop, count()

            def welcome(wire: Wire) -> None:
                enter(wire)
                if next(numbers) in (1, 2, 4):
                    drop(wire)

            enter = served.peer.lobby.enter
            served.peer.lobby.enter = welcome  # type: ignore[method-assign]
            sent = await send(served.address, payload, source_config(3))
            await served.running
            return sent.state, served.peer.lobby.dropped

    state, dropped = run(migrate())
    assert state == "complete"
    assert dropped >= 3


@pytest.mark.requirement("CH-075")
def test_a_header_must_come_in_time(tmp_path: Path) -> None:
    """A slow writer is sent away after the header time, however often it writes."""

    async def trickle() -> float:
        async with destination(tmp_path, policy=Policy(header_time=0.3)) as served:
            loop = asyncio.get_running_loop()
            start = loop.time()
            (slow,) = await idlers(path_of(served), 1)
            try:
                for byte in OURS + bytes(100):
                    await loop.sock_sendall(slow, bytes([byte]))
                    await asyncio.sleep(0.02)
            except OSError:
                pass
            slow.close()
            return loop.time() - start

    assert 0.25 < run(trickle()) < 1.5
