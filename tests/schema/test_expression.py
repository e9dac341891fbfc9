"""Expressions: from `this` to data, and the values of the data."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from construct import len_

from wireformat.errors import SchemaError
from wireformat.schema.expression import (
    PENDING,
    PendingError,
    UnresolvedError,
    evaluate,
    expression,
    paths,
    render,
    this,
)

PARAMS = {"page_size": 4096}


@pytest.mark.parametrize(
    ("written", "expected", "value"),
    [
        (7, 7, 7),
        (this.a, ("get", "a"), 12),
        (this.word.flags, ("get", "word", "flags"), 9),
        (this._params.page_size - 1, ("-", ("get", "_params", "page_size"), 1), 4095),
        (this.a & 8 != 0, ("!=", ("&", ("get", "a"), 8), 0), True),
        (this.a // 5 % 2 + 1, ("+", ("%", ("//", ("get", "a"), 5), 2), 1), 1),
        (1 + this.a * 2, ("+", 1, ("*", ("get", "a"), 2)), 25),
        (-this.a, ("-", 0, ("get", "a")), -12),
        ((this.a << 2 | 1) ^ 3, ("^", ("|", ("<<", ("get", "a"), 2), 1), 3), 50),
        (~(this.a == 12), ("not", ("==", ("get", "a"), 12)), False),
        ((this.a > 1) & (this.a <= 3), ("and", (">", ("get", "a"), 1), ("<=", ("get", "a"), 3)), False),
        ((this.a < 1) | (this.a >= 3), ("or", ("<", ("get", "a"), 1), (">=", ("get", "a"), 3)), True),
    ],
)
def test_meaning(written: Any, expected: object, value: object) -> None:
    class Word:
        flags = 9

    assert expression(written) == expected
    assert evaluate(expected, {"a": 12, "word": Word()}, PARAMS) == value  # type: ignore[arg-type]


def test_comparisons_stop_early() -> None:
    both = expression((this.a != 0) & (this.b & 1 != 0))
    assert evaluate(both, {"a": 0, "b": None}, {}) is False


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        (True, "made by Python"),
        (~this.a, "comparisons only"),
        (this._.a, "outside the record"),
        (this.a / 2, "not for expressions"),
        (len_(this.a), "instead of an expression"),
        ("a", "a str instead"),
        (operator.itemgetter("a"), "itemgetter instead"),
        (this, "not a path"),
    ],
)
def test_what_is_no_expression(written: object, complaint: str) -> None:
    with pytest.raises(SchemaError, match=complaint) as caught:
        expression(written)
    assert caught.value.id == "expression"


def test_a_function_is_named_with_its_place() -> None:
    def size(context: Any) -> int:
        return 3

    with pytest.raises(SchemaError, match=r"function \(test_expression\.py:\d+\)"):
        expression(size)


def test_names_without_value() -> None:
    with pytest.raises(UnresolvedError, match=r"word\.flags"):
        evaluate(("get", "word", "flags"), {"word": 3}, {})
    with pytest.raises(UnresolvedError):
        evaluate(("get", "_params", "page_size"), {}, {})
    with pytest.raises(PendingError):
        evaluate(("+", ("get", "size"), 1), {"size": PENDING}, {})


def test_paths_and_text() -> None:
    expr = expression((this.word.flags & 8 != 0) & (this._params.page_size > this.a))
    assert paths(expr) == {("word", "flags"), ("_params", "page_size"), ("a",)}
    assert render(expr) == "((word.flags & 8) != 0) and (page_size > a)"
    assert render(expression(~(this.a == 1))) == "not (a == 1)"
