"""A bar appears on a terminal, for long input, and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from wireformat.cli.progress import LONG, progress


class Terminal(io.StringIO):
    """Standard error that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """What a bar is drawn on, from now on."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    return screen


def test_no_terminal_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    with progress("x.mig", LONG) as watch:
        assert watch is None
    assert file.getvalue() == ""


def test_short_input_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    with progress("x.mig", LONG - 1) as watch:
        assert watch is None
    assert screen.getvalue() == ""


@pytest.mark.parametrize("total", [LONG, None])
def test_a_bar_names_the_input_and_vanishes(monkeypatch: pytest.MonkeyPatch, total: int | None) -> None:
    screen = terminal(monkeypatch)
    with progress("x.mig", total) as watch:
        assert watch is not None
        watch(LONG // 2)
    assert "x.mig" in screen.getvalue()
    assert screen.getvalue().rstrip("\r\n").endswith("\x1b[2K")
