"""The commands in the guide print what the guide shows: on pages whose commands need nothing but files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.captures.bundle import Captures
from tests.captures.dumps import dump_text
from tests.captures.spice_runs import unpack
from tests.house.project import ROOT

GUIDE = ROOT / "spec" / "guide"
SPICE_GUIDE = GUIDE / "spice-captures.md"
STREAMS = {
    "stream-tools": {
        "guest.mig": "7.2/pc-minimal",
        "later.mig": "7.2/pc-dirty",
        "postcopy.mig": "7.2/tcp-postcopy",
        "donor.mig": "7.2/tcp-plain",
    },
    "inventories": {"guest.mig": "7.2/pc-minimal"},
}
"""The captures that a page uses, by the names that it gives them."""

DUMPS = {
    "stream-tools": {},
    "inventories": {"pc-7.2.json": "7.2/pc", "q35-7.2.json": "7.2/q35", "pc-10.0.json": "10.0/pc-i440fx-7.2"},
}
"""The dumps that it uses."""

RUNS = {"nack": "minimal-client-seamless-nack", "probes": "link-errors"}
ELISION = "…"


def examples(text: str) -> Iterator[tuple[str, list[str]]]:
    """Every command of the console blocks, with the lines shown below it."""
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = example.splitlines()
            yield command, shown


def shows(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether the lines are those that were printed; `…` as the last one stands for any that follow."""
    if shown and shown[-1] == ELISION:
        return list(shown[:-1]) == list(printed[: len(shown) - 1]) and len(printed) >= len(shown)
    return list(shown) == list(printed)


def run(command: str, folder: Path) -> list[str]:
    """What a shell prints, messages included."""
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    answer = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": tools, "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return [line.rstrip() for line in answer.stdout.splitlines()]


def text_of(page: str) -> str:
    """A page as it stands."""
    return (GUIDE / f"{page}.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(("page", "least"), [("stream-tools", 21), ("inventories", 14)])
def test_every_command_prints_what_is_shown(captures: Captures, tmp_path: Path, page: str, least: int) -> None:
    for name, capture in STREAMS[page].items():
        (tmp_path / name).symlink_to(captures[capture].path)
    for name, dump in DUMPS[page].items():
        (tmp_path / name).write_bytes(dump_text(dump))
    found = list(examples(text_of(page)))
    assert len(found) >= least
    for command, shown in found:
        printed = run(command, tmp_path)
        assert shows(shown, printed), "\n".join([f"$ {command}", *printed])


@pytest.mark.slow
def test_every_command_for_captures_prints_what_is_shown(tmp_path: Path) -> None:
    for name, run_name in RUNS.items():
        unpack(run_name, tmp_path).rename(tmp_path / name)
    found = list(examples(SPICE_GUIDE.read_text()))
    assert len(found) == 7
    for command, shown in found:
        printed = run(command, tmp_path)
        assert shows(shown, printed), "\n".join([f"$ {command}", *printed])


@pytest.mark.parametrize("page", STREAMS)
def test_the_files_are_those_that_the_guide_names(page: str) -> None:
    """The reader can find each among captures and dumps."""
    text = " ".join(text_of(page).split())
    files = STREAMS[page] | DUMPS[page]
    assert [name for name, kept in files.items() if not re.search(rf"`{name}` is (the \w+ )?`{kept}`", text)] == []


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        (["a", "…"], ["a", "b", "c"], True),
        (["a", "…"], ["a"], False),
        (["b", "…"], ["a", "b"], False),
        ([], [], True),
    ],
)
def test_the_rule_itself(shown: list[str], printed: list[str], fits: bool) -> None:
    assert shows(shown, printed) is fits
