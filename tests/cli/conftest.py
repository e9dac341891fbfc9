"""Calling the command line in tests: in this process, or in one of its own where pipes and signals matter."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

import pytest

from tests.captures.bundle import Captures
from wireformat.cli import main


@dataclass(frozen=True)
class Answer:
    """What a call left behind."""

    code: int
    data: bytes
    errors: str

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.data.decode()

    @property
    def lines(self) -> list[str]:
        """Standard output, line by line."""
        return self.text.splitlines()


Call: TypeAlias = Callable[..., Answer]


def heed_interrupts() -> None:
    """In the child: undo what a shell does to programs in the background, which ignore SIGINT and pass that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def call(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Runs one verb in this process; `data` comes from standard input."""

    def run(*words: object, data: bytes | None = None) -> Answer:
        if data is not None:
            source = tmp_path / "stdin"
            source.write_bytes(data)
            monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=source.open("rb")))
        code = main([str(word) for word in words])
        sys.stdout.flush()
        sys.stderr.flush()
        out, errors = capfdbinary.readouterr()
        return Answer(int(code), out, errors.decode())

    return run


@pytest.fixture
def start() -> Call:
    """Runs one verb in a process of its own, behind a pipe."""

    def run(*words: object, data: bytes = b"", **options: Any) -> Answer:
        command = [sys.executable, "-m", "wireformat", *map(str, words)]
        done = subprocess.run(command, input=data, capture_output=True, check=False, **options)
        return Answer(done.returncode, done.stdout, done.stderr.decode())

    return run


@pytest.fixture
def small(captures: Captures) -> Path:
    """A whole stream of 3 kB: an AVR machine with pages of 256 bytes."""
    return captures["7.2/avr-uno"].path


@pytest.fixture
def pc(captures: Captures) -> Path:
    """The stream of a minimal PC."""
    return captures["7.2/pc-minimal"].path


@pytest.fixture
def cut(small: Path, tmp_path: Path) -> Path:
    """The small stream, ended in the middle of its device `cpu`."""
    path = tmp_path / "cut.mig"
    path.write_bytes(small.read_bytes()[:1600])
    return path
