"""What the repository holds: nothing of the place it was written in, nothing large, no broken link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.project import ROOT, tracked_files

SIZE_LIMIT = 60 << 20
# Put together here, so that this file does not hold what it forbids.
FOREIGN = ("/wo" + "rk/", "../sha" + "red", "/tmp/" + "brief")
REFERENCE = ROOT / "spec" / "reference"
MADE = frozenset((ROOT / "spec" / "anchors.txt").read_text().split("\n"))
"""The pages and anchors of the reference, which only `make docs` writes."""

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
PAGES = [path for path in tracked_files() if path.suffix == ".md"]


def local_links(page: Path) -> list[str]:
    """The targets of a page's links that are files here."""
    return [link for link in LINK.findall(page.read_text()) if "://" not in link and not link.startswith("mailto:")]


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether a link's target is there, or is a page of the reference, whether or not that has been made."""
    target = (page.parent / link).resolve()
    if target.is_relative_to(REFERENCE):
        return target.relative_to(REFERENCE).as_posix().removesuffix("index.md").removesuffix(".md") in MADE
    return target.exists()


def test_no_file_names_the_place_it_was_written_in() -> None:
    texts = {path: path.read_bytes() for path in tracked_files() if path.suffix != ".xz"}
    assert [f"{path}: {word}" for path, data in texts.items() for word in FOREIGN if word.encode() in data] == []


def test_the_repository_is_small() -> None:
    assert sum(path.stat().st_size for path in tracked_files()) < SIZE_LIMIT


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    assert [link for link in local_links(page) if not leads_somewhere(page, link)] == []


@pytest.mark.parametrize(
    ("link", "leads"),
    [
        ("../glossary.md", True),
        ("../glossaries.md", False),
        ("../reference/errors/index.md", True),
        ("../reference/vmstate/Command.md", True),
        ("../reference/vmstate/Commands.md", False),
    ],
)
def test_the_rule_of_links_itself(link: str, leads: bool) -> None:
    assert leads_somewhere(ROOT / "spec" / "guide" / "peers.md", link) is leads


def test_every_page_of_the_specification_is_in_the_navigation() -> None:
    """By itself: the generated pages are many, so that no list names pages and none can be forgotten."""
    assert not re.search(r"^(nav|exclude_docs|not_in_nav):", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
