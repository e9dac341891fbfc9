"""Encoding as generated source: records whose fields are parts of one integer.

Each part is moved to its place and must stay under its mask there; the parts together are the integer.
"""

from __future__ import annotations

from wireformat.codec import fast_values
from wireformat.codec.fast_encode_nodes import NodeEncoder
from wireformat.codec.fast_scope import access
from wireformat.codec.fast_source import UnsupportedError
from wireformat.schema import model


def give_bits(encoder: NodeEncoder, record: model.Record, source: str) -> None:
    """One integer made of fields."""
    if record.base is None:
        raise UnsupportedError(f"{record.name} has no integer to fill")
    word = encoder.store("0", "w")
    for field in encoder.shape.fields(record):
        if field.mask is None:
            raise UnsupportedError(f"{record.name}.{field.name} has no mask")
        value = access(record, source, field.name)
        encoder.scope.note(field.name, value, field.of)
        number = _number(encoder, field.of, value)
        part = encoder.store(f"{number} << {field.shift}", "b")
        encoder.writer.refuse(f"{part} < 0 or {part} & ~{encoder.value(field.mask)}")
        encoder.writer.line(f"{word} |= {part}")
    encoder.pack(record.base, word)


def _number(encoder: NodeEncoder, node: model.Node, value: str) -> str:
    match node:
        case model.Int():
            encoder.integer(value)
            return value
        case model.Enum() | model.Flags():
            check = encoder.program.name("check", (node, node.cls), lambda: fast_values.check_of(node))
            encoder.writer.line(f"{check}({value})")
            return value
    raise UnsupportedError(f"{type(node).__name__} in a record of bits")
