"""Which numbers lead somewhere.

Where a plain number decides what follows (the arm of a union, the size of data, the count of a list), most of its
values only lead to an error. The hints of a record are the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wireformat.schema import model
from wireformat.schema.traverse import walk

Path = tuple[str, ...]
Hints = Mapping[Path, tuple[int, ...]]


def hints_of(fields: Iterable[model.Field], max_size: int, max_count: int) -> dict[Path, tuple[int, ...]]:
    """By path, the numbers that lead somewhere: tags of arms, sizes and counts up to what is wanted."""
    found: dict[Path, tuple[int, ...]] = {}
    for field in fields:
        for node in walk(field.of):
            if isinstance(node, model.Union):
                spare = (max((tag for tag, _ in node.arms), default=0) + 1,) if node.unknown else ()
                found.update(dict.fromkeys(source_of(node.on), tuple(tag for tag, _ in node.arms) + spare))
            elif isinstance(node, (model.Data, model.Region)) and isinstance(node.size, tuple):
                found.update(dict.fromkeys(source_of(node.size), tuple(range(min(node.max, max_size) + 1))))
            elif isinstance(node, model.List) and isinstance(node.count, tuple):
                found.update(dict.fromkeys(source_of(node.count), tuple(range(min(node.max, max_count) + 1))))
    return found


def source_of(expr: model.Expr) -> list[Path]:
    """The path of a number that an expression reads as it is, or under a mask."""
    if isinstance(expr, tuple) and expr[0] == "&":
        return [path for operand in expr[1:] for path in source_of(operand)]
    if isinstance(expr, tuple) and expr[0] == "get" and expr[1] != "_params":
        return [tuple(expr[1:])]
    return []
