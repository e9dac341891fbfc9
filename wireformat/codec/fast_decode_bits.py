"""Decoding as generated source: records whose fields are parts of one integer.

The integer joins the run around it; its parts are cut out afterwards, each by its mask and shift. Masks may be
expressions over parameters, such as a page size that divides one word into an address and flags.
"""

from __future__ import annotations

from wireformat.codec import fast_values
from wireformat.codec.fast_decode_nodes import NodeDecoder
from wireformat.codec.fast_decode_sequence import target_of
from wireformat.codec.fast_source import UnsupportedError, render
from wireformat.schema import model


def take_bits(decoder: NodeDecoder, record: model.Record, var: str) -> None:
    """One integer, cut into fields; bits that belong to none must be zero."""
    if record.base is None:
        raise UnsupportedError(f"{record.name} has no integer to cut")
    word = decoder.local(record.base, "w")
    masks = []
    for field in decoder.shape.fields(record):
        if field.mask is None:
            raise UnsupportedError(f"{record.name}.{field.name} has no mask")
        mask = render(field.mask, decoder.scope.resolve)
        masks.append(mask)
        target = target_of(decoder, record, field, var)
        part = f"({word} & {mask}) >> {field.shift}" if field.shift else f"{word} & {mask}"
        _take_part(decoder, field.of, part, target)
        decoder.scope.note(field.name, target, field.of)
    decoder.cursor.refuse(f"{word} & ~({' | '.join(masks) or 0})")


def _take_part(decoder: NodeDecoder, node: model.Node, part: str, target: str) -> None:
    match node:
        case model.Int():
            decoder.cursor.then(f"{target} = {part}")
        case model.Enum() | model.Flags():
            decoder.cursor.then(f"{target} = {fast_values.table_name(decoder.program, node)}[{part}]")
        case _:
            raise UnsupportedError(f"{type(node).__name__} in a record of bits")
