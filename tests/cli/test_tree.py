"""Nested values as an indented tree: one line per field, long values shortened, bytes beside them on demand."""

from __future__ import annotations

import sys
from enum import IntEnum, IntFlag
from typing import Any

import pytest

from wireformat.cli.tree import Tree


class Kind(IntEnum):
    """A named number."""

    PING = 2


class Mark(IntFlag):
    """Named bits."""

    EOS = 1
    START = 16


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (0, "x: 0"),
        (9, "x: 9"),
        (10, "x: 10 (0xa)"),
        (-9, "x: -9"),
        (-10, "x: -10 (-0xa)"),
        (True, "x: true"),
        (None, "x: none"),
        ("pc.ram", "x: pc.ram"),
        (b"", "x: (nothing)"),
        (b"\1\xff", "x: 01 ff"),
        (b"\0" * 32, "x: " + " ".join(["00"] * 32)),
        (b"\0" * 33, "x: " + " ".join(["00"] * 32) + " … 33 bytes"),
        (Kind.PING, "x: PING (0x2)"),
        (Mark.EOS | Mark.START, "x: EOS|START (0x11)"),
        ((), "x: (nothing)"),
        ({}, "x: (nothing)"),
        ((1, 2, 255), "x: 0x1 0x2 0xff"),
    ],
)
def test_a_line(value: Any, line: str) -> None:
    assert list(Tree().lines({"x": value})) == [line]


def test_nesting() -> None:
    value = {"a": {"b": 1, "c": ({"d": 2}, {"d": 3})}, "e": 4}
    assert list(Tree().lines(value)) == ["a", "  b: 1", "  c", "    [0]", "      d: 2", "    [1]", "      d: 3", "e: 4"]


def test_many_numbers_take_several_lines() -> None:
    assert list(Tree().lines({"x": tuple(range(9))})) == [
        "x: 9 numbers",
        "  [0]: 0x0 0x1 0x2 0x3 0x4 0x5 0x6 0x7",
        "  [8]: 0x8",
    ]


def test_whole_values_on_demand() -> None:
    assert list(Tree(whole=True).lines({"x": bytes(40)})) == ["x: " + " ".join(["00"] * 40)]


def test_notes_stand_behind_the_name() -> None:
    tree = Tree(notes={'devices["a/b"]': "section 3"})
    assert list(tree.lines({"devices": {"a/b": {"c": 1}}})) == ["devices", "  a/b: section 3", "    c: 1"]


def test_bytes_beside() -> None:
    tree = Tree(beside={"a": (0x10, b"\1\2"), "b": (0x12, bytes(9))})
    assert list(tree.lines({"a": 258, "b": bytes(9), "c": {"d": 1}})) == [
        "0x00000010  01 02                      a: 258 (0x102)",
        "0x00000012  00 00 00 00 00 00 00 00…   b: 00 00 00 00 00 00 00 00 00",
        " " * 39 + "c",
        " " * 39 + "  d: 1",
    ]


def test_a_single_value_has_its_name() -> None:
    assert list(Tree().lines(3, ("header", "version"))) == ["version: 3"]


def test_a_part_keeps_the_paths_of_the_whole() -> None:
    """Fails when bytes are looked up by the path within the part."""
    tree = Tree(beside={"a.b": (4, b"\7")})
    assert list(tree.lines({"b": 7}, ("a",))) == ["0x00000004  07                         b: 7"]


def test_colour_on_a_terminal_unless_unwanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert list(Tree().lines({"x": 1})) == ["\033[1mx\033[0m: 1"]
    monkeypatch.setenv("NO_COLOR", "1")
    assert list(Tree().lines({"x": 1})) == ["x: 1"]
