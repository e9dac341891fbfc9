"""Declarations are data: no lambda beside a message; and no module has a name that says nothing."""

from __future__ import annotations

import ast

from tests.house.project import Module, modules

EMPTY_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}


def declares(module: Module) -> bool:
    """Whether a module of a protocol declares fields."""
    used = {name.rpartition(".")[2] for name in module.imports() if name.startswith("wireformat.schema")}
    return ".protocols." in module.name and not used.isdisjoint({"field", "tlv", "tlvs"})


def test_declarations_hold_no_lambda() -> None:
    declarations = [module for module in modules() if declares(module)]
    assert "wireformat.protocols.vmstate.messages" in {module.name for module in declarations}
    found = [
        f"{module.name}:{node.lineno}"
        for module in declarations
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Lambda)
    ]
    assert found == []


def test_module_names_say_something() -> None:
    assert [module.name for module in modules() if module.path.stem in EMPTY_NAMES] == []
