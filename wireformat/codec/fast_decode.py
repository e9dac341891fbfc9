"""Decoding as generated source: one function for each record.

A function makes a twin of the record, or a dict, fills it field by field, checks what follows from the rest, and lets
the twin become the frozen record. A dict begins as a copy of one that has all keys, so that they stand in the order of
the wire whatever is filled in first. Records of known width that no expression or sum concerns are written into the
function of the record around them, so that they share its runs. Records of entries are often empty, so each has one
empty value that is used wherever there are no bytes. Only records on a cycle count their depth.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from wireformat.codec import fast_decode_groups, fast_decode_nodes, fast_values
from wireformat.codec.fast_decode_bits import take_bits
from wireformat.codec.fast_decode_nodes import Handler, NodeDecoder
from wireformat.codec.fast_decode_sequence import take_sequence
from wireformat.codec.fast_decode_tlv import take_tlv
from wireformat.codec.fast_scope import Scope, access
from wireformat.codec.fast_shape import Shape, arguments
from wireformat.codec.fast_source import Program, Writer
from wireformat.limits import MAX_DEPTH
from wireformat.schema import model


class Decoders:
    """The decoding functions of one schema, written as they are asked for."""

    def __init__(self, program: Program, shape: Shape) -> None:
        self._program = program
        self._shape = shape
        self._names: dict[tuple[str, bool], str] = {}
        self._handlers: Mapping[type, Handler] = {
            **fast_decode_nodes.HANDLERS,
            **fast_decode_groups.HANDLERS,
            model.Ref: self._take_ref,
        }

    def function(self, name: str, bounded: bool = False) -> str:
        """The name of the function that decodes a record, `bounded` within a region."""
        key = name, bounded
        if key not in self._names:
            self._names[key] = f"decode{len(self._names)}"
            self._write(name, bounded)
        return self._names[key]

    def _write(self, name: str, bounded: bool) -> None:
        record = self._shape.record(name)
        depth = ", k=0" if self._shape.counts_depth(name) else ""
        writer = Writer(self._program, f"def {self._names[name, bounded]}(b, p, end, P{depth}):")
        writer.line(f"{record.name!r}")
        if self._shape.cyclic(name):
            writer.line("k += 1")
            writer.refuse(f"k > {MAX_DEPTH}")
        decoder = NodeDecoder(self._program, self._shape, writer, self._handlers, bounded)
        _take_record(decoder, record, "r")
        decoder.cursor.settle()
        if name == self._shape.schema.root:
            writer.refuse("p > end")
        writer.line("return r, p")
        self._program.add(writer.lines)

    def _take_ref(self, decoder: NodeDecoder, node: model.Ref, target: str) -> None:
        if self._shape.joins(node.name):
            inner = decoder.writer.local("r")
            _take_record(decoder, self._shape.record(node.name), inner)
            decoder.cursor.then(f"{target} = {inner}")
            return
        decoder.cursor.settle()
        depth = ", k" if self._shape.counts_depth(node.name) else ""
        call = f"{target}, p = {self.function(node.name, decoder.bounded)}(b, p, {decoder.end}, P{depth})"
        if not self._shape.may_be_empty(node.name):
            decoder.writer.line(call)
            return
        record = self._shape.record(node.name)
        make = partial(fast_values.empty, record, self._shape.fields(record))
        empty = decoder.program.name("empty", record.name, make)
        with decoder.writer.block(f"if p == {decoder.end}:"):
            decoder.writer.line(f"{target} = {empty}")
        with decoder.writer.block("else:"):
            decoder.writer.line(call)


def _take_record(decoder: NodeDecoder, record: model.Record, var: str) -> None:
    """Decode a record into a new local variable `var`."""
    outer, decoder.scope = decoder.scope, Scope(decoder.shape)
    cls = record.cls
    if cls is None and record.layout == "tlv":
        decoder.writer.line(f"{var} = {{}}")
    elif cls is None:
        blank = decoder.program.name("blank", record.name, lambda: dict.fromkeys(arguments(record)))
        decoder.writer.line(f"{var} = {blank}.copy()")
    else:
        twin = decoder.program.name("Twin", cls, lambda: fast_values.twin(cls))
        decoder.writer.line(f"{var} = {twin}()")
    _absent(decoder, record, var)
    LAYOUTS[record.layout](decoder, record, var)
    if cls is not None:
        decoder.cursor.then(f"{var}.__class__ = {decoder.program.name('Class', cls, lambda: cls)}")
    decoder.scope = outer


def _absent(decoder: NodeDecoder, record: model.Record, var: str) -> None:
    """Give fields that this version lacks their defaults."""
    for field in decoder.shape.absent(record):
        default = fast_values.default_name(decoder.program, record, field)
        target = access(record, var, field.name)
        decoder.writer.line(f"{target} = {default}")
        decoder.scope.note(field.name, target, field.of)


LAYOUTS = {"sequence": take_sequence, "tlv": take_tlv, "bits": take_bits}
