"""Decoding as generated source: records whose fields stand back to back.

Numbers that follow from the rest (sizes, counts, tags, sums) are read where they stand and compared once the fields
they speak of are there. Where such a number itself steers the decoding of its field, as a size that says how many bytes
to take, nothing is left to compare. What pointers point at is read last, since it lies behind the fixed part.
"""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

from wireformat.codec import fast_values
from wireformat.codec.fast_decode_nodes import NodeDecoder
from wireformat.codec.fast_scope import access
from wireformat.codec.fast_shape import holds_value, steers, union_of
from wireformat.codec.fast_source import UnsupportedError, padding_of
from wireformat.schema import model


def target_of(decoder: NodeDecoder, record: model.Record, field: model.Field, var: str) -> str:
    """Where the value of a field goes: a key, a slot, or a local variable when the record does not keep it."""
    if not holds_value(field):
        return decoder.writer.local("v")
    return decoder.cursor.slot(var, field.name) if record.cls is None else access(record, var, field.name)


def take_sequence(decoder: NodeDecoder, record: model.Record, var: str) -> None:
    """Fields back to back, then what points behind them, then the checks."""
    fields = decoder.shape.fields(record)
    start = _start(decoder, fields)
    measured = _measured(fields)
    sizes: dict[str, str] = {}
    tails: list[tuple[model.Pointed, str, str, str]] = []
    targets: dict[str, str] = {}
    for field in fields:
        target = targets[field.name] = target_of(decoder, record, field, var)
        if isinstance(field.of, model.Pointed):
            size, offset = decoder.local(field.of.size_int), decoder.local(field.of.offset_int)
            tails.append((field.of, size, offset, target))
        elif field.name in measured:
            sizes[field.name] = _take_measured(decoder, field.of, target)
        else:
            decoder.take(_plain(field.of), target)
        decoder.scope.note(field.name, target, field.of)
    _take_tails(decoder, tails, start)
    for field in fields:
        _check(decoder, record, field, targets, sizes, start)


def _plain(node: model.Node) -> model.Node:
    """The number under a computed field or a sum; it is checked later."""
    return node.of if isinstance(node, model.Computed | model.Checksum) else node


def _start(decoder: NodeDecoder, fields: tuple[model.Field, ...]) -> str:
    """The variable that keeps where the record starts, when something counts from there."""
    if not any(map(_counts_from_start, fields)):
        return ""
    decoder.cursor.settle()
    start = decoder.writer.local("s")
    decoder.writer.line(f"{start} = p")
    return start


def _counts_from_start(field: model.Field) -> bool:
    match field.of:
        case model.Pointed() | model.Checksum() | model.Computed(rule=("record_size", _)):
            return True
    return False


def _measured(fields: tuple[model.Field, ...]) -> set[str]:
    """Names of the fields whose bytes must be counted, because a size speaks of them and does not steer them."""
    nodes = {field.name: field.of for field in fields}
    rules = [(field.name, field.of.rule) for field in fields if isinstance(field.of, model.Computed)]
    return {of for name, (rule, of) in rules if rule == "size_of" and of in nodes and not steers(name, rule, nodes[of])}


def _take_measured(decoder: NodeDecoder, node: model.Node, target: str) -> str:
    """Decode a field and count its bytes, without padding, in a local variable."""
    decoder.cursor.settle()
    size = decoder.writer.local("n")
    decoder.writer.line(f"{size} = p")
    unpadded = replace(node, pad=1) if isinstance(node, model.Data) else node
    decoder.inside(unpadded, target)
    decoder.writer.line(f"{size} = p - {size}")
    if isinstance(node, model.Data) and node.pad > 1:
        padding, prefix = decoder.writer.local("m"), node.size.size if isinstance(node.size, model.Int) else 0
        decoder.writer.line(f"{padding} = {padding_of(f'({size} - {prefix})', node.pad)}")
        decoder.cursor.pad(padding, node.pad)
    return size


def _take_tails(decoder: NodeDecoder, tails: list[tuple[model.Pointed, str, str, str]], start: str) -> None:
    """Read what pointers point at; the record then ends with its region."""
    if not tails:
        return
    decoder.cursor.settle()
    decoder.writer.refuse(f"p > {decoder.end}")
    for node, size, offset, target in tails:
        with decoder.writer.block(f"if {size} or {offset}:"):
            decoder.writer.refuse(f"{size} < 0 or {offset} < 0 or {size} > {node.of.max}")
            decoder.writer.line(f"p = {start} + {offset}")
            decoder.fill(size, node.of, target)
        with decoder.writer.block("else:"):
            decoder.writer.line(f"{target} = None")
    decoder.writer.line(f"p = {decoder.end}")


def _check(
    decoder: NodeDecoder,
    record: model.Record,
    field: model.Field,
    targets: dict[str, str],
    sizes: dict[str, str],
    start: str,
) -> None:
    """Compare a number that follows from the rest, unless it has steered what it follows from."""
    number = targets[field.name]
    if isinstance(field.of, model.Checksum):
        _check_sum(decoder, field.of, number, start)
    if not isinstance(field.of, model.Computed):
        return
    rule, of = field.of.rule
    if rule == "record_size":
        decoder.cursor.settle()
        decoder.writer.refuse(f"{number} != p - {start}")
        return
    node = next((other.of for other in decoder.shape.fields(record) if other.name == of), None)
    if node is None:
        raise UnsupportedError(f"{of} is not in this version")
    if steers(field.name, rule, node):
        _check_steering(decoder, rule, node)
    elif rule == "size_of" and of in sizes:
        decoder.cursor.refuse(f"{number} != {sizes[of]}")
    elif rule == "count_of":
        count = decoder.program.shared("count", fast_values.count)
        decoder.cursor.refuse(f"{number} != {count}({targets[of]})")
    else:
        raise UnsupportedError(f"{field.name} is {rule} {of}")


def _check_steering(decoder: NodeDecoder, rule: str, node: model.Node) -> None:
    """A tag must be the one that its value's type gives; so it is, unless arms share a type."""
    union = union_of(node)
    if rule == "tag_of" and union is not None and not fast_values.are_told_apart(union, decoder.shape.schema):
        raise UnsupportedError("arms that share a type")


def _check_sum(decoder: NodeDecoder, node: model.Checksum, number: str, start: str) -> None:
    if node.kind != "crc32" or node.of.size != 4:
        raise UnsupportedError(f"sum {node.kind}")
    decoder.cursor.settle()
    crc = decoder.program.shared("crc32", crc32)
    begin, behind = f"{start} + {node.at}", f"{start} + {node.at + node.of.size}"
    decoder.writer.refuse(
        f"{number} != {crc}(b[{behind}:p], {crc}({bytes(node.of.size)!r}, {crc}(b[{start}:{begin}])))"
    )
