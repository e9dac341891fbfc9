"""Read the bundled captures: `index.json` says what there is, files are decompressed when asked for.

A capture is known by its name, such as `7.2/pc-minimal`; `kind` says what a decoder may expect:

- `stream`: one whole migration stream, header to end;
- `broken`: a stream that stops anywhere (postcopy that was broken off);
- `resumed`: what follows on a new connection, without a header;
- `channel`: another connection than the main one;
- `mapped-ram`: a file with RAM at fixed offsets.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Capture:
    """One row of the index, with the way to its bytes."""

    row: dict[str, Any]
    scratch: Path

    @property
    def name(self) -> str:
        """Set and scenario, such as `7.2/pc-minimal`."""
        return str(self.row["name"])

    @property
    def kind(self) -> str:
        """What a decoder may expect of the bytes; see the module."""
        return str(self.row["kind"])

    @property
    def path(self) -> Path:
        """The decompressed file, written on first use."""
        target = self.scratch / f"{self.name.replace('/', '_')}.mig"
        if not target.exists():
            part = target.with_suffix(".part")
            part.write_bytes(self.data)
            part.replace(target)
        return target

    @property
    def data(self) -> bytes:
        """The bytes from source to destination."""
        return _decompress(self.row["file"])

    @property
    def answers(self) -> bytes:
        """The bytes from destination to source; empty without a return path."""
        return _decompress(self.row["return"]) if self.row["return"] else b""

    @property
    def about(self) -> dict[str, Any]:
        """How it was made: command line, capabilities, parameters, final query-migrate."""
        about: dict[str, Any] = json.loads((FOLDER / self.row["about"]).read_text())
        return about

    @property
    def state(self) -> Any:
        """Device state as QEMU's own analysis script prints it; None where it was not recorded."""
        if not self.row["has_state"]:
            return None
        return json.loads(_decompress(self.row["file"].replace(".mig.xz", ".state.json.xz")))


def _decompress(name: str) -> bytes:
    return lzma.decompress((FOLDER / name).read_bytes())


def rows(*kinds: str) -> list[dict[str, Any]]:
    """The rows of the index, of the given kinds or all."""
    every: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_text())
    return [row for row in every if not kinds or row["kind"] in kinds]


class Captures:
    """All bundled captures by name; files go to one scratch folder."""

    def __init__(self, scratch: Path) -> None:
        self._captures = {row["name"]: Capture(row, scratch) for row in rows()}

    def __getitem__(self, name: str) -> Capture:
        return self._captures[name]

    def __iter__(self) -> Iterator[Capture]:
        return iter(self._captures.values())

    def __len__(self) -> int:
        return len(self._captures)

    def of_kind(self, *kinds: str) -> list[Capture]:
        """The captures of the given kinds, in index order."""
        return [capture for capture in self if capture.kind in kinds]
