"""Our SPICE client over sockets, against our servers and against what is none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.peer.spice import HOST, Served, authority, client, linked_channels, served, until
from tests.peer.talk import run
from wireformat.peer.tls import Credentials
from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.party_events import LinkLost, Over, Place

pytestmark = pytest.mark.slow

BOTH = {"main-0", "inputs-0"}


async def follow(source: Served, place: Place) -> None:
    """Lead the client of a source to a target."""
    source.server.migrate_connect(place)
    await until(lambda: source.party.source.state.startswith("linked"))
    source.server.migrate_end(success=True)


@pytest.mark.parametrize("is_seamless", [False, True])
def test_a_migration(is_seamless: bool) -> None:
    async def migrate() -> None:
        async with (
            served(is_seamless=is_seamless, password=b"canary") as source,
            served(password=b"canary") as target,
            client(source.place, password=b"canary") as (peer, diary),
        ):
            await until(lambda: linked_channels(peer) == BOTH)
            await follow(source, target.place)
            await until(lambda: target.party.target.state == "serving" and peer.party.state == "running")
            await until(lambda: source.party.source.state == "migrated")
            assert linked_channels(peer) == BOTH
            assert diary.sessions() == [1, 1]
            assert "canary" not in repr(diary.events + source.diary.events + target.diary.events)

    run(migrate())


@pytest.mark.parametrize("subject", [None, "CN=127.0.0.1"])
def test_a_migration_over_tls(tmp_path: Path, subject: str | None) -> None:
    own, trusted = authority(tmp_path)

    async def migrate() -> None:
        async with (
            served(credentials=own, secured=frozenset(ChannelType)) as source,
            served(credentials=own, secured=frozenset(ChannelType)) as target,
            client(Place(HOST, None, source.tls_port), trusted, is_secure=True) as (peer, diary),
        ):
            await until(lambda: linked_channels(peer) == BOTH)
            await follow(source, Place(HOST, target.port, target.tls_port, subject))
            await until(lambda: peer.party.place.tls_port == target.tls_port and linked_channels(peer) == BOTH)
            assert [lost for lost in diary.of(LinkLost) if lost.is_target] == []

    run(migrate())


@pytest.mark.requirement("SP-088")
@pytest.mark.parametrize("subject", ["CN=another", "C=XX,CN=127.0.0.1", "no subject"])
def test_another_certificate_than_announced(tmp_path: Path, subject: str) -> None:
    own, trusted = authority(tmp_path)

    async def migrate() -> None:
        async with (
            served() as source,
            served(credentials=own) as target,
            client(source.place, trusted) as (peer, diary),
        ):
            await until(lambda: linked_channels(peer) == BOTH)
            source.server.migrate_connect(Place(HOST, None, target.tls_port, subject))
            await until(lambda: "MigrateConnectError" in diary.steps("client"))
            (lost,) = diary.of(LinkLost)
            assert f"the server's certificate is not that of {subject}" in str(lost.error)
            assert peer.party.state == "running"

    run(migrate())


def test_a_server_that_nobody_vouches_for(tmp_path: Path) -> None:
    own, _ = authority(tmp_path)

    async def link() -> None:
        async with (
            served(credentials=own) as source,
            client(Place(HOST, None, source.tls_port), Credentials(), is_secure=True) as (_, diary),
        ):
            await until(lambda: diary.of(Over))
            assert "certificate verify failed" in str(diary.of(Over)[0].error)

    run(link())


def test_a_target_that_is_not_there() -> None:
    async def migrate() -> None:
        async with served() as source, client(source.place) as (peer, diary):
            await until(lambda: linked_channels(peer) == BOTH)
            source.server.migrate_connect(Place(HOST, 1))
            await until(lambda: source.party.source.state == "unlinked")
            source.server.migrate_end(success=True)
            await until(lambda: diary.of(Over))
            assert f"{HOST}:1 was not reached" in str(diary.of(Over)[0].error)

    run(migrate())


def test_a_server_that_says_nothing() -> None:
    async def link() -> None:
        silent = await asyncio.start_server(lambda reader, writer: asyncio.sleep(30), HOST, 0)
        port = silent.sockets[0].getsockname()[1]
        async with client(Place(HOST, port), timeout=0.2) as (_, diary):
            await until(lambda: diary.of(Over), 5)
            assert "timed out" in str(diary.of(Over)[0].error)
        silent.close()

    run(link())


def test_a_client_that_is_late() -> None:
    async def migrate() -> None:
        async with served() as source, served() as target:
            async with client(source.place, answering="late", delay=0.3) as (peer, _):
                await until(lambda: linked_channels(peer) == BOTH)
                source.server.migrate_connect(target.place)
                await until(lambda: peer.party.state == "attached-seamless")
                assert source.party.source.state == "waiting-seamless"
                await until(lambda: source.party.source.state == "linked-seamless")
            await until(lambda: source.party.session is None and target.party.session is None)

    run(migrate())


@pytest.mark.parametrize("host", ["a..b", "x" * 300, "\0", "a\nb", "2130706433"])
def test_a_target_that_cannot_be_dialled_is_a_failed_link(host: str) -> None:
    async def migrate() -> None:
        async with served() as source, client(source.place) as (peer, diary):
            await until(lambda: linked_channels(peer) == BOTH)
            source.server.migrate_connect(Place(host, 1))
            await until(lambda: "MigrateConnectError" in diary.steps("client"))
            assert peer.party.state == "running"
            assert linked_channels(peer) == BOTH

    run(migrate())
