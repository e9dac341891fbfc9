"""The kernel that turns millions of page records into a few runs, without guessing.

A record family is "a word, then a body of fixed size"; the word is a page offset with flag bits below it. A table of
`RecordKind` rows says which flags have which body, so nothing here knows what a page or a zero page is. Inside a
run the bytes of the next n records can be *predicted*: the words rise by one page size, and checked bodies are
constant. Predictions are compared with the stream in bulk, and every word and every checked byte is compared:

* Few records: the prediction is one big integer, `start + offset * step`, and its XOR with the stream's bytes shows
  by its highest bit which record is the first to differ. It costs nothing to set up, so hostile input stays cheap.
* Many records: a prepared *image* of all records of one 16 MiB span of guest memory. The first byte that is another
  kind's flags is a guess of where the run ends, a `memcmp` with the image the proof; where the guess is wrong the piece
  is halved. Records whose bodies are skipped take part with their words only, gathered by a strided view. For another
  span only those high bytes of the words are rewritten that differ from the span before.

How far to look ahead at first follows from the length of the previous run of the same kind. The methods that run
once for each run use local names and no helpers: a call costs as much as comparing twenty records.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

from wireformat.errors import SchemaError

if TYPE_CHECKING:
    from mmap import mmap
    from typing import TypeAlias

    from wireformat.protocols.vmstate.runs import Runs

    Buffer: TypeAlias = bytes | bytearray | memoryview | mmap

WORD_SIZE: Final = 8
PAGE_SIZES: Final = (256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)

_FEW: Final = 32
"""Most records that one integer comparison covers."""

_LONG: Final = 64
"""After a run of at least this length the integer comparison is left out."""

_SPAN_BITS: Final = 24
"""Guest memory covered by one image, 16 MiB: a whole number of bytes, so that the word's rest fills whole columns."""

_SPAN_MASK: Final = (1 << _SPAN_BITS) - 1

_HIGH_SIZE: Final = 5
"""Bytes of the word above the span."""

_FLAGS_PLACE: Final = 7
"""Where the low byte of the flags is in a record."""

_MAX_CHECK: Final = 16
"""Longest checked body: an image holds one for each page of its span."""

_AHEAD: Final = [min(2 * count + 8, _FEW) for count in range(_LONG)]
"""Records to compare first, by the length of the previous run."""

_read_word: Final = Struct(">Q").unpack_from
_write_word: Final = Struct(">Q").pack


class RecordKind(NamedTuple):
    """One row of the table: records whose word has exactly these flag bits.

    `body` is the number of bytes after the word; with `check` the body must be these bytes, without it any bytes
    will do and the record's whole size must be a multiple of eight.
    """

    flags: int
    body: int
    check: bytes | None = None


