"""Our SPICE servers over sockets, against strangers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from tests.peer.spice import HOST, Diary, Served, authority, client, linked_channels, served, until
from tests.peer.talk import run
from tests.protocols.spice.test_hostile import spoken
from tests.protocols.spice.test_party_mutations import broken
from wireformat.peer.spice_client import SpiceClient
from wireformat.protocols.spice.link import MAGIC
from wireformat.protocols.spice.party_events import LinkLost, TimerStarted

pytestmark = pytest.mark.slow

ERROR_REPLY = 16 + 178


async def talk(server: Served, data: bytes, *, ends: bool = True) -> bytes:
    """Say something, and hear all that the server answers, which must not take long."""
    reader, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(data)
    if ends:
        writer.write_eof()
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 2),
        (MAGIC + bytes.fromhex("01000000 03000000 1a000000"), 4),
        (MAGIC + bytes.fromhex("02000000 02000000 0a000000"), 3),
    ],
)
def test_what_is_no_link_is_answered(data: bytes, code: int) -> None:
    async def link() -> None:
        async with served() as server:
            answer = await talk(server, data, ends=False)
            assert len(answer) == ERROR_REPLY
            assert answer[16] == code

    run(link())


@pytest.mark.parametrize("data", [b"", b"REDQ", MAGIC + bytes.fromhex("02000000 02000000 1a000000 00")])
def test_who_says_nothing_is_sent_away(data: bytes) -> None:
    async def link() -> None:
        async with served(timeout=0.2) as server:
            assert await talk(server, data, ends=False) == b""

    run(link())


def test_who_never_begins_tls_is_let_go_at_the_end(tmp_path: Path) -> None:
    """Fails when a server that is closed leaves connections open whose TLS is not agreed on."""

    async def link() -> bytes:
        own, _ = authority(tmp_path)
        async with served(credentials=own, timeout=60.0) as server:
            reader, writer = await asyncio.open_connection(HOST, server.tls_port)
            await until(lambda: server.server._talking)
        try:
            return await reader.read()
        except ConnectionResetError:
            return b"reset"
        finally:
            writer.close()

    assert run(link()) == b"reset"


def test_a_server_takes_the_next_client() -> None:
    async def link() -> None:
        random = Random(1)
        async with served(timeout=0.5) as server:
            for number in range(40):
                said = spoken()["mini-c2s" if number % 2 else "full-c2s"]
                await talk(server, broken(said, random))
            async with client(server.place) as (peer, _):
                await until(lambda: linked_channels(peer) == {"main-0", "inputs-0"})
            assert len(server.diary.of(LinkLost)) > 20

    run(link(), 60)


@pytest.mark.slow
def test_too_many_connections() -> None:
    async def link() -> None:
        async with served(timeout=30.0) as server:
            crowd = [await asyncio.open_connection(HOST, server.port) for _ in range(256)]
            await until(lambda: len(server.server._talking) == 256)
            assert await talk(server, b"", ends=False) == b""
            for _, writer in crowd:
                writer.close()
            async with client(server.place) as (peer, _):
                await until(lambda: linked_channels(peer) == {"main-0", "inputs-0"})

    run(link(), 60)


def test_timers_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wireformat.protocols.spice.source_party.TIMER_SECONDS", 0.2)

    async def migrate() -> None:
        diary = Diary()
        async with (
            served(diary) as source,
            client(source.place, answering="ignore") as (peer, _),
        ):
            await until(lambda: linked_channels(peer) == {"main-0", "inputs-0"})
            source.server.migrate_connect(source.place)
            await until(lambda: source.party.source.state == "unlinked", 5)
            assert diary.steps("source")[-2:] == ["connect-timeout", "connect-done"]
            assert [timer.seconds for timer in diary.of(TimerStarted)] == [0.2]

    run(migrate())


LITTLE = 10_000
ASKED = bytes.fromhex("6800 00000000") * 5_000


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that keep little for a peer which does not read."""
    monkeypatch.setattr("wireformat.protocols.spice.connection.MAX_HELD", LITTLE)


@pytest.mark.usefixtures("little")
def test_who_asks_and_does_not_read_is_not_read() -> None:

    async def link() -> None:
        async with served() as server, client(server.place) as (peer, _):
            await until(lambda: linked_channels(peer) == {"main-0", "inputs-0"})
            assert server.party.session is not None
            connection = server.party.session.main.lane.connection
            (line,) = [each for each in server.server._lines if each.end is server.party.session.main.lane]
            line.wire.write = never  # type: ignore[method-assign]
            before = connection.next_serial
            await ask(peer)
            await until(lambda: connection.next_serial > before)
            await asyncio.sleep(0.2)
            before = connection.next_serial
            await ask(peer)
            await asyncio.sleep(0.2)
            assert connection.next_serial == before

    run(link())


async def ask(peer: SpiceClient) -> None:
    """Ask for the list of channels, again and again."""
    peer.party.main.lane.connection._outgoing += ASKED
    peer._settle()


async def never(data: bytes | memoryview) -> None:
    """A wire whose other end does not read."""
    await asyncio.Event().wait()


@pytest.mark.usefixtures("little")
def test_who_reads_at_last_is_read_again() -> None:
    async def link() -> None:
        async with served() as server, client(server.place) as (peer, _):
            await until(lambda: linked_channels(peer) == {"main-0", "inputs-0"})
            assert server.party.session is not None
            connection = server.party.session.main.lane.connection
            serial = connection.next_serial
            await ask(peer)
            await until(lambda: connection.next_serial == serial + len(ASKED) // 6)
            assert peer.party.state == "running"

    run(link(), 60)
