"""Requirements in the prose: each has an id of its own, a word of obligation, and its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.project import ROOT

ROW = re.compile(r"^\| ([A-Z]+-\d{3}) \| (.+) \|$", re.MULTILINE)
KEYWORD = re.compile(r"\*\*(MUST|MUST NOT|SHOULD|SHOULD NOT|MAY)\*\*")
PAGES = sorted((ROOT / "spec" / "protocols").glob("*.md"))


def requirements(page: Path) -> Iterator[tuple[str, str]]:
    """Id and text of every requirement on a page."""
    for match in ROW.finditer(page.read_text()):
        yield match[1], match[2]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_ids_ascend_and_never_repeat(page: Path) -> None:
    ids = [id for id, _ in requirements(page)]
    assert len(ids) > 10
    assert ids == sorted(set(ids))
    assert len({id.partition("-")[0] for id in ids}) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_says_how_binding_it_is(page: Path) -> None:
    assert [id for id, text in requirements(page) if not KEYWORD.search(text)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_row_of_a_table_is_missed(page: Path) -> None:
    """Fails when a row is not written as `| XX-000 | text |`."""
    rows = [line for line in page.read_text().splitlines() if re.match(r"\|\s*[A-Z]+-\d", line)]
    assert len(rows) == len(list(requirements(page)))
