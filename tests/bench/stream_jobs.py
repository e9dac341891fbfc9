"""What is measured on a stream: each job in a process of its own, `python -m tests.bench.stream_jobs JOB PATH`.

A job imports what it needs and does the same work once on a small stream, so that neither imports nor generated code
are counted; then the clock starts. It prints JSON: processor time (user and system) in seconds, growth of the peak
memory in bytes, and what it counted. `-` as path means standard input.
"""

from __future__ import annotations

import io
import json
import mmap
import resource
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tests.bench.streams import (
    CONTINUE,
    EOS,
    FOOTER,
    MEM_SIZE,
    PAGE,
    PAGE_SIZE,
    RAM_ID,
    SMALL,
    START,
    ZERO,
    stream_file,
)

SLICE_COUNT = 20_000
"""Records that plain construct reads; its time for a stream is scaled by the bytes."""

Counts = dict[str, int]


def index(path: str) -> Counts:
    """Our own index of all runs, as the tools make it."""
    from wireformat.peer.streams import map_file, read_more, show_more, window_on
    from wireformat.protocols.vmstate.stream import read_stream
    from wireformat.protocols.vmstate.window import Window

    if path == "-":
        with open(0, "rb", buffering=0, closefd=False) as pipe:
            stream = read_stream(Window(), more=read_more(pipe))
    else:
        with open(path, "rb") as file:
            stream = read_stream(window_on(map_file(file)), more=show_more())
    if stream.fault is not None:
        raise stream.fault
    kinds = {PAGE: 0, ZERO: 0}
    for flags, count in zip(stream.ram.runs.flags, stream.ram.runs.counts, strict=True):
        if flags & ~CONTINUE in kinds:
            kinds[flags & ~CONTINUE] += count
    return {"pages": kinds[PAGE], "zeros": kinds[ZERO], "runs": len(stream.ram.runs)}


def touch(path: str) -> Counts:
    """One byte of each page of the mapped file: the least that a reader of all headers can do."""
    total = 0
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        window = 4 << 20
        for start in range(0, len(mapped), window):
            total += len(mapped[start : start + window : PAGE_SIZE])
            mapped.madvise(mmap.MADV_DONTNEED, start, min(window, len(mapped) - start))
    return {"touched": total}


class FieldReader:
    """A reader in the style of QEMU's analysis script: a buffered read for each field, a seek over each page.

    Written for comparison, and no slower than the script: same reads and seeks through one method call each, same tests
    of flags in the same order, and nothing for the options that extract or dump memory.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.name = ""
        self.pages = self.zeros = 0

    def number(self, size: int) -> int:
        """The next field of `size` bytes."""
        return int.from_bytes(self.file.read(size), "big")

    def text(self) -> str:
        """The next counted string."""
        return self.file.read(self.number(1)).decode()

    def stream(self) -> None:
        """All sections up to the end mark or a device."""
        self.file.read(9)
        self.file.read(self.number(4))
        while (kind := self.number(1)) in (1, 2, 3):
            self.number(4)
            if kind == START:
                self.text()
                self.file.read(8)
            self.body()
            self.file.read(5)

    def body(self) -> None:
        """One section of memory."""
        while True:
            word = self.number(8)
            flags = word & (PAGE_SIZE - 1)
            if flags & MEM_SIZE:
                self.blocks(word & ~(PAGE_SIZE - 1))
                flags &= ~MEM_SIZE
            if flags & ZERO:
                flags = self.current(flags) & ~ZERO
                self.number(1)
                self.zeros += 1
            elif flags & PAGE:
                flags = self.current(flags) & ~PAGE
                self.file.seek(PAGE_SIZE, 1)
                self.pages += 1
            if flags & EOS:
                break
            if flags:
                raise ValueError(f"flags {flags:#x}")

    def current(self, flags: int) -> int:
        """Read the block's name where there is one; the flags left to look at."""
        if flags & CONTINUE:
            return flags & ~CONTINUE
        self.name = self.text()
        return flags

    def blocks(self, total: int) -> None:
        """The list of blocks."""
        while total > 0:
            self.text()
            total -= self.number(8)


def fields(path: str) -> Counts:
    """A buffered read per field."""
    with open(path, "rb") as file:
        reader = FieldReader(file)
        reader.stream()
    return {"pages": reader.pages, "zeros": reader.zeros}


def plain_construct(path: str) -> Counts:
    """The first records by a plain construct schema, one `parse_stream` for each; borders of sections are skipped."""
    import construct as c

    record = c.Struct(
        "word" / c.Int64ub,
        "block" / c.If(c.this.word & CONTINUE == 0, c.PascalString(c.Int8ub, "utf8")),
        "body" / c.Switch(c.this.word & (PAGE | ZERO), {PAGE: c.Bytes(PAGE_SIZE), ZERO: c.Int8ub}),
    )
    with open(path, "rb") as file:
        head = file.read(SLICE_COUNT * (PAGE_SIZE + 8) + (1 << 20))
    source = io.BytesIO(head)
    end = struct.pack(">QBI", EOS, FOOTER, RAM_ID)
    source.seek(head.index(end))
    count = 0
    while count < SLICE_COUNT and source.tell() < len(head) - 2 * PAGE_SIZE:
        if head.startswith(end, source.tell()):
            source.seek(len(end) + 5, 1)
        record.parse_stream(source)
        count += 1
    return {"records": count, "bytes": source.tell()}


JOBS: dict[str, Callable[[str], Counts]] = {job.__name__: job for job in (index, touch, fields, plain_construct)}


def _processor_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def main(name: str, path: str) -> None:
    """Warm up, run one job, print what it took."""
    job = JOBS[name]
    job(str(stream_file(SMALL)))
    Path("/proc/self/clear_refs").write_text("5")
    peak, begin = _peak(), _processor_time()
    counts = job(path)
    seconds = _processor_time() - begin
    print(json.dumps({"seconds": seconds, "memory": _peak() - peak, **counts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
