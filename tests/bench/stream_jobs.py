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

from tests.bench.streams import PAGE_SIZE, RAM_ID, SMALL, stream_file
from wireformat.protocols.vmstate.messages import ElementType
from wireformat.protocols.vmstate.ram import CONTINUE, EOS, MEM_SIZE, PAGE, ZERO

START, FOOTER = int(ElementType.SECTION_START), int(ElementType.SECTION_FOOTER)

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


class FieldFile:
    """Fields of a buffered file, one read and one method call for each."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def word(self) -> int:
        """Eight bytes."""
        return int.from_bytes(self.file.read(8), byteorder="big", signed=False)

    def long(self) -> int:
        """Four bytes."""
        return int.from_bytes(self.file.read(4), byteorder="big", signed=False)

    def byte(self) -> int:
        """One byte."""
        return int.from_bytes(self.file.read(1), byteorder="big", signed=False)

    def text(self) -> str:
        """A string behind its length."""
        return self.file.read(self.byte()).decode()


class FieldReader:
    """A reader that works as QEMU's analysis script does: field by field, with a seek over each page.

    Written for comparison. For each record it makes the script's reads and seeks through as many calls, separates
    offset and flags, looks at the flags one by one, keeps the block's name and asks whether pages are wanted. It counts
    records, which the script does not, and leaves out as much: measured side by side it is no slower.
    """

    page_size = PAGE_SIZE
    wants_pages = False

    def __init__(self, file: BinaryIO) -> None:
        self.file = FieldFile(file)
        self.name = ""
        self.pages = self.zeros = 0
        self.contents: dict[tuple[str, int], bytes] = {}

    def stream(self) -> None:
        """All sections up to the end mark or a device."""
        self.file.file.read(9)
        self.file.file.read(self.file.long())
        while (kind := self.file.byte()) in (1, 2, 3):
            self.file.long()
            if kind == START:
                self.file.text()
                self.file.word()
            self.body()
            self.file.file.read(5)

    def body(self) -> None:
        """One section of memory."""
        while True:
            word = self.file.word()
            flags = word & (self.page_size - 1)
            offset = word & ~(self.page_size - 1)
            if flags & MEM_SIZE:
                self.blocks(offset)
                flags &= ~MEM_SIZE
            if flags & ZERO:
                if flags & CONTINUE:
                    flags &= ~CONTINUE
                else:
                    self.name = self.file.text()
                self.file.byte()
                if self.wants_pages:
                    self.contents[self.name, offset] = bytes(self.page_size)
                self.zeros += 1
                flags &= ~ZERO
            elif flags & PAGE:
                if flags & CONTINUE:
                    flags &= ~CONTINUE
                else:
                    self.name = self.file.text()
                if self.wants_pages:
                    self.contents[self.name, offset] = self.file.file.read(self.page_size)
                else:
                    self.file.file.seek(self.page_size, 1)
                self.pages += 1
                flags &= ~PAGE
            if flags & EOS:
                break
            if flags:
                raise ValueError(f"flags {flags:#x}")

    def blocks(self, total: int) -> None:
        """The list of blocks."""
        while total > 0:
            self.file.text()
            total -= self.file.word()


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
