"""Documentation of other people's packages that use construct, without a change to them.

Six packages of PyPI, installed into an environment of their own. Two packages are understood whole, and one module of a
third; of the others every part that is not understood is named with class and place, and everything else has its page.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.house.project import ROOT
from tests.interop.programs import absent

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.soak]

PACKAGES = (
    "regipy==6.5.0",
    "pyrekordbox==0.5.0",
    "python-miio==0.5.12",
    "mercury-engine-data-structures==0.36.2",
    "ledgerwallet==0.10.0",
)
WITH_A_SCREEN = ("speculos==0.27.1",)
"""Installed without what it asks for: that includes Qt, and no schema needs it."""
OURS = ("construct>=2.10.70,<2.11", "typer>=0.29,<1", "rich>=13", "pytz")
"""What wireformat needs there, and what regipy forgets to ask for."""
THEIRS = ("flask>=2,<3", "flask-restful<1", "flask-cors<7", "jsonschema<5", "pillow<13", "requests<3")
"""What the modules of speculos that have schemas import."""

COMPLETE = ("regipy", "speculos")
"""Packages of which nothing is left out."""
WHOLE = {
    "regipy.structs": 27,
    "regipy.plugins.ntuser.user_assist": 2,
    "speculos.mcu.bagl": 1,
    "speculos.mcu.nbgl": 1,
    "speculos.mcu.ocr": 1,
    "speculos.mcu.transport.usb": 3,
    "pyrekordbox.mysettings.structs": 4,
}
"""Modules that are understood whole, with the least number of records they have."""
REBUILT = tuple(module for module in WHOLE if not module.startswith("regipy."))
"""Those that construct reads and writes as we do. In regipy it forgets flags that have no name, and its compiled
schemas read beyond the end of the input."""

PARTLY = {
    "pyrekordbox.anlz.structs": "Switch",
    "miio.protocol": "RawCopy",
    "mercury_engine_data_structures.formats.bmmap": "GameSpecificStruct",
    "ledgerwallet.client": "GreedyRange",
}
"""Modules that are understood in part, with a class that is not."""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the packages."""
    folder = tmp_path_factory.mktemp("strangers") / "venv"
    venv.create(folder, with_pip=True)
    install = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    for arguments in (("--no-deps", *WITH_A_SCREEN), (*PACKAGES, *OURS, *THEIRS)):
        run = subprocess.run([*install, *arguments], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            absent(f"no PyPI here: {run.stderr.strip().splitlines()[-1]}")
    return folder / "bin/python"


def there(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of the interpreter with this project at hand."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [str(python), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def document(python: Path, module: str, out: Path) -> tuple[dict[str, str], list[str]]:
    """The Markdown pages of a module, and what the command says is not understood."""
    run = there(python, out.parent, "-m", "wireformat", "docs", "build", str(out), "--from", module)
    assert run.returncode == 0, run.stderr
    names = json.loads((out / "files.json").read_text())
    pages = {name: (out / name).read_text() for name in names if name.startswith(f"{module}/") and name.endswith(".md")}
    return pages, re.findall(r"not understood: (.*)", run.stderr)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("module", list(WHOLE))
def test_understood_whole(python: Path, tmp_path: Path, module: str) -> None:
    pages, gaps = document(python, module, tmp_path / "out")
    assert gaps == []
    assert len(pages) - 1 >= WHOLE[module]
    assert not [name for name, page in pages.items() if "not understood" in page.lower()]
    with_fields = [page for page in pages.values() if '<a id="field-' in page]
    assert len(with_fields) >= (WHOLE[module] + 1) // 2
    assert [page for page in with_fields if "made from the schema" in page]


def users_of_construct(python: Path, package: str) -> list[str]:
    """The modules of a package that import something from construct."""
    root = next((python.parent.parent / "lib").glob(f"python*/site-packages/{package}"))
    uses = re.compile(r"^\s*(?:from|import) construct\b", re.MULTILINE)
    found = [path for path in root.rglob("*.py") if uses.search(path.read_text(encoding="utf-8"))]
    return sorted(".".join(path.relative_to(root.parent).with_suffix("").parts) for path in found)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("package", COMPLETE)
def test_nothing_of_a_package_is_left_out(python: Path, tmp_path: Path, package: str) -> None:
    modules = users_of_construct(python, package)
    assert {module for module in WHOLE if module.startswith(f"{package}.")} <= set(modules)
    for module in modules:
        run = there(python, tmp_path, "-m", "wireformat", "docs", "build", str(tmp_path / "out"), "--from", module)
        has_none = f"{module}: no construct schemas in it" in run.stderr
        assert run.returncode == (2 if has_none else 0), run.stderr
        assert "not understood" not in run.stderr


@pytest.mark.timeout(900)
@pytest.mark.parametrize("module", REBUILT)
def test_construct_reads_and_writes_the_same(python: Path, tmp_path: Path, module: str) -> None:
    run = there(python, tmp_path, "-m", "tests.interop.rebuilding", module)
    assert run.returncode == 0, run.stderr
    outcomes = json.loads(run.stdout)
    assert len(outcomes) >= WHOLE[module]
    assert {name: differ for name, (_, differ) in outcomes.items() if differ} == {}
    assert [name for name, (accepted, _) in outcomes.items() if accepted < 50] == []


@pytest.mark.timeout(900)
@pytest.mark.parametrize("module", list(PARTLY))
def test_understood_in_part(python: Path, tmp_path: Path, module: str) -> None:
    pages, gaps = document(python, module, tmp_path / "out")
    index = pages[f"{module}/index.md"]
    assert any(PARTLY[module] in gap for gap in gaps)
    assert index.partition("## Not understood")[2].count("\n| <code>") == len(gaps) > 0
    assert len(pages) > 1


def test_the_packages_are_strangers() -> None:
    assert len((*PACKAGES, *WITH_A_SCREEN)) == 6
    assert not [module for module in (*WHOLE, *PARTLY) if module.partition(".")[0] in sys.modules]
