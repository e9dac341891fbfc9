"""What an encoding function will return, as a list of pieces.

Fields become pieces: numbers for `struct`, or the source of something that is bytes already. When a record or a branch
is complete its pieces are joined into one expression: neighbouring numbers are packed together, and padding of unknown
size goes into the pack behind it, for which one struct exists for each number of padding bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct

from wireformat.codec.fast_source import Program


@dataclass(frozen=True, slots=True)
class Packed:
    """Something that `struct` writes: its letter, the source of its values (empty for zero bytes), its byte order."""

    letter: str
    source: str
    order: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """The source of bytes."""

    source: str


@dataclass(frozen=True, slots=True)
class Padding:
    """As many zero bytes as `counts[index]` says; an `index` beyond them is an error when the code runs."""

    index: str
    counts: tuple[int, ...]


Piece = Packed | Ready | Padding


@dataclass(slots=True)
class _Pack:
    """Neighbours that one struct writes."""

    order: str = ""
    padding: Padding | None = None
    letters: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def accepts(self, piece: Packed) -> bool:
        return not piece.order or not self.order or piece.order == self.order

    def add(self, piece: Packed) -> None:
        self.order = self.order or piece.order
        self.letters.append(piece.letter)
        if piece.source:
            self.sources.append(piece.source)

    def render(self, program: Program) -> str:
        order, letters, arguments = self.order or ">", "".join(self.letters), ", ".join(self.sources)
        if self.padding is None:
            return f"{program.packer(order + letters)}({arguments})"
        if not letters:
            counts = self.padding.counts
            return f"{program.name('zeros', counts, lambda: tuple(map(bytes, counts)))}[{self.padding.index}]"
        counts, layout = self.padding.counts, order + "{}x" + letters
        packers = program.name("puts", (layout, counts), lambda: _packers(layout, counts))
        return f"{packers}[{self.padding.index}]({arguments})"


def _packers(layout: str, counts: tuple[int, ...]) -> tuple[Callable[..., bytes], ...]:
    """For each count the function that packs `layout` with so many bytes of padding."""
    packs = {count: Struct(layout.format(count)).pack for count in set(counts)}
    return tuple(packs[count] for count in counts)


def joined(program: Program, pieces: list[Piece]) -> str:
    """One expression for the bytes of all pieces."""
    parts = _parts(program, pieces)
    if not parts:
        return "b''"
    if len(parts) <= 2:
        return " + ".join(parts)
    return f"b''.join(({', '.join(parts)}))"


def _parts(program: Program, pieces: list[Piece]) -> list[str]:
    parts: list[str] = []
    pack = _Pack()
    for piece in pieces:
        if isinstance(piece, Packed) and pack.accepts(piece):
            pack.add(piece)
            continue
        _close(program, pack, parts)
        pack = _Pack()
        match piece:
            case Packed():
                pack.add(piece)
            case Padding():
                pack.padding = piece
            case Ready(source=source):
                parts.append(source)
    _close(program, pack, parts)
    return parts


def _close(program: Program, pack: _Pack, parts: list[str]) -> None:
    if pack.letters or pack.padding:
        parts.append(pack.render(program))
