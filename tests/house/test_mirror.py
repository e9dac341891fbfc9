"""Each module has a test of its own in the same place under `tests/`."""

from __future__ import annotations

from pathlib import PurePath

from tests.house.project import PACKAGE, ROOT, modules

# Modules with nothing to test that another test does not state already.
WITHOUT_TEST = {"__init__", "__main__"}


def twins(module: PurePath) -> list[PurePath]:
    """Where the test of a module may be: its own, or that of the module it is a part of (`fast_cursor` of `fast`)."""
    words = module.stem.split("_")
    names = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    whole = [name for name in names if name == module.stem or (PACKAGE / module.with_name(f"{name}.py")).exists()]
    return [PurePath("tests") / module.with_name(f"test_{name}.py") for name in whole]


def test_every_module_has_a_test() -> None:
    paths = [module.path.relative_to(PACKAGE) for module in modules() if module.path.stem not in WITHOUT_TEST]
    assert [str(path) for path in paths if not any((ROOT / twin).exists() for twin in twins(path))] == []


def test_a_module_on_its_own_has_one_twin() -> None:
    assert twins(PurePath("schema/model.py")) == [PurePath("tests/schema/test_model.py")]
