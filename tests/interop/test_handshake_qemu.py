"""A real QEMU, which knows nothing of handshakes, on the other side of the reference peer [handshake D.12].

It refuses our handshake and goes its way; its own stream, which has none, is refused by us without harm to it or to
the listener; and without a handshake, or out of a container, streams go both ways.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from tests.captures.driver import FIRMWARE, Machine, free_port
from tests.interop.programs import require

pytestmark = pytest.mark.interop

LIMIT = 60
"""Seconds that anything may take."""

NEW_QEMU = "WIREFORMAT_NEW_QEMU"
"""Names the program of a QEMU from 8.2 on, which reads files from an offset."""


@pytest.fixture(scope="module")
def qemu() -> str:
    """The path of the installed QEMU."""
    return require("qemu-system-x86_64", "qemu-system-x86")


@pytest.fixture
def new_qemu() -> str:
    """The path of a newer QEMU; Debian 12 has it among its backports only."""
    path = os.environ.get(NEW_QEMU)
    if path is None:
        pytest.skip(f"{NEW_QEMU} names no QEMU of 8.2 or newer")
    return path


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    """The command line of a small guest that changes its memory."""
    firmware = tmp_path / "firmware.bin"
    firmware.write_bytes(FIRMWARE)
    return ("-nodefaults", "-accel", "tcg", "-M", "pc-i440fx-7.2", "-m", "8", "-serial", "null", "-bios", str(firmware))


async def save(qemu: str, command: tuple[str, ...], folder: Path) -> Path:
    """A stream of the guest, written by QEMU."""
    target = folder / "guest.mig"
    async with Machine(qemu, command, folder, "source") as source:
        await source.run("migrate", uri=f"exec:cat > {target}")
        assert (await source.wait_migration())["status"] == "completed"
    return target


async def load(qemu: str, command: tuple[str, ...], folder: Path, uri: str) -> str:
    """The status that a guest reaches which QEMU loads from an address."""
    async with Machine(qemu, (*command, "-incoming", uri), folder, "destination") as destination:
        return await destination.wait_running()


async def peer(*words: object) -> tuple[int, str]:
    """Run a reference peer to its end: exit code, and what it told."""
    process = await asyncio.create_subprocess_exec(*_peer(*words), stderr=subprocess.PIPE)
    async with asyncio.timeout(LIMIT):
        _, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, errors.decode()


def _peer(*words: object) -> list[str]:
    return [sys.executable, "-m", "wireformat", "peer", *map(str, words)]


@contextmanager
def ending(process: asyncio.subprocess.Process) -> Iterator[None]:
    """End a process that still runs."""
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()


@asynccontextmanager
async def listening(*words: object) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A reference destination, and the address at which it listens."""
    command = _peer("destination", "--listen", "tcp:127.0.0.1:0", *words)
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    with ending(process):
        first = await process.stderr.readline()
        yield process, first.decode().split("listening at ")[1].strip()


@pytest.mark.requirement("CH-002", "HS-200")
def test_qemu_refuses_our_handshake(qemu: str, command: tuple[str, ...], tmp_path: Path) -> None:
    """Its process ends, as that of any build without the handshake does; ours says what is suspected."""

    async def run() -> tuple[int, str, int, str]:
        stream = await save(qemu, command, tmp_path)
        port = await free_port()
        incoming = (*command, "-incoming", f"tcp:127.0.0.1:{port}")
        async with Machine(qemu, incoming, tmp_path, "destination") as destination:
            code, told = await peer("source", "--handshake", "--to", f"tcp:127.0.0.1:{port}", stream)
            async with asyncio.timeout(LIMIT):
                ended = await destination.process.wait()
            return code, told, ended, destination.output()

    code, told, ended, output = asyncio.run(run())
    assert (code, ended) == (1, 1)
    assert "LEGACY_PEER_SUSPECTED" in told
    assert "Unsupported migration stream version" in output


