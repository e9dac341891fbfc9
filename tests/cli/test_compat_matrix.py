"""`wireformat compat handshake --matrix`: tables, JSON, what differs; the guide prints what the command prints."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.house.project import ROOT
from tests.house.test_guide import examples, run, shows
from wireformat.cli import compat_matrix
from wireformat.peer.skew import Matrix, shipped

pytestmark = pytest.mark.slow

GUIDE = ROOT / "spec" / "guide" / "skew.md"
MATRIX = shipped()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Matrix:
    """A matrix of three tables: one that says something wrong of two cells, a right one, and one that cannot be."""
    wrong = replace(MATRIX.cells[0], expected="revision-2"), replace(MATRIX.cells[2], expected="v1-ok")
    cells = (wrong[0], MATRIX.cells[1], wrong[1], *MATRIX.cells[3:25])
    files = [cell for cell in MATRIX.cells if cell.table in ("plain-file clear want", "plain-file tls want")]
    matrix = Matrix(MATRIX.builds, MATRIX.outcomes, MATRIX.absences, (*cells, *files))
    monkeypatch.setattr(compat_matrix, "shipped", lambda: matrix)
    return matrix


def test_the_tables(call: Call) -> None:
    answer = call("compat", "handshake", "--matrix")
    assert answer.code == 0
    assert answer.lines[1:4] == [
        "live clear want",
        "  source \\ destination  L/main              H1/main      H1/main-v2     H2/main      H2/main-v2",
        "  L/main                v1-ok               v1-ok        legacy-source  v1-ok        legacy-source",
    ]
    assert answer.lines[-1] == "800 cells: 285 with an outcome, 515 that cannot be"
    assert sum(line.startswith("  own-container ") for line in answer.lines) == 6
    assert "  (no-container)         cannot be: a build without the handshake writes no containers" in answer.lines


def test_json_has_every_cell(call: Call) -> None:
    document = json.loads(call("compat", "handshake", "--matrix", "--json").data)
    assert (document["format"], document["version"]) == ("wireformat-skew-table", 1)
    assert [cell["expected"] for cell in document["cells"]] == [cell.expected for cell in MATRIX.cells]
    assert document["cells"][24] == {
        "way": "live",
        "transport": "clear",
        "wish": "want",
        "source": "H2/main-v2",
        "destination": "H2/main-v2",
        "expected": "revision-2",
    }
    assert document["outcomes"]["revision-2"]["clause"] == "handshake E.5"


def test_what_is_not_as_expected_is_marked(call: Call, small: Matrix) -> None:
    answer = call("compat", "handshake", "--matrix", "--run")
    assert answer.code == 1
    assert "  L/main                revision-2 DIFFERS  v1-ok        v1-ok DIFFERS  v1-ok        legacy-source" in (
        answer.lines
    )
    start = answer.lines.index("  live clear want L/main → L/main is not revision-2")
    assert answer.lines[start + 1 : start + 5] == [
        "    source: sent, not complete",
        "    destination: loaded, not complete",
        "    revision: None, not 2",
        "    features: (), not ('dirty-limit', 'release-ram')",
    ]
    assert "    destination: StrangerRefused LEGACY_PEER 5145564d000000030700000004736b65" in answer.lines
    assert "  plain-file tls want  no-tls-in-files" in answer.lines
    assert answer.lines[-1].startswith("50 cells tried in ")
    assert answer.lines[-1].endswith(" s: 2 differ")


def test_json_tells_what_was_seen(call: Call, small: Matrix) -> None:
    answer = call("compat", "handshake", "--matrix", "--run", "--json")
    cells = json.loads(answer.data)["cells"]
    assert answer.code == 1
    assert [cell["differences"] == [] for cell in cells[:4]] == [False, True, False, True]
    assert cells[24]["seen"] == {"source": "complete", "destination": "complete", "revision": 2}
    assert "seen" not in cells[-1]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--matrix"], "a matrix of handshake alone"),
        (["handshake", "--matrix", "--against", "1"], "--matrix goes with --run and --json alone"),
        (["handshake", "--matrix", "--all"], "--matrix goes with --run and --json alone"),
        (["vmstate", "--matrix"], "a matrix of handshake alone"),
        (["handshake", "--run"], "--run goes with --matrix"),
    ],
)
def test_usage_errors(call: Call, words: list[str], complaint: str) -> None:
    answer = call("compat", *words)
    assert (answer.code, answer.text) == (2, "")
    assert complaint in answer.errors


def test_the_guide_prints_what_it_shows(tmp_path: Path) -> None:
    found = list(examples(GUIDE.read_text()))
    assert len(found) == 2
    for command, shown in found:
        printed = run(command, tmp_path)
        assert shows(shown, printed), "\n".join([f"$ {command}", *printed])
