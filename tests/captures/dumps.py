"""Read the bundled outputs of `-dump-vmstate`: `dump_text("7.2/q35")` is that of `qemu-system-x86_64 -M q35` 7.2."""

from __future__ import annotations

import lzma
from pathlib import Path

FOLDER = Path(__file__).parent / "vmstate-dumps"


def dump_names() -> list[str]:
    """The names of all dumps: release and machine."""
    return sorted(f"{path.parent.name}/{path.name.removesuffix('.json.xz')}" for path in FOLDER.glob("*/*.json.xz"))


def dump_text(name: str) -> bytes:
    """The JSON of one dump."""
    return lzma.decompress((FOLDER / f"{name}.json.xz").read_bytes())
