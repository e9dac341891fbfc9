"""The ledger of requirements: every one has a test, and where it comes from is known."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest

from tests.derive import index_requirements
from tests.derive.index_requirements import LIST, entries, of_protocol, parted
from tests.house.project import ROOT
from wireformat.derive.ledger import checked_by
from wireformat.protocols import NAMES, protocol

PROPOSALS = [name for name in NAMES if protocol(name).is_proposal]
WISHES = [f"R-HS-{number:02d}" for number in range(1, 41)] + [f"R-CH-{number:02d}" for number in range(1, 9)]


@cache
def checked() -> dict[str, list[str]]:
    """By requirement, the tests that name it."""
    return checked_by({str(path): path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py"))})


@pytest.mark.parametrize("name", NAMES)
def test_no_requirement_is_without_a_test(name: str) -> None:
    found = checked()
    assert [each.id for each in of_protocol(name) if each.id not in found] == []


def test_no_test_names_a_requirement_that_is_gone() -> None:
    prefixes = {each["id"].partition("-")[0] for each in entries()}
    known = {each["id"] for each in entries()}
    named = {id for id in checked() if id.partition("-")[0] in prefixes}
    assert named - known == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_requirement_says_where_it_comes_from(name: str) -> None:
    assert [each["id"] for each in entries() if each["protocol"] == name and not each["origin"]] == []


def test_every_wish_of_the_public_discussion_is_met_or_named_as_not_covered() -> None:
    met = {origin for each in entries() for origin in each["origin"]}
    pages = "".join((index_requirements.PROSE / f"{name}.md").read_text() for name in PROPOSALS)
    named = set(re.findall(r"^\| (R-(?:HS|CH)-\d+) \|", pages, re.MULTILINE))
    assert [wish for wish in WISHES if wish not in met | named] == []
    assert met & named == set()


def test_the_list_is_current() -> None:
    """Fails when a page changed: run python -m tests.derive.index_requirements."""
    assert json.loads(LIST.read_text(encoding="utf-8")) == list(entries())


@pytest.mark.parametrize(
    ("text", "sentence", "origin"),
    [
        ("A. [handshake D.2]", "A.", ["handshake D.2"]),
        ("A. [R-CH-03, handshake D.14, E.2]", "A.", ["R-CH-03", "handshake D.14", "handshake E.2"]),
        ("A. [qemu-stream 5, 5.2]", "A.", ["qemu-stream 5", "qemu-stream 5.2"]),
        ("A `x[0]`. B", "A `x[0]`. B", []),
    ],
)
def test_origins_are_parted_from_sentences(text: str, sentence: str, origin: list[str]) -> None:
    assert parted(text) == (sentence, origin)
