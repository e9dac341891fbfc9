"""A fact stands once: a field's sentence, changed in a copy of the package, changes everything that shows it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.project import PACKAGE

pytestmark = pytest.mark.slow

OLD, NEW = "comes back in the PONG", "returns unchanged, as this test says"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package in which one sentence is another."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, folder / "wireformat", ignore=shutil.ignore_patterns("__pycache__"))
    declaration = folder / "wireformat" / "protocols" / "vmstate" / "messages.py"
    assert declaration.read_text().count(OLD) == 1
    declaration.write_text(declaration.read_text().replace(OLD, NEW))
    return folder


def wireformat(copy: Path, *words: str) -> str:
    """What the copy's command prints."""
    command = [sys.executable, "-m", "wireformat", *words]
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    return subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True, text=True).stdout


def test_pages_change(copy: Path) -> None:
    wireformat(copy, "docs", "build", "out")
    for page in ("vmstate/Ping.md", "vmstate/Command.md", "print.md", "vmstate/Ping.svg"):
        text = (copy / "out" / page).read_text()
        assert NEW in text, page
        assert OLD not in text, page


def test_explain_changes(copy: Path) -> None:
    assert wireformat(copy, "explain", "Ping.value").startswith(f"Ping.value: {NEW}\n")


def test_models_change(copy: Path) -> None:
    for words in (("schema", "Ping", "--json"), ("schema", "Command", "--json"), ("schema", "Ping")):
        text = wireformat(copy, *words)
        assert NEW in text
        assert OLD not in text


def test_the_dissector_changes(copy: Path) -> None:
    wireformat(copy, "dissector", "vmstate", "-o", "vmstate.lua")
    text = (copy / "vmstate.lua").read_text()
    assert NEW in text
    assert OLD not in text
