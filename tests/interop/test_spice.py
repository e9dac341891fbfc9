"""SPICE clients follow their servers: ours real ones, and the real client ours [spice-migration 9].

Our client between two QEMUs, in each of the three ways, with and without a password; spice-gtk between our source and
our target, led through what a VM program may do.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.interop.programs import require
from tests.interop.spice_pair import CHANNELS, Gtk, gtk_client, qemus, require_gtk
from tests.peer.spice import Diary, authority, client, linked_channels, served, tapped, until
from tests.peer.talk import run
from wireformat.peer.spice_scenario import SCENARIOS, Program
from wireformat.protocols.spice.capture import read_capture
from wireformat.protocols.spice.client_party import MAIN_CAPABILITIES
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, LinkCode, MainCapability
from wireformat.protocols.spice.link_client import RefusedError
from wireformat.protocols.spice.link_stage import LinkFault
from wireformat.protocols.spice.party_events import ConnectDone, LinkLost, Over
from wireformat.protocols.spice.replay import replay
from wireformat.protocols.spice.sighting import BLANK

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

PASSWORD = "canary-s3cret"
OLD_COMMON = CommonCapability.AUTH_SELECTION | CommonCapability.AUTH_SPICE
WAYS = {
    "switch-host": (False, MainCapability(0), OLD_COMMON),
    "semi-seamless": (False, MAIN_CAPABILITIES, OLD_COMMON | CommonCapability.MINI_HEADER),
    "seamless": (True, MAIN_CAPABILITIES, OLD_COMMON | CommonCapability.MINI_HEADER),
    "seamless with full headers": (True, MAIN_CAPABILITIES, OLD_COMMON),
}
"""The option of the servers, and what the client can."""

LAST_WORDS = {
    "switch-host": ["MigrateSwitchHost", "close-all", "linked", "Init"],
    "semi-seamless": ["MigrateConnected", "ServerMigrateEnd", "close-source", "ClientMigrateEnd", "Init"],
    "seamless": ["channels-moved", "close-source"],
    "seamless with full headers": ["channels-moved", "close-source"],
}
"""The steps of our client by which it arrives."""


@pytest.fixture(scope="module")
def qemu() -> str:
    """The path of the installed QEMU."""
    return require("qemu-system-x86_64", "qemu-system-x86")


@pytest.fixture(scope="module")
def gtk() -> None:
    """spice-gtk."""
    require_gtk()


@pytest.mark.parametrize("password", ["", PASSWORD], ids=["open", "password"])
@pytest.mark.parametrize("way", WAYS)
def test_our_client_between_two_qemus(qemu: str, tmp_path: Path, way: str, password: str) -> None:
    is_seamless, capabilities, common = WAYS[way]

    async def migrate() -> None:
        secret = password.encode()
        async with (
            qemus(qemu, tmp_path, is_seamless=is_seamless, password=password) as pair,
            client(pair.place, password=secret, capabilities=capabilities, common=common) as (peer, diary),
        ):
            await until(lambda: linked_channels(peer) == CHANNELS)
            await pair.announce()
            if way != "switch-host":
                await until(lambda: peer.party.state.startswith("ready"))
            await pair.migrate()
            await pair.left()
            await until(lambda: peer.party.place.port == pair.target_port and linked_channels(peer) == CHANNELS)
            assert peer.party.state == "running"
            assert diary.steps("client")[-len(LAST_WORDS[way]) :] == LAST_WORDS[way]
            first, last = diary.sessions()
            assert (first == last) == (way != "switch-host")
            assert await pair.clients() == {(key.type, last) for key in peer.party.channels}

    run(migrate(), 90)


def test_a_target_with_another_password(qemu: str, tmp_path: Path) -> None:
    async def migrate() -> None:
        async with (
            qemus(qemu, tmp_path, is_seamless=True, password=PASSWORD, target_password="another") as pair,
            client(pair.place, password=PASSWORD.encode()) as (peer, diary),
        ):
            await until(lambda: linked_channels(peer) == CHANNELS)
            await pair.announce()
            await until(lambda: "MigrateConnectError" in diary.steps("client"))
            assert [_code(lost) for lost in diary.of(LinkLost) if lost.is_target] == [LinkCode.PERMISSION_DENIED]
            assert peer.party.state == "running"
            await pair.migrate()
            await until(lambda: diary.of(Over))
            assert diary.steps("client")[-4:] == [
                "MigrateConnectError",
                "MigrateSwitchHost",
                "close-all",
                "link-failed",
            ]
            assert _code(diary.of(LinkLost)[-1]) == LinkCode.PERMISSION_DENIED
            assert PASSWORD not in repr(diary.events)

    run(migrate(), 90)


def _code(lost: LinkLost) -> LinkCode | None:
    return lost.error.code if isinstance(lost.error, RefusedError | LinkFault) else None


def test_a_target_that_refuses_a_seamless_migration(qemu: str, tmp_path: Path) -> None:
    async def migrate() -> None:
        async with (
            qemus(qemu, tmp_path, is_seamless=True) as pair,
            client(pair.place, version=2) as (peer, diary),
        ):
            await until(lambda: linked_channels(peer) == CHANNELS)
            await pair.announce()
            await until(lambda: peer.party.state == "ready")
            assert "MigrateDstSeamlessNack" in diary.steps("client")
            await pair.migrate()
            await until(lambda: len(diary.sessions()) == 2)
            assert diary.steps("client")[-5:] == LAST_WORDS["semi-seamless"]

    run(migrate(), 90)


@pytest.mark.parametrize("answering", ["refuse", "ignore"])
def test_our_client_does_not_follow_beforehand(qemu: str, tmp_path: Path, answering: str) -> None:
    async def migrate() -> None:
        async with (
            qemus(qemu, tmp_path, is_seamless=False) as pair,
            client(pair.place, answering=answering) as (peer, diary),
        ):
            await until(lambda: linked_channels(peer) == CHANNELS)
            await pair.announce()
            await pair.migrate()
            await until(lambda: linked_channels(peer) == CHANNELS and peer.party.place.port == pair.target_port)
            assert ("MigrateConnectError" in diary.steps("client")) == (answering == "refuse")
            assert diary.steps("client")[-4:] == LAST_WORDS["switch-host"]

    run(migrate(), 90)


GTK_ENDS = {
    "switch-host": (["untold"], ["switching", "none"]),
    "semi-seamless": (["connected"], ["migrating", "none"]),
    "seamless": (["connected-seamless"], ["migrating", "none"]),
    "cancel": (["connected"], ["migrating", "none"]),
    "cancel-seamless": (["connected-seamless"], ["migrating", "none"]),
    "begin-twice": (["connected", "connected"], ["migrating", "none", "migrating", "none"]),
    "cancel-then-again": (["connected", "connected"], ["migrating", "none", "migrating", "none"]),
    "too-early": (["timeout"], ["migrating", "switching", "none"]),
}
"""What the source learns of the client, and the states that the library reports."""


@pytest.mark.usefixtures("gtk")
@pytest.mark.parametrize("name", GTK_ENDS)
def test_the_real_client_between_our_servers(name: str) -> None:
    run(lead(name, ""), 60)


@pytest.mark.usefixtures("gtk")
def test_the_real_client_with_a_password() -> None:
    run(lead("seamless", PASSWORD), 60)


@pytest.mark.usefixtures("gtk")
def test_the_real_client_over_tls(tmp_path: Path) -> None:
    run(lead("semi-seamless", PASSWORD, tmp_path), 60)


async def lead(name: str, password: str, folder: Path | None = None) -> None:
    """Lead the real client through a scenario; with a folder over TLS, to a target with a certificate subject.

    The target names a plain port too, where it wants TLS: spice-gtk 0.42 takes 65535 for a port and dials it.
    Seamless, spice-gtk 0.42 keeps the main link that it does not use any more.
    """
    scenario, (answers, states) = SCENARIOS[name], GTK_ENDS[name]
    own, trusted = (None, None) if folder is None else authority(folder)
    ticket = password.encode() or None
    secured = frozenset(ChannelType if folder else ())
    async with served(credentials=own, password=ticket, secured=secured) as target:
        place = replace(target.place, subject="CN=127.0.0.1" if folder else None)
        program = Program(scenario, place, 0.5)
        diary = Diary(program)
        options: dict[str, Any] = {"is_seamless": scenario.is_seamless, "capabilities": scenario.capabilities}
        async with (
            served(diary, own, password=ticket, **options) as source,
            gtk_client(source.place, password, trusted.authority if trusted else None) as real,
        ):
            await asyncio.wait_for(program.run(source.server), 30)
            stays = "success" not in scenario.acts
            here, there = (source, target) if stays else (target, source)
            await until(lambda: here.party.source.state == "serving")
            await until(lambda: real.states()[-1:] == ["none"])
            assert there.party.session is None or not there.party.session.others
            assert [done.answer for done in diary.of(ConnectDone)] == answers
            assert real.states() == states
            assert folder is None or _code(target.diary.of(LinkLost)[0]) == LinkCode.NEED_SECURED
            assert_no_password(source.diary, target.diary, real)


def assert_no_password(*witnesses: Diary | Gtk) -> None:
    """Nobody has written it down."""
    for witness in witnesses:
        assert PASSWORD not in repr(witness.events if isinstance(witness, Diary) else witness.told)


@pytest.mark.parametrize("way", ["switch-host", "semi-seamless", "seamless"])
def test_a_tap_stays_in_between(qemu: str, tmp_path: Path, way: str) -> None:
    is_seamless, capabilities, common = WAYS[way]
    folder = tmp_path / "capture"
    folder.mkdir()

    async def migrate() -> None:
        secret = PASSWORD.encode()
        async with (
            qemus(qemu, tmp_path, is_seamless=is_seamless, password=PASSWORD) as pair,
            tapped(folder, pair.place) as place,
            client(place, password=secret, capabilities=capabilities, common=common) as (peer, _),
        ):
            await until(lambda: linked_channels(peer) == CHANNELS)
            await pair.announce()
            if way != "switch-host":
                await until(lambda: peer.party.state.startswith("ready"))
            await pair.migrate()
            await pair.left()
            await until(lambda: peer.party.place != place and linked_channels(peer) == CHANNELS)
            assert peer.party.place.port != pair.target_port

    run(migrate(), 90)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert PASSWORD.encode().hex() not in "".join(data.decode() for data in files.values())
    capture = read_capture(files)
    assert [connection.server for connection in capture.connections] == ["source"] * 5 + ["target"] * 5
    assert [error for connection in capture.connections for error in connection.findings()] == []
    tickets = [one.value for connection in capture.connections for one in connection.sightings if one.name == "Ticket"]
    assert tickets == [BLANK] * 10
    replayed = replay(capture)
    assert replayed.findings == ()
    assert replayed.mode == way


@pytest.mark.usefixtures("gtk")
def test_a_tap_between_real_programs(qemu: str, tmp_path: Path) -> None:
    folder = tmp_path / "capture"
    folder.mkdir()

    async def migrate() -> None:
        async with (
            qemus(qemu, tmp_path, is_seamless=True, password=PASSWORD) as pair,
            tapped(folder, pair.place) as place,
            gtk_client(place, PASSWORD) as real,
        ):
            await until(lambda: opened(real) >= 4)
            await asyncio.sleep(0.5)
            await pair.announce()
            await until(lambda: real.states() == ["migrating"])
            await pair.migrate()
            await until(lambda: real.states() == ["migrating", "none"])
            assert {each for each, _ in await pair.clients()} >= {1, 2, 3, 4}

    run(migrate(), 90)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert PASSWORD.encode().hex() not in "".join(data.decode() for data in files.values())
    replayed = replay(read_capture(files))
    assert replayed.findings == ()
    assert (replayed.mode, replayed.outcome, replayed.attached) == ("seamless", "moved", "target")


def opened(real: Gtk) -> int:
    """How many channels the library has opened."""
    return len([line for line in real.told if line.get("event") == "opened"])
