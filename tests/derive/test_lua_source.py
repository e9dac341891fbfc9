"""Lua source: exact numbers, quoted text, tables; nothing in a value can become code."""

from __future__ import annotations

import pytest

from wireformat.derive.lua_source import literal, quoted


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (None, "nil"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        ((1 << 53) - 1, "9007199254740991"),
        (1 << 53, "wf.number.of(2097152, 0)"),
        ((1 << 64) - 1, "wf.number.of(4294967295, 4294967295)"),
        (-(1 << 63), "wf.number.signed(2147483648, 0)"),
        (1.5, "1.5"),
        ("a", '"a"'),
        (b"\0\xff", '"\\000\\255"'),
        ([], "{}"),
        ({"a": 1, "b": None, "end": 2}, '{ a = 1, ["end"] = 2 }'),
        (("get", "x"), '{ "get", "x" }'),
    ],
)
def test_literals(value: object, source: str) -> None:
    assert literal(value) == source


def test_quoting_leaves_no_way_out() -> None:
    assert quoted('"\\\n]]--é') == '"\\034\\092\\010]]--\\195\\169"'


def test_long_tables_are_broken_into_lines() -> None:
    source = literal({"names": ["x" * 30] * 5})
    assert source.count("\n") > 5
    assert max(map(len, source.splitlines())) < 120
