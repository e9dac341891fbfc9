"""The run index keeps what is appended, cheaply."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from wireformat.protocols.vmstate.runs import Run, Runs

ROWS = [
    Run(block=0, flags=0x08, offset=0, count=3, position=0x12A),
    Run(block=0, flags=0x22, offset=0x3000, count=1 << 40, position=0x3143),
    Run(block=0xFFFF, flags=0xFFFF, offset=1 << 63, count=1, position=1 << 62),
]


@pytest.fixture
def runs() -> Runs:
    runs = Runs()
    for row in ROWS:
        runs.append(*astuple(row))
    return runs


def test_runs_come_back_as_appended(runs: Runs) -> None:
    assert len(runs) == 3
    assert list(runs) == ROWS
    assert [runs[index] for index in range(3)] == ROWS
    assert runs[-1] == ROWS[-1]
    assert runs[1:] == ROWS[1:]


def test_an_index_beyond_the_end_is_an_index_error(runs: Runs) -> None:
    with pytest.raises(IndexError):
        runs[3]


def test_only_the_last_run_grows(runs: Runs) -> None:
    runs.extend_last(41)
    assert [run.count for run in runs] == [3, 1 << 40, 42]
    assert runs.record_count == (1 << 40) + 45


def test_appenders_fill_the_columns_in_the_order_of_run() -> None:
    runs = Runs()
    for append, value in zip(runs.appenders(), astuple(ROWS[1]), strict=True):
        append(value)
    assert list(runs) == [ROWS[1]]


def test_a_run_costs_at_most_32_bytes_with_spare_capacity() -> None:
    runs = Runs()
    empty = runs.nbytes
    for index in range(100_000):
        runs.append(0, 0x28, index << 12, 1, index * 4104)
        if index % 997 == 996:
            assert runs.nbytes - empty <= 32 * len(runs)
