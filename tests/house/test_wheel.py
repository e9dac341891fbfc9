"""The wheel: it holds the package and nothing else, and works in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.house.project import PACKAGE, ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the tree as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_holds_every_module_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"wireformat"}
    held = {name for name in names if name.startswith("wireformat/") and name.endswith(".py")}
    assert held == {str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*.py")}
    assert "wireformat/py.typed" in names


def test_holds_no_tests(wheel: Path) -> None:
    assert [name for name in zipfile.ZipFile(wheel).namelist() if "test" in name] == []


def test_runs_in_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path, with_pip=True)
    subprocess.run([tmp_path / "bin/pip", "install", "-q", wheel], check=True)
    answer = subprocess.run([tmp_path / "bin/wireformat", "--version"], check=True, capture_output=True, text=True)
    assert wheel.name.split("-")[1] in answer.stdout
