"""The recorded runs are what the captures hold."""

from __future__ import annotations

import pytest

from tests.derive.record_runs import RUNS, recorded
from tests.derive.recordings import kept
from wireformat.derive.charts import write_run


@pytest.mark.parametrize("name", list(RUNS))
def test_recorded_runs_are_current(name: str) -> None:
    assert kept(f"vmstate/{name}") == write_run(recorded(*RUNS[name]))
