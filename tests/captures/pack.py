"""Add raw captures to the bundled set: compress them, describe them, index them.

Usage, from the top of the repository: `python -m tests.captures.pack FOLDER SET`, where FOLDER is what
`reproduce` wrote and SET the name of the folder here, such as `7.2`. The first connection of a TCP run becomes
`NAME.mig.xz`, what came back on it `NAME.return.xz`; a further connection that carries anything becomes a
capture of its own.
"""

from __future__ import annotations

import argparse
import json
import lzma
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
INDEX = HERE / "index.json"
DROPPED = ("order", "stderr")
MULTIFD = "multifd"


def compress(source: Path, target: Path) -> None:
    """Write `source` to `target`, compressed; leave an equal target alone."""
    target.parent.mkdir(parents=True, exist_ok=True)
    data = source.read_bytes()
    if not target.exists() or lzma.decompress(target.read_bytes()) != data:
        target.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


def parts(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """The files of one run: the suffix each gets in the set, and its raw path."""
    if (folder / f"{name}.mig").exists():
        yield "mig", folder / f"{name}.mig"
    for raw in sorted((folder / name).glob("conn*.bin")):
        number, direction = raw.name.removeprefix("conn").split(".")[:2]
        stem = "mig" if direction == "src-to-dst" else "return"
        if raw.stat().st_size:
            yield stem if number == "0" else f"{stem}{number}", raw


def kind_of(about: dict[str, Any], suffix: str) -> str:
    """What a decoder may expect of the file: stream, broken, resumed, channel or mapped-ram."""
    if "mapped-ram" in about["capabilities"]:
        return "mapped-ram"
    recovery = "recovery" in about["scenario"]
    if suffix == "mig":
        return "broken" if recovery else "stream"
    return "resumed" if recovery else "channel"


def pack_run(folder: Path, name: str, target: Path) -> Iterator[dict[str, Any]]:
    """Pack one run; its rows of the index."""
    about = json.loads((folder / f"{name}.json").read_text())
    if about["result"] != "completed" or MULTIFD in about["capabilities"]:
        return
    short = {key: value for key, value in about.items() if key not in DROPPED}
    target.mkdir(parents=True, exist_ok=True)
    (target / f"{name}.json").write_text(json.dumps(short, indent=1) + "\n")
    files = dict(parts(folder, name))
    for suffix, raw in files.items():
        compress(raw, target / f"{name}.{suffix}.xz")
    state = folder / f"{name}.state.json"
    if state.exists():
        compress(state, target / f"{name}.state.json.xz")
    for suffix in (each for each in files if each.startswith("mig")):
        yield row(about, target.name, suffix, files, state.exists())


def row(about: dict[str, Any], folder: str, suffix: str, files: dict[str, Path], state: bool) -> dict[str, Any]:
    """One row of the index."""
    scenario, back = about["scenario"], suffix.replace("mig", "return")
    stem = f"{folder}/{scenario}"
    return {
        "name": stem + suffix.removeprefix("mig"),
        "file": f"{stem}.{suffix}.xz",
        "kind": kind_of(about, suffix),
        "size": files[suffix].stat().st_size,
        "program": about.get("program") or program_of(about),
        "version": about["qemu"],
        "machine": about.get("machine") or machine_of(about),
        "scenario": about.get("shows") or scenario.replace("-", " "),
        "features": about["capabilities"],
        "about": f"{stem}.json",
        "return": f"{stem}.{back}.xz" if back in files else None,
        "has_state": state and suffix == "mig",
    }


def program_of(about: dict[str, Any]) -> str:
    """The program of a run that does not name it: the scenario's architecture, else x86-64."""
    known = about["scenario"].split("-")[0]
    return f"qemu-system-{known if known in ('riscv64', 'aarch64') else 'x86_64'}"


def machine_of(about: dict[str, Any]) -> str:
    """The machine of a run that does not name it: what follows `-M`."""
    words: list[str] = about["args"]
    return words[words.index("-M") + 1]


def main(words: Sequence[str]) -> int:
    """Pack a folder of raw captures into a set and write the index anew."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("set")
    options = parser.parse_args(words)
    rows = {each["name"]: each for each in json.loads(INDEX.read_text())} if INDEX.exists() else {}
    names = [path.stem for path in sorted(options.folder.glob("*.json")) if not path.stem.endswith(".state")]
    for name in names:
        for each in pack_run(options.folder, name, HERE / options.set):
            rows[each["name"]] = each
    INDEX.write_text(json.dumps([rows[name] for name in sorted(rows)], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
