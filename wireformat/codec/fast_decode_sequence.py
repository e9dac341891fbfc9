"""Decoding as generated source: records whose fields stand back to back.

Numbers that follow from the rest (sizes, counts, tags, sums) are read where they stand and compared once the fields
they speak of are there. Where such a number itself steers the decoding of its field, as a size that says how many bytes
to take, nothing is left to compare. What pointers point at is read last, since it lies behind the fixed part.
"""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

from wireformat.codec.fast_decode_nodes import NodeDecoder, take_data
from wireformat.codec.fast_scope import access
from wireformat.codec.fast_shape import holds_value, steers
from wireformat.codec.fast_source import Unsupported
from wireformat.schema import model


def target_of(decoder: NodeDecoder, record: model.Record, field: model.Field, var: str) -> str:
    """Where the value of a field goes: a key, a slot, or a local variable when the record does not keep it."""
    if not holds_value(record, field):
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


def _start(decoder: NodeDecoder, fields: list[model.Field]) -> str:
    """The variable that keeps where the record starts, when something counts from there."""
    if not any(isinstance(field.of, model.Pointed | model.Checksum) for field in fields):
        return ""
    decoder.cursor.settle()
    start = decoder.writer.local("s")
    decoder.writer.line(f"{start} = p")
    return start


def _measured(fields: list[model.Field]) -> set[str]:
    """Names of the fields whose bytes must be counted, because a size speaks of them and does not steer them."""
    nodes = {field.name: field.of for field in fields}
    rules = [(field.name, field.of.rule) for field in fields if isinstance(field.of, model.Computed)]
    return {of for name, (rule, of) in rules if rule == "size_of" and not steers(name, nodes[of])}


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
        decoder.writer.line(f"{padding} = ({prefix} - {size}) % {node.pad}")
        decoder.cursor.pad(padding, node.pad)
    return size


def _take_tails(decoder: NodeDecoder, tails: list[tuple[model.Pointed, str, str, str]], start: str) -> None:
    """Read what pointers point at; the record then ends with its region."""
    if not tails:
        return
    decoder.cursor.settle()
    behind = decoder.writer.local("s")
    decoder.writer.line(f"{behind} = p")
    for node, size, offset, target in tails:
        with decoder.writer.block(f"if {offset}:"):
            decoder.writer.line(f"p = {start} + {offset}")
            decoder.writer.refuse(f"p < {behind} or p + {size} > {decoder.end}")
            decoder.scope.note("#size", size, node.size_int)
            _take_tail(decoder, node, target)
        with decoder.writer.block("else:"):
            decoder.writer.line(f"{target} = None")
    decoder.writer.line(f"p = {decoder.end}")


def _take_tail(decoder: NodeDecoder, node: model.Pointed, target: str) -> None:
    of = model.Data(("get", "#size"), node.of.max, 1, node.of.encoding, node.of.nul)
    take_data(decoder, of, target)
    decoder.cursor.settle()


def _check(
    decoder: NodeDecoder,
    record: model.Record,
    field: model.Field,
    targets: dict[str, str],
    sizes: dict[str, str],
    start: str,
) -> None:
    """Compare a number that follows from the rest."""
    number = targets[field.name]
    match field.of:
        case model.Computed(rule=("size_of", of)) if of in sizes:
            decoder.cursor.refuse(f"{number} != {sizes[of]}")
        case model.Computed(rule=("count_of", of)) if not _steered(record, field.name, of):
            decoder.cursor.refuse(f"{number} != len({targets[of]})")
        case model.Computed(rule=("tag_of", of)) if not _steered(record, field.name, of):
            raise Unsupported(f"{field.name} does not choose the arm of {of}")
        case model.Checksum():
            _check_sum(decoder, field.of, number, start)


def _steered(record: model.Record, name: str, of: str) -> bool:
    return any(field.name == of and steers(name, field.of) for field in record.fields)


def _check_sum(decoder: NodeDecoder, node: model.Checksum, number: str, start: str) -> None:
    if node.kind != "crc32" or node.of.size != 4:
        raise Unsupported(f"sum {node.kind}")
    decoder.cursor.settle()
    crc = decoder.program.shared("crc32", crc32)
    begin, behind = f"{start} + {node.at}", f"{start} + {node.at + node.of.size}"
    decoder.writer.refuse(
        f"{number} != {crc}(b[{behind}:p], {crc}({bytes(node.of.size)!r}, {crc}(b[{start}:{begin}])))"
    )
