"""A verb's faults are one line and an exit code; a reader that goes away, and an interrupt, are no faults."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.cli.conftest import Call, heed_interrupts
from wireformat.cli.exits import UsageError
from wireformat.cli.running import complain, run_verb
from wireformat.errors import DecodeError

Verb = Callable[[Callable[..., int]], int]


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> Verb:
    """Runs a function as the verb `trial`."""

    def run(function: Callable[..., int]) -> int:
        module = ModuleType("wireformat.cli.trial")
        module.run = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "wireformat.cli.trial", module)
        return run_verb("trial", [])

    return run


def test_a_verb_may_have_a_second_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def describe() -> None:
        """Do one of two things."""

    def first(name: str) -> int:
        """Do the first."""
        print(f"first {name}")
        return 3

    module = ModuleType("wireformat.cli.trial")
    module.run, module.COMMANDS = describe, {"first": first, "second": first}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wireformat.cli.trial", module)
    assert run_verb("trial", ["first", "thing"]) == 3
    assert capsys.readouterr().out == "first thing\n"
    assert run_verb("trial", ["third"]) == 2
    assert "third" in capsys.readouterr().err
    assert run_verb("trial", ["--help"]) == 0
    assert "Do one of two things." in capsys.readouterr().out


def failing(error: BaseException) -> Callable[[], int]:
    """A verb that ends with an error."""

    def run() -> int:
        """Fail."""
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UsageError("x: no such thing"), 2, "x: no such thing"),
        (DecodeError("truncated", "short", path="a.b", offset=4), 3, "a.b at 0x4: short"),
        (DecodeError("limit", "too much"), 4, "input: too much"),
        (DecodeError("vmstate/magic", "no stream", offset=0), 1, "input at 0x0: no stream"),
        (FileNotFoundError(2, "No such file or directory", "x"), 2, "x: No such file or directory"),
        (OSError("odd"), 2, "file: odd"),
        (ValueError("never"), 70, "internal error: ValueError: never; please report it"),
        (RecursionError("deep"), 70, "internal error: RecursionError: deep; please report it"),
    ],
)
def test_an_error_is_one_line(
    verb: Verb, capsys: pytest.CaptureFixture[str], error: Exception, code: int, line: str
) -> None:
    assert verb(failing(error)) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"wireformat trial: {line}\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), BrokenPipeError(32, "Broken pipe")])
def test_what_is_silent(verb: Verb, capsys: pytest.CaptureFixture[str], error: BaseException) -> None:
    code = verb(failing(error))
    assert code == (130 if isinstance(error, KeyboardInterrupt) else 0)
    assert capsys.readouterr().err.strip() == ""


def test_the_code_is_what_the_verb_returns(verb: Verb) -> None:
    def run() -> int:
        """Find something."""
        return 1

    assert verb(run) == 1


def test_an_internal_error_can_be_traced(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREFORMAT_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        verb(failing(ZeroDivisionError("bug")))


def test_complaints_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    complain("decode", "no")
    assert capsys.readouterr() == ("", "wireformat decode: no\n")


def test_nobody_need_read_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a lost reader of messages ends the work that they tell of, or makes the interpreter complain."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        complain("peer", "listening")
        complain("peer", "complete")
        assert os.readlink(f"/proc/self/fd/{stream.fileno()}") == os.devnull


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Missing parameter: file"),
        (("a", "b"), "Got unexpected extra argument(s) (b)"),
        (("--bogus", "a"), "No such option: --bogus"),
        (("a", "--ram", "some"), "Value error, 'some' is not one of 'none', 'digest', 'base64'."),
    ],
)
def test_wrong_options(call: Call, words: tuple[str, ...], message: str) -> None:
    answer = call("decode", *words)
    assert (answer.code, answer.data, answer.errors) == (2, b"", f"wireformat decode: {message}\n")


@pytest.mark.slow
@pytest.mark.parametrize("form", [(), ("--json",), ("--ndjson", "--ram", "base64")])
def test_a_reader_that_goes_away(pc: Path, form: tuple[str, ...]) -> None:
    """`wireformat decode … | head -1`."""
    command = [sys.executable, "-m", "wireformat", "decode", str(pc), *form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.slow
def test_a_reader_that_was_never_there(small: Path) -> None:
    """Little output stays in the buffer until the end; fails when the interpreter then complains."""
    command = [sys.executable, "-m", "wireformat", "decode", str(small)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("unwanted", [False, True])
def test_a_terminal_gets_colour_unless_unwanted(small: Path, unwanted: bool) -> None:
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment = plain | ({"NO_COLOR": "1"} if unwanted else {})
    reading, terminal = pty.openpty()
    command = [sys.executable, "-m", "wireformat", "decode", str(small), "--path", "header.version"]
    subprocess.run(command, stdout=terminal, env=environment, check=True)
    shown = os.read(reading, 4096)
    os.close(terminal)
    os.close(reading)
    assert shown == (b"version: 3\r\n" if unwanted else b"\x1b[1mversion\x1b[0m: 3\r\n")


@pytest.mark.slow
def test_a_full_disk(small: Path) -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "wireformat", "decode", str(small)]
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (run.returncode, run.stderr) == (2, "wireformat decode: file: No space left on device\n")


@pytest.mark.slow
def test_an_interrupt() -> None:
    command = [sys.executable, "-m", "wireformat", "decode", "-"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stderr=pipe, preexec_fn=heed_interrupts) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b"QEVM\0\0\0\3" + bytes([7, 0, 0, 0, 2]) + b"pc")
        process.stdin.flush()
        wait_until_read(process.stdin.fileno())
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
    assert process.returncode == 130
    assert errors.strip() == b""


def wait_until_read(pipe: int) -> None:
    """Until nothing is left in a pipe, so that its reader waits for more."""
    left = bytes([1])
    for _ in range(1200):
        left = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
        if not any(left):
            break
        time.sleep(0.05)
    assert not any(left)


@pytest.mark.slow
def test_closed_streams(small: Path) -> None:
    """`wireformat decode - <&-` and `>&-`."""
    shell = 'exec "$0" -m wireformat decode "$1" {}'
    for name, closing, what in (("-", "<&-", "input"), (str(small), ">&-", "output")):
        command = ["sh", "-c", shell.format(closing), sys.executable, name]
        run = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        assert (run.returncode, run.stderr) == (2, f"wireformat decode: standard {what} is closed\n")
