"""`wireformat compat handshake --matrix`: what becomes of migrations between builds of every age, and if it does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from wireformat.cli.exits import Exit
from wireformat.cli.tables import Column, print_table
from wireformat.peer.skew import ENDS, Cell, End, Matrix, shipped

if TYPE_CHECKING:
    from wireformat.peer.skew_run import Tried

FORMAT, FORMAT_VERSION = "wireformat-skew-table", 1
PROTOCOL = "handshake"
COLUMNS = (Column("source \\ destination"), *(Column(str(end)) for end in ENDS))
LEGEND = (Column("outcome"), Column("what happens"))
BUILDS = (Column("build"), Column("what it knows"))
ABSENT = (Column("table"), Column("reason"))


def show(*, is_tried: bool, as_json: bool) -> Exit:
    """Print the matrix; with `is_tried` every cell is run, and what is not as expected is marked."""
    matrix = shipped()
    tried = _tried(matrix) if is_tried else iter(())
    found = _print_json(matrix, tried) if as_json else _print(matrix, tried)
    return Exit.FINDING if any(each.differences for each in found) else Exit.FINE


def _tried(matrix: Matrix) -> Iterator[Tried]:
    from wireformat.peer.skew_run import try_all

    return try_all(matrix, matrix.runnable)


def _print(matrix: Matrix, tried: Iterator[Tried]) -> list[Tried]:
    """Print table by table, each as soon as its cells are tried; what was tried."""
    found: list[Tried] = []
    absent: list[tuple[str, str]] = []
    for title, rows in matrix.tables().items():
        cells = [cell for row in rows.values() for cell in row]
        count = sum(cell.expected in matrix.outcomes for cell in cells)
        if not count:
            absent.append((title, cells[0].expected))
            continue
        results = list(islice(tried, count))
        found += results
        _print_table(title, rows, matrix, {each.cell for each in results if each.differences})
        _print_differences(results)
    if absent:
        print_table("tables that cannot be", ABSENT, absent)
    _print_legend(matrix)
    _print_sum(matrix, found)
    return found


def _print_table(title: str, rows: Mapping[End, tuple[Cell, ...]], matrix: Matrix, differing: set[Cell]) -> None:
    def told(cell: Cell) -> str:
        if cell.expected in matrix.absences:
            return f"({cell.expected})"
        return f"{cell.expected} DIFFERS" if cell in differing else cell.expected

    print_table(title, COLUMNS, [(str(end), *map(told, row)) for end, row in rows.items()])


def _print_differences(results: list[Tried]) -> None:
    for each in results:
        if each.differences:
            print(f"\n  {each.cell} is not {each.cell.expected}")
            for line in (*each.differences, *each.seen.events):
                print(f"    {line}")


def _print_legend(matrix: Matrix) -> None:
    outcomes = [(each.id, each.text) for each in matrix.outcomes.values()]
    absences = [(f"({id})", f"cannot be: {reason}") for id, reason in matrix.absences.items()]
    print_table("outcomes", LEGEND, [*outcomes, *absences])
    print_table("builds", BUILDS, matrix.builds.items())


def _print_sum(matrix: Matrix, found: list[Tried]) -> None:
    count, absent = len(matrix.runnable), len(matrix.cells) - len(matrix.runnable)
    print(f"\n{len(matrix.cells)} cells: {count} with an outcome, {absent} that cannot be")
    if found:
        differing = sum(bool(each.differences) for each in found)
        verdict = f"{differing} differ" if differing else "all as expected"
        print(f"{len(found)} cells tried in {sum(each.seconds for each in found):.1f} s: {verdict}")


def _print_json(matrix: Matrix, tried: Iterator[Tried]) -> list[Tried]:
    found = list(tried)
    results = {each.cell: each for each in found}
    document = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "protocol": PROTOCOL,
        "builds": dict(matrix.builds),
        "outcomes": {each.id: {"text": each.text, "clause": each.clause} for each in matrix.outcomes.values()},
        "absences": dict(matrix.absences),
        "cells": [_cell(cell, results.get(cell)) for cell in matrix.cells],
    }
    print(json.dumps(document, indent=1, ensure_ascii=False))
    return found


def _cell(cell: Cell, tried: Tried | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "way": cell.way,
        "transport": cell.transport,
        "wish": cell.wish,
        "source": str(cell.source),
        "destination": str(cell.destination),
        "expected": cell.expected,
    }
    if tried is None:
        return found
    seen = {"source": tried.seen.source, "destination": tried.seen.destination, "revision": tried.seen.revision}
    return found | {"seen": seen, "differences": list(tried.differences), "seconds": round(tried.seconds, 3)}
