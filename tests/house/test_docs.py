"""The documentation builds, with every warning an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.project import ROOT


@pytest.mark.slow
def test_documentation_builds_strictly(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="pip install 'wireformat[docs]'")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "<h1" in (tmp_path / "index.html").read_text()
