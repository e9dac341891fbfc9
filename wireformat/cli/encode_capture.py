"""`wireformat encode` for SPICE captures: the files of a run in a folder, or that of one connection."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.output import open_output
from wireformat.protocols.spice.capture_assembly import assemble


def encode_capture(documents: Iterable[dict[str, Any]], output: str) -> int:
    """Write the files that JSON objects stand for; the exit code. More files than one need a folder."""
    files = dict(assemble(documents))
    if len(files) == 1 and not Path(output).is_dir():
        with open_output(output) as target:
            target.writelines(files.values())
        return Exit.FINE
    if output == "-":
        raise UsageError(f"a capture has {len(files)} files: --output must name a folder")
    folder = Path(output)
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return Exit.FINE
