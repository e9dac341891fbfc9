"""What a row of ratios says, and when the gate closes."""

from __future__ import annotations

import pytest

from tests.bench.gate import Row, main, table


@pytest.mark.parametrize(
    ("ratio", "sense", "verdict"),
    [
        (5.0, "least", "ok"),
        (3.6, "least", "short"),
        (3.4, "least", "FAIL"),
        (5.0, "most", "ok"),
        (7.0, "most", "short"),
        (7.3, "most", "FAIL"),
    ],
)
def test_the_gate_tolerates_seventy_percent(ratio: float, sense: str, verdict: str) -> None:
    row = Row("x", ratio, 5.0, sense)  # type: ignore[arg-type]
    assert row.verdict == verdict
    assert main(lambda: [row], ["--gate"]) == (verdict == "FAIL")
    assert main(lambda: [row], []) == 0


def test_a_row_without_a_target_never_fails() -> None:
    assert main(lambda: [Row("x", 0.0)], ["--gate"]) == 0


def test_the_table_has_ratio_target_and_verdict() -> None:
    lines = table([Row("index / cat", 1.25, 1.2, "most", "174 ms"), Row("touch", 2.0)]).splitlines()
    assert lines[1].split() == ["index", "/", "cat", "1.25", "≤", "1.2", "short", "174", "ms"]
    assert lines[2].split() == ["touch", "2.00", "-"]
