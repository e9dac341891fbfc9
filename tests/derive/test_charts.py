"""Charts show every step of a run in order; runs survive JSON; the sample protocol's run is one its machine allows."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from tests.derive.sample_protocol import EVENTS, record
from tests.house.project import ROOT
from wireformat.derive.charts import Run, Step, folded, read_run, svg_chart, text_chart, write_run
from wireformat.errors import RemoteProtocolError, SchemaError

RUN = record(EVENTS)


def test_a_run_is_recorded_from_the_machine() -> None:
    assert [(step.event, step.count) for step in RUN.steps[:3]] == [("Ask", 1), ("nudge", 3), ("Lend", 1)]
    with pytest.raises(RemoteProtocolError, match="Return is not legal in state idle of borrower"):
        record(("Return",))


def test_the_text_has_a_line_for_each_step() -> None:
    lines = text_chart(RUN).splitlines()
    assert len(lines) == len(RUN.steps) == 8
    assert lines[0] == "borrower ─> lender    Ask"
    assert lines[1] == "borrower ─> lender    nudge × 3"
    assert lines[-1] == "borrower ── borrower  leave"


def test_the_picture_has_the_same_labels_in_the_same_order() -> None:
    texts = [node.text for node in ElementTree.fromstring(svg_chart(RUN)).iter("text")]
    assert texts == ["borrower", "lender", *(step.label for step in RUN.steps)]


def test_long_labels_are_cut_but_whole_on_hover() -> None:
    run = Run("t", "", ("a", "b"), (Step("a", "b", "e" * 90),))
    svg = ElementTree.fromstring(svg_chart(run))
    assert [node.text for node in svg.iter("title")] == ["t", "e" * 90]
    assert [node.text for node in svg.iter("text")][-1] == "e" * 40 + "…"


def test_equal_neighbours_fold() -> None:
    step = Step("a", "b", "x")
    assert folded([step, step, Step("b", "a", "x"), step]) == (
        Step("a", "b", "x", count=2),
        Step("b", "a", "x"),
        step,
    )


def test_runs_survive_json() -> None:
    assert read_run(json.loads(json.dumps(write_run(RUN)))) == RUN


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({"title": "x"}, "KeyError"),
        ({"title": "x", "parties": ["a"], "steps": [{"from": "a", "to": "b", "event": "e"}]}, "b is no party"),
    ],
)
def test_what_is_no_run_is_refused(document: dict[str, object], fault: str) -> None:
    with pytest.raises(SchemaError, match=fault):
        read_run(document)


def test_every_recorded_run_of_the_specification_can_be_drawn() -> None:
    paths = sorted((ROOT / "spec" / "recordings").rglob("*.json"))
    assert paths
    for path in paths:
        run = read_run(json.loads(path.read_text()))
        assert len(ElementTree.fromstring(svg_chart(run)).findall("g")) == len(run.steps) > 3
