"""Documentation of other people's packages that use construct, without a change to them.

Five packages of PyPI, installed into an environment of their own. Two modules are understood whole; of the others every
part that is not understood is named with class and place, and everything else has its page.
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

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.soak]

PACKAGES = (
    "regipy==6.5.0",
    "pyrekordbox==0.5.0",
    "python-miio==0.5.12",
    "mercury-engine-data-structures==0.36.2",
    "ledgerwallet==0.10.0",
)
OURS = ("construct>=2.10.70,<2.11", "typer>=0.29,<1", "rich>=13", "pytz")
"""What wireformat needs there, and what regipy forgets to ask for."""

WHOLE = {"regipy.structs": 27, "pyrekordbox.mysettings.structs": 4}
"""Modules that are understood whole, with the least number of records they have."""

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
    install = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *PACKAGES, *OURS]
    run = subprocess.run(install, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        reason = f"no PyPI here: {run.stderr.strip().splitlines()[-1]}"
        pytest.fail(reason) if os.environ.get("WIREFORMAT_REQUIRE_PROGRAMS") else pytest.skip(reason)
    return folder / "bin/python"


def document(python: Path, module: str, out: Path) -> tuple[dict[str, str], list[str]]:
    """The Markdown pages of a module, and what the command says is not understood."""
    command = [str(python), "-m", "wireformat", "docs", "build", str(out), "--from", module]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, cwd=out.parent, env=environment, check=False)
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
    assert len(with_fields) >= WHOLE[module] // 2
    assert [page for page in with_fields if "made from the schema" in page]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("module", list(PARTLY))
def test_understood_in_part(python: Path, tmp_path: Path, module: str) -> None:
    pages, gaps = document(python, module, tmp_path / "out")
    index = pages[f"{module}/index.md"]
    assert any(PARTLY[module] in gap for gap in gaps)
    assert index.partition("## Not understood")[2].count("\n| <code>") == len(gaps) > 0
    assert len(pages) > 1


def test_the_packages_are_strangers() -> None:
    assert len(PACKAGES) == 5
    assert not [module for module in (*WHOLE, *PARTLY) if module.partition(".")[0] in sys.modules]
