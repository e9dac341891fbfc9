"""Encoding as generated source: one function for each record.

A function checks that the value is of the record's class, or a mapping, and returns its bytes. Records of known width
are written into the function of the record around them, so that one pack covers both.
"""

from __future__ import annotations

from collections.abc import Mapping

from wireformat.codec import fast_encode_groups, fast_encode_nodes, fast_values
from wireformat.codec.fast_encode_bits import give_bits
from wireformat.codec.fast_encode_nodes import Handler, NodeEncoder
from wireformat.codec.fast_encode_sequence import give_sequence
from wireformat.codec.fast_encode_tlv import give_tlv
from wireformat.codec.fast_pieces import Ready
from wireformat.codec.fast_scope import Scope, access
from wireformat.codec.fast_shape import Shape, arguments
from wireformat.codec.fast_source import Program, Writer
from wireformat.limits import MAX_DEPTH
from wireformat.schema import model


class Encoders:
    """The encoding functions of one schema, written as they are asked for."""

    def __init__(self, program: Program, shape: Shape) -> None:
        self._program = program
        self._shape = shape
        self._names: dict[str, str] = {}
        self._handlers: Mapping[type, Handler] = {
            **fast_encode_nodes.HANDLERS,
            **fast_encode_groups.HANDLERS,
            model.Ref: self._give_ref,
        }

    def function(self, name: str) -> str:
        """The name of the function that encodes a record."""
        if name not in self._names:
            self._names[name] = f"encode{len(self._names)}"
            self._write(name)
        return self._names[name]

    def _write(self, name: str) -> None:
        depth = ", k=0" if self._shape.counts_depth(name) else ""
        writer = Writer(self._program, f"def {self._names[name]}(v, P{depth}):")
        writer.line(f"{name!r}")
        if self._shape.cyclic(name):
            writer.line("k += 1")
            writer.refuse(f"k > {MAX_DEPTH}")
        encoder = NodeEncoder(self._program, self._shape, writer, self._handlers)
        _give_record(encoder, self._shape.record(name), "v")
        writer.line(f"return {encoder.close()}")
        self._program.add(writer.lines)

    def _give_ref(self, encoder: NodeEncoder, node: model.Ref, source: str) -> None:
        if self._shape.joins(node.name):
            value = encoder.store(source, "r")
            _give_record(encoder, self._shape.record(node.name), value)
            return
        depth = ", k" if self._shape.counts_depth(node.name) else ""
        encoder.pieces.append(Ready(encoder.store(f"{self.function(node.name)}({source}, P{depth})")))


def _give_record(encoder: NodeEncoder, record: model.Record, source: str) -> None:
    outer, encoder.scope = encoder.scope, Scope(encoder.shape)
    cls = record.cls
    if cls is None:
        check = encoder.program.shared("mappings", fast_values.mappings)
        encoder.writer.line(f"if type({source}) is not dict: {check}({source})")
        names = encoder.program.shared("names", frozenset(arguments(record)))
        complete = encoder.program.name("complete", record.name, lambda: fast_values.completion(record))
        encoder.writer.line(f"if {source}.keys() != {names}: {source} = {complete}({source})")
    else:
        encoder.writer.refuse(f"type({source}) is not {encoder.program.name('Class', cls, lambda: cls)}")
    _absent(encoder, record, source)
    LAYOUTS[record.layout](encoder, record, source)
    encoder.scope = outer


def _absent(encoder: NodeEncoder, record: model.Record, source: str) -> None:
    """Refuse what this version cannot carry."""
    for field in encoder.shape.absent(record):
        default = fast_values.default_name(encoder.program, record, field)
        encoder.writer.refuse(f"{access(record, source, field.name)} != {default}")
        encoder.scope.note(field.name, default, field.of)


LAYOUTS = {"sequence": give_sequence, "tlv": give_tlv, "bits": give_bits}
