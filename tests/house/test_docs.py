"""The documentation builds from a fresh clone, every warning an error; the site asks no other host."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.project import ROOT
from tests.interop.programs import require_module

FETCHED = re.compile(r"""(?:<(?:script|img|iframe|source)[^>]*\ssrc|<link[^>]*\shref)=["']?(https?:)?//[^"'\s>]+""")
OUTSIDE_CSS = re.compile(r"""(?:@import|url\()\s*["']?(?:https?:)?//""")


def build(site: Path) -> None:
    """What `make docs` does, into a folder of choice; the sources are copied, so that nothing is left behind."""
    sources = site.parent / "sources"
    shutil.copytree(ROOT / "spec", sources / "spec", ignore=shutil.ignore_patterns("reference"))
    shutil.copy(ROOT / "mkdocs.yml", sources)
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    docs = ["-m", "wireformat", "docs", "build", "spec/reference", "--tests", str(ROOT / "tests")]
    for command in (docs, ["-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]):
        run = subprocess.run(
            [sys.executable, *command], cwd=sources, capture_output=True, text=True, env=environment, check=False
        )
        assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, built once."""
    require_module("material", "docs")
    target = tmp_path_factory.mktemp("docs") / "site"
    build(target)
    return target


@pytest.mark.slow
def test_documentation_builds_strictly(site: Path) -> None:
    assert "<h1" in (site / "index.html").read_text()
    assert (site / "reference/vmstate/Command/index.html").exists()
    assert (site / "schemas/model.json").exists()


@pytest.mark.slow
def test_pages_ask_no_other_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 80
    assert [page for page in pages if FETCHED.search(page.read_text())] == []
    assert [sheet for sheet in site.rglob("*.css") if OUTSIDE_CSS.search(sheet.read_text())] == []


@pytest.mark.slow
def test_pages_are_read_without_scripts(site: Path) -> None:
    text = re.sub(r"<script.*?</script>", "", (site / "reference/vmstate/Command/index.html").read_text(), flags=re.S)
    assert 'title="0x4: body.value = 1"' in text
    assert "comes back in the PONG" in text
