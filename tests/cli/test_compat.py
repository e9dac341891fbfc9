"""`wireformat compat`: tables, JSON, exit codes; the guide prints what the command prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.derive.sample_protocol import PROTOCOL
from tests.house.project import ROOT
from tests.house.test_guide import examples, run, shows
from wireformat.derive.baseline import freeze, render
from wireformat.derive.compat_change import RULES

GUIDE = (ROOT / "spec" / "guide" / "compatibility.md").read_text()
SAMPLE = "tests.derive.sample_protocol:PROTOCOL"


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """The first version of the sample protocol in a folder of baselines."""
    path = tmp_path / "baselines" / "library" / "1.json"
    path.parent.mkdir(parents=True)
    path.write_text(render(freeze(PROTOCOL, "1")))
    return path


def test_a_table_for_people(call: Call, frozen: Path) -> None:
    answer = call("compat", "--from", SAMPLE, "--folder", frozen.parents[1])
    assert answer.code == 1
    assert answer.lines[1:5] == [
        "library 2 against 1: 1 broken, 1 readable one way, 1 compatible",
        "  message  verdict           backward  forward",
        "  Ask      broken            breaks    breaks",
        "  Lend     readable one way  reads     breaks",
    ]
    assert "b00c00    breaks: truncated: days at 0x3: 1 bytes needed, 0 left" in answer.text
    assert "breaks: tag: version 1 has no number 0x2" in answer.text
    assert "Return" not in answer.text


def test_json_for_programs(call: Call, frozen: Path) -> None:
    answer = call("compat", "--from", SAMPLE, "--against", frozen, "--json")
    (document,) = json.loads(answer.data)
    assert answer.code == 1
    assert (document["format"], document["version"], document["old"], document["new"]) == (
        "wireformat-compat",
        1,
        "1",
        "2",
    )
    ask = document["messages"][0]
    assert (ask["name"], ask["verdict"], ask["findings"][0]["rule"]) == ("Ask", "broken", "field-appended")
    assert ask["backward"]["witness"] == {
        "hex": "b00c00",
        "params": {},
        "written": {"title": ""},
        "read": None,
        "error": "truncated",
        "offset": 3,
        "text": "days at 0x3: 1 bytes needed, 0 left",
        "differs": "",
    }


def test_what_is_compatible_shows_on_demand(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "2.json"
    path.write_text(render(freeze(PROTOCOL, "2")))
    quiet = call("compat", "--from", SAMPLE, "--against", path)
    assert (quiet.code, quiet.text) == (0, "\nlibrary 2 against 2: 3 compatible\n")
    whole = call("compat", "--from", SAMPLE, "--against", path, "--all")
    assert whole.code == 0
    assert "b00c076578616d706c6501  reads" in whole.text


def test_declared_protocols_against_what_is_frozen(call: Call) -> None:
    answer = call("compat", "vmstate")
    assert answer.code == 0
    assert answer.lines == ["", "vmstate 3 against 3: 18 compatible"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "which protocol?"),
        (["vmstate", "--from", SAMPLE], "which protocol?"),
        (["nonsense"], "no protocol named nonsense"),
        (["vmstate", "--against", "99"], "neither a frozen version of vmstate nor a file"),
        (["--from", SAMPLE], "library has no baseline"),
        (["--from", "no.such.module:X"], "No module named 'no'"),
        (["--from", "tests.derive.sample_protocol:NOTHING"], "has no attribute 'NOTHING'"),
        (["--from", "tests.derive.sample_protocol:PROSE"], "is no Protocol but str"),
    ],
)
def test_usage_errors(call: Call, words: list[str], complaint: str) -> None:
    answer = call("compat", *words)
    assert (answer.code, answer.text) == (2, "")
    assert complaint in answer.errors
    assert answer.errors.count("\n") == 1


def test_a_file_that_is_no_baseline(call: Call, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    answer = call("compat", "vmstate", "--against", tmp_path / "x.json")
    assert answer.code == 2
    assert "not a baseline" in answer.errors
    (tmp_path / "x.json").write_text("[" * 200_000)
    answer = call("compat", "vmstate", "--against", tmp_path / "x.json")
    assert answer.code == 2
    assert f"{tmp_path / 'x.json'}: no JSON: maximum recursion depth exceeded" in answer.errors


@pytest.mark.slow
def test_nothing_is_left_behind(start: Call, frozen: Path, tmp_path: Path) -> None:
    """Hypothesis keeps files where it runs, unless told otherwise."""
    before = sorted(tmp_path.rglob("*"))
    module = tmp_path / "lent.py"
    module.write_text("from tests.derive.sample_protocol import PROTOCOL\n")
    environment = {"PATH": "/usr/bin", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    answer = start("compat", "--from", "lent", "--against", frozen, cwd=tmp_path, env=environment)
    assert answer.code == 1, answer.errors
    assert sorted(tmp_path.rglob("*")) == sorted([*before, module])


@pytest.mark.slow
def test_the_guide_prints_what_it_shows(tmp_path: Path) -> None:
    (module,) = re.findall(r"```python\n(from wireformat.schema import.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "parcels.py").write_text(module)
    found = list(examples(GUIDE))
    assert len(found) >= 7
    for command, shown in found:
        printed = run(command, tmp_path)
        shown = shown[:-1] if shown and not shown[-1] else shown
        assert shows(shown, printed), "\n".join([f"$ {command}", *printed])


def test_the_guide_s_program_works() -> None:
    (program,) = re.findall(r"```python\n(from wireformat.derive.*?)```", GUIDE, re.DOTALL)
    names: dict[str, object] = {}
    exec(program, names)
    assert repr(names["ping"]) == "Ping(value=7)"


def test_the_guide_lists_every_rule() -> None:
    assert dict(re.findall(r"^\| `([\w-]+)` \| (.*) \|$", GUIDE, re.MULTILINE)) == dict(RULES)
