"""Every error id that is raised has an entry, and every entry is an error that is raised."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from importlib import import_module

from tests.house.project import modules
from wireformat.catalogue import CATALOGUE
from wireformat.errors import ErrorEntry

RAISED = {"WireError", "SchemaError", "DecodeError", "EncodeError", "LocalProtocolError", "RemoteProtocolError"}
CATALOGUES = [module.name for module in modules() if module.path.name == "catalogue.py"]


def entries() -> Mapping[str, ErrorEntry]:
    """The entries of all catalogues."""
    return {id: entry for name in CATALOGUES for id, entry in import_module(name).CATALOGUE.items()}


def raised_ids(tree: ast.Module) -> Iterator[str]:
    """The ids that are written out where an error is made."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def texts(tree: ast.Module) -> Iterator[str]:
    """Every string of a module."""
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_every_raised_id_has_an_entry() -> None:
    known = entries()
    found = [(module.name, id) for module in modules() for id in raised_ids(module.tree)]
    assert len(found) > 10
    assert [f"{name}: {id}" for name, id in found if id not in known] == []


def test_every_entry_is_an_error_that_is_raised() -> None:
    used = {text for module in modules() if module.name not in CATALOGUES for text in texts(module.tree)}
    assert set(entries()) - used == set()


def test_ids_of_a_protocol_begin_with_its_name() -> None:
    assert [id for id in CATALOGUE if "/" in id] == []
    for name in CATALOGUES:
        if ".protocols." in name:
            protocol = name.split(".")[2]
            assert [id for id in import_module(name).CATALOGUE if not id.startswith(f"{protocol}/")] == []


def test_entries_explain_themselves() -> None:
    for id, entry in entries().items():
        assert entry.kind in {"malformed", "truncated", "limit", "usage"}, id
        assert entry.summary[0].islower(), id
        assert not entry.summary.endswith("."), id
        assert entry.detail.endswith((".", "]")), id
