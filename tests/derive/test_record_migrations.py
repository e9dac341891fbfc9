"""The recorded runs are what the captures hold, and show each way by what tells it apart."""

from __future__ import annotations

import pytest

from tests.derive.record_migrations import RUNS, recorded
from tests.derive.recordings import kept
from wireformat.derive.charts import MAX_STEPS, write_run

TELLING = {
    "switch-host": ["MigrateBegin", "MigrateConnectError", "MigrateSwitchHost", "Init"],
    "semi-seamless": ["MigrateBegin", "MigrateConnected", "ServerMigrateEnd", "ClientMigrateEnd", "Init"],
    "seamless": ["MigrateBeginSeamless", "MigrateDstDoSeamless", "MigrateDstSeamlessAck", "MigrateConnectedSeamless"],
}


@pytest.mark.parametrize("name", list(RUNS))
def test_recorded_runs_are_current(name: str) -> None:
    assert kept(f"spice/{name}") == write_run(recorded(*RUNS[name]))


@pytest.mark.parametrize("name", list(RUNS))
def test_runs_show_their_way(name: str) -> None:
    events = [step.event for step in recorded(*RUNS[name]).steps]
    assert len(events) < MAX_STEPS
    places = [len(events) - 1 - events[::-1].index(each) for each in TELLING[name]]
    assert places == sorted(places)
