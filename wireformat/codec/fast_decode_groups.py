"""Decoding as generated source: lists, regions, choices and everything else that holds other nodes.

Each handler settles the position before a branch or loop and again inside it, so that all ways through the source leave
`p` in the same state. Items of a list take at least so many bytes as `Shape.least` says; a count that the remaining
bytes cannot hold is refused before the first item, and a list that fills its region must advance with every item.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from struct import unpack_from
from typing import TYPE_CHECKING

from wireformat.codec import fast_values
from wireformat.schema import model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wireformat.codec.fast_decode_nodes import Handler, NodeDecoder


def take_list(decoder: NodeDecoder, node: model.List, target: str) -> None:
    """Items, as many as a number says or as fill the region."""
    numbers = fast_values.number(node.of)
    if node.count is None:
        _take_filling(decoder, node, target)
    elif numbers and isinstance(node.count, int) and 0 <= node.count <= node.max:
        _take_known_numbers(decoder, numbers, node.count, target)
    else:
        count = decoder.amount(node.count, node.max)
        least = decoder.shape.least(node.of)
        if least:
            decoder.writer.refuse(f"p + {count} * {least} > {decoder.end}")
        if numbers:
            _take_numbers(decoder, numbers, count, target)
        else:
            _take_counted(decoder, node.of, count, target)


def _take_known_numbers(decoder: NodeDecoder, numbers: fast_values.Number, count: int, target: str) -> None:
    decoder.cursor.flush()
    get = decoder.program.unpacker(f"{numbers.order}{count}{numbers.letter}")
    decoder.writer.line(f"{target} = {get}(b, {decoder.cursor.here()})")
    decoder.cursor.skip(count * numbers.size)


def _take_numbers(decoder: NodeDecoder, numbers: fast_values.Number, count: str, target: str) -> None:
    unpack = decoder.program.shared("unpack_from", unpack_from)
    decoder.writer.line(f'{target} = {unpack}(f"{numbers.order}{{{count}}}{numbers.letter}", b, p)')
    decoder.writer.line(f"p += {count} * {numbers.size}")


def _take_counted(decoder: NodeDecoder, of: model.Node, count: str, target: str) -> None:
    with _items(decoder, target) as items, decoder.writer.block(f"for _ in range({count}):"):
        _take_item(decoder, of, items)


def _take_filling(decoder: NodeDecoder, node: model.List, target: str) -> None:
    decoder.cursor.settle()
    with _items(decoder, target) as items, decoder.writer.block(f"while p < {decoder.end}:"):
        decoder.writer.refuse(f"len({items}) == {node.max}")
        start = decoder.writer.local("s")
        decoder.writer.line(f"{start} = p")
        _take_item(decoder, node.of, items)
        decoder.writer.refuse(f"p == {start}")


def take_chain(decoder: NodeDecoder, node: model.Chain, target: str) -> None:
    """Items, each announced, until the end is announced."""
    decoder.cursor.settle()
    with _items(decoder, target) as items:
        with decoder.writer.block(f"while b.startswith({node.more!r}, p):"):
            decoder.writer.refuse(f"len({items}) == {node.max}")
            decoder.writer.line(f"p += {len(node.more)}")
            _take_item(decoder, node.of, items)
        decoder.writer.refuse(f"not b.startswith({node.end!r}, p)")
        decoder.cursor.skip(len(node.end))


@contextmanager
def _items(decoder: NodeDecoder, target: str) -> Iterator[str]:
    """Collect items in a list and store it as a tuple."""
    items = decoder.writer.local("x")
    decoder.writer.line(f"{items} = []")
    yield items
    decoder.writer.line(f"{target} = tuple({items})")


def _take_item(decoder: NodeDecoder, of: model.Node, items: str) -> None:
    item = decoder.writer.local("v")
    decoder.inside(of, item)
    decoder.writer.line(f"{items}.append({item})")


def take_region(decoder: NodeDecoder, node: model.Region, target: str) -> None:
    """A part that ends exactly where its size says."""
    size = decoder.amount(node.size, node.max)
    decoder.within(size, node.of, target)


def take_maybe(decoder: NodeDecoder, node: model.Maybe, target: str) -> None:
    """A value that a number announces."""
    flag = decoder.local(node.flag)
    decoder.cursor.settle()
    with decoder.writer.block(f"if {flag} == 1:"):
        decoder.inside(node.of, target)
    with decoder.writer.block(f"elif {flag}:"):
        decoder.writer.line("raise Refused")
    _otherwise_none(decoder, target)


def take_when(decoder: NodeDecoder, node: model.When, target: str) -> None:
    """A part that an expression switches on."""
    condition = decoder.value(node.cond)
    decoder.cursor.settle()
    with decoder.writer.block(f"if {condition}:"):
        decoder.inside(node.of, target)
    _otherwise_none(decoder, target)


def take_announced(decoder: NodeDecoder, node: model.Announced, target: str) -> None:
    """A part that its first bytes announce."""
    decoder.cursor.settle()
    with decoder.writer.block(f"if b.startswith({node.marker!r}, p, {decoder.end}):"):
        decoder.cursor.skip(len(node.marker))
        decoder.inside(node.of, target)
    if not decoder.bounded and len(node.marker) > 1:
        with decoder.writer.block(f"elif p < {decoder.end} and {node.marker!r}.startswith(b[p:{decoder.end}]):"):
            decoder.writer.line("raise Refused")
    _otherwise_none(decoder, target)


def _otherwise_none(decoder: NodeDecoder, target: str) -> None:
    with decoder.writer.block("else:"):
        decoder.writer.line(f"{target} = None")


def take_union(decoder: NodeDecoder, node: model.Union, target: str) -> None:
    """The arm that a number names."""
    tag = decoder.writer.local("t")
    decoder.writer.line(f"{tag} = {decoder.value(node.on)}")
    decoder.cursor.settle()
    for index, (number, arm) in enumerate(node.arms):
        with decoder.writer.block(f"{'elif' if index else 'if'} {tag} == {number}:"):
            decoder.inside(arm, target)
    with decoder.writer.block("else:" if node.arms else "if True:"):
        _take_unknown(decoder, node, tag, target)


def _take_unknown(decoder: NodeDecoder, node: model.Union, tag: str, target: str) -> None:
    if not node.unknown:
        decoder.writer.line("raise Refused")
        return
    decoder.writer.refuse(f"p > {decoder.end}")
    unknown = fast_values.unknown_name(decoder.program)
    decoder.writer.line(f"{target} = {unknown}({tag}.__index__(), b[p:{decoder.end}])")
    decoder.writer.line(f"p = {decoder.end}")


HANDLERS: Mapping[type, Handler] = {
    model.List: take_list,
    model.Chain: take_chain,
    model.Region: take_region,
    model.Maybe: take_maybe,
    model.When: take_when,
    model.Announced: take_announced,
    model.Union: take_union,
}
