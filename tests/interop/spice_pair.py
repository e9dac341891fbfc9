"""Two QEMUs with SPICE servers, and a client made of spice-gtk."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.captures.driver import Machine, free_port
from tests.interop.programs import missing
from tests.peer.spice import HOST, LIMIT
from wireformat.protocols.spice.party_events import Place

SYSTEM_PYTHON = "/usr/bin/python3"
GTK_CLIENT = Path(__file__).with_name("gtk_client.py")
GTK_PROBE = 'import gi; gi.require_version("SpiceClientGLib", "2.0"); from gi.repository import SpiceClientGLib'

DEVICES = (
    *("-nodefaults", "-no-user-config", "-machine", "pc", "-accel", "tcg", "-m", "64", "-vga", "qxl"),
    *("-device", "virtio-serial-pci", "-chardev", "spiceport,id=p1,name=org.example.port.0"),
    *("-device", "virtserialport,chardev=p1,name=org.example.port.0"),
)
CHANNELS = {"main-0", "display-0", "cursor-0", "inputs-0", "port-0"}
"""What such a machine offers to a client."""


@dataclass
class Pair:
    """A source, and a target that waits for its guest."""

    source: Machine
    target: Machine
    port: int
    target_port: int
    stream: int

    @property
    def place(self) -> Place:
        """Where the source's SPICE server is."""
        return Place(HOST, self.port)

    async def announce(self, **more: Any) -> None:
        """Name the target to the source's client."""
        await self.source.run("client_migrate_info", protocol="spice", hostname=HOST, port=self.target_port, **more)

    async def migrate(self) -> None:
        """Migrate the guest, and see it run at the target."""
        await self.source.run("migrate", uri=f"tcp:{HOST}:{self.stream}")
        assert (await self.source.wait_migration())["status"] == "completed"
        assert await self.target.wait_running() == "running"

    async def left(self) -> None:
        """Wait until the source says that its client has left."""
        async with asyncio.timeout(LIMIT):
            while not (await self.source.run("query-spice"))["migrated"]:
                await asyncio.sleep(0.05)

    async def clients(self) -> set[tuple[int, int]]:
        """The channels that are linked to the target: type and session."""
        channels = (await self.target.run("query-spice"))["channels"]
        return {(each["channel-type"], each["connection-id"] & 0xFFFFFFFF) for each in channels}


@asynccontextmanager
async def qemus(
    qemu: str, folder: Path, *, is_seamless: bool, password: str = "", target_password: str | None = None
) -> AsyncIterator[Pair]:
    """Two of them; passwords empty for none."""
    ports = [await free_port() for _ in range(3)]
    secret = password if target_password is None else target_password
    source = _command(ports[0], password, is_seamless)
    target = (*_command(ports[1], secret, is_seamless), "-incoming", f"tcp:{HOST}:{ports[2]}")
    async with Machine(qemu, source, folder, "source") as one, Machine(qemu, target, folder, "target") as other:
        yield Pair(one, other, *ports)


def _command(port: int, password: str, is_seamless: bool) -> tuple[str, ...]:
    secret = ("-object", f"secret,id=sec0,data={password}") if password else ()
    ticketing = "password-secret=sec0" if password else "disable-ticketing=on"
    options = f"port={port},addr={HOST},{ticketing},seamless-migration={'on' if is_seamless else 'off'}"
    return (*DEVICES, *secret, "-spice", options)


def require_gtk() -> None:
    """Skip, or fail, where spice-gtk is not there for the system's Python."""
    probe = subprocess.run([SYSTEM_PYTHON, "-c", GTK_PROBE], capture_output=True, check=False)
    if probe.returncode:
        missing("spice-gtk", "gir1.2-spiceclientglib-2.0 python3-gi")


class Gtk:
    """The client; what the library told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told: list[dict[str, Any]] = []

    async def listen(self) -> None:
        """Take down what it tells."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            if line.startswith(b"{"):
                self.told.append(json.loads(line))

    def states(self) -> list[str]:
        """How migrations went, as the library saw it."""
        return [line["state"] for line in self.told if line["what"] == "migration-state"]


@asynccontextmanager
async def gtk_client(place: Place, password: str = "", authority: Path | None = None) -> AsyncIterator[Gtk]:
    """The client, linked to a server; over TLS only with an authority."""
    words = [HOST, "-" if authority else str(place.port)]
    words += [str(place.tls_port), str(authority)] if authority else []
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(SYSTEM_PYTHON, str(GTK_CLIENT), *words, stdin=pipe, stdout=pipe)
    client = Gtk(process)
    listening = asyncio.create_task(client.listen())
    assert process.stdin is not None
    process.stdin.write(f"{password}\n".encode())
    try:
        yield client
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        await listening
