"""Opening SPICE captures: the folder of a run, or the file of one connection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wireformat.cli.exits import Exit
from wireformat.cli.running import complain

if TYPE_CHECKING:
    from wireformat.protocols.spice.capture import Capture

SUFFIX = ".jsonl"


def is_capture(name: str) -> bool:
    """Whether a name is that of a capture: a folder with files of JSON lines, or one of them."""
    path = Path(name)
    return path.suffix == SUFFIX or (path.is_dir() and any(path.glob(f"*{SUFFIX}")))


def open_capture(name: str) -> Capture:
    """Read a capture by name. Raises `DecodeError` where it is none, `OSError` where it cannot be read."""
    from wireformat.protocols.spice.capture import Capture, read_capture, read_connection

    path = Path(name)
    if path.is_dir():
        return read_capture({file.name: file.read_bytes() for file in sorted(path.glob(f"*{SUFFIX}"))})
    return Capture((read_connection(path.stem, path.read_bytes()),), {})


def verdict(verb: str, capture: Capture, name: str) -> int:
    """Name the findings of a capture, one line each on standard error; the exit code."""
    code = Exit.FINE
    for connection in capture.connections:
        for sighting, finding in connection.findings():
            complain(verb, f"{name}: {connection.name}: {sighting.sender}: {finding}")
            code = Exit.FINDING
    return code
