"""How fast a stream is indexed and its pages are encoded: `python -m tests.bench.bench_stream [--gate]`.

Each mix of `streams` is read by our index, from a file and from a pipe, and by what one would use otherwise. All jobs
of a mix run in turn, five times, each in a fresh process; the least processor time of each counts. `cat` is the
measure of reading at all; the reader by fields stands for QEMU's analysis script (see `stream_jobs.FieldReader`);
plain construct reads a part only, and its time is scaled by the bytes.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.gate import Row, main
from tests.bench.streams import MIXES, SMALL, stream_file
from wireformat.protocols.vmstate.pages import encode_pages

REPEATS = 5
ROOT = Path(__file__).parents[2]
MIB = 1 << 20
IDLE_BYTES, RUN_BYTES = 16 * MIB, 32
"""What an index may take beyond the idle process: a fixed part, and for each run."""

FIELDS_TARGETS = {"dense": 5.0, "live": 5.0, "mixed": 3.0, "sparse": 20.0}
CAT_TARGETS = {"dense": 1.2, "live": 1.2}
CONSTRUCT_TARGET = 20.0
ENCODE_TARGET = 0.4

Result = dict[str, float]


def job(name: str, path: str) -> Result:
    """One job in a process of its own."""
    words = [sys.executable, "-m", "tests.bench.stream_jobs", name, path]
    done = subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    result: Result = json.loads(done.stdout)
    return result


def piped_job(name: str, path: str) -> Result:
    """The same with `cat` feeding its standard input, whose time does not count."""
    words = [sys.executable, "-m", "tests.bench.stream_jobs", name, "-"]
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as feeder:
        done = subprocess.run(words, cwd=ROOT, check=True, stdin=feeder.stdout, stdout=subprocess.PIPE)
    result: Result = json.loads(done.stdout)
    return result


def cat(path: str) -> Result:
    """`cat FILE >/dev/null`, processor time of the whole process."""
    return _usage(["cat", path], [])


def piped_cat(path: str) -> Result:
    """`cat FILE | cat >/dev/null`, processor time of the second process."""
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as feeder:
        if feeder.stdout is None:
            raise ChildProcessError("no pipe")
        return _usage(["cat"], [(os.POSIX_SPAWN_DUP2, feeder.stdout.fileno(), 0)])


def _usage(words: list[str], actions: list[tuple[int, int, int]]) -> Result:
    silence = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    child = os.posix_spawnp(words[0], words, os.environ, file_actions=[silence, *actions])
    _, status, usage = os.wait4(child, 0)
    if status:
        raise ChildProcessError(f"{words}: status {status}")
    return {"seconds": usage.ru_utime + usage.ru_stime}


def measure(path: str) -> dict[str, Result]:
    """The best of several interleaved runs of every job on one stream."""
    jobs: dict[str, Callable[[], Result]] = {
        "cat": lambda: cat(path),
        "piped cat": lambda: piped_cat(path),
        "file": lambda: job("index", path),
        "pipe": lambda: piped_job("index", path),
        "fields": lambda: job("fields", path),
        "construct": lambda: job("plain_construct", path),
        "touch": lambda: job("touch", path),
    }
    cat(path)
    best: dict[str, Result] = {}
    for _ in range(REPEATS):
        for name, run_job in jobs.items():
            result = run_job()
            if name not in best or result["seconds"] < best[name]["seconds"]:
                best[name] = result
    return best


def stream_rows(mix: str) -> list[Row]:
    """The ratios of one mix. Raises ValueError when two readers counted different records."""
    path = stream_file(mix)
    best = measure(str(path))
    for kind in ("pages", "zeros"):
        if len({best[name][kind] for name in ("file", "pipe", "fields")}) != 1:
            raise ValueError(f"readers of {mix} disagree on {kind}: {best}")
    ours, piped = best["file"], best["pipe"]
    whole = best["construct"]["seconds"] * path.stat().st_size / best["construct"]["bytes"]
    allowed = IDLE_BYTES + RUN_BYTES * ours["runs"]
    memory = max(ours["memory"], piped["memory"])
    note = f"{ours['seconds'] * 1e3:.0f} ms"
    return [
        Row(f"{mix}: reading by fields / index", best["fields"]["seconds"] / ours["seconds"], FIELDS_TARGETS[mix]),
        Row(f"{mix}: index / cat", ours["seconds"] / best["cat"]["seconds"], CAT_TARGETS.get(mix), "most", note),
        Row(f"{mix}: construct / index", whole / ours["seconds"], CONSTRUCT_TARGET),
        Row(f"{mix}: index / touching each page", ours["seconds"] / best["touch"]["seconds"], sense="most"),
        Row(f"{mix}: index of a pipe / cat of it", piped["seconds"] / best["piped cat"]["seconds"], sense="most"),
        Row(f"{mix}: memory / allowed memory", memory / allowed, 1.0, "most", f"{memory / MIB:.1f} MiB"),
    ]


def encode_rows() -> list[Row]:
    """Encoding the pages of 128 MiB of memory into the null device, against copying them into a buffer."""
    rows = []
    with mmap.mmap(-1, 128 * MIB) as memory, open(os.devnull, "wb", buffering=0) as null:
        for run_length in (8, 200):
            _fill(memory, run_length)
            copying, encoding = [], []
            for _ in range(REPEATS):
                copying.append(_processor_time(lambda: _copy(memory)))
                encoding.append(_processor_time(lambda: _encode(memory, null.fileno())))
            name = f"encode, runs of {run_length}: memcpy / encode"
            rows.append(Row(name, min(copying) / min(encoding), ENCODE_TARGET))
    return rows


def _fill(memory: mmap.mmap, run_length: int) -> None:
    """Plain and zero pages in turn, in runs of random length."""
    chance = random.Random(run_length)
    page, plain = 0, True
    while (start := page * mmap.PAGESIZE) < len(memory):
        count = 1 + int(chance.expovariate(1 / run_length))
        end = min(start + count * mmap.PAGESIZE, len(memory))
        memory[start:end] = (b"x" if plain else b"\0") * (end - start)
        page, plain = page + count, not plain


def _copy(memory: mmap.mmap) -> None:
    target = bytearray(MIB)
    with memoryview(memory) as view:
        for start in range(0, len(view), MIB):
            target[:] = view[start : start + MIB]


def _encode(memory: mmap.mmap, output: int) -> None:
    for batch in encode_pages(memory, 0, mmap.PAGESIZE):
        os.writev(output, batch)


def _processor_time(work: Callable[[], None]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def run() -> list[Row]:
    """All rows."""
    return [row for mix in MIXES if mix != SMALL for row in stream_rows(mix)] + encode_rows()


if __name__ == "__main__":
    sys.exit(main(run))
