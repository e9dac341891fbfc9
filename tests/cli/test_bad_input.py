"""What is no stream: each verb that reads one says so in a line, with the right exit code and no traceback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.protocols.vmstate.crafted import header, machine

VERBS = [
    ("stats", "{}"),
    ("stats", "{}", "--json"),
    ("diff", "{}", "{}"),
    ("diff", "{}", "{}", "--path", "devices"),
    ("extract", "{}", "--ram", "pc.ram", "-o", "out"),
    ("extract", "{}", "--device", "cpu", "-o", "out"),
    ("shrink", "{}", "-o", "out"),
    ("check", "{}"),
    ("check", "{}", "--json"),
]
NOBODY = 65534
CONTENTS = [
    (b"", 3, "truncated"),
    (b"hello world\n", 1, "no VM-state stream: begins with 68656c6c"),
    (b"QEV", 3, "truncated"),
    (header(2) + bytes(20), 1, "version 2 (the format before 2009, which nothing reads) instead of 3"),
    (header(9), 1, "version 9 instead of 3"),
    (header(), 3, "input ends where an element must follow"),
]


def words_for(verb: tuple[str, ...], path: Path, folder: Path) -> list[str]:
    """The words of a call, with names of files in them."""
    return [str(folder / "out") if word == "out" else word.format(path) for word in verb]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize(("content", "code", "message"), CONTENTS)
def test_no_stream(call: Call, tmp_path: Path, verb: tuple[str, ...], content: bytes, code: int, message: str) -> None:
    path = tmp_path / "input"
    path.write_bytes(content)
    answer = call(*words_for(verb, path, tmp_path))
    told = answer.errors + answer.text
    assert answer.code == code
    assert "Traceback" not in told
    assert str(path) in told
    assert message in told or (message == "truncated" and "needed" in told)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_what_cannot_be_read(call: Call, tmp_path: Path, verb: tuple[str, ...]) -> None:
    missing = tmp_path / "missing"
    for path, message in ((missing, "No such file or directory"), (tmp_path, "a directory")):
        answer = call(*words_for(verb, path, tmp_path))
        assert answer.code == 2
        assert f"{path}: {message}" in answer.errors
        assert answer.errors.count("\n") == 1


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the leave of root, who may read everything."""
    before = os.geteuid()
    os.seteuid(before or NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_what_must_not_be_read(call: Call, tmp_path: Path, verb: tuple[str, ...]) -> None:
    path = tmp_path / "secret"
    path.write_bytes(machine())
    assert "Permission denied" not in call(*words_for(verb, path, tmp_path)).errors
    path.chmod(0)
    with as_nobody():
        answer = call(*words_for(verb, path, tmp_path))
    assert (answer.code, answer.errors.endswith("Permission denied\n")) == (2, True)


@pytest.mark.parametrize("verb", ["stats", "diff", "extract", "shrink", "check", "explain"])
def test_options_nobody_knows(call: Call, verb: str) -> None:
    answer = call(verb, "--nonsense", "x")
    assert answer.code == 2
    assert answer.errors.startswith(f"wireformat {verb}: ")
    assert answer.errors.count("\n") == 1


def test_a_target_that_cannot_be_written(call: Call, pc: Path, tmp_path: Path) -> None:
    for verb in (("extract", "{}", "--device", "cpu"), ("shrink", "{}")):
        answer = call(*words_for(verb, pc, tmp_path), "-o", tmp_path)
        assert (answer.code, answer.errors) == (2, f"wireformat {verb[0]}: {tmp_path}: Is a directory\n")
