"""The catalogue: every id that is raised is explained, and every id that is explained is raised."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.project import modules
from wireformat.catalogue import CATALOGUE

RAISERS = {
    "DecodeError",
    "EncodeError",
    "SchemaError",
    "LocalProtocolError",
    "RemoteProtocolError",
    "malformed",
    "unfit",
    "error",
    "_finding",
    "_refused",
}


def ids() -> Iterator[str]:
    """The first argument of every call that makes an error, in the engines."""
    for module in modules():
        if ".protocols." not in module.name:
            yield from (found for node in ast.walk(module.tree) for found in _id(node))


def _id(node: ast.AST) -> Iterator[str]:
    """Ids are literals; `shortage` chooses between two."""
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in RAISERS and isinstance(node.args[0].value, str) and "/" not in node.args[0].value:
        yield node.args[0].value


def test_raised_ids_are_explained() -> None:
    raised = {found for found in ids() if " " not in found and "{" not in found}
    assert {"limit", "constant", "checksum", "illegal-event", "unbounded"} <= raised
    assert raised - set(CATALOGUE) == set()


def test_explained_ids_are_raised() -> None:
    assert set(CATALOGUE) - set(ids()) - {"truncated", "overrun"} == set()


def test_entries_say_something() -> None:
    for id, entry in CATALOGUE.items():
        assert entry.kind in ("malformed", "truncated", "limit", "usage"), id
        assert entry.summary[0].islower(), id
        assert not entry.summary.endswith("."), id
        assert len(entry.detail) > 40, id
        assert entry.detail.endswith("."), id
