"""Run every benchmark, each in a process of its own: `python -m tests.bench.run [--gate]`.

A benchmark is `bench_<what>.py` beside this; it prints a table of ratios with their targets. With `--gate` it exits
with 1 when a row falls below 70 % of its target, and so does this.
"""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent


def benchmarks(folder: Path = HERE) -> list[str]:
    """The names of the benchmarks in a folder, sorted."""
    return sorted(path.stem for path in folder.glob("bench_*.py"))


def main(words: Sequence[str]) -> int:
    """Run all, also after one has failed; the worst exit code."""
    parser = ArgumentParser("python -m tests.bench.run", description="Run every benchmark.")
    parser.add_argument("--gate", action="store_true", help="end with 1 when a row falls below 70 %% of its target")
    options = ["--gate"] if parser.parse_args(words).gate else []
    root = HERE.parents[1]
    worst = 0
    for name in benchmarks():
        print(f"== {name}", flush=True)
        run = subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *options], cwd=root, check=False)
        worst = max(worst, abs(run.returncode))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
