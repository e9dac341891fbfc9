"""The README names what there is: every verb, and only targets the Makefile has."""

from __future__ import annotations

import re

from tests.captures.bundle import rows
from tests.house.project import ROOT
from wireformat.cli import VERBS

README = (ROOT / "README.md").read_text()
PAGES = "\n".join([README, *((ROOT / name).read_text() for name in ("CONTRIBUTING.md", "CHANGELOG.md"))])


def test_the_table_of_verbs_is_that_of_the_command() -> None:
    assert re.findall(r"^\| `(\w+) [A-Z ]+` \|", README, re.MULTILINE) == list(VERBS)


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake (run|test|check|soak|bench|docs|format|clean)\b", PAGES))
    assert {"run", "test"} <= named <= targets


def test_captures_are_of_as_many_architectures_as_it_says() -> None:
    programs = {row["program"] for row in rows()}
    assert re.findall(r"on (\d+) architectures", PAGES) == [str(len(programs))] * 2


def test_every_path_that_is_named_exists() -> None:
    paths = re.findall(r"`((?:tests|spec|fuzz|wireformat|\.ci)/[\w./]*)`", PAGES)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
