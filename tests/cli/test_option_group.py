"""A group's options are those of its fields, in its place; the verb gets them as one value."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, signature
from types import ModuleType
from typing import Annotated

import pytest
import typer

from wireformat.cli.option_group import grouped
from wireformat.cli.running import run_verb


@dataclass(frozen=True)
class Size:
    """A group with an option that must be given."""

    width: Annotated[int, typer.Option(help="cells in a row")]
    height: Annotated[int, typer.Option(min=1, help="rows")] = 4


@dataclass(frozen=True)
class Look:
    """A group of its own."""

    colours: Annotated[list[str] | None, typer.Option("--colour", help="one of the colours")] = None


@grouped
def draw(
    name: Annotated[str, typer.Argument(help="what is drawn")],
    *,
    size: Size,
    fast: Annotated[bool, typer.Option("--fast", help="at once")] = False,
    look: Look,
) -> int:
    """Draw something."""
    print(name, size, fast, look)
    return size.width


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Calls `draw` with words of a command line."""
    module = ModuleType("wireformat.cli.trial")
    module.run = draw  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wireformat.cli.trial", module)
    return lambda *words: run_verb("trial", words)


def test_a_verb_gets_its_groups(call: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert call("box", "--height", "2", "--width", "7", "--colour", "red", "--colour", "blue", "--fast") == 7
    assert capsys.readouterr().out == f"box {Size(7, 2)} True {Look(['red', 'blue'])}\n"
    assert call("box", "--width", "9") == 9
    assert capsys.readouterr().out == f"box {Size(9, 4)} False {Look()}\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["box"], "Missing parameter: width"),
        (["box", "--width", "wide"], "a valid integer"),
        (["box", "--width", "1", "--height", "0"], "greater than or equal to 1"),
        (["box", "--width", "1", "--size", "1"], "No such option: --size"),
    ],
)
def test_options_of_a_group_are_checked_like_others(
    call: Callable[..., int], capsys: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    assert call(*words) == 2
    assert reason in capsys.readouterr().err


def test_help_has_the_options_where_their_group_stands(
    call: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("--help") == 0
    text = capsys.readouterr().out
    places = [text.index(f"  {word} ") for word in ("--width", "--height", "--fast", "--colour")]
    assert places == sorted(places)
    assert "Draw something." in text
    assert "[default: 4; x>=1]" in text


def test_a_field_is_what_a_parameter_would_be() -> None:
    options = signature(draw).parameters
    assert [*options] == ["name", "width", "height", "fast", "colours"]
    assert [options[name].default for name in ("width", "height", "colours")] == [Parameter.empty, 4, None]
