"""Make captures again: run QEMU, migrate, keep the bytes.

Usage, from the top of the repository: `python -m tests.captures.reproduce [--programs DIR] FOLDER [NAME…]`. Raw files
go to FOLDER; `python -m tests.captures.pack` then adds them to the bundled set. What is made stands in
the tables of `machines.py` and `features.py`; how a run is steered is the table `PLANS` here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.captures.driver import FIRMWARE, Machine, QmpError, Tap, free_port, program_path
from tests.captures.features import FEATURES, FEATURES_10
from tests.captures.machines import ARCHITECTURES, DEVICES, OLD_MACHINES
from tests.captures.scenario import Scenario
from tests.captures.snapshot import read_vm_state

DESTINATION_PARAMETERS = ("multifd-channels", "multifd-compression", "xbzrle-cache-size")
DISK_SIZE = 4 << 20
SCENARIOS = {each.name: each for each in (*OLD_MACHINES, *DEVICES, *ARCHITECTURES, *FEATURES, *FEATURES_10)}


@dataclass(frozen=True)
class Run:
    """Where one capture is made: scenario, scratch folder, folder of the results."""

    scenario: Scenario
    scratch: Path
    results: Path
    programs: str | None

    def arguments(self, role: str, *, incoming: bool = False) -> list[str]:
        """The command line of the source or the destination, with files in place of their names."""
        scenario = self.scenario
        files = {
            "FIRMWARE": self.scratch / "firmware.bin",
            "DISK": self.scratch / f"{role}.img",
            "SHARED": self.scratch / "shared.ram",
        }
        words = ["-nodefaults", "-accel", "tcg", "-M", scenario.machine]
        words += ["-m", scenario.memory] if scenario.memory else []
        words += [replace_names(word, files) for word in scenario.arguments]
        return [*words, "-incoming", "defer"] if incoming else words

    def machine(self, role: str) -> Machine:
        """The source or destination process, not started yet."""
        program = program_path(self.scenario.program, self.programs)
        incoming = role == "destination"
        return Machine(program, self.arguments(role, incoming=incoming), self.scratch, role)


def replace_names(word: str, files: dict[str, Path]) -> str:
    """A command-line word with each placeholder replaced by the path of its file."""
    for name, path in files.items():
        word = word.replace(name, str(path))
    return word


def make_files(run: Run) -> None:
    """Write the firmware and, for each side, a disk of 4 MiB (raw or qcow2) with some data in it."""
    (run.scratch / "firmware.bin").write_bytes(FIRMWARE)
    for role in ("source", "destination"):
        disk = run.scratch / f"{role}.img"
        if any("format=qcow2" in word for word in run.scenario.arguments):
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, str(DISK_SIZE)], check=True)
        else:
            data = b"disk of the source\n".ljust(512, b"\0") if role == "source" else b""
            disk.write_bytes(data.ljust(DISK_SIZE, b"\0"))


async def plan_wait(source: Machine, destination: Machine, tap: Tap) -> None:
    """Let the migration run to its end."""


async def plan_iterate(source: Machine, destination: Machine, tap: Tap) -> None:
    """Keep the first passes slow for five seconds, then let the migration converge."""
    await asyncio.sleep(5)
    fast = {"downtime-limit": 2000, "max-bandwidth": 1 << 24}
    await source.run("migrate-set-parameters", **fast)


async def plan_postcopy(source: Machine, destination: Machine, tap: Tap) -> None:
    """Switch to postcopy early."""
    await asyncio.sleep(0.3)
    await source.run("migrate-start-postcopy")


async def plan_postcopy_bitmaps(source: Machine, destination: Machine, tap: Tap) -> None:
    """Ask for postcopy, then lift the limit that kept precopy from its end."""
    await source.run("migrate-start-postcopy")
    await asyncio.sleep(0.5)
    await source.run("migrate-set-parameters", **{"max-bandwidth": 1 << 24})


async def plan_recover(source: Machine, destination: Machine, tap: Tap) -> None:
    """Break postcopy off, listen again, resume."""
    await plan_postcopy(source, destination, tap)
    await source.wait_migration(frozenset({"postcopy-active"}))
    await source.run("migrate-pause")
    await source.wait_migration(frozenset({"postcopy-paused"}))
    await destination.wait_migration(frozenset({"postcopy-paused"}))
    tap.target_port = await free_port()
    await destination.run("migrate-recover", uri=f"tcp:127.0.0.1:{tap.target_port}")
    await source.run("migrate-set-parameters", **{"max-postcopy-bandwidth": 0})
    await source.run("migrate", uri=f"tcp:127.0.0.1:{tap.port}", resume=True)


PLANS = {
    "wait": plan_wait,
    "iterate": plan_iterate,
    "bitmaps": plan_wait,
    "postcopy": plan_postcopy,
    "postcopy-bitmaps": plan_postcopy_bitmaps,
    "recover": plan_recover,
}


async def add_bitmaps(source: Machine) -> None:
    """Give the disk two dirty bitmaps: one recording, one disabled."""
    device = {"node": "d1", "persistent": False}
    await source.run("block-dirty-bitmap-add", name="bitmap0", granularity=65536, **device)
    await source.run("block-dirty-bitmap-add", name="bitmap1", granularity=131072, disabled=True, **device)


async def to_file(run: Run, source: Machine) -> dict[str, Any]:
    """Migrate to a file; the final answer of query-migrate."""
    target = run.results / f"{run.scenario.name}.mig"
    scheme = "file:" if run.scenario.how == "mapped" else "exec:cat > "
    await source.run("migrate", uri=f"{scheme}{target}")
    return {"query-migrate": await source.wait_migration()}


async def to_snapshot(run: Run, source: Machine) -> dict[str, Any]:
    """Take an internal snapshot and cut its VM state out of the image."""
    await source.run("human-monitor-command", **{"command-line": "savevm s0"})
    await source.run("stop")
    await source.run("quit")
    await source.process.wait()
    state = read_vm_state(run.scratch / "source.img", "s0")
    (run.results / f"{run.scenario.name}.mig").write_bytes(state)
    return {"query-migrate": {"status": "completed"}}


async def to_peer(run: Run, source: Machine, stack: AsyncExitStack) -> dict[str, Any]:
    """Migrate to a second QEMU through the tap; query-migrate, the destination's status, the order of blocks."""
    scenario = run.scenario
    destination = await stack.enter_async_context(run.machine("destination"))
    await destination.set_capabilities(scenario.capabilities)
    shared = {key: scenario.parameters[key] for key in DESTINATION_PARAMETERS if key in scenario.parameters}
    if shared:
        await destination.run("migrate-set-parameters", **shared)
    port = await free_port()
    await destination.run("migrate-incoming", uri=f"tcp:127.0.0.1:{port}")
    tap = await stack.enter_async_context(Tap(run.results / scenario.name, port))
    await source.run("migrate", uri=f"tcp:127.0.0.1:{tap.port}")
    await PLANS[scenario.plan](source, destination, tap)
    answer = await source.wait_migration()
    status = await destination.wait_running() if answer["status"] == "completed" else "not reached"
    return {"query-migrate": answer, "destination": status, "order": tap.order[:2000]}


