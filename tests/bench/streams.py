"""Synthetic migration streams for the benchmarks: valid, large, and shaped like those that QEMU writes.

What decides the cost of reading a stream is how its page records follow each other. A `Mix` describes that by the mean
lengths of runs of plain and of zero pages, by the passes over guest memory and by the size of a section; the
figures are those measured on real streams. Run lengths are exponentially distributed, everything is
reproducible, and contents of plain pages come from a small pool: a reader that skips them does not care.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from wireformat.codec import Codec, encode
from wireformat.protocols.vmstate.description import parse
from wireformat.protocols.vmstate.encoder import END_OF_BODY, element_bytes, encode_block, footer_bytes, ram_word
from wireformat.protocols.vmstate.layout import schema_of
from wireformat.protocols.vmstate.messages import (
    Configuration,
    ElementType,
    Header,
    SectionEnd,
    SectionFull,
    SectionPart,
    SectionStart,
    VmDescription,
)
from wireformat.protocols.vmstate.ram import CONTINUE, MEM_SIZE, PAGE, ZERO, RamBlock

PAGE_SIZE: Final = 4096
TIMER_ID, RAM_ID = 0, 2

_POOL_COUNT: Final = 256
_CHUNK_COUNT: Final = 256
"""Most page records that are put together at once."""


@dataclass(frozen=True)
class Mix:
    """How a stream is shaped. Run lengths are means, in records; `size` and `section_size` are bytes.

    The first pass fills `first_pass` of the stream; each later one meets dirty pages with `gap` clean ones between.
    """

    name: str
    size: int
    page_run: float
    zero_run: float
    section_size: int
    passes: int = 1
    first_pass: float = 1.0
    gap: float = 0.0


MIXES: Final = {
    mix.name: mix
    for mix in (
        Mix("dense", 1 << 30, page_run=406, zero_run=15, section_size=15_000_000),
        Mix("mixed", 1 << 30, page_run=8.5, zero_run=8.6, section_size=17_000_000),
        Mix("sparse", 168_000_000, page_run=3.6, zero_run=299, section_size=246_000),
        Mix("small", 1 << 20, page_run=8.5, zero_run=8.6, section_size=300_000),
        Mix("live", 1 << 30, page_run=307, zero_run=254, section_size=18_000_000, passes=4, first_pass=0.6, gap=900),
    )
}

SMALL: Final = "small"
"""The mix that is only good for warming up."""


@dataclass(frozen=True)
class Stretch:
    """Consecutive pages of one block that are all zero or all plain; offset in bytes."""

    block: str
    kind: int
    offset: int
    count: int

    @property
    def size(self) -> int:
        """Bytes in the stream, names left out."""
        return self.count * (9 if self.kind == ZERO else 8 + PAGE_SIZE)


SMALL_BLOCKS: Final = (("0000:00:02.0/vga.vram", 16 << 20), ("pc.bios", 256 << 10), ("pc.rom", 128 << 10))


def stretches(mix: Mix) -> list[Stretch]:
    """All page records of a stream, in order: pass by pass, in each pass block by block."""
    chance = random.Random(mix.name)
    found = list(_walk(mix, chance, mix.size * mix.first_pass, gap=0))
    found += [Stretch(name, ZERO, 0, length // PAGE_SIZE) for name, length in SMALL_BLOCKS]
    top = max(part.offset + part.count * PAGE_SIZE for part in found if part.block == "pc.ram")
    for _ in range(1, mix.passes):
        budget = mix.size * (1 - mix.first_pass) / (mix.passes - 1)
        found += (part for part in _walk(mix, chance, budget, mix.gap) if part.offset < top)
    return found


def _walk(mix: Mix, chance: random.Random, budget: float, gap: float) -> Iterator[Stretch]:
    """One pass over `pc.ram` that takes about `budget` bytes."""
    page = 0
    while budget > 0:
        for kind, mean in ((ZERO, mix.zero_run), (PAGE, mix.page_run)):
            part = Stretch("pc.ram", kind, page * PAGE_SIZE, 1 + int(chance.expovariate(1 / mean)))
            page += part.count + (int(chance.expovariate(1 / gap)) if gap else 0)
            budget -= part.size
            yield part


class _Ram:
    """Writes the `ram` section piece by piece, and knows which block the receiver knows."""

    def __init__(self, out: BinaryIO, lengths: dict[str, int]) -> None:
        self._out = out
        self._lengths = lengths
        self._block = ""
        pool = random.Random(0).randbytes(PAGE_SIZE)
        self._pool = [bytes([0x55, n]) + pool[2:] for n in range(_POOL_COUNT)]

    def start(self) -> None:
        """The first section: the list of blocks."""
        self._out.write(element_bytes(SectionStart(section_id=RAM_ID, idstr="ram", instance_id=0, version_id=4)))
        self._out.write(ram_word(sum(self._lengths.values()), MEM_SIZE))
        for name, length in self._lengths.items():
            self._out.write(encode_block(RamBlock(name=name, used_length=length)))
        self._close()

    def part(self, opening: SectionPart | SectionEnd, parts: Iterable[Stretch]) -> None:
        """One section of pages."""
        self._out.write(element_bytes(opening))
        for part in parts:
            self._stretch(part)
        self._close()

    def _stretch(self, part: Stretch) -> None:
        first = 0
        if part.block != self._block:
            self._block = part.block
            name = bytes([len(part.block)]) + part.block.encode()
            self._out.write(ram_word(part.offset, part.kind) + name + self._body(part.kind, 0))
            first = 1
        for chunk in range(first, part.count, _CHUNK_COUNT):
            self._out.writelines(self._records(part, chunk, min(chunk + _CHUNK_COUNT, part.count)))

    def _records(self, part: Stretch, first: int, last: int) -> Iterator[bytes]:
        flags = part.kind | CONTINUE
        for index in range(first, last):
            yield ram_word(part.offset + index * PAGE_SIZE, flags)
            yield self._body(part.kind, index)

    def _body(self, kind: int, index: int) -> bytes:
        return b"\0" if kind == ZERO else self._pool[index % _POOL_COUNT]

    def _close(self) -> None:
        self._out.write(END_OF_BODY + footer_bytes(RAM_ID))


def write_stream(mix: Mix, out: BinaryIO) -> None:
    """Write one whole stream: header, configuration, memory, one device, its description."""
    parts = stretches(mix)
    top = max(part.offset + part.count * PAGE_SIZE for part in parts if part.block == "pc.ram")
    out.write(encode(Header(version=3)) + element_bytes(Configuration(name="pc-i440fx-7.2")))
    ram = _Ram(out, {"pc.ram": -(-top // (1 << 20)) << 20, **dict(SMALL_BLOCKS)})
    ram.start()
    *middle, last = _sections(parts, mix.section_size)
    for section in middle:
        ram.part(SectionPart(section_id=RAM_ID), section)
    ram.part(SectionEnd(section_id=RAM_ID), last)
    text = json.dumps(_description()).encode()
    timer = {"cpu_ticks_offset": 123_456_789, "unused": bytes(8), "cpu_clock_offset": 987_654_321}
    out.write(element_bytes(SectionFull(section_id=TIMER_ID, idstr="timer", instance_id=0, version_id=2)))
    out.write(Codec(schema_of(parse(text).devices[0])).encode(timer) + footer_bytes(TIMER_ID))
    out.write(bytes([ElementType.EOF]) + element_bytes(VmDescription(text=text)))


def _sections(parts: list[Stretch], size: int) -> Iterator[list[Stretch]]:
    """Cut the records into sections of about `size` bytes; a stretch that does not fit is cut too."""
    section: list[Stretch] = []
    room = size
    for part in parts:
        while part.size > room:
            count = max(1, room * part.count // part.size)
            section.append(replace(part, count=count))
            yield section
            section, room = [], size
            part = replace(part, offset=part.offset + count * PAGE_SIZE, count=part.count - count)
        if part.count:
            section.append(part)
            room -= part.size
    yield section


def _description() -> dict[str, object]:
    offset = {"type": "int64", "size": 8}
    fields = [
        {"name": "cpu_ticks_offset", **offset},
        {"name": "unused", "type": "unused_buffer", "size": 8},
        {"name": "cpu_clock_offset", **offset},
    ]
    timer = {"name": "timer", "instance_id": 0, "vmsd_name": "timer", "version": 2, "fields": fields}
    return {"page_size": PAGE_SIZE, "devices": [timer]}


def bench_dir() -> Path:
    """Where streams are kept: `BENCH_DIR`, or a folder below the system's temporary one."""
    path = Path(os.environ.get("BENCH_DIR") or Path(tempfile.gettempdir()) / "wireformat-bench")
    path.mkdir(parents=True, exist_ok=True)
    return path


def stream_file(name: str) -> Path:
    """The stream of a mix as a file; written if there is none yet."""
    path = bench_dir() / f"{name}.mig"
    if not path.exists():
        partial = path.with_suffix(".partial")
        with partial.open("wb", buffering=1 << 20) as out:
            write_stream(MIXES[name], out)
        partial.rename(path)
    return path


def main() -> None:
    """Write all streams and name them."""
    for name in MIXES:
        path = stream_file(name)
        print(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
