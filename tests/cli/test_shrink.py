"""`wireformat shrink`: files and pipes, both forms, and what becomes of broken streams."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.protocols.vmstate.crafted import BLOCK, machine, plain_page, zero_page

DATA = machine(plain_page(0, b"secret", BLOCK), zero_page(1))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), machine()),
        (("--keep-ram", "none"), machine()),
        (("--keep-ram", "zero"), machine(zero_page(0, BLOCK), zero_page(1))),
    ],
)
def test_memory_goes(call: Call, tmp_path: Path, words: tuple[str, ...], expected: bytes) -> None:
    target = tmp_path / "small.mig"
    answer = call("shrink", "-", "-o", target, *words, data=DATA)
    assert (answer.code, answer.text, answer.errors) == (0, "", "")
    assert target.read_bytes() == expected


@pytest.mark.slow
def test_a_real_stream_from_pipe_to_pipe(start: Call, pc: Path) -> None:
    small = start("shrink", "-", "-o", "-", data=pc.read_bytes())
    assert (small.code, small.errors) == (0, "")
    assert len(small.data) < pc.stat().st_size / 5
    assert start("check", "-", data=small.data).code == 0


def test_a_stream_that_is_cut_off(call: Call, cut: Path) -> None:
    answer = call("shrink", cut, "-o", "-")
    assert answer.code == 3
    assert answer.data.startswith(b"QEVM")
    assert "incomplete" in answer.errors


def test_no_stream_leaves_no_file(call: Call, tmp_path: Path) -> None:
    target = tmp_path / "small.mig"
    assert call("shrink", "-", "-o", target, data=b"hello").code == 1
    assert not target.exists()


def test_the_input_is_not_overwritten(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "guest.mig"
    path.write_bytes(DATA)
    assert call("shrink", path, "-o", path).code == 2
    assert path.read_bytes() == DATA


def test_an_unknown_form(call: Call) -> None:
    answer = call("shrink", "-", "-o", "-", "--keep-ram", "some", data=DATA)
    assert answer.code == 2
    assert "'some' is not one of" in answer.errors