async def capture(run: Run) -> dict[str, Any]:
    """Make one capture; what is known about it."""
    scenario = run.scenario
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(run.machine("source"))
        await asyncio.sleep(scenario.seconds)
        if "bitmaps" in scenario.plan:
            await add_bitmaps(source)
        await source.set_capabilities(scenario.capabilities)
        if scenario.parameters:
            await source.run("migrate-set-parameters", **scenario.parameters)
        if scenario.how == "tcp":
            result = await to_peer(run, source, stack)
        elif scenario.how == "snapshot":
            result = await to_snapshot(run, source)
        else:
            result = await to_file(run, source)
        return describe(run, source, result)


def describe(run: Run, source: Machine, result: dict[str, Any]) -> dict[str, Any]:
    """The description that goes beside the bytes."""
    scenario = run.scenario
    numbers = source.version["qemu"]
    return {
        "scenario": scenario.name,
        "shows": scenario.shows,
        "program": scenario.program,
        "qemu": ".".join(str(numbers[part]) for part in ("major", "minor", "micro")),
        "package": source.version["package"],
        "machine": scenario.machine,
        "args": ["-m", scenario.memory, *scenario.arguments],
        "how": scenario.how,
        "capabilities": list(scenario.capabilities),
        "parameters": scenario.parameters,
        "result": result["query-migrate"]["status"],
        **result,
    }


async def make(scenario: Scenario, folder: Path, programs: str | None) -> str:
    """Make one capture in a scratch folder; the line to print about it."""
    with tempfile.TemporaryDirectory() as scratch:
        run = Run(scenario, Path(scratch), folder, programs)
        make_files(run)
        try:
            async with asyncio.timeout(240):
                about = await capture(run)
        except (QmpError, TimeoutError, OSError) as error:
            return f"{scenario.name}: failed: {error!r}"
        (folder / f"{scenario.name}.json").write_text(json.dumps(about, indent=1) + "\n")
        return f"{scenario.name}: {about['result']} {about.get('destination', '')}"


def main(words: Sequence[str]) -> int:
    """Make the captures that are named, or all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*SCENARIOS, []])
    parser.add_argument("--programs", help="folder of the QEMU programs; else they are found by name")
    options = parser.parse_args(words)
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.names or SCENARIOS:
        print(asyncio.run(make(SCENARIOS[name], options.folder.resolve(), options.programs)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