@pytest.mark.requirement("HS-202")
def test_we_refuse_a_stream_of_qemu_and_go_on_listening(qemu: str, command: tuple[str, ...], tmp_path: Path) -> None:
    """The guest runs on. QEMU sends slowly here: what fits the socket as a whole, it takes for arrived."""

    async def run() -> tuple[str, str, int, int]:
        stream = await save(qemu, command, tmp_path)
        async with listening("--handshake", "-o", tmp_path / "out.mig") as (process, address):
            async with Machine(qemu, command, tmp_path, "refused") as source:
                await source.run("migrate-set-parameters", **{"max-bandwidth": 100_000})
                await source.run("migrate", uri=address)
                migration = (await source.wait_migration())["status"]
                guest = (await source.run("query-status"))["status"]
            code, _ = await peer("source", "--handshake", "--to", address, "--channels", 2, stream)
            async with asyncio.timeout(LIMIT):
                return str(migration), str(guest), code, await process.wait()

    migration, guest, ours, theirs = asyncio.run(run())
    assert (migration, guest, ours, theirs) == ("failed", "running", 0, 0)
    assert (tmp_path / "out.mig").read_bytes() == (tmp_path / "guest.mig").read_bytes()


@pytest.mark.requirement("HS-024")
def test_qemu_migrates_to_a_destination_without_handshake(qemu: str, command: tuple[str, ...], tmp_path: Path) -> None:
    async def run() -> tuple[str, int, str]:
        target = tmp_path / "out.mig"
        async with listening("-o", target) as (process, address):
            async with Machine(qemu, command, tmp_path, "source") as source:
                await source.run("migrate", uri=address)
                migration = (await source.wait_migration())["status"]
            async with asyncio.timeout(LIMIT):
                code = await process.wait()
        return str(migration), code, await load(qemu, command, tmp_path, f"exec:cat {target}")

    assert asyncio.run(run()) == ("completed", 0, "running")


@pytest.mark.requirement("HS-024")
def test_we_migrate_to_qemu_without_handshake(qemu: str, command: tuple[str, ...], tmp_path: Path) -> None:
    async def run() -> tuple[int, str]:
        stream = await save(qemu, command, tmp_path)
        port = await free_port()
        incoming = (*command, "-incoming", f"tcp:127.0.0.1:{port}")
        async with Machine(qemu, incoming, tmp_path, "destination") as destination:
            code, _ = await peer("source", "--to", f"tcp:127.0.0.1:{port}", stream)
            return code, await destination.wait_running()

    assert asyncio.run(run()) == (0, "running")


async def contained(qemu: str, command: tuple[str, ...], folder: Path) -> tuple[Path, int]:
    """A container with a stream of QEMU in it, and the offset of the stream."""
    stream, container = await save(qemu, command, folder), folder / "guest.container"
    code, told = await peer("destination", "--save-profile", folder / "profile.json", "--release", "qemu-7.2")
    assert code == 0, told
    code, told = await peer("source", "--profile", folder / "profile.json", "--container", container, stream)
    assert code == 0, told
    return container, container.stat().st_size - stream.stat().st_size


@pytest.mark.requirement("HS-183")
def test_qemu_loads_the_stream_in_a_container(qemu: str, command: tuple[str, ...], tmp_path: Path) -> None:
    """By a command that skips what stands in front of it."""

    async def run() -> tuple[str, int]:
        container, size = await contained(qemu, command, tmp_path)
        uri = f"exec:dd if={container} bs=4096 skip={size // 4096} status=none"
        return await load(qemu, command, tmp_path, uri), size % 4096

    assert asyncio.run(run()) == ("running", 0)


@pytest.mark.requirement("HS-183")
def test_a_newer_qemu_loads_it_by_its_offset(
    qemu: str, new_qemu: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    async def run() -> str:
        container, size = await contained(qemu, command, tmp_path)
        return await load(new_qemu, command, tmp_path, f"file:{container},offset={size}")

    assert asyncio.run(run()) == "running"


def test_qemu_does_not_load_the_container_itself(qemu: str, command: tuple[str, ...], tmp_path: Path) -> None:
    async def run() -> tuple[int, str]:
        container, _ = await contained(qemu, command, tmp_path)
        incoming = (*command, "-incoming", f"exec:cat {container}")
        async with Machine(qemu, incoming, tmp_path, "destination") as destination:
            async with asyncio.timeout(LIMIT):
                ended = await destination.process.wait()
            return ended, destination.output()

    ended, output = asyncio.run(run())
    assert ended == 1
    assert "Unsupported migration stream version" in output
