"""Every fuzz target runs: five seconds each, without a crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.project import ROOT
from tests.interop.programs import require_module

pytestmark = pytest.mark.slow
TARGETS = sorted((ROOT / "fuzz" / "targets").glob("fuzz_*.py"))


@pytest.mark.parametrize("target", TARGETS, ids=[target.stem for target in TARGETS])
def test_target_runs_for_five_seconds(target: Path, tmp_path: Path) -> None:
    require_module("atheris", "fuzz")
    command = [sys.executable, str(target), "-max_total_time=5", f"-artifact_prefix={tmp_path}/", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
