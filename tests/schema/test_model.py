"""The model's own few answers."""

from __future__ import annotations

import dataclasses

import pytest

from wireformat.schema import model


@pytest.mark.parametrize(
    ("node", "letter", "low", "high"),
    [
        (model.Int(1), "B", 0, 255),
        (model.Int(2, signed=True), "h", -32768, 32767),
        (model.Int(3), None, 0, 0xFFFFFF),
        (model.Int(8, signed=True), "q", -(1 << 63), (1 << 63) - 1),
        (model.Int(8), "Q", 0, (1 << 64) - 1),
    ],
)
def test_integers(node: model.Int, letter: str | None, low: int, high: int) -> None:
    assert node.fmt == letter
    assert node.range == (low, high)


def test_nodes_are_values() -> None:
    node = model.Region(model.Int(2), model.Data(None, 9), 9)
    assert node == model.Region(model.Int(2), model.Data(None, 9), 9)
    assert hash(node) == hash(dataclasses.replace(node))
    with pytest.raises(dataclasses.FrozenInstanceError):
        node.max = 3  # type: ignore[misc]


def test_python_classes_do_not_count() -> None:
    members = (("A", 1),)
    assert model.Enum(model.Int(1), "E", members, True, cls=int) == model.Enum(model.Int(1), "E", members, True)
    record = model.Record("r", (), cls=int)
    assert record == model.Record("r", ())
    assert model.Schema("r", {"r": record}).record is record
