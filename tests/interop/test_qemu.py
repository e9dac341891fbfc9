"""A live QEMU: its fresh streams decode, and what we write again, it loads.

Each test makes a stream with the installed program, takes it apart and puts it together through the command line, and
starts a second guest from the result. QEMU is the judge: it must leave `inmigrate` and run.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.captures.driver import FIRMWARE, Machine
from tests.interop.programs import require

pytestmark = pytest.mark.interop

QEMU = "qemu-system-x86_64"
PACKAGE = "qemu-system-x86"
# The run state is text in a zero-filled buffer, which is hexadecimal in JSON.
RUNNING = b"running\0"
PAUSED = b"paused\0\0"
GUESTS = {
    "pc": ("-M", "pc"),
    "q35": ("-M", "q35", "-device", "virtio-net-pci,romfile=", "-device", "virtio-rng-pci"),
    "microvm": ("-M", "microvm"),
    "pc-2.3": ("-M", "pc-i440fx-2.3"),
}


@pytest.fixture(scope="module")
def qemu() -> str:
    """The path of the installed QEMU."""
    return require(QEMU, PACKAGE)


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    """The command line that all guests share: TCG, 8 MiB, the loop that dirties memory."""
    firmware = tmp_path / "firmware.bin"
    firmware.write_bytes(FIRMWARE)
    return ("-nodefaults", "-accel", "tcg", "-m", "8", "-serial", "null", "-bios", str(firmware))


def written_again(stream: Path) -> bytes:
    """A stream taken apart by `decode` and put together by `encode`."""
    return wireformat("encode", "-", data=wireformat("decode", str(stream), "--json", "--ram", "base64"))


async def save(qemu: str, arguments: tuple[str, ...], folder: Path) -> Path:
    """Run a guest for a moment and migrate it to a file."""
    target = folder / "guest.mig"
    async with Machine(qemu, arguments, folder, "source") as source:
        await asyncio.sleep(0.3)
        await source.run("migrate", uri=f"exec:cat > {target}")
        answer = await source.wait_migration()
    assert answer["status"] == "completed"
    return target


async def load(qemu: str, arguments: tuple[str, ...], folder: Path, stream: Path) -> str:
    """Start a guest from a stream; the status it reaches."""
    incoming = (*arguments, "-incoming", f"exec:cat {stream}")
    async with Machine(qemu, incoming, folder, "destination") as destination:
        return await destination.wait_running()


def wireformat(*words: str, data: bytes | None = None) -> bytes:
    """What the command prints; its messages are in the failure when it does not exit with 0."""
    command = [sys.executable, "-m", "wireformat", *words]
    run = subprocess.run(command, input=data, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout


@pytest.mark.parametrize("guest", GUESTS)
def test_qemu_runs_what_we_wrote(qemu: str, command: tuple[str, ...], tmp_path: Path, guest: str) -> None:
    arguments = (*command, *GUESTS[guest])
    stream = asyncio.run(save(qemu, arguments, tmp_path))
    written = written_again(stream)
    assert written == stream.read_bytes()
    copy = tmp_path / "copy.mig"
    copy.write_bytes(written)
    assert asyncio.run(load(qemu, arguments, tmp_path, copy)) == "running"


def test_a_changed_field_arrives_in_the_guest(qemu: str, command: tuple[str, ...], tmp_path: Path) -> None:
    """Fails when the encoder passes the source's bytes through instead of writing the tree it was given."""
    arguments = (*command, *GUESTS["pc"])
    stream = asyncio.run(save(qemu, arguments, tmp_path))
    tree = wireformat("decode", str(stream), "--json", "--ram", "base64").decode()
    paused = tree.replace(RUNNING.hex(), PAUSED.hex())
    assert paused != tree
    copy = tmp_path / "paused.mig"
    copy.write_bytes(wireformat("encode", "-", data=paused.encode()))
    assert asyncio.run(load(qemu, arguments, tmp_path, copy)) == "paused"


def test_check_finds_nothing_in_a_fresh_stream(qemu: str, command: tuple[str, ...], tmp_path: Path) -> None:
    stream = asyncio.run(save(qemu, (*command, *GUESTS["pc"]), tmp_path))
    wireformat("check", str(stream))


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_every_machine_of_a_pc_is_written_back(qemu: str, command: tuple[str, ...], tmp_path: Path) -> None:
    """All machine types the program offers, oldest to newest: what decode and encode give is what QEMU sent."""
    listing = subprocess.run([qemu, "-M", "help"], check=True, capture_output=True, text=True).stdout
    machines = re.findall(r"^(pc-\S+)", listing, re.MULTILINE)
    assert len(machines) > 10
    for machine in machines:
        stream = asyncio.run(save(qemu, (*command, "-M", machine), tmp_path))
        assert written_again(stream) == stream.read_bytes(), machine
