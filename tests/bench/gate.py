"""Rows of ratios, how they are shown, and when they fail.

Times of one machine mean nothing on another, ratios of times taken in one interleaved run mean much. A row states a
ratio and what it should be, at least or at most. On a shared machine a gate that insists on the target would fail by
chance; it insists on 70 % of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

TOLERANCE: Final = 0.7


@dataclass(frozen=True)
class Row:
    """One measured ratio. `sense` says whether the target is the least or the most; no target: for information."""

    name: str
    ratio: float
    target: float | None = None
    sense: Literal["least", "most"] = "least"
    note: str = ""

    @property
    def share(self) -> float:
        """How much of the target is reached; 1 and more is good."""
        if self.target is None:
            return 1.0
        return self.ratio / self.target if self.sense == "least" else self.target / max(self.ratio, 1e-9)

    @property
    def verdict(self) -> str:
        """`ok`, `short` of the target but within the tolerance, or `FAIL`."""
        if self.target is None:
            return "-"
        return "ok" if self.share >= 1 else "short" if self.share >= TOLERANCE else "FAIL"


def table(rows: Sequence[Row]) -> str:
    """The rows as text, one line each."""
    width = max(len(row.name) for row in rows)
    lines = [f"{'':{width}}  {'ratio':>8}  {'target':>8}  verdict"]
    for row in rows:
        sign = {"least": "≥", "most": "≤"}[row.sense]
        target = "" if row.target is None else f"{sign} {row.target:g}"
        lines.append(f"{row.name:{width}}  {row.ratio:8.2f}  {target:>8}  {row.verdict:7}  {row.note}".rstrip())
    return "\n".join(lines)


def passes(rows: Sequence[Row]) -> bool:
    """Whether the gate lets these rows through."""
    return all(row.share >= TOLERANCE for row in rows)


def main(run: Callable[[], Sequence[Row]], words: Sequence[str] | None = None) -> int:
    """Measure, print the table; with `--gate` the exit code is 1 when a row fails."""
    rows = run()
    print(table(rows))
    gated = "--gate" in (sys.argv[1:] if words is None else words)
    return 1 if gated and not passes(rows) else 0