class Scanner:
    """Appends the runs it finds to `runs`, and remembers across calls what would continue the last one."""

    __slots__ = ("_block", "_mask", "_next_position", "_next_word", "_page_size", "_predictors", "_runs")

    def __init__(self, table: Iterable[RecordKind], page_size: int, runs: Runs) -> None:
        """Raise SchemaError when a row cannot be predicted or the page size is not one that exists."""
        if page_size not in PAGE_SIZES:
            raise SchemaError("vmstate/page-size", f"page size {page_size} is none of {PAGE_SIZES}")
        rows = {row.flags: row for row in table}
        self._predictors = {flags: _Predictor(row, page_size, rows.keys() - {flags}) for flags, row in rows.items()}
        self._page_size = page_size
        self._mask = page_size - 1
        self._runs = runs
        self._block = 0
        self._next_word = self._next_position = -1

    def open(self, block: int, flags: int, offset: int, position: int, follow: int, next_position: int) -> None:
        """Start a run with a record that the caller decoded.

        `follow` is the flag bits of the records that may continue it, `next_position` where the first of them
        would begin; the other numbers are those of `Run`.
        """
        self._runs.append(block, flags, offset, 1, position)
        self._expect(block, (offset + self._page_size) | follow, next_position)

    def scan(self, buffer: Buffer, start: int, end: int, base: int, block: int, length: int) -> int:
        """Index all records of the table in `buffer[start:end]`; return where the first other byte is.

        `base` is the stream position of the buffer's first byte, `block` the current block's index and `length`
        its size in bytes. The scan ends at an incomplete record, and before one that the caller must judge: an
        unknown word, a body that fails its check, or a page that does not lie inside the block.
        """
        with memoryview(buffer) as view:
            if base + start == self._next_position and block == self._block:
                start = self._continue(view, start, end, base, length)
            return self._scan(view, start, end, base, block, length)

    def _continue(self, view: memoryview, start: int, end: int, base: int, length: int) -> int:
        """Let the last run grow by the records at `view[start]` that fit it; return where they end."""
        kind = self._predictors.get(self._next_word & self._mask)
        if kind is None:
            return start
        offset = self._next_word & ~self._mask
        room = min((end - start) // kind.size, (length - offset) // self._page_size)
        if count := kind.count_many(view, start, offset, room):
            self._runs.extend_last(count)
            start += count * kind.size
            self._expect(self._block, self._next_word + count * self._page_size, base + start)
        return start

    def _expect(self, block: int, word: int, position: int) -> None:
        self._block, self._next_word, self._next_position = block, word, position

    def _scan(self, view: memoryview, start: int, end: int, base: int, block: int, length: int) -> int:
        """The hot loop, one turn for each run: hence in one piece, with local names for all it uses."""
        kinds, mask, page_size = self._predictors, self._mask, self._page_size
        add_block, add_flags, add_offset, add_count, add_position = self._runs.appenders()
        read_word, integer = _read_word, int.from_bytes
        begin, last = start, end - WORD_SIZE
        while start <= last:
            (word,) = read_word(view, start)
            flags = word & mask
            if flags not in kinds:
                break
            kind = kinds[flags]
            offset = word - flags
            size = kind.size
            room = (end - start) // size
            if room > (fitting := (length - offset) // page_size):
                room = fitting
            if room <= 0:
                break
            if (count := kind.ahead) > room:
                count = room
            difference = 0
            if count:
                data = view[start : start + count * size]
                if kind.stride:
                    data = data.cast("Q")[:: kind.stride]
                difference = integer(data, "big") ^ (kind.starts[count] + offset * kind.steps[count])
            if difference:
                count -= 1 + (difference.bit_length() - 1) // kind.unit_bits
            elif count < room:
                count += kind.count_many(view, start + count * size, offset + count * page_size, room - count)
            if not count:
                break
            kind.ahead = _AHEAD[count] if count < _LONG else 0
            kind.hint = count
            add_block(block)
            add_flags(flags)
            add_offset(offset)
            add_count(count)
            add_position(base + start)
            start += count * size
        if start > begin:
            run = self._runs[-1]
            self._expect(block, (run.offset | run.flags) + run.count * page_size, base + start)
        return start


class _Predictor:
    """Knows what the records of one kind look like, and how many of them lie at a place.

    `size` is a record's length in the stream, `unit_bits` that of its compared part, `stride` the distance of the
    words in words or 0 when all is compared; `starts[n] + offset * steps[n]` is what n records from `offset` on
    look like; `hint` is the last run's length and `ahead` the number of records to look at first.
    """

    __slots__ = (
        "_high", "_image", "_others", "_page_size", "_row", "_span", "_span_count", "_unit",
        "ahead", "hint", "size", "starts", "steps", "stride", "unit_bits",
    )  # fmt: skip

    def __init__(self, row: RecordKind, page_size: int, others: Iterable[int]) -> None:
        self._row = row
        self._page_size = page_size
        self._span_count = (1 << _SPAN_BITS) // page_size
        self._image = bytearray()
        self._others = [bytes((low,)) for low in {flags & 0xFF for flags in others} - {row.flags & 0xFF}]
        self._high, self._span = bytes(_HIGH_SIZE), -1
        self.size = WORD_SIZE + row.body
        self.stride = _stride(row)
        self._unit = WORD_SIZE if self.stride else self.size
        self.unit_bits = 8 * self._unit
        self.hint, self.ahead = 1, _AHEAD[1]
        self.starts, self.steps = self._progressions()

    def _progressions(self) -> tuple[list[int], list[int]]:
        """For n records, n up to `_FEW`, as integers: their bytes from offset 0 on; a 1 in place of each word."""
        starts, steps = [0], [0]
        check = self._row.check or b""
        one = 1 << 8 * len(check)
        for index in range(_FEW):
            record = (index * self._page_size | self._row.flags) * one + int.from_bytes(check, "big")
            starts.append((starts[-1] << self.unit_bits) + record)
            steps.append((steps[-1] << self.unit_bits) + one)
        return starts, steps

    def count_many(self, view: memoryview, start: int, offset: int, room: int) -> int:
        """Records of the run at `view[start]` with the page at `offset`, at most `room`: pieces of growing size.

        Flags of another kind, if they stand where flags should, tell where the run ends; the image confirms it.
        """
        found, piece, size, unit = 0, max(2 * self.hint, _FEW), self.size, self._unit
        while found < room:
            if offset >> _SPAN_BITS != self._span:
                self._show(offset >> _SPAN_BITS)
            index = (offset & _SPAN_MASK) // self._page_size
            count = alike = min(piece, room - found, self._span_count - index)
            records = view[start : start + count * size]
            data = bytes(records.cast("Q")[:: self.stride] if self.stride else records)
            for other in self._others:
                place = data.find(other)
                if place >= 0 and place % unit == _FLAGS_PLACE:
                    alike = min(alike, place // unit)
            if not self._image.startswith(data[: alike * unit], index * unit):
                alike = self._halve(data, index, alike)
            found += alike
            if alike < count:
                break
            start += count * size
            offset += count * self._page_size
            piece *= 2
        return found

    def _halve(self, data: bytes, index: int, count: int) -> int:
        """Records in `data` that equal those of the image from `index` on; not all of `count` do."""
        found, unit = 0, self._unit
        while count > 1:
            half = count >> 1
            if self._image.startswith(data[found * unit : (found + half) * unit], (index + found) * unit):
                found += half
                count -= half
            else:
                count = half
        return found

    def _show(self, span: int) -> None:
        """Make the image show another span."""
        if not self._image:
            self._paint()
        high = span.to_bytes(_HIGH_SIZE, "big")
        for column, (old, new) in enumerate(zip(self._high, high, strict=True)):
            if old != new:
                self._image[column :: self._unit] = bytes((new,)) * self._span_count
        self._high, self._span = high, span

    def _paint(self) -> None:
        """Make the image of the lowest span, column by column."""
        words = b"".join(map(_write_word, range(self._row.flags, 1 << _SPAN_BITS, self._page_size)))
        columns = [words[column::WORD_SIZE] for column in range(WORD_SIZE)]
        columns += [bytes((byte,)) * self._span_count for byte in self._row.check or b""]
        self._image.extend(bytes(self._unit * self._span_count))
        for column, data in enumerate(columns):
            self._image[column :: self._unit] = data


def _stride(row: RecordKind) -> int:
    """Distance between the words of consecutive records, in words; 0 when the body is checked. Raise SchemaError."""
    if row.check is None:
        if row.body % WORD_SIZE:
            raise SchemaError("vmstate/record-kind", f"unchecked body of {row.body} bytes is not made of words")
        return 1 + row.body // WORD_SIZE
    if len(row.check) != row.body or row.body > _MAX_CHECK:
        raise SchemaError("vmstate/record-kind", f"check of {len(row.check)} bytes for a body of {row.body}")
    return 0
