"""The recorded runs are what our sessions do today, and end as the specification says."""

from __future__ import annotations

import pytest

from tests.derive.record_handshakes import RUNS
from tests.derive.recordings import kept
from wireformat.derive.charts import write_run

ENDS = {
    "handshake/success": ["complete", "complete"],
    "handshake/refusal": ["failed", "ready"],
    "handshake/legacy": ["failed: LEGACY_PEER_SUSPECTED"],
    "handshake/resume": ["paused", "paused", "complete", "complete"],
    "handshake/uncertain": ["GRANT is lost", "unknown", "held", "failed", "failed"],
    "channels/binding": [],
}


@pytest.mark.parametrize("name", list(RUNS))
def test_recorded_runs_are_current(name: str) -> None:
    assert kept(name) == write_run(RUNS[name]())


@pytest.mark.parametrize("name", list(RUNS))
def test_runs_end_as_they_should(name: str) -> None:
    found = RUNS[name]()
    own = [step.event for step in found.steps if step.sender == step.receiver]
    assert [event.replace("Grant", "GRANT") for event in own] == ENDS[name]


def test_a_stranger_is_refused_and_the_right_channel_bound() -> None:
    found = RUNS["channels/binding"]()
    answers = [(step.receiver, step.event, step.note) for step in found.steps if step.sender == "destination"]
    assert ("stranger", "Reject", "CHANNEL_BINDING") in answers
    assert ("source", "ChannelAck", "multifd/0") in answers
