"""Captures can be made again: to a file, as an internal snapshot, and to a second guest with both directions kept."""

from __future__ import annotations

import asyncio
import json
import lzma
from pathlib import Path

import pytest

from tests.captures import pack
from tests.captures.reproduce import SCENARIOS, make
from tests.captures.scenario import Scenario
from tests.interop.programs import require

pytestmark = pytest.mark.interop

HEADER = b"QEVM\0\0\0\3"


@pytest.fixture(autouse=True)
def programs() -> None:
    """QEMU and its disk tool are there, or the test skips."""
    require("qemu-system-x86_64", "qemu-system-x86")
    require("qemu-img", "qemu-utils")


def run(name: str, folder: Path) -> str:
    """Make one capture; the line `reproduce` prints about it."""
    return asyncio.run(make(SCENARIOS[name], folder, None))


def test_file_has_no_footers_before_2_4(tmp_path: Path) -> None:
    assert run("pc-2.3", tmp_path).startswith("pc-2.3: completed")
    data = (tmp_path / "pc-2.3.mig").read_bytes()
    # element 1 (START), section id 2, then the name: no configuration element before it
    assert data.startswith(HEADER + bytes.fromhex("01 00000002 03") + b"ram")


def test_snapshot_is_a_stream_followed_by_zeros(tmp_path: Path) -> None:
    assert run("file-savevm", tmp_path).startswith("file-savevm: completed")
    data = (tmp_path / "file-savevm.mig").read_bytes()
    assert data.startswith(HEADER)
    assert data.rstrip(b"\0").endswith(b"}")


def test_both_directions_are_kept_and_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    assert run("tcp-return-path", raw) == "tcp-return-path: completed running"
    monkeypatch.setattr(pack, "HERE", tmp_path)
    monkeypatch.setattr(pack, "INDEX", tmp_path / "index.json")
    assert pack.main([str(raw), "set"]) == 0
    (row,) = json.loads((tmp_path / "index.json").read_text())
    assert (row["name"], row["kind"], row["features"]) == ("set/tcp-return-path", "stream", ["return-path"])
    assert lzma.decompress((tmp_path / row["file"]).read_bytes()).startswith(HEADER)
    # PONG 1, SHUT 0
    assert lzma.decompress((tmp_path / row["return"]).read_bytes()).hex() == "00020004000000010001000400000000"


def test_refusal_is_reported(tmp_path: Path) -> None:
    scenario = Scenario(name="refused", shows="", machine="no-such-machine", arguments=())
    assert "unsupported machine type" in asyncio.run(make(scenario, tmp_path, None))
