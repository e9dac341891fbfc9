"""Drive QEMU over QMP and write down what it sends.

A capture needs three things: a QEMU process that answers QMP on a unix socket (`Machine`), for migrations over
TCP a relay on loopback that keeps every byte of both directions in connection order (`Tap`), and a guest
that dirties memory without any firmware of others in the stream (`FIRMWARE`). Every wait has an end, and
only processes started here are ended here.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

START_TIMEOUT = 30.0
COMMAND_TIMEOUT = 30.0
MIGRATION_TIMEOUT = 90.0
FINISHED = frozenset({"completed", "failed", "cancelled"})

# 16-bit code at F000:0000, entered from the reset vector: for ever, add one to a byte and a word of each
# 4 KiB page between 64 KiB and 576 KiB. Switching CR0.WP empties the TLB; without that TCG of QEMU 7.2 sees each page
# become dirty only once.
_LOOP = bytes.fromhex(
    "fa"  # cli
    "bb 0010"  # start: mov $0x1000, %bx
    "8ec3 31ff"  # page: mov %bx, %es; xor %di, %di
    "26fe05 26ff852301"  # incb %es:(%di); incw %es:0x123(%di)
    "81c30001 81fb0090"  # add $0x100, %bx; cmp $0x9000, %bx
    "72ea"  # jb page
    "0f20c0 663500000100 0f22c0"  # mov %cr0, %eax; xor $0x10000, %eax; mov %eax, %cr0
    "ebd9"  # jmp start
)
_RESET = bytes.fromhex("ea 0000 00f0")  # ljmp $0xf000, $0
FIRMWARE = _LOOP.ljust(0xFFF0, b"\0") + _RESET.ljust(16, b"\0")


class QmpError(Exception):
    """QEMU refused a command, or stopped before it answered."""


class Machine:
    """One QEMU process, reachable over QMP; use it as an async context manager."""

    def __init__(self, program: str, arguments: Sequence[str], folder: Path, name: str) -> None:
        self.command = [program, *arguments, "-display", "none"]
        self.socket_path = folder / f"{name}.qmp"
        self.output_path = folder / f"{name}.out"
        self.version: dict[str, Any] = {}

    async def __aenter__(self) -> Machine:
        with self.output_path.open("wb") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                *("-qmp", f"unix:{self.socket_path},server=on,wait=off"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
            )
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await self._connect()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        await self._end()

    async def _connect(self) -> None:
        while True:
            if self.process.returncode is not None:
                raise QmpError(self.output())
            with suppress(OSError):
                self._reader, self._writer = await asyncio.open_unix_connection(str(self.socket_path), limit=1 << 24)
                break
            await asyncio.sleep(0.05)
        greeting = json.loads(await self._reader.readline())
        self.version = greeting["QMP"]["version"]
        await self.run("qmp_capabilities")

    async def _end(self) -> None:
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.kill()
        await self.process.wait()

    def output(self) -> str:
        """What the program wrote to its terminal, at most 600 characters."""
        return self.output_path.read_text(errors="replace")[:600]

    async def run(self, command: str, **arguments: Any) -> Any:
        """The answer to one QMP command; events are skipped. Raises QmpError when it is refused."""
        message = {"execute": command, "arguments": arguments}
        self._writer.write(json.dumps(message).encode() + b"\n")
        async with asyncio.timeout(COMMAND_TIMEOUT):
            await self._writer.drain()
            while line := await self._reader.readline():
                answer = json.loads(line)
                if "error" in answer:
                    raise QmpError(f"{command}: {answer['error']['desc']}")
                if "return" in answer:
                    return answer["return"]
        raise QmpError(f"{command}: the program ended: {self.output()}")

    async def set_capabilities(self, names: Sequence[str]) -> None:
        """Switch migration capabilities on."""
        if names:
            states = [{"capability": name, "state": True} for name in names]
            await self.run("migrate-set-capabilities", capabilities=states)

    async def wait_migration(self, statuses: frozenset[str] = FINISHED) -> dict[str, Any]:
        """Poll query-migrate until its status is one of `statuses`; the last answer."""
        async with asyncio.timeout(MIGRATION_TIMEOUT):
            while True:
                answer: dict[str, Any] = await self.run("query-migrate")
                if answer.get("status") in statuses:
                    return answer
                await asyncio.sleep(0.01)

    async def wait_running(self) -> str:
        """Poll query-status until the guest left `inmigrate`; the status."""
        async with asyncio.timeout(MIGRATION_TIMEOUT):
            while (status := str((await self.run("query-status"))["status"])) == "inmigrate":
                await asyncio.sleep(0.05)
        return status


class Tap:
    """A relay on loopback: keeps both directions of connection N in `connN.…bin` of a folder."""

    def __init__(self, folder: Path, target_port: int) -> None:
        self.folder = folder
        self.target_port = target_port
        self.order: list[tuple[float, int, str, int]] = []
        self._count = 0

    async def __aenter__(self) -> Tap:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._start = asyncio.get_running_loop().time()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, source: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        number, self._count = self._count, self._count + 1
        answers, forth = await asyncio.open_connection("127.0.0.1", self.target_port)
        await asyncio.gather(
            self._pump(source, forth, number, "src-to-dst"), self._pump(answers, back, number, "dst-to-src")
        )
        forth.close()
        back.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, direction: str
    ) -> None:
        clock = asyncio.get_running_loop().time
        with (self.folder / f"conn{number}.{direction}.bin").open("wb") as record, suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                record.write(data)
                self.order.append((round(clock() - self._start, 4), number, direction, len(data)))
                writer.write(data)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.write_eof()


async def free_port() -> int:
    """A TCP port of loopback that nothing listens on."""

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


def program_path(name: str, folder: str | None) -> str:
    """The path of a QEMU program: in `folder` when given, else by name."""
    return os.path.join(folder, name) if folder else name
