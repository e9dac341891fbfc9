"""A tap at the command line: what it records is decoded and checked by the other verbs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.cli.spice_processes import running
from wireformat.cli.exits import Exit

ANY = "127.0.0.1:0"
PASSWORD = "canary-hush"


@pytest.mark.slow
def test_a_migration_is_recorded(start: Call, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with running("peer", "spice-target", "--listen", ANY, "--password", PASSWORD, "--once") as target:
        words = ("--target", target.address, "--password", PASSWORD, "--scenario", "seamless", "--pause", 0.1)
        with (
            running("peer", "spice-source", "--listen", ANY, *words) as source,
            running("tap", "--spice", "--connect", source.address, "--listen", ANY, "-o", folder) as tap,
        ):
            client = start(*("peer", "spice-client", "--connect", tap.address, "--password", PASSWORD, "--moves", 1))
            assert client.code == Exit.FINE, client.errors
            assert source.end() == Exit.FINE
            assert target.end() == Exit.FINE
            assert tap.end(interrupt=True) == Exit.FINE
    assert target.address.rpartition(":")[2] not in client.errors
    assert {path.name for path in folder.iterdir()} == {
        "timeline.jsonl",
        "conn01-source-main-0.jsonl",
        "conn02-source-inputs-0.jsonl",
        "conn03-target-main-0.jsonl",
        "conn04-target-inputs-0.jsonl",
    }
    assert PASSWORD not in "".join(path.read_text() for path in folder.iterdir())
    checked = start("check", folder)
    assert checked.code == Exit.FINE, checked.text
    decoded = start("decode", folder)
    assert decoded.code == Exit.FINE
    assert "MigrateDstSeamlessAck" in decoded.text


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--listen", ANY), "--spice is needed"),
        (("--spice", "--listen", ":0"), "--listen needs the host"),
        (("--spice", "--listen", "here"), "port is missing"),
        (("--spice", "--listen", "203.0.113.1:1"), "203.0.113.1:1: "),
        (("--spice", "--listen", ANY, "-o", ""), "-o needs the name of a folder"),
    ],
)
def test_what_cannot_be_meant(call: Call, tmp_path: Path, words: tuple[str, ...], reason: str) -> None:
    answer = call("tap", "--connect", "127.0.0.1:1", "-o", tmp_path / "run", *words)
    assert answer.code == Exit.USAGE
    assert reason in answer.errors
    assert not (tmp_path / "run").exists()


def test_nothing_is_overwritten(call: Call, tmp_path: Path) -> None:
    (tmp_path / "conn01.jsonl").touch()
    answer = call("tap", "--spice", "--connect", "127.0.0.1:1", "--listen", ANY, "-o", tmp_path)
    assert answer.code == Exit.USAGE
    assert "not empty" in answer.errors
