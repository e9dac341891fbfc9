"""`wireformat docs` writes what the pages are, removes what is gone, and documents strangers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.house.project import ROOT
from wireformat.cli import docs

STRANGER = '''"""Schemas of somebody else.

More about them."""
import construct
from construct import Int8ub, Int16ul

Header = construct.Struct("kind" / Int8ub, "size" / Int16ul)
Greedy = construct.Struct("rest" / construct.GreedyRange(Int8ub))
'''


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prose, vectors and tests are found in the current folder."""
    monkeypatch.chdir(ROOT)


@pytest.mark.slow
def test_build_writes_pages_pictures_and_models(call: Call, tmp_path: Path) -> None:
    answer = call("docs", "build", str(tmp_path / "out"))
    assert (answer.code, answer.data) == (0, b"")
    names = json.loads((tmp_path / "out/files.json").read_text())
    assert answer.errors == f"wireformat docs: {len(names)} files in {tmp_path / 'out'}\n"
    assert all((tmp_path / "out" / name).exists() for name in names)
    assert {"index.md", "print.md", "style.css", "vmstate/index.md", "errors/vmstate/footer.md"} <= set(names)
    page = (tmp_path / "out/vmstate/Command.md").read_text()
    assert "<code>spec/vectors/vmstate/valid/Command.json</code>" in page.replace("&#47;", "/").replace("&#46;", ".")
    assert "## Recorded runs" in (tmp_path / "out/vmstate/index.md").read_text()


def test_build_without_a_folder_is_a_usage_error(call: Call) -> None:
    answer = call("docs", "build")
    assert (answer.code, answer.errors) == (2, "wireformat docs: where to? wireformat docs build OUT\n")


def test_what_an_earlier_run_left_is_removed_and_other_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("mine")
    assert docs.write({"a/old.md": "1", "b.md": "2"}, tmp_path) == 2
    assert docs.write({"b.md": "3"}, tmp_path) == 1
    assert sorted(path.name for path in tmp_path.rglob("*.md")) == ["b.md", "mine.md"]
    assert (tmp_path / "b.md").read_text() == "3"


def test_a_strangers_schemas_are_documented(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stranger_of_test_docs.py").write_text(STRANGER)
    monkeypatch.chdir(tmp_path)
    answer = call("docs", "build", "out", "--from", "stranger_of_test_docs")
    assert answer.code == 0
    assert "not understood: Greedy.rest: GreedyRange: swallows errors" in answer.errors
    index = (tmp_path / "out/stranger_of_test_docs/index.md").read_text()
    assert "Schemas of somebody else." in index
    assert "| <code>Greedy.rest</code> | GreedyRange: swallows errors" in index
    assert "Int8ub" not in index
    header = (tmp_path / "out/stranger_of_test_docs/Header.md").read_text()
    assert 'title="0x1: size = 1">01 00</span>' in header


@pytest.mark.parametrize(("module", "fault"), [("no.such.module", "No module named"), ("json", "no construct schemas")])
def test_what_has_no_schemas_is_a_usage_error(call: Call, tmp_path: Path, module: str, fault: str) -> None:
    answer = call("docs", "build", str(tmp_path), "--from", module)
    assert answer.code == 2
    assert fault in answer.errors


def test_a_module_that_fails_when_imported_is_a_usage_error(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packages for an older construct do: what they import is gone, or names are not defined."""
    (tmp_path / "failing_of_test_docs.py").write_text("Old = Embedded(Struct())\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    answer = call("docs", "build", str(tmp_path / "out"), "--from", "failing_of_test_docs")
    assert answer.code == 2
    assert "failing_of_test_docs: importing it fails: NameError: name 'Embedded' is not defined" in answer.errors
