"""What the repository holds: nothing of the place it was written in, nothing large, no broken link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.project import ROOT, tracked_files

SIZE_LIMIT = 60 << 20
# Put together here, so that this file does not hold what it forbids.
FOREIGN = ("/wo" + "rk/", "../sha" + "red", "/tmp/" + "brief")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
PAGES = [path for path in tracked_files() if path.suffix == ".md"]


def local_links(page: Path) -> list[str]:
    """The targets of a page's links that are files here."""
    return [link for link in LINK.findall(page.read_text()) if "://" not in link and not link.startswith("mailto:")]


def test_no_file_names_the_place_it_was_written_in() -> None:
    texts = {path: path.read_bytes() for path in tracked_files() if path.suffix != ".xz"}
    assert [f"{path}: {word}" for path, data in texts.items() for word in FOREIGN if word.encode() in data] == []


def test_the_repository_is_small() -> None:
    assert sum(path.stat().st_size for path in tracked_files()) < SIZE_LIMIT


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    assert [link for link in local_links(page) if not (page.parent / link).exists()] == []


def test_every_page_of_the_specification_is_in_the_navigation() -> None:
    """By itself: the generated pages are many, so that no list names pages and none can be forgotten."""
    assert not re.search(r"^(nav|exclude_docs|not_in_nav):", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
