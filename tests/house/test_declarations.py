"""Declarations are data: no lambda in any `messages.py`, and no module whose name says nothing."""

from __future__ import annotations

import ast

from tests.house.project import modules

EMPTY_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}


def test_declarations_hold_no_lambda() -> None:
    declarations = [module for module in modules() if ".protocols." in module.name]
    found = [
        f"{module.name}:{node.lineno}"
        for module in declarations
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Lambda)
    ]
    assert found == []


def test_module_names_say_something() -> None:
    assert [module.name for module in modules() if module.path.stem in EMPTY_NAMES] == []
