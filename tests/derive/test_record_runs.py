"""The recorded runs are what the captures hold."""

from __future__ import annotations

import json

import pytest

from tests.derive.record_runs import FOLDER, RUNS, recorded
from wireformat.derive.charts import write_run


@pytest.mark.parametrize("name", list(RUNS))
def test_recorded_runs_are_current(name: str) -> None:
    assert json.loads((FOLDER / f"{name}.json").read_text()) == write_run(recorded(*RUNS[name]))
