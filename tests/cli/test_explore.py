"""`wireformat explore` prints what holds, and the shortest run to what does not."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Call
from wireformat.derive.charts import read_run
from wireformat.protocols.handshake import world
from wireformat.protocols.handshake.machine import TRANSITIONS
from wireformat.protocols.handshake.worlds.handover import HandoverWorld

UNKNOWN_FAILS = {**TRANSITIONS["source"], "granted": {**TRANSITIONS["source"]["granted"], "cut": "failed"}}


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that resumes the guest after a cut behind GRANT."""
    monkeypatch.setattr(world, "WORLDS", {"handover": HandoverWorld({**TRANSITIONS, "source": UNKNOWN_FAILS})})


def test_what_is_guaranteed(call: Call) -> None:
    answer = call("explore", "handshake", "--world", "handover")
    assert (answer.code, answer.errors) == (0, "")
    assert answer.lines[0].startswith("handover: Ownership of the guest")
    assert answer.lines[1].startswith("  89 states, 290 steps, depth 9, ")
    assert "  holds     P-05           no split brain: " in answer.text
    assert "P-07-held" not in answer.text


def test_what_is_not_guaranteed_is_shown_and_no_finding(call: Call) -> None:
    answer = call("explore", "--world", "handover", "--all")
    assert answer.code == 0
    place = next(number for number, line in enumerate(answer.lines) if line.startswith("  violated  P-07-held"))
    assert "(not guaranteed)" in answer.lines[place]
    assert answer.lines[place + 1].split() == ["source", "─>", "destination", "Handover"]
    assert any(line.split() == ["source", "─>", "destination", "Grant"] for line in answer.lines[place:])


def test_a_violation_is_a_finding_with_a_chart(call: Call, broken: None) -> None:
    answer = call("explore")
    assert answer.code == 1
    assert "  violated  P-05           no split brain: " in answer.text
    assert ["network", "──", "network", "cut"] in [line.split() for line in answer.lines]
    assert "P-14  sound omission: tests/" in answer.text, "where it is checked otherwise"


def test_for_programs(call: Call, broken: None) -> None:
    answer = call("explore", "--json")
    document = json.loads(answer.data)
    assert (answer.code, document["format"], document["version"]) == (1, "wireformat-exploration", 1)
    (entry,) = document["worlds"]
    assert (entry["name"], entry["states"] > 80, entry["ends"] > 5) == ("handover", True, True)
    claims = {each["id"]: each for each in entry["claims"]}
    assert claims["P-03"]["holds"]
    assert not claims["P-05"]["holds"]
    run = read_run(claims["P-05"]["run"])
    assert [step.event for step in run.steps if step.event in ("Handover", "Loaded", "Grant")] == [
        "Handover",
        "Loaded",
        "Grant",
    ]
    assert "P-17" in document["tests"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("vmstate",), "vmstate has no world to explore; there is one of handshake"),
        (("handshake", "--world", "moon"), "no world named moon; there are handshake, channels, "),
    ],
)
def test_what_there_is_not_is_a_usage_error(call: Call, words: tuple[str, ...], message: str) -> None:
    answer = call("explore", *words)
    assert answer.code == 2
    assert message in answer.errors
