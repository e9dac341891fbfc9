"""Sources of bytes: a file is mapped, a pipe passes by, and neither costs memory for what has been read."""

from __future__ import annotations

import io
import mmap
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.streams import MIXES, write_stream
from wireformat.peer.streams import READ_SIZE, STEP, map_file, read_more, show_more, spool, window_on
from wireformat.protocols.vmstate.window import Window

STREAM_SIZE = 300 << 20
ALLOWED = 16 << 20
PER_RUN = 32

MEASURE = """
import sys
from pathlib import Path
from wireformat.peer.streams import map_file, read_more, show_more, window_on
from wireformat.protocols.vmstate.stream import read_stream
from wireformat.protocols.vmstate.window import Window

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024

idle = peak()
if sys.argv[1] == "file":
    with open(sys.argv[2], "rb") as file:
        stream = read_stream(window_on(map_file(file)), more=show_more())
else:
    stream = read_stream(Window(), more=read_more(sys.stdin.buffer))
print(peak() - idle, len(stream.ram.runs), len(stream.problems()))
"""
"""Run in a fresh process: the peak of its memory beyond idle, in bytes; the runs it found; what is wrong."""


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes a file with a content."""

    def write(content: bytes) -> Path:
        path = tmp_path / "content"
        path.write_bytes(content)
        return path

    return write


def test_a_file_is_mapped(file: Callable[[bytes], Path]) -> None:
    with file(b"QEVM and more").open("rb") as opened:
        content = map_file(opened)
    assert isinstance(content, mmap.mmap)
    assert content[:4] == b"QEVM"
    assert len(content) == 13


def test_an_empty_file_is_empty_bytes(file: Callable[[bytes], Path]) -> None:
    with file(b"").open("rb") as opened:
        assert map_file(opened) == b""


def test_a_pipe_is_spooled() -> None:
    content = spool(io.BytesIO(b"x" * READ_SIZE + b"end"))
    assert len(content) == READ_SIZE + 3
    assert content[-3:] == b"end"


def test_an_empty_pipe_is_spooled() -> None:
    assert spool(io.BytesIO(b"")) == b""


def test_a_window_shows_a_step_at_a_time() -> None:
    window, seen = window_on(bytes(STEP + 10)), []
    more = show_more(seen.append)
    assert (window.end, window.final) == (STEP, False)
    window.skip(100)
    more(window)
    assert (window.end, window.final) == (STEP + 10, True)
    assert seen == [100]


def test_a_window_reaches_a_position_far_behind_its_end() -> None:
    """A page run may skip more than a step; fails when the position stays outside what is shown."""
    window = window_on(bytes(4 * STEP))
    window.skip(3 * STEP)
    show_more()(window)
    assert window.end >= 3 * STEP


def test_what_has_been_read_is_given_back_and_can_be_read_again(file: Callable[[bytes], Path]) -> None:
    with file(b"\1" * (2 * STEP)).open("rb") as opened:
        content = map_file(opened)
    window = window_on(content)
    window.skip(STEP)
    show_more()(window)
    assert content[:STEP] == b"\1" * STEP


def test_a_pipe_feeds_a_window_until_it_ends() -> None:
    window, seen = Window(), []
    more = read_more(io.BytesIO(b"a" * READ_SIZE + b"b"), seen.append)
    more(window)
    assert (window.end, window.final) == (READ_SIZE, False)
    more(window)
    more(window)
    assert (window.end, window.final) == (READ_SIZE + 1, True)
    assert window.peek(1, READ_SIZE) == b"b"
    assert seen == [0, 0, 0]


@pytest.fixture(scope="module")
def long_stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stream of 300 MiB with short runs."""
    path = tmp_path_factory.mktemp("streams") / "long.mig"
    with path.open("wb", buffering=1 << 20) as out:
        write_stream(replace(MIXES["mixed"], size=STREAM_SIZE), out)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("source", ["file", "pipe"])
def test_a_stream_of_300_mib_takes_16(long_stream: Path, source: str) -> None:
    """Fails when bytes are kept that have been read, or a run costs more than its columns."""
    with long_stream.open("rb") as opened:
        command = [sys.executable, "-c", MEASURE, source, str(long_stream)]
        run = subprocess.run(command, stdin=opened, capture_output=True, text=True, check=True)
    peak, runs, problems = map(int, run.stdout.split())
    assert long_stream.stat().st_size > STREAM_SIZE
    assert (problems, runs > 10_000) == (0, True)
    assert peak <= ALLOWED + PER_RUN * runs


@pytest.mark.parametrize("offset", [0, 1, mmap.ALLOCATIONGRANULARITY, mmap.ALLOCATIONGRANULARITY + 1])
def test_a_file_is_mapped_from_an_offset_on(tmp_path: Path, offset: int) -> None:
    data = bytes(range(256)) * 40
    path = tmp_path / "file"
    path.write_bytes(data)
    with path.open("rb") as opened:
        assert bytes(map_file(opened, offset)[:]) == data[offset:]


def test_nothing_is_mapped_behind_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with path.open("rb") as opened:
        assert [map_file(opened, offset) for offset in (3, 4096)] == [b"", b""]


def test_what_was_read_of_a_pipe_is_spooled_too() -> None:
    assert bytes(spool(io.BytesIO(b"of the pipe"), b"first ")[:]) == b"first of the pipe"
