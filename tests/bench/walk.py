"""The smallest reader of the benchmark's streams: sections by hand, page records by the kernel."""

from __future__ import annotations

import struct

from tests.bench.streams import CONTINUE, EOS, FOOTER, FULL, MEM_SIZE, PAGE, PAGE_SIZE, START, ZERO
from wireformat.peer.source import Source
from wireformat.protocols.vmstate.runs import Runs
from wireformat.protocols.vmstate.scan import RecordKind, Scanner

TABLE = (RecordKind(PAGE | CONTINUE, PAGE_SIZE), RecordKind(ZERO | CONTINUE, 1, b"\0"))
_ROOM = 16384
"""More bytes than any message of these streams that is not left to the kernel."""


class Walk:
    """Reads one stream; `runs` is its index."""

    def __init__(self) -> None:
        self.runs = Runs()
        self.names: list[str] = []
        self.ended = False
        self._lengths: list[int] = []
        self._block = 0
        self._in_ram = False
        self._scanner = Scanner(TABLE, PAGE_SIZE, self.runs)

    def read(self, source: Source) -> Runs:
        """Read all of `source`."""
        at = 0
        while not (source.final or self.ended):
            at = source.advance(at)
            at = self._consume(source, at)
        return self.runs

    def _consume(self, source: Source, at: int) -> int:
        if source.base + at == 0:
            at += 26
        while not self.ended:
            if self._in_ram:
                length = self._lengths[self._block] if self._lengths else 0
                at = self._scanner.scan(source.buffer, at, source.end, source.base, self._block, length)
            if source.end - at < _ROOM and not source.final:
                break
            at = (self._record if self._in_ram else self._element)(source, at)
        return at

    def _element(self, source: Source, at: int) -> int:
        kind = source.buffer[at]
        if kind == FULL:
            return at + 5 + 6 + 8 + 24 + 5
        self.ended = not kind
        self._in_ram = not self.ended
        return at + (5 + 4 + 8 if kind == START else 5)

    def _record(self, source: Source, at: int) -> int:
        (word,) = struct.unpack_from(">Q", source.buffer, at)
        flags = word % PAGE_SIZE
        if flags == EOS:
            self._in_ram = False
            if source.buffer[at + 8] != FOOTER:
                raise ValueError("no footer")
            return at + 8 + 5
        if flags == MEM_SIZE:
            return self._block_list(source, at + 8, word - flags)
        name, after = _string(source, at + 8)
        self._block = self.names.index(name)
        size = {PAGE: PAGE_SIZE, ZERO: 1}[flags]
        after += size
        position = source.base + at
        self._scanner.open(self._block, flags, word - flags, position, flags | CONTINUE, source.base + after)
        return after

    def _block_list(self, source: Source, at: int, total: int) -> int:
        while total:
            name, at = _string(source, at)
            (length,) = struct.unpack_from(">Q", source.buffer, at)
            self.names.append(name)
            self._lengths.append(length)
            total -= length
            at += 8
        return at


def _string(source: Source, at: int) -> tuple[str, int]:
    end = at + 1 + source.buffer[at]
    return source.buffer[at + 1 : end].decode(), end
