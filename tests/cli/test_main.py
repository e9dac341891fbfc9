"""The command itself: verbs, help, version; nothing heavy before a verb is called."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest

from tests.cli.conftest import Call
from wireformat.cli import VERBS, main


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"wireformat {version('wireformat')}\n"


@pytest.mark.parametrize("words", [["--help"], ["-h"]])
def test_help_names_every_verb(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == list(VERBS)


def test_no_verb_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().out.startswith("usage: wireformat VERB")


def test_an_unknown_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decdoe"]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "wireformat: no such verb: decdoe; see wireformat --help\n")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_module_with_a_sentence(verb: str) -> None:
    function = import_module(f"wireformat.cli.{verb}").run
    assert function.__doc__.strip().splitlines()[0].endswith(".")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(call: Call, verb: str) -> None:
    answer = call(verb, "--help")
    assert answer.code == 0
    assert answer.text.startswith(f"Usage: wireformat {verb} ")


def test_arguments_come_from_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["wireformat", "no-verb"])
    assert main() == 2


def test_a_verb_imports_no_other_verb() -> None:
    program = "import sys; from wireformat.cli import main; main(['decode', '--help']); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = set(run.stdout.split())
    assert "wireformat.cli.decode" in loaded
    assert loaded.isdisjoint(f"wireformat.cli.{verb}" for verb in VERBS if verb != "decode")
