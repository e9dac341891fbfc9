"""The commands of README and guide print what is shown, where they need nothing but files; every option is known."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.captures.bundle import Captures
from tests.captures.dumps import dump_text
from tests.captures.spice_runs import unpack
from tests.house.project import ROOT
from wireformat.cli import VERBS
from wireformat.cli.peer import COMMANDS
from wireformat.errors import WireError
from wireformat.peer.streams import window_on
from wireformat.protocols.vmstate.stream import read_stream

GUIDE = ROOT / "spec" / "guide"
SPICE_GUIDE = GUIDE / "spice-captures.md"
PAGES = {"README": ROOT / "README.md", **{path.stem: path for path in sorted(GUIDE.glob("*.md"))}}
STREAMS = {
    "README": {"guest.mig": "7.2/pc-minimal", "later.mig": "7.2/pc-dirty"},
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
    "README": {},
    "stream-tools": {},
    "inventories": {"pc-7.2.json": "7.2/pc", "q35-7.2.json": "7.2/q35", "pc-10.0.json": "10.0/pc-i440fx-7.2"},
}
"""The dumps that it uses."""

OPTION = r"(?<![\w-])--?[a-z][a-z-]*"
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
    return PAGES[page].read_text(encoding="utf-8")


@cache
def options_of(verb: str) -> frozenset[str]:
    """What the help of a verb names."""
    return frozenset(re.findall(OPTION, "\n".join(run(f"COLUMNS=200 wireformat {verb} --help", ROOT))))


@pytest.mark.slow
@pytest.mark.parametrize(("page", "least"), [("README", 3), ("stream-tools", 21), ("inventories", 14)])
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


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_option_of_a_command_is_one_of_its_verb(page: str) -> None:
    calls = [
        call
        for command, _ in examples(text_of(page))
        for call in re.findall(r"wireformat ((?:peer )?[a-z-]+)([^|;&]*)", command)
    ]
    assert calls
    unknown = [(verb, set(re.findall(rf"(?<!\S){OPTION}", words)) - options_of(verb)) for verb, words in calls]
    assert [(verb, options) for verb, options in unknown if options] == []


@pytest.mark.slow
def test_every_option_that_prose_names_exists() -> None:
    verbs = [*VERBS, *(f"peer {role}" for role in COMMANDS)]
    known = frozenset().union(*map(options_of, verbs))
    named = {option for page in PAGES for option in re.findall(r"`(--[a-z][a-z-]+)", text_of(page))}
    assert len(named) > 40
    assert named - known == set()


def test_the_error_on_the_first_page_is_what_an_error_says() -> None:
    fault = read_stream(window_on(b"QEVM\0\0\0\x09")).fault
    assert isinstance(fault, WireError)
    assert f"\n{fault}\n" in (ROOT / "spec" / "index.md").read_text(encoding="utf-8")


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
