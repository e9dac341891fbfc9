"""Add recorded SPICE runs to the bundled set: one compressed archive for each run.

Usage, from the top of the repository: `python -m tests.captures.pack_spice FOLDER`, where each folder in FOLDER is a
run as `wireformat tap --spice` writes it. Only files of JSON lines are kept: everything else follows from them.
"""

from __future__ import annotations

import argparse
import io
import lzma
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent / "spice"


def archive(files: dict[str, bytes]) -> bytes:
    """The files as an archive that depends on nothing else."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return lzma.compress(target.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def main(words: Sequence[str]) -> int:
    """Pack every run of a folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    for run in sorted(path for path in parser.parse_args(words).folder.iterdir() if path.is_dir()):
        files = {file.name: file.read_bytes() for file in run.glob("*.jsonl")}
        (HERE / f"{run.name}.tar.xz").write_bytes(archive(files))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
