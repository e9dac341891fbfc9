"""Decoding as generated source: records of tagged entries.

Entries come in ascending order of tags, so known tags become straight code: `if t == 5: … if t == 9: …`, each reading
the next header behind its value. What falls through is the end, an unknown tag, or a mistake; behind an unknown entry
the straight code starts again. `l` is the last tag seen: nothing may come that is below it. The critical bit does not
take part in the order. Where values that repeat ascend, each list has a variable with the bytes of its last.
"""

from __future__ import annotations

from struct import calcsize

from wireformat.codec import fast_values
from wireformat.codec.fast_decode_nodes import NodeDecoder
from wireformat.codec.fast_scope import access
from wireformat.codec.fast_shape import header_of, number_of
from wireformat.codec.fast_source import UnsupportedError
from wireformat.schema import model


def take_tlv(decoder: NodeDecoder, record: model.Record, var: str) -> None:
    """Entries up to the end of the enclosing region."""
    if record.tlv is None:
        raise UnsupportedError(f"{record.name} does not say how its entries are framed")
    fields = decoder.shape.entries(record)
    writer = decoder.writer
    decoder.cursor.settle()
    lists = {field.name: writer.local("x") for field in fields if field.many}
    for field in fields:
        _prepare(decoder, record, field, var, lists)
    unknown = writer.local("u")
    writer.line(f"{unknown} = []")
    writer.line("l = -1")
    _next(decoder, record.tlv)
    with writer.block("while True:"):
        for field in fields:
            _take_entries(decoder, record, field, var, lists)
        with writer.block("if t is None:"):
            writer.line("break")
        _take_unknown(decoder, record.tlv, fields, unknown)
    _finish(decoder, record, fields, var, lists, unknown)


def _prepare(decoder: NodeDecoder, record: model.Record, field: model.Field, var: str, lists: dict[str, str]) -> None:
    if field.many:
        decoder.writer.line(f"{lists[field.name]} = []")
        if record.tlv is not None and record.tlv.ascending:
            decoder.writer.line(f"{_last(lists[field.name])} = b''")
    elif field.optional:
        default = fast_values.default_name(decoder.program, record, field)
        decoder.writer.line(f"{access(record, var, field.name)} = {default}")


def _next(decoder: NodeDecoder, tlv: model.Tlv) -> None:
    """Read the next header into `t` and `n`; `t` is None at the end."""
    writer = decoder.writer
    header = header_of(tlv)
    get = decoder.program.unpacker(header)
    with writer.block(f"if p < {decoder.end}:"):
        writer.line(f"t, n = {get}(b, p)")
        writer.line(f"p += {calcsize(header)}")
        if tlv.size.range[1] > tlv.max:
            writer.refuse(f"n > {tlv.max}")
    with writer.block("else:"):
        writer.line("t = None")


def _take_entries(
    decoder: NodeDecoder, record: model.Record, field: model.Field, var: str, lists: dict[str, str]
) -> None:
    """The entry of one tag, or all of them."""
    assert record.tlv is not None
    writer = decoder.writer
    with writer.block(f"{'while' if field.many else 'if'} t == {field.tag}:"):
        writer.line(f"l = {number_of(record.tlv, field)}")
        if field.many:
            if field.max is not None:
                writer.refuse(f"len({lists[field.name]}) == {field.max}")
            item = writer.local("v")
            _take_value(decoder, field.of, item, lists[field.name] if record.tlv.ascending else None)
            writer.line(f"{lists[field.name]}.append({item})")
        else:
            _take_value(decoder, field.of, access(record, var, field.name))
        _next(decoder, record.tlv)


def _refuse_disorder(decoder: NodeDecoder, node: model.Node, end: str, items: str) -> None:
    """Refuse a value up to `end` whose bytes are not above those of the one before; an empty first one is fine."""
    may_be_empty = decoder.shape.least(node) == 0
    is_above = f"{_last(items)} < ({_last(items)} := b[p:{end}])"
    decoder.writer.refuse(f"not {is_above}" + (f" and {items}" if may_be_empty else ""))


def _last(items: str) -> str:
    """The variable with the bytes of the last value in a list."""
    return f"w{items}"


def _take_value(decoder: NodeDecoder, node: model.Node, target: str, items: str | None = None) -> None:
    """One value, which must fill its entry; above the last of the list `items`, if there is one.

    Whether the entry reaches behind the record needs no look: the record ends where its last entry does.
    """
    size, is_rest = decoder.shape.fixed(node), isinstance(node, model.Data) and node.size is None
    end = "p + n" if size is not None or is_rest else decoder.writer.local("e")
    if size is not None:
        decoder.writer.refuse(f"n != {size}")
    elif not is_rest:
        decoder.writer.line(f"{end} = p + n")
    if items is not None:
        _refuse_disorder(decoder, node, end, items)
    if size is not None:
        decoder.inside(node, target)
    elif is_rest:
        decoder.fill("n", node, target)
    else:
        decoder.up_to(end, node, target)


def _take_unknown(decoder: NodeDecoder, tlv: model.Tlv, fields: list[model.Field], unknown: str) -> None:
    """Keep an entry that nobody knows, unless it is out of order or critical."""
    writer = decoder.writer
    known = decoder.program.shared("known", frozenset(number_of(tlv, field) for field in fields))
    number = f"t & {~tlv.critical}" if tlv.critical else "t"
    critical = f" or t & {tlv.critical}" if tlv.critical else ""
    writer.refuse(f"({number}) < l or ({number}) in {known}{critical} or p + n > {decoder.end}")
    writer.line(f"{unknown}.append({fast_values.unknown_name(decoder.program)}(t, b[p:p + n]))")
    writer.line("p += n")
    writer.line("l = t")
    _next(decoder, tlv)
    writer.refuse(f"t is not None and ({number}) < l")


def _finish(
    decoder: NodeDecoder,
    record: model.Record,
    fields: list[model.Field],
    var: str,
    lists: dict[str, str],
    unknown: str,
) -> None:
    """Store the lists, look whether anything is missing, and whether the entries end with their region."""
    writer = decoder.writer
    writer.line(f"{access(record, var, 'unknown')} = tuple({unknown})")
    for field in fields:
        if field.many:
            writer.line(f"{access(record, var, field.name)} = tuple({lists[field.name]})")
        elif not field.optional:
            writer.line(access(record, var, field.name))
    writer.refuse(f"p != {decoder.end}")
