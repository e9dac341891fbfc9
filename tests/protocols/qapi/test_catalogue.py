"""The catalogue: every error id of addresses is explained, and every id that is explained is raised."""

from __future__ import annotations

import re
from pathlib import Path

import wireformat.protocols.qapi as package
from wireformat.protocols.qapi.catalogue import CATALOGUE

SOURCES = [path for path in Path(package.__path__[0]).glob("*.py") if path.stem != "catalogue"]


def test_every_id_is_raised_and_explained() -> None:
    raised = {found for path in SOURCES for found in re.findall(r'"(qapi/[a-z-]+)"', path.read_text())}
    assert raised == set(CATALOGUE)


def test_entries_say_something() -> None:
    for id, entry in CATALOGUE.items():
        assert entry.kind == "usage", id
        assert entry.summary[0].islower(), id
        assert not entry.summary.endswith("."), id
        assert re.search(r"\. \[handshake [AB]\.\d\]$", entry.detail), id
