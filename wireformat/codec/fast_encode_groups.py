"""Encoding as generated source: lists, regions, choices and everything else that holds other nodes.

Each of them becomes bytes in a local variable before the record is joined. Absent parts are None, and a part must be
absent exactly where its condition says so. A union takes the arm that its number names, and the arm's own checks refuse
values of another.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack
from typing import TYPE_CHECKING

from wireformat.codec import fast_values
from wireformat.codec.fast_pieces import Packed, Ready
from wireformat.schema import model

if TYPE_CHECKING:
    from wireformat.codec.fast_encode_nodes import Handler, NodeEncoder


def give_list(encoder: NodeEncoder, node: model.List, source: str) -> None:
    """Items back to back."""
    check = encoder.program.shared("items", fast_values.items)
    encoder.writer.line(f"if type({source}) is not tuple: {check}({source})")
    encoder.amount(node.count, f"len({source})", node.max)
    encoder.given = frozenset()
    numbers = fast_values.number(node.of)
    if numbers:
        _give_numbers(encoder, node, numbers, source)
    else:
        encoder.pieces.append(Ready(_joined_items(encoder, node.of, source, "")))


def _give_numbers(encoder: NodeEncoder, node: model.List, numbers: fast_values.Number, source: str) -> None:
    all_of = fast_values.all_integers if isinstance(node.of, model.Int) else fast_values.all_floats
    encoder.writer.line(f"{encoder.program.shared('all', all_of)}({source})")
    if isinstance(node.count, int):
        encoder.pieces.append(Packed(f"{node.count}{numbers.letter}", f"*{source}", numbers.order))
        return
    put = encoder.program.shared("pack", pack)
    many = f'{put}(f"{numbers.order}{{len({source})}}{numbers.letter}", *{source})'
    encoder.pieces.append(Ready(encoder.store(many)))


def _joined_items(encoder: NodeEncoder, of: model.Node, source: str, before: str) -> str:
    """The bytes of all items, each behind the bytes `before`."""
    parts, item = encoder.store("[]", "x"), encoder.writer.local("i")
    with encoder.writer.block(f"for {item} in {source}:"):
        part = encoder.part(of, item)
        encoder.writer.line(f"{parts}.append({before}{part})")
    return encoder.store(f"b''.join({parts})")


def give_chain(encoder: NodeEncoder, node: model.Chain, source: str) -> None:
    """Items, each announced, and the end."""
    check = encoder.program.shared("items", fast_values.items)
    encoder.writer.line(f"if type({source}) is not tuple: {check}({source})")
    encoder.writer.refuse(f"len({source}) > {node.max}")
    encoder.pieces.append(Ready(_joined_items(encoder, node.of, source, f"{node.more!r} + ")))
    encoder.pieces.append(Ready(repr(node.end)))


def give_region(encoder: NodeEncoder, node: model.Region, source: str) -> None:
    """A part behind or under its size."""
    given, encoder.given = encoder.given, frozenset()
    part = encoder.store(encoder.part(node.of, source))
    encoder.given = given
    encoder.amount(node.size, f"len({part})", node.max)
    encoder.pieces.append(Ready(part))


def give_maybe(encoder: NodeEncoder, node: model.Maybe, source: str) -> None:
    """A number that announces a value, and the value."""
    flag, part = encoder.writer.local("n"), encoder.writer.local("d")
    with encoder.writer.block(f"if {source} is None:"):
        encoder.writer.line(f"{flag}, {part} = 0, b''")
    with encoder.writer.block("else:"):
        encoder.writer.line(f"{flag}, {part} = 1, {encoder.part(node.of, source)}")
    encoder.pack(node.flag, flag)
    encoder.pieces.append(Ready(part))


def give_when(encoder: NodeEncoder, node: model.When, source: str) -> None:
    """A part that an expression switches on."""
    part = encoder.writer.local("d")
    with encoder.writer.block(f"if {encoder.value(node.cond)}:"):
        encoder.writer.line(f"{part} = {encoder.part(node.of, source)}")
    with encoder.writer.block("else:"):
        encoder.writer.refuse(f"{source} is not None")
        encoder.writer.line(f"{part} = b''")
    encoder.pieces.append(Ready(part))


def give_announced(encoder: NodeEncoder, node: model.Announced, source: str) -> None:
    """A part behind the bytes that announce it."""
    part = encoder.writer.local("d")
    with encoder.writer.block(f"if {source} is None:"):
        encoder.writer.line(f"{part} = b''")
    with encoder.writer.block("else:"):
        encoder.writer.line(f"{part} = {node.marker!r} + {encoder.part(node.of, source)}")
    encoder.pieces.append(Ready(part))


def give_union(encoder: NodeEncoder, node: model.Union, source: str) -> None:
    """The arm that a number names."""
    tag, part = encoder.store(encoder.value(node.on), "t"), encoder.writer.local("d")
    for index, (number, arm) in enumerate(node.arms):
        with encoder.writer.block(f"{'elif' if index else 'if'} {tag} == {number}:"):
            if not isinstance(arm, model.Ref):
                unknown = fast_values.unknown_name(encoder.program)
                encoder.writer.refuse(f"isinstance({source}, {unknown})")
            encoder.writer.line(f"{part} = {encoder.part(arm, source)}")
    with encoder.writer.block("else:" if node.arms else "if True:"):
        if node.unknown:
            unknown = fast_values.unknown_name(encoder.program)
            encoder.writer.refuse(f"not isinstance({source}, {unknown}) or {source}.tag != {tag}")
            encoder.writer.refuse(f"not isinstance({source}.data, bytes)")
            encoder.writer.line(f"{part} = {source}.data")
        else:
            encoder.writer.line("raise Refused")
    encoder.pieces.append(Ready(part))


HANDLERS: Mapping[type, Handler] = {
    model.List: give_list,
    model.Chain: give_chain,
    model.Region: give_region,
    model.Maybe: give_maybe,
    model.When: give_when,
    model.Announced: give_announced,
    model.Union: give_union,
}
