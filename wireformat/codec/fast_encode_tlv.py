"""Encoding as generated source: records of tagged entries.

Entries are written in ascending order of their tags; one that equals its field's default is left out. Entries that
nobody knows are merged in where their tags belong, which costs one test for each known entry when there are none.
"""

from __future__ import annotations

from wireformat.codec import fast_values
from wireformat.codec.fast_encode_nodes import NodeEncoder
from wireformat.codec.fast_pieces import Packed, Ready
from wireformat.codec.fast_scope import access
from wireformat.codec.fast_shape import number_of
from wireformat.codec.fast_source import UnsupportedError
from wireformat.schema import model


def give_tlv(encoder: NodeEncoder, record: model.Record, source: str) -> None:
    """Entries in order."""
    if record.tlv is None:
        raise UnsupportedError(f"{record.name} does not say how its entries are framed")
    fields = encoder.shape.entries(record)
    entries = encoder.store("[]", "x")
    unknown = encoder.store(f"{access(record, source, 'unknown')}", "u")
    known = frozenset(number_of(record.tlv, field) for field in fields)
    tlv = record.tlv
    check = encoder.program.name("unknowns", (tlv, known), lambda: fast_values.Unknowns(tlv, known))
    encoder.writer.line(f"if {unknown} != (): {unknown} = {check}.checked({unknown})")
    for field in fields:
        merge = f"{check}.merge({entries}, {unknown}, {number_of(tlv, field)})"
        encoder.writer.line(f"if {unknown}: {unknown} = {merge}")
        _give_field(encoder, record, field, source, entries)
    encoder.writer.line(f"if {unknown}: {check}.merge({entries}, {unknown}, None)")
    encoder.pieces.append(Ready(encoder.store(f"b''.join({entries})")))


def _give_field(encoder: NodeEncoder, record: model.Record, field: model.Field, source: str, entries: str) -> None:
    value = access(record, source, field.name)
    if field.many:
        check, item = encoder.program.shared("items", fast_values.items), encoder.writer.local("i")
        encoder.writer.line(f"if type({value}) is not tuple: {check}({value})")
        if field.max is not None:
            encoder.writer.refuse(f"len({value}) > {field.max}")
        last = encoder.store("None", "w") if record.tlv is not None and record.tlv.ascending else None
        with encoder.writer.block(f"for {item} in {value}:"):
            _give_entry(encoder, record, field, item, entries, last)
    elif field.optional:
        default = fast_values.default_name(encoder.program, record, field)
        differs = f"{value} is not None" if default == "None" else f"{value} != {default}"
        with encoder.writer.block(f"if {differs}:"):
            _give_entry(encoder, record, field, value, entries)
    else:
        _give_entry(encoder, record, field, value, entries)


def _give_entry(
    encoder: NodeEncoder, record: model.Record, field: model.Field, value: str, entries: str, last: str | None = None
) -> None:
    """One entry: tag and size, then the value, in one pack where the value's size is known.

    `last` is the variable with the bytes of the entry before, which this one's must be above. Values of one size have
    equal heads, so whole entries compare as they do.
    """
    tlv = record.tlv
    assert tlv is not None
    size = encoder.shape.fixed(field.of)
    outer, encoder.pieces = encoder.pieces, []
    encoder.pack(tlv.tag, str(field.tag))
    if tlv.reserved is not None:
        encoder.pieces.append(Packed(f"{tlv.reserved.size}x", ""))
    if size is not None:
        if size > tlv.max:
            raise UnsupportedError(f"{field.name} is longer than an entry may be")
        encoder.pack(tlv.size, str(size))
        encoder.give(field.of, value)
        data = None
    else:
        data = encoder.store(encoder.part(field.of, value))
        if tlv.size.range[1] > tlv.max:
            encoder.writer.refuse(f"len({data}) > {tlv.max}")
        encoder.pack(tlv.size, f"len({data})")
        encoder.pieces.append(Ready(data))
    entry = encoder.close()
    if last is not None:
        entry = entry if data is not None else encoder.store(entry)
        compared = data or entry
        encoder.writer.refuse(f"{last} is not None and {compared} <= {last}")
        encoder.writer.line(f"{last} = {compared}")
    encoder.writer.line(f"{entries}.append({entry})")
    encoder.pieces = outer
