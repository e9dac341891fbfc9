"""Every error of this protocol has an entry that explains it, and every entry is raised somewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.project import modules
from wireformat.protocols.spice.catalogue import CATALOGUE


def raised() -> Iterator[str]:
    """The ids that stand in the modules of the protocol."""
    for module in modules():
        if ".protocols.spice." in module.name and not module.name.endswith(".catalogue"):
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Constant) and str(node.value).startswith("spice/"):
                    yield str(node.value)


def test_raised_and_explained_are_the_same() -> None:
    assert set(raised()) == set(CATALOGUE)


def test_entries_explain() -> None:
    for id, entry in CATALOGUE.items():
        assert entry.kind in ("malformed", "usage"), id
        assert not entry.summary.endswith(".")
        assert "[spice-migration " in entry.detail
