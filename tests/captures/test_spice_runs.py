"""The bundled SPICE runs are what their index says."""

from __future__ import annotations

from pathlib import Path

from tests.captures.pack_spice import archive
from tests.captures.spice_runs import FOLDER, NAMES, RUNS, files, unpack


def test_every_archive_is_indexed() -> None:
    assert sorted(path.name.removesuffix(".tar.xz") for path in FOLDER.glob("*.tar.xz")) == sorted(NAMES)
    assert len(NAMES) == 18


def test_each_has_the_connections_that_the_index_counts() -> None:
    for name in NAMES:
        connections = [file for file in files(name) if file.startswith("conn")]
        assert len(connections) == RUNS[name]["connections"], name
        assert "timeline.jsonl" in files(name)


def test_an_archive_is_made_again_the_same() -> None:
    packed = (FOLDER / "no-client.tar.xz").read_bytes()
    assert archive(files("no-client")) == packed


def test_unpacking_writes_the_files(tmp_path: Path) -> None:
    folder = unpack("no-client", tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files("no-client")
