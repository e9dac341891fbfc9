"""Read the bundled SPICE runs: `spice/runs.json` says what each shows, archives are unpacked when asked for.

A run is known by the name of its scenario, such as `semi-seamless-ok`. What `runs.json` says of messages, how many of
each number went over each connection, was counted by another program when the runs were recorded; drawing was counted
together, and acknowledgements not at all.
"""

from __future__ import annotations

import io
import json
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

from wireformat.protocols.spice.capture import Capture, read_capture

FOLDER = Path(__file__).parent / "spice"
RUNS: dict[str, dict[str, Any]] = json.loads((FOLDER / "runs.json").read_text())
NAMES = tuple(RUNS)


@cache
def files(name: str) -> dict[str, bytes]:
    """The files of a run, by name."""
    with tarfile.open(FOLDER / f"{name}.tar.xz", "r:xz") as tar:
        return {entry.name: _content(tar, entry) for entry in tar}


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    part = tar.extractfile(entry)
    assert part is not None
    return part.read()


@cache
def run(name: str) -> Capture:
    """A run, decoded."""
    return read_capture(files(name))


def unpack(name: str, folder: Path) -> Path:
    """Write the files of a run into a folder of its name."""
    target = folder / name
    target.mkdir()
    for file, data in files(name).items():
        (target / file).write_bytes(data)
    return target


def wire_bytes(name: str, connection: str) -> dict[str, bytes]:
    """The bytes of both directions of a connection, read without the package."""
    whole = {"c2s": io.BytesIO(), "s2c": io.BytesIO()}
    for line in files(name)[f"{connection}.jsonl"].splitlines()[1:]:
        row = json.loads(line)
        if "what" not in row:
            whole[row["dir"]].write(bytes.fromhex(row["hex"]) if "hex" in row else bytes(row["zeros"]))
    return {direction: stream.getvalue() for direction, stream in whole.items()}
