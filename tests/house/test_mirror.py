"""Each module has a test of its own in the same place under `tests/`."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from tests.house.project import PACKAGE, ROOT, modules

# Modules with nothing to test of their own: entrances, and numbers that other modules are tested with.
WITHOUT_TEST = {"__init__", "__main__", "limits"}
# Modules whose only door is another module, and the test of that door.
TESTED_ELSEWHERE = {
    "schema/composite.py": "tests/schema/test_vocabulary.py",
    "schema/data.py": "tests/schema/test_vocabulary.py",
    "schema/numbers.py": "tests/schema/test_vocabulary.py",
}


def twins(module: PurePath) -> list[PurePath]:
    """Where the test of a module may be: its own, or that of the whole it is a part of.

    `codec/fast_cursor.py` is a part of `codec/fast.py`, `schema/layout/bits.py` of `schema/layout/`.
    """
    words = module.stem.split("_")
    names = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    whole = [name for name in names if name == module.stem or (PACKAGE / module.with_name(f"{name}.py")).exists()]
    beside = [module.with_name(f"test_{name}.py") for name in whole]
    if len(module.parts) > (3 if module.parts[0] == "protocols" else 2):
        beside.append(module.parent.with_name(f"test_{module.parent.name}.py"))
    if str(module) in TESTED_ELSEWHERE:
        return [PurePath(TESTED_ELSEWHERE[str(module)])]
    return [PurePath("tests") / path for path in beside]


def test_every_module_has_a_test() -> None:
    paths = [module.path.relative_to(PACKAGE) for module in modules() if module.path.stem not in WITHOUT_TEST]
    assert [str(path) for path in paths if not any((ROOT / twin).exists() for twin in twins(path))] == []


@pytest.mark.parametrize(
    ("module", "tests"),
    [
        ("schema/model.py", ["tests/schema/test_model.py"]),
        ("codec/fast_cursor.py", ["tests/codec/test_fast_cursor.py", "tests/codec/test_fast.py"]),
        ("schema/layout/bits.py", ["tests/schema/layout/test_bits.py", "tests/schema/test_layout.py"]),
        ("protocols/vmstate/scan.py", ["tests/protocols/vmstate/test_scan.py"]),
    ],
)
def test_the_rule_itself(module: str, tests: list[str]) -> None:
    assert [str(path) for path in twins(PurePath(module))] == tests
