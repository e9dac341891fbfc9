"""A tap between our own parties: what it passes on, and what it writes down."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from tests.peer.spice import HOST, client, linked_channels, served, tapped, until
from tests.peer.talk import LARGE, run
from wireformat.peer.dialling import connect
from wireformat.peer.listening import listen
from wireformat.peer.spice_tap import SpiceTap
from wireformat.protocols.qapi.addresses import Address, Inet
from wireformat.protocols.spice.capture import Capture, files_of, read_capture
from wireformat.protocols.spice.party_events import Over, Place
from wireformat.protocols.spice.replay import replay
from wireformat.protocols.spice.sighting import BLANK

pytestmark = pytest.mark.slow

BOTH = {"main-0", "inputs-0"}
PASSWORD = b"canary-hush"


def recorded(folder: Path) -> Capture:
    """What was written down; reading and writing it again changes nothing."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    capture = read_capture(files)
    assert files_of(capture) == files
    assert PASSWORD.hex() not in repr(files)
    assert PASSWORD.decode() not in repr(files)
    return capture


@pytest.mark.parametrize("is_seamless", [False, True])
def test_a_migration_through_a_tap(tmp_path: Path, is_seamless: bool) -> None:
    async def migrate() -> None:
        async with (
            served(is_seamless=is_seamless, password=PASSWORD) as source,
            served(password=PASSWORD) as target,
            tapped(tmp_path, source.place) as place,
            client(place, password=PASSWORD) as (peer, _),
        ):
            await until(lambda: linked_channels(peer) == BOTH)
            source.server.migrate_connect(target.place)
            await until(lambda: source.party.source.state.startswith("linked"))
            source.server.migrate_end(success=True)
            await until(lambda: target.party.target.state == "serving" and linked_channels(peer) == BOTH)
            assert peer.party.place.port not in (source.port, target.port)
            await until(lambda: source.party.source.state == "migrated")

    run(migrate())
    capture = recorded(tmp_path)
    assert sorted(connection.name for connection in capture.connections) == [
        "conn01-source-main-0",
        "conn02-source-inputs-0",
        "conn03-target-main-0",
        "conn04-target-inputs-0",
    ]
    tickets = [one.value for each in capture.connections for one in each.sightings if one.name == "Ticket"]
    assert tickets == [BLANK] * 4
    assert [each for connection in capture.connections for each in connection.findings()] == []
    assert replay(capture).findings == ()
    assert replay(capture).mode == ("seamless" if is_seamless else "semi-seamless")


@pytest.mark.parametrize("host", [HOST, "a..b", "x" * 300])
def test_a_server_that_is_not_there(tmp_path: Path, host: str) -> None:
    async def link() -> None:
        async with tapped(tmp_path, Place(host, 1)) as place, client(place) as (_, diary):
            await until(lambda: diary.of(Over))

    run(link())
    (path,) = tmp_path.glob("conn*")
    assert path.name == "conn01-source-unlinked-0.jsonl"
    assert [json.loads(text).get("what") for text in path.read_text().splitlines()] == [None, "error"]


def test_what_is_no_spice_passes(tmp_path: Path) -> None:
    async def link() -> None:
        async with served() as server, tapped(tmp_path, server.place) as place:
            reader, writer = await asyncio.open_connection(HOST, place.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert len(await reader.read()) == 16 + 178
            writer.close()
            await until(lambda: [path for path in tmp_path.glob("conn*") if "closed" in path.read_text()])

    run(link())
    (connection,) = recorded(tmp_path).connections
    assert connection.data("client") == b"GET / HTTP/1.1\r\n\r\n"


def test_who_does_not_read_yet_is_read(tmp_path: Path) -> None:
    """The server says everything before it reads; fails when the tap stops reading it to write to it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(LARGE)
        await writer.drain()
        writer.write_eof()
        await reader.read()
        writer.close()

    async def link() -> int:
        listening = socket.create_server((HOST, 0))
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            listening.setsockopt(socket.SOL_SOCKET, option, 4096)
        server = await asyncio.start_server(serve, sock=listening)
        port = listening.getsockname()[1]
        async with tapped(tmp_path, Place(HOST, port)) as place:
            reader, writer = await asyncio.open_connection(HOST, place.port)
            writer.write(LARGE)
            heard = await reader.read()
            writer.close()
        server.close()
        return len(heard)

    assert run(link()) == len(LARGE)


def test_targets_have_doors_over_ipv6_too(tmp_path: Path) -> None:
    async def door() -> Place | None:
        tap = SpiceTap(tmp_path, "::1", lambda line: None)
        listener = await listen(Inet("::1", "0"))
        running = asyncio.create_task(tap.run(listener, Place("::1", 1)))
        await asyncio.sleep(0)
        found = tap.reroute(Place("::1", 2))
        running.cancel()
        await asyncio.wait([running])
        return found

    found = run(door())
    assert found is not None
    assert found.host == "::1"
    assert found.port not in (None, 2)


def test_an_interrupt_while_the_server_is_dialled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the client is left waiting, or its connection without a file."""

    dialled: list[Address] = []

    async def never(address: Address) -> None:
        dialled.append(address)
        await asyncio.Event().wait()

    async def link() -> bytes:
        monkeypatch.setattr("wireformat.peer.spice_tap.reach", never)
        async with tapped(tmp_path, Place(HOST, 1)) as place:
            wire = await connect(Inet(HOST, str(place.port)))
            await until(lambda: dialled)
        try:
            return await wire.read()
        except ConnectionResetError:
            return b"reset"
        finally:
            wire.close()

    assert run(link()) == b"reset"
    (path,) = tmp_path.glob("conn*")
    assert [json.loads(text).get("what") for text in path.read_text().splitlines()] == [None, "error"]


def test_a_target_with_tls_only_passes_as_it_is(tmp_path: Path) -> None:
    async def migrate() -> None:
        async with (
            served() as source,
            tapped(tmp_path, source.place) as place,
            client(place) as (peer, _),
        ):
            await until(lambda: linked_channels(peer) == BOTH)
            source.server.migrate_connect(Place(HOST, None, 2))
            await until(lambda: source.party.source.state == "unlinked")

    run(migrate())
    timeline = recorded(tmp_path).timeline
    assert [line["tls_port"] for line in timeline if line["what"] == "passed"] == [2]
