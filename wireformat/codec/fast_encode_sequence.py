"""Encoding as generated source: records whose fields stand back to back.

Numbers that follow from the rest must be known before they are written, and often stand before what they follow from.
So fields are worked on in an order in which everything an expression reads is known, and their pieces are then put in
the order of the wire. What pointers point at comes behind the fixed part. The size of the record is known when all this
is done: what was written before by a size or count that reads it is then compared. A sum is put in last, over the
finished bytes.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from zlib import crc32

from wireformat.codec import fast_values
from wireformat.codec.fast_encode_nodes import NodeEncoder
from wireformat.codec.fast_pieces import Packed, Padding, Piece, Ready
from wireformat.codec.fast_scope import access
from wireformat.codec.fast_shape import reads, steers, union_of
from wireformat.codec.fast_source import UnsupportedError, padding_of
from wireformat.schema import model

LONG_RUN = 8
"""From so many plain numbers on, those of a dict are fetched and packed together."""


class Sequence:
    """One record being encoded: which of its numbers are known, and the pieces of each field."""

    def __init__(self, encoder: NodeEncoder, record: model.Record, source: str) -> None:
        self.encoder = encoder
        self.record = record
        self.fields = encoder.shape.fields(record)
        self._source = source
        self._numbers = {field.name for field in self.fields if isinstance(field.of, model.Computed)}
        computed = [(field.name, field.of.rule) for field in self.fields if isinstance(field.of, model.Computed)]
        self._steering = [(name, rule) for name, rule in computed if rule[0] != "tag_of"]
        self._sized = {rule[1] for rule in self._rules("size_of")}
        self._known: set[str] = set()
        self._fetched: set[str] = set()
        self._sizes: dict[str, str] = {}
        self._head: list[str] = []
        self._tails: list[tuple[str, str, str]] = []
        self._end = encoder.writer.local("q")
        self._totals = frozenset(name for name, rule in computed if rule[0] == "record_size")
        has_tails = any(isinstance(field.of, model.Pointed) for field in self.fields)
        self._is_counted = has_tails or bool(self._totals)

    def give(self) -> None:
        """Append the pieces of all fields."""
        self._note_values()
        self.encoder.scope.wait(self._totals)
        pieces = self._long_runs()
        waiting = [place for place, field in enumerate(self.fields) if field.name not in self._fetched]
        while waiting:
            ready = [place for place in waiting if self._is_ready(self.fields[place])]
            if not ready:
                raise UnsupportedError(f"{self.record.name} computes numbers from each other")
            for place in ready:
                pieces[place] = self._pieces_of(self.fields[place])
            waiting = [place for place in waiting if place not in pieces]
        for place in sorted(pieces):
            self.encoder.pieces.extend(pieces[place])
        self._give_tails()
        self._give_total()
        self._give_sums()

    def _long_runs(self) -> dict[int, list[Piece]]:
        """Pieces for the plain numbers of a dict where many stand together: fetched, checked and packed at once."""
        pieces: dict[int, list[Piece]] = {}
        if self.record.cls is not None:
            return pieces
        place = 0
        for order, group in groupby(self.fields, _order):
            run = list(group)
            if order and len(run) >= LONG_RUN:
                pieces[place] = [self._packed_run(run, order)]
                self._fetched.update(field.name for field in run)
            place += len(run)
        return pieces

    def _packed_run(self, run: list[model.Field], order: str) -> Packed:
        program, names = self.encoder.program, tuple(field.name for field in run)
        fetch = program.name("fetch", names, lambda: itemgetter(*names))
        values = self.encoder.store(f"{fetch}({self._source})", "t")
        self.encoder.writer.line(f"{program.shared('all', fast_values.all_integers)}({values})")
        letters = "".join(field.of.fmt or "" for field in run if isinstance(field.of, model.Int))
        return Packed(letters, f"*{values}", order)

    def _rules(self, kind: str) -> list[tuple[str, str]]:
        rules = [field.of.rule for field in self.fields if isinstance(field.of, model.Computed)]
        return [rule for rule in rules if rule[0] == kind]

    def _note_values(self) -> None:
        for field in self.fields:
            if isinstance(field.of, model.Const):
                constant = self.encoder.program.shared("const", field.of.value)
                self.encoder.scope.note(field.name, constant, field.of)
            elif field.name not in self._numbers:
                self.encoder.scope.note(field.name, access(self.record, self._source, field.name), field.of)

    def _own(self, field: model.Field) -> frozenset[str]:
        """Computed numbers that steer this field and follow from it."""
        return frozenset(
            other for other, (rule, of) in self._steering if of == field.name and steers(other, rule, field.of)
        )

    def _is_ready(self, field: model.Field) -> bool:
        if isinstance(field.of, model.Computed):
            kind, of = field.of.rule
            return kind != "size_of" or of in self._sizes
        if not self._numbers:
            return True
        return not (reads(field.of) & self._numbers) - self._known - self._own(field) - self._totals

    def _pieces_of(self, field: model.Field) -> list[Piece]:
        encoder = self.encoder
        outer, encoder.pieces = encoder.pieces, []
        self._give_field(field)
        pieces, encoder.pieces = encoder.pieces, outer
        return pieces

    def _give_field(self, field: model.Field) -> None:
        encoder, source = self.encoder, access(self.record, self._source, field.name)
        match field.of:
            case model.Computed():
                self._give_computed(field, field.of)
            case model.Checksum(of=of):
                encoder.pieces.append(Packed(f"{of.size}x", ""))
            case model.Pointed():
                self._give_pointer(field.of, source)
            case _:
                encoder.given = frozenset(("get", name) for name in self._own(field))
                if field.name in self._sized or (self._is_counted and encoder.shape.fixed(field.of) is None):
                    self._give_measured(field, source)
                else:
                    encoder.give(field.of, source)
                encoder.given = frozenset()

    def _give_measured(self, field: model.Field, source: str) -> None:
        """Encode a field into a variable, so that its bytes can be counted; padding does not count."""
        encoder, node = self.encoder, field.of
        unpadded = replace(node, pad=1) if isinstance(node, model.Data) else node
        part = encoder.store(encoder.part(unpadded, source))
        self._sizes[field.name] = f"len({part})"
        encoder.pieces.append(Ready(part))
        self._head.append(f"len({part})")
        if isinstance(node, model.Data) and node.pad > 1:
            prefix = node.size.size if isinstance(node.size, model.Int) else 0
            padding = encoder.store(padding_of(f"(len({part}) - {prefix})", node.pad), "m")
            encoder.pieces.append(Padding(padding, tuple(range(node.pad))))
            self._head.append(padding)

    def _give_computed(self, field: model.Field, node: model.Computed) -> None:
        encoder, (kind, of) = self.encoder, node.rule
        if kind == "record_size":
            encoder.pack(node.of, self._end)
            return
        source = access(self.record, self._source, of)
        if kind == "size_of":
            number = self._sizes[of]
        elif kind == "count_of":
            number = encoder.store(f"{encoder.program.shared('count', fast_values.count)}({source})", "n")
        else:
            number = self._tag(of, source)
        encoder.pack(node.of, number)
        encoder.scope.note(field.name, number, node.of)
        self._known.add(field.name)

    def _tag(self, of: str, source: str) -> str:
        """The number of the arm that a value belongs to, known by the value's type."""
        encoder = self.encoder
        union = union_of(next(field.of for field in self.fields if field.name == of))
        if union is None:
            raise UnsupportedError(f"{of} is no union")
        tags = encoder.program.name(
            "tags", (self.record.name, of), lambda: fast_values.tags(union, encoder.shape.schema)
        )
        unknown = fast_values.unknown_name(encoder.program)
        return encoder.store(f"{source}.tag if type({source}) is {unknown} else {tags}[type({source})]", "t")

    def _give_pointer(self, node: model.Pointed, source: str) -> None:
        """Size and offset of data that will stand behind the fixed part."""
        encoder = self.encoder
        size, offset, data = (encoder.writer.local(stem) for stem in "nod")
        with encoder.writer.block(f"if {source} is None:"):
            encoder.writer.line(f"{size}, {data} = 0, b''")
        with encoder.writer.block("else:"):
            encoder.writer.line(f"{data} = {encoder.part(node.of, source)}")
            encoder.writer.line(f"{size} = len({data})")
        encoder.pack(node.size_int, size)
        encoder.pack(node.offset_int, offset)
        self._tails.append((source, offset, data))

    def _give_tails(self) -> None:
        """Count the bytes of all fields, tell each pointer its offset, and count what it points at."""
        if not self._is_counted:
            return
        encoder, end = self.encoder, self._end
        encoder.writer.line(f"{end} = {' + '.join([str(self._fixed_size()), *self._head])}")
        for source, offset, data in self._tails:
            encoder.writer.line(f"{offset} = {end} if {source} is not None else 0")
            encoder.writer.line(f"{end} += len({data})")
            encoder.pieces.append(Ready(data))

    def _fixed_size(self) -> int:
        """Bytes before the tails, as far as they are known now; `_head` holds the sources of the others."""
        pointers = [field.of for field in self.fields if isinstance(field.of, model.Pointed)]
        measured = [bool(field.name) and field.name in self._sizes for field in self.fields]
        sizes = [self.encoder.shape.fixed(field.of) or 0 for field in self.fields]
        rest = sum(size for size, is_measured in zip(sizes, measured, strict=True) if not is_measured)
        return rest + sum(node.size_int.size + node.offset_int.size for node in pointers)

    def _give_total(self) -> None:
        """Look at the sizes and counts that read the size of the record, which is now known."""
        encoder = self.encoder
        encoder.scope.wait(frozenset())
        for name in self._totals:
            encoder.scope.note(name, self._end, model.Int(8))
        for counted, size in encoder.scope.later:
            encoder.agree(counted, size)

    def _give_sums(self) -> None:
        """Put sums over the finished bytes into their places."""
        encoder = self.encoder
        for field in self.fields:
            if not isinstance(field.of, model.Checksum):
                continue
            if field.of.kind != "crc32" or field.of.of.size != 4:
                raise UnsupportedError(f"sum {field.of.kind}")
            crc, place = encoder.program.shared("crc32", crc32), field.of.at
            order = "little" if field.of.of.little else "big"
            whole = encoder.store(encoder.close())
            total = f"{crc}({whole}).to_bytes(4, {order!r})"
            encoder.pieces = [Ready(f"{whole}[:{place}]"), Ready(total), Ready(f"{whole}[{place + 4}:]")]


def give_sequence(encoder: NodeEncoder, record: model.Record, source: str) -> None:
    """Fields back to back."""
    Sequence(encoder, record, source).give()


def _order(field: model.Field) -> str:
    """The byte order of a named plain number, empty for everything else."""
    if not field.name or not isinstance(field.of, model.Int) or not field.of.fmt:
        return ""
    return "<" if field.of.little else ">"
