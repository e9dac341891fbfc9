"""`wireformat baseline`: versions are frozen once, checked often, and listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.house.project import ROOT
from wireformat.derive.baseline import freeze, render
from wireformat.protocols import protocol

VMSTATE = protocol("vmstate")


def test_freeze_writes_what_the_library_renders(call: Call, tmp_path: Path) -> None:
    answer = call("baseline", "freeze", "vmstate", "3", "--folder", tmp_path)
    path = tmp_path / "vmstate" / "3.json"
    assert (answer.code, answer.text) == (0, "")
    assert answer.errors == f"wireformat baseline: {path}: frozen\n"
    assert path.read_text() == render(freeze(VMSTATE, "3"))


def test_freeze_once_more_changes_nothing(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "3.json"
    assert call("baseline", "freeze", "vmstate", "3", "-o", path).code == 0
    before = path.stat().st_mtime_ns
    answer = call("baseline", "freeze", "vmstate", "3", "-o", path)
    assert (answer.code, path.stat().st_mtime_ns) == (0, before)
    assert answer.errors.endswith("is frozen, and the same\n")


def changed(tmp_path: Path) -> Path:
    """A baseline in which PING's value was narrower, and a limit another."""
    document = freeze(VMSTATE, "3")
    document["records"]["Ping"]["fields"][0]["of"]["size"] = 2
    document["limits"]["depth"] = 9
    path = tmp_path / "vmstate" / "3.json"
    path.parent.mkdir(parents=True)
    path.write_text(render(document))
    return path


def test_what_is_frozen_is_never_written_again(call: Call, tmp_path: Path) -> None:
    path = changed(tmp_path)
    before = path.read_text()
    answer = call("baseline", "freeze", "vmstate", "3", "--folder", tmp_path)
    assert (answer.code, path.read_text()) == (1, before)
    assert answer.errors.count("\n") == 1
    assert "differs: Ping.fields.value.of.size: 2 was frozen, today 4, and 1 more" in answer.errors


def test_growth_is_no_reason_to_write_either(call: Call, tmp_path: Path) -> None:
    document = freeze(VMSTATE, "3")
    document["errors"].popitem()
    path = tmp_path / "3.json"
    path.write_text(render(document))
    answer = call("baseline", "freeze", "vmstate", "3", "-o", path)
    assert answer.code == 1
    assert "differs: only by what may grow" in answer.errors
    assert json.loads(path.read_text()) == document


def test_check_names_what_drifted(call: Call, tmp_path: Path) -> None:
    changed(tmp_path)
    answer = call("baseline", "check", "--folder", tmp_path)
    assert answer.code == 1
    assert answer.lines == [
        "vmstate 3: Ping.fields.value.of.size: 2 was frozen, today 4",
        "vmstate 3: limits.depth: 9 was frozen, today 16",
    ]


def test_check_of_versions_and_protocols_that_are_gone(call: Call, tmp_path: Path) -> None:
    for name in ("vmstate", "forgotten"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "2.json").write_text(render(freeze(VMSTATE, "3")))
    answer = call("baseline", "check", "--folder", tmp_path)
    assert answer.code == 1
    assert answer.lines == ["forgotten 2: the protocol is gone", "vmstate 2: vmstate has no version '2' (3)"]


def test_what_the_package_brings_is_as_declared(call: Call) -> None:
    answer = call("baseline", "check")
    assert (answer.code, answer.text) == (0, "")


def test_list(call: Call, tmp_path: Path) -> None:
    changed(tmp_path)
    answer = call("baseline", "list", "--folder", tmp_path)
    assert answer.code == 0
    assert answer.lines[1:3] == ["Frozen versions", "  protocol  version  messages  records"]
    assert answer.lines[3].split() == ["vmstate", "3", "9", "40"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["freeze"], "wireformat baseline freeze PROTOCOL VERSION"),
        (["freeze", "vmstate"], "wireformat baseline freeze PROTOCOL VERSION"),
        (["freeze", "nonsense", "1"], "no protocol named nonsense"),
        (["freeze", "vmstate", "99"], "vmstate has no version '99'"),
        (["check", "nonsense"], "no baseline"),
        (["check", "vmstate", "99"], "no baseline of version 99"),
        (["melt"], "melt"),
    ],
)
def test_usage_errors(call: Call, words: list[str], complaint: str, tmp_path: Path) -> None:
    answer = call("baseline", *words, "--folder", tmp_path)
    assert (answer.code, answer.text) == (2, "")
    assert complaint in answer.errors


def test_without_a_folder_it_is_that_of_the_sources(call: Call) -> None:
    answer = call("baseline", "freeze", "vmstate", "3")
    assert answer.errors == f"wireformat baseline: {ROOT / 'spec/baselines/vmstate/3.json'}: is frozen, and the same\n"
