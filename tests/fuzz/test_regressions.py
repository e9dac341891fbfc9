"""What once broke a decoder: each file is read again, and the fuzz target's invariant holds for it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

import pytest

FUZZ = Path(__file__).resolve().parents[2] / "fuzz"
FILES = sorted(path for path in (FUZZ / "regressions").glob("*/*") if path.is_file())


def check_of(target: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """The function `check` of a target, loaded without atheris: nothing is instrumented here."""
    stand_in = ModuleType("atheris")
    stand_in.instrument_imports = lambda **_: nullcontext()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "atheris", stand_in)
    spec = importlib.util.spec_from_file_location(target, FUZZ / "targets" / f"{target}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check: Callable[[bytes], None] = module.check
    return check


@pytest.mark.timeout(10)
@pytest.mark.parametrize("file", FILES, ids=[f"{file.parent.name}/{file.name}" for file in FILES])
def test_it_breaks_no_longer(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the bug that the file is named after is back."""
    check_of(f"fuzz_{file.parent.name}", monkeypatch)(file.read_bytes())


def test_every_target_begins_with_its_invariant() -> None:
    """Its first line is a sentence of documentation, and it has a dictionary or needs none."""
    targets = sorted((FUZZ / "targets").glob("fuzz_*.py"))
    firsts = [target.read_text().splitlines()[0] for target in targets]
    assert [first for first in firsts if not (first.startswith('"""') and first.rstrip('"').endswith("."))] == []
    assert {file.parent.name for file in FILES} <= {target.stem.removeprefix("fuzz_") for target in targets}
