"""The command starts quickly: nothing heavy is imported before it is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

LIMIT_SECONDS = 0.100
HEAVY = ("construct", "hypothesis", "rich", "asyncio", "wireformat.protocols")


def processor_seconds() -> float:
    """Processor time, user and system, of one `wireformat --version`."""
    before = os.times()
    subprocess.run([sys.executable, "-m", "wireformat", "--version"], check=True, capture_output=True)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def test_version_is_printed() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "wireformat", "--version"], check=True, capture_output=True, text=True
    )
    assert version("wireformat") in answer.stdout


def test_version_takes_less_than_a_tenth_of_a_second() -> None:
    assert min(processor_seconds() for _ in range(5)) < LIMIT_SECONDS


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = "import sys, wireformat, wireformat.cli; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert set(answer.stdout.split()).isdisjoint(HEAVY)
