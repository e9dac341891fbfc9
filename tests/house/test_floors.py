"""Imports point downwards only; engines never see a protocol; input and output stay upstairs."""

from __future__ import annotations

import pytest

from tests.house.project import Module, modules

FLOORS = {
    "errors": 0,
    "limits": 0,
    "catalogue": 0,
    "schema": 1,
    "codec": 2,
    "protocols": 2,
    "derive": 3,
    "explore": 3,
    "peer": 4,
    "conformance": 4,
    "campaign": 4,
    "cli": 5,
}
NEIGHBOURS = {("catalogue", "errors"), ("protocols", "codec")}
ENGINES = {"schema", "codec", "derive", "explore"}
OUTSIDE = {"asyncio", "random", "secrets", "select", "selectors", "socket", "ssl", "subprocess", "threading", "time"}
OUTSIDE_USERS = ("peer", "conformance.targets", "campaign", "cli")
DECLARING = {"composite", "data", "declare", "layout", "numbers", "strangers", "vocabulary", "wire"}
ENTRANCES = ("wireformat", "wireformat.__main__")


def part_of(name: str) -> str:
    """The part of the package a dotted name belongs to: `schema` for `wireformat.schema.model`."""
    return [*name.split("."), ""][1]


def may_import(user: str, used: str) -> bool:
    """Whether a module of part `user` may import from part `used`."""
    if user == used or (user, used) in NEIGHBOURS:
        return True
    return FLOORS[used] < FLOORS[user] and not (user in ENGINES and used == "protocols")


def wrong_floor(module: Module) -> list[str]:
    """The imports of a module that go up, or sideways."""
    own = part_of(module.name)
    inside = (name for name in module.imports() if name.startswith("wireformat.") and part_of(name) in FLOORS)
    return [f"{module.name} imports {name}" for name in inside if not may_import(own, part_of(name))]


def reaches_outside(module: Module) -> list[str]:
    """The imports of a module that reach the world without leave."""
    place = module.name.removeprefix("wireformat.")
    if place.startswith(OUTSIDE_USERS):
        return []
    return [f"{module.name} imports {name}" for name in module.imports() if name.split(".")[0] in OUTSIDE]


def reads_declarations(module: Module) -> list[str]:
    """The imports of a module that look behind the model: how something was declared, not what it means."""
    behind = ("construct", *(f"wireformat.schema.{name}" for name in sorted(DECLARING)))
    return [f"{module.name} imports {name}" for name in module.imports() if name.startswith(behind)]


def test_every_part_has_a_floor() -> None:
    parts = {part_of(module.name) for module in modules() if module.name not in ENTRANCES}
    assert parts <= set(FLOORS)


def test_imports_point_downwards() -> None:
    assert [line for module in modules() if module.name not in ENTRANCES for line in wrong_floor(module)] == []


def test_input_and_output_stay_upstairs() -> None:
    assert [line for module in modules() for line in reaches_outside(module)] == []


def test_hypothesis_is_only_in_the_strategies() -> None:
    users = {module.name for module in modules() if any(name.startswith("hypothesis") for name in module.imports())}
    assert users <= {"wireformat.derive.strategies"}


def test_derivations_read_models_not_declarations() -> None:
    derivations = [module for module in modules() if part_of(module.name) == "derive"]
    assert len(derivations) > 15
    assert [line for module in derivations for line in reads_declarations(module)] == []


@pytest.mark.parametrize(
    ("user", "used", "allowed"),
    [
        ("schema", "errors", True),
        ("errors", "schema", False),
        ("protocols", "codec", True),
        ("codec", "protocols", False),
        ("derive", "protocols", False),
        ("peer", "protocols", True),
        ("peer", "campaign", False),
        ("cli", "campaign", True),
    ],
)
def test_the_rule_itself(user: str, used: str, allowed: bool) -> None:
    assert may_import(user, used) is allowed
