"""The reader of imports sees what the house rules are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import project
from tests.house.project import Module

SOURCE = """
import socket
from wireformat.codec import fast

def late():
    from . import near
    from ..schema.model import Node
"""


@pytest.mark.parametrize(
    ("place", "near", "far"),
    [
        ("codec/fast.py", "wireformat.codec.near", "wireformat.schema.model.Node"),
        ("codec/__init__.py", "wireformat.codec.near", "wireformat.schema.model.Node"),
    ],
)
def test_imports_are_absolute_and_found_in_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, near: str, far: str
) -> None:
    monkeypatch.setattr(project, "ROOT", tmp_path)
    path = tmp_path / "wireformat" / place
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE)
    assert sorted(Module(path).imports()) == sorted(["socket", "wireformat.codec.fast", near, far])


def test_modules_include_the_root() -> None:
    names = [module.name for module in project.modules()]
    assert {"wireformat", "wireformat.errors", "wireformat.schema.model"} <= set(names)
