"""The bit boxes of a message: rows of 32 bits, a box for each field, as in RFCs.

One layout serves both pictures, SVG and ASCII. It covers the part of a record whose places are fixed; what follows is
one open box that names the next field. Of a record of entries it shows one entry. The bits of a word are numbered as
they travel, the first byte's highest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wireformat.derive.escape import visible
from wireformat.derive.notation import fixed_size, framing, record_size
from wireformat.schema import model
from wireformat.schema.expression import UnresolvedError, evaluate

ROW_BITS = 32
MAX_ROWS = 24
"""Rows that a picture has at most; a longer box is drawn shortened."""


@dataclass(frozen=True, slots=True)
class Box:
    """`bits` bits from bit `start` on; `is_open` has no fixed end; an empty name is unused. `doc` explains it."""

    name: str
    start: int
    bits: int
    doc: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a box that lies in one row; `is_first` carries the name."""

    box: Box
    row: int
    column: int
    bits: int
    is_first: bool
    is_last: bool


def boxes(schema: model.Schema, params: Mapping[str, Any] | None = None) -> list[Box]:
    """The boxes of the root record; none where nothing has a fixed place. `params` are what masks read."""
    return list(_Boxes(schema, params or {}).record(schema.root, "", 0, True, frozenset()))


class _Boxes:
    def __init__(self, schema: model.Schema, params: Mapping[str, Any]) -> None:
        self._schema = schema
        self._params = params

    def record(self, name: str, prefix: str, start: int, may_open: bool, above: frozenset[str]) -> Iterator[Box]:
        """The boxes of one record; with `may_open` the last one may have no fixed end."""
        record = self._schema.records[name]
        if record.base is not None:
            yield from self._word(record, record.base, prefix, start)
            return
        if record.tlv is not None:
            yield from _entry(record.tlv, start)
            return
        for field in record.fields:
            label = f"{prefix}.{field.name}".removeprefix(".") or "reserved"
            size = None if field.since or field.until else fixed_size(self._schema, field.of)
            if size is None:
                yield from self._open(field, label, start) if may_open else ()
                return
            yield from self._fixed(field, label, start, size, above | {name})
            start += 8 * size

    def _fixed(self, field: model.Field, label: str, start: int, size: int, above: frozenset[str]) -> Iterator[Box]:
        of = field.of
        if (
            isinstance(of, model.Ref)
            and of.name not in above
            and record_size(self._schema, self._schema.records[of.name]) is not None
        ):
            yield from self.record(of.name, label, start, False, above)
        elif size:
            yield Box(label, start, 8 * size, field.doc)

    def _open(self, field: model.Field, label: str, start: int) -> Iterator[Box]:
        """A field whose size varies: the integer in front of it, if there is one, then the open box."""
        head = getattr(field.of, "size", getattr(field.of, "count", None))
        if isinstance(head, model.Int):
            yield Box(f"{label} {'count' if isinstance(field.of, model.List) else 'size'}", start, 8 * head.size)
            start += 8 * head.size
        yield Box(label, start, ROW_BITS - start % ROW_BITS, field.doc, is_open=True)

    def _word(self, record: model.Record, base: model.Int, prefix: str, start: int) -> Iterator[Box]:
        """The parts of one integer, from its highest bit down."""
        width = 8 * base.size
        names = [""] * width
        docs = {}
        for field in record.fields:
            label = f"{prefix}.{field.name}".removeprefix(".")
            docs[label] = field.doc
            for bit in self._bits(field.mask, width):
                names[width - 1 - bit] = label
        if base.little:
            names = [name for byte in range(width - 8, -8, -8) for name in names[byte : byte + 8]]
        yield from _runs(names, docs, start)

    def _bits(self, mask: model.Expr | None, width: int) -> list[int]:
        try:
            value = int(evaluate(mask or 0, {}, self._params))
        except UnresolvedError:
            return []
        return [bit for bit in range(width) if value >> bit & 1]


def _entry(tlv: model.Tlv, start: int) -> Iterator[Box]:
    """One entry, which stands for all."""
    for name, of in framing(tlv):
        yield Box(name, start, 8 * of.size, f"{name} of an entry")
        start += 8 * of.size
    yield Box("value", start, ROW_BITS - start % ROW_BITS, "as many bytes as the size says", is_open=True)


def _runs(names: list[str], docs: Mapping[str, str], start: int) -> Iterator[Box]:
    """Neighbours of one name as one box."""
    first = 0
    for index in range(1, len(names) + 1):
        if index == len(names) or names[index] != names[first]:
            yield Box(names[first], start + first, index - first, docs.get(names[first], "always zero"))
            first = index


def pieces(found: list[Box]) -> list[Piece]:
    """The boxes cut into rows; a box of very many rows keeps its first and its last."""
    result: list[Piece] = []
    row_of: dict[int, int] = {}
    for box in found:
        rows = range(box.start // ROW_BITS, (box.start + box.bits - 1) // ROW_BITS + 1)
        shown = [*rows] if len(rows) <= 4 else [rows[0], rows[1], rows[-1]]
        for row in shown:
            begin = max(box.start, row * ROW_BITS)
            end = min(box.start + box.bits, (row + 1) * ROW_BITS)
            place = row_of.setdefault(row, len(row_of))
            result.append(Piece(box, place, begin % ROW_BITS, end - begin, row == rows[0], row == rows[-1]))
    return [piece for piece in result if piece.row < MAX_ROWS]


def label_of(piece: Piece) -> str:
    """What stands in a piece, before it is cut to fit."""
    if not piece.is_first:
        return ""
    return visible(piece.box.name) + (" …" if piece.box.is_open else "") if piece.box.name else "0"


def ascii_boxes(found: list[Box]) -> str:
    """The picture as text, two columns a bit; names that do not fit become letters, explained below."""
    cut = pieces(found)
    if not cut:
        return ""
    tens = " ".join(str(bit // 10) if bit % 10 == 0 else " " for bit in range(ROW_BITS))
    ones = " ".join(str(bit % 10) for bit in range(ROW_BITS))
    lines = [f" {tens}".rstrip(), f" {ones}"]
    keys: dict[str, str] = {}
    for row in range(max(piece.row for piece in cut) + 1):
        own = [piece for piece in cut if piece.row == row]
        lines += [_edge(own), _names(own, keys)]
    lines.append(_edge([piece for piece in cut if piece.row == cut[-1].row], is_last=True))
    legend = [f"{letter}  {name}" for name, letter in keys.items()]
    return "\n".join([*lines, *legend]) + "\n"


def _edge(own: list[Piece], is_last: bool = False) -> str:
    """The line above a row, or below the last one; a box that goes on has no line through it."""
    text = ["+"]
    for piece in own:
        is_closed = (piece.is_last if is_last else piece.is_first) and not (is_last and piece.box.is_open)
        fill = "-" if is_closed else "~" if piece.box.is_open else " "
        text.append("+".join([fill] * piece.bits) + "+")
    return "".join(text)


def _names(own: list[Piece], keys: dict[str, str]) -> str:
    text = ["|"]
    for piece in own:
        width, label = 2 * piece.bits - 1, label_of(piece)
        if len(label) > width:
            label = keys.setdefault(label, chr(ord("A") + len(keys) % 26))
        text.append(label.center(width) + "|")
    return "".join(text)
