"""Tables: as wide as what is in them, bold titles on terminals only."""

from __future__ import annotations

import sys

import pytest

from wireformat.cli.tables import Column, print_table

COLUMNS = Column("name"), Column("count", is_number=True), Column("note")
ROWS = [("a", "1", "first"), ("long name", "1,000", "")]
EXPECTED = """
Title
  name       count  note
  a              1  first
  long name  1,000
"""


def test_columns_are_as_wide_as_their_cells(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Title", COLUMNS, ROWS)
    assert capsys.readouterr().out == EXPECTED


@pytest.mark.parametrize(("no_colour", "title"), [(None, "\033[1mTitle\033[0m"), ("", "Title"), ("1", "Title")])
def test_titles_are_bold_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, no_colour: str | None, title: str
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour is not None:
        monkeypatch.setenv("NO_COLOR", no_colour)
    print_table("Title", COLUMNS, [])
    assert capsys.readouterr().out.splitlines()[1] == title
