"""What a field may hold that two sides could see differently: the edges of ranges and limits, members, odd text.

Probes are made from the writer's node, with numbers that the reader's node suggests. Not all are valid; the encoder
decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from wireformat.derive.compat_aim import changed
from wireformat.schema import model
from wireformat.schema.record import Record

MAX_SIZE = 1 << 20
"""Bytes that a probe has at most; limits above are not tried."""
MAX_COUNT = 1 << 12
"""Items that a probe has at most."""
WRAPPERS = (model.Region, model.Maybe, model.When, model.Announced, model.Pointed)
WIDTH = 4
"""Letters of a text that counts."""
TEXTS = ("", "x", "\0", "x\0y", "é", "€")


def probes(writer: Any, reader: Any, value: Any, limits: Iterable[int] = ()) -> Iterator[Any]:
    """Values for a field whose value now is `value`; `reader` is None where that side lacks the field. `limits` are
    sizes that matter for a reason outside of the two nodes."""
    sizes = {*limits, *_limits(writer), *_limits(reader)}
    yield from _probes(inside(writer), inside(reader), value, sizes)


def inside(node: Any) -> Any:
    """The node without what wraps it and leaves its value alone."""
    return inside(node.of) if isinstance(node, WRAPPERS) else node


def alternatives(writer: Any, reader: Any) -> Iterator[tuple[Any, Any, dict[str, int]]]:
    """What a field may be: each arm of a union with its counterpart and the number that names it, or the field."""
    writer, reader = inside(writer), inside(reader)
    if not isinstance(writer, model.Union):
        yield writer, reader, {}
        return
    others = dict(reader.arms) if isinstance(reader, model.Union) else {}
    on = writer.on
    for tag, arm in writer.arms:
        named = {on[1]: tag} if isinstance(on, tuple) and on[0] == "get" and len(on) == 2 else {}
        yield arm, others.get(tag), named


def _limits(node: Any) -> set[int]:
    """The limits and fixed sizes of a node and its wrappers."""
    numbers = [getattr(node, "max", None), getattr(node, "size", None), getattr(node, "count", None)]
    own = {number for number in numbers if isinstance(number, int)}
    return own | _limits(node.of) if isinstance(node, WRAPPERS) else own


def _probes(writer: Any, reader: Any, value: Any, sizes: set[int]) -> Iterator[Any]:
    match writer:
        case model.Int():
            yield from sorted(_numbers(writer, reader))
        case model.Enum() | model.Flags():
            yield from (writer.cls(number) for number in sorted(_numbers(writer, reader)))
        case model.Data(encoding=None):
            yield from (bytes(index % 251 + 1 for index in range(size)) for size in _near(sizes, MAX_SIZE))
        case model.Data():
            yield from TEXTS
            yield from ("x" * size for size in _near(sizes, MAX_SIZE))
        case model.List() | model.Chain():
            yield from _lists(writer, reader, value, sizes)


def _near(sizes: set[int], most: int) -> list[int]:
    """Nothing, one, and what lies at each limit and on either side of it."""
    around = {0, 1, *sizes, *(size - 1 for size in sizes), *(size + 1 for size in sizes)}
    return sorted(size for size in around if 0 <= size <= most)


def _numbers(writer: Any, reader: Any) -> set[int]:
    """The edges of both ranges, members of both sides, and a number that shows its byte order and its names."""
    plain = writer if isinstance(writer, model.Int) else writer.of
    low, high = plain.range
    found = {0, 1, 2, low, high, 0x0102030405060708 & high}
    for node in (writer, reader):
        of = getattr(node, "of", node)
        if isinstance(of, model.Int):
            found |= {of.range[0], of.range[0] - 1, of.range[1], of.range[1] + 1}
        found |= {number for _, number in getattr(node, "members", ())}
    if isinstance(reader, model.Const) and isinstance(reader.value, int):
        found |= {reader.value, reader.value + 1}
    return {number for number in found if low <= number <= high}


def _lists(writer: Any, reader: Any, value: Any, sizes: set[int]) -> Iterator[Any]:
    """Lists of other lengths, made of the items that there are, and lists of one item that is a probe itself."""
    items = value if isinstance(value, tuple) else ()
    inner = getattr(reader, "of", None)
    probe = [*probes(writer.of, inner, items[0] if items else None)]
    yield from ((each,) for each in probe)
    sample = items[:1] or tuple(probe[:1])
    powers = {1 << bit for bit in range(1, MAX_COUNT.bit_length())}
    yield from (sample * count for count in _near(sizes | powers, MAX_COUNT) if sample or not count)


def steering(node: Any, value: Any) -> dict[str, int]:
    """The numbers beside a field that tell its size or count, for the value that it is given."""
    node = inside(node)
    match node:
        case model.Data(size=("get", str() as name)):
            octets = value.encode(node.encoding) if isinstance(value, str) and node.encoding else value
            return {name: len(octets)}
        case model.List(count=("get", str() as name)):
            return {name: len(value)}
    return {}


def different(schema: model.Schema, node: Any, sample: Any, count: int) -> tuple[Any, ...]:
    """Items of a list, each another one where that can be had: numbers and texts are counted up, records are copies
    of `sample` of which the first field counts."""
    node = inside(node)
    match node:
        case model.Int(size=size):
            return tuple(range(min(count, 1 << 8 * size - 1)))
        case model.Data(encoding=None, max=most) if most >= WIDTH:
            return tuple(number.to_bytes(WIDTH, "big") for number in range(count))
        case model.Data(max=most) if most >= WIDTH:
            return tuple(f"{number:0{WIDTH}}" for number in range(count))
        case model.Ref(name=name) if isinstance(sample, Record):
            first = next((field for field in schema.records[name].fields if field.name in sample._arguments), None)
            own = () if first is None else different(schema, first.of, getattr(sample, first.name), count)
            return tuple(changed(sample, {first.name: each}) for each in own) if first else (sample,) * count
    return (sample,) * count
