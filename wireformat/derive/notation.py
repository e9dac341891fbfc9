"""Parts of a schema in words: types, sizes, ranges, places.

Offsets are numbers as long as everything before has a fixed size; from then on they count from the end of the last
field whose size varies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wireformat.derive.escape import visible
from wireformat.schema import model
from wireformat.schema.expression import render as rendered


_LARGE = re.compile(r"\b\d{3,}\b")


def render(expr: model.Expr) -> str:
    """An expression as people read it, larger numbers in hexadecimal."""
    return _LARGE.sub(_hexadecimal, rendered(expr))


def _hexadecimal(match: re.Match[str]) -> str:
    return hex(int(match[0]))


COLOURS = 8
"""Colour classes `wf-c0` … that the fields of a record take in turn, wherever they are shown."""


def colour(record: model.Record, path: str) -> str:
    """The colour class of a field of a record, or of a part of that field; none for what is no field."""
    first = path.partition(".")[0].partition("[")[0].partition(" ")[0]
    names = [field.name for field in record.fields if field.name]
    return f"wf-c{names.index(first) % COLOURS}" if first in names else "wf-none"


@dataclass(frozen=True, slots=True)
class Offset:
    """A place: `add` bytes behind the start, or behind the end of the field `base`."""

    base: str = ""
    add: int = 0

    def __str__(self) -> str:
        if not self.base:
            return str(self.add)
        return f"end of {self.base}" + (f" + {self.add}" if self.add else "")

    def behind(self, name: str, size: int | None) -> Offset:
        """The place behind a field that stands here."""
        return Offset(name) if size is None else Offset(self.base, self.add + size)


@dataclass(frozen=True, slots=True)
class Row:
    """One line about a schema: a field, or the head of a group of fields; `record` is what it leads to."""

    depth: int
    offset: str
    size: str
    type: str
    name: str
    doc: str = ""
    range: str = ""
    default: str = ""
    since: str = ""
    record: str = ""
    is_group: bool = False


def fixed_size(schema: model.Schema, node: model.Node, above: frozenset[str] = frozenset()) -> int | None:
    """The bytes that a node always takes; None when that varies."""
    match node:
        case model.Int(size=size) | model.Float(size=size):
            return size
        case model.Data(size=int(size), pad=pad):
            return size + -size % pad
        case model.Data() | model.List(count=None | tuple() | model.Int()) | model.Chain() | model.Region(size=tuple()):
            return None
        case model.Maybe() | model.When() | model.Announced() | model.Opaque():
            return None
        case model.List(of=of, count=int(count)):
            each = fixed_size(schema, of, above)
            return None if each is None else each * count
        case model.Region(size=int(size)):
            return size
        case model.Region():
            return None
        case model.Union(arms=arms, unknown=unknown):
            sizes = {fixed_size(schema, arm, above) for _, arm in arms}
            return sizes.pop() if len(sizes) == 1 and not unknown else None
        case model.Pointed(size_int=size_int, offset_int=offset_int):
            return size_int.size + offset_int.size
        case model.Ref(name=name):
            return None if name in above else fixed_record_size(schema, name, above)
    return fixed_size(schema, node.of, above)


def fixed_record_size(schema: model.Schema, name: str, above: frozenset[str] = frozenset()) -> int | None:
    """The bytes that a record always takes; None when that varies."""
    record = schema.records[name]
    if record.base is not None:
        return record.base.size
    if record.layout == "tlv":
        return None
    total = 0
    for field in record.fields:
        size = fixed_size(schema, field.of, above | {name})
        if size is None or field.since or field.until:
            return None
        total += size
    return total


def size_text(schema: model.Schema, node: model.Node) -> str:
    """The size of a node in words, bytes."""
    size = fixed_size(schema, node)
    if size is not None:
        return str(size)
    match node:
        case model.Data(size=model.Int(size=head), pad=pad) if pad > 1:
            return f"{head} + as it says, padded to {pad}"
        case model.Data(size=model.Int(size=head)) | model.Region(size=model.Int(size=head)):
            return f"{head} + as it says"
        case model.Data(size=None):
            return "rest"
        case model.Data(size=tuple() as expr) | model.Region(size=tuple() as expr):
            return render(expr)
        case model.When(of=of) | model.Announced(of=of):
            return f"0 or {size_text(schema, of)}"
    return "varies"


def type_text(node: model.Node) -> str:
    """The type of a node in one or a few words, such as `u32be`, `text counted by u8be`, `list of PageSizes`."""
    return visible(TYPES[type(node)](node) if type(node) in TYPES else type_text(getattr(node, "of", node)))


def _int(node: model.Int) -> str:
    order = "" if node.size == 1 else "le" if node.little else "be"
    return f"{'i' if node.signed else 'u'}{8 * node.size}{order}"


def _float(node: model.Float) -> str:
    return f"f{8 * node.size}{'le' if node.little else 'be'}"


def _data(node: model.Data) -> str:
    what = "bytes" if node.encoding is None else f"{node.encoding} text"
    ends = {"pad": ", filled up with NUL", "end": ", ended by NUL", "forbid": ", without NUL"}.get(node.nul, "")
    if isinstance(node.size, model.Int):
        return f"{what} counted by {_int(node.size)}{ends}"
    return f"{what} to the end{ends}" if node.size is None else f"{what}{ends}"


def _list(node: model.List) -> str:
    if isinstance(node.count, model.Int):
        return f"{_int(node.count)} count, {type_text(node.of)} each"
    if node.count is None:
        return f"{type_text(node.of)}, as many as fit"
    return f"{render(node.count)} × {type_text(node.of)}"


def _chain(node: model.Chain) -> str:
    return f"{type_text(node.of)} each behind {bytes_text(node.more)}, ended by {bytes_text(node.end)}"


def _region(node: model.Region) -> str:
    size = _int(node.size) if isinstance(node.size, model.Int) else render(node.size)
    return f"{type_text(node.of)} in {size} bytes"


def _union(node: model.Union) -> str:
    return f"one of {len(node.arms)} by {render(node.on)}" + (", others kept" if node.unknown else "")


def _when(node: model.When) -> str:
    return f"{type_text(node.of)} if {render(node.cond)}"


def _announced(node: model.Announced) -> str:
    return f"{type_text(node.of)} behind {bytes_text(node.marker)}"


def _named(node: model.Enum | model.Flags) -> str:
    kind = "member" if isinstance(node, model.Enum) else "flags"
    return f"{_int(node.of)} {kind} of {node.name}"


def _maybe(node: model.Maybe) -> str:
    return f"{_int(node.flag)} 0, or 1 and {type_text(node.of)}"


def _pointed(node: model.Pointed) -> str:
    return f"{_int(node.size_int)} size and {_int(node.offset_int)} offset of {type_text(node.of)}"


def _computed(node: model.Computed) -> str:
    return f"{_int(node.of)} {node.rule[0].removesuffix('_of')} of {node.rule[1]}"


def _checksum(node: model.Checksum) -> str:
    return f"{_int(node.of)} {node.kind}"


def _reserved(node: model.Reserved) -> str:
    return f"{type_text(node.of)} zero" + (", ignored" if node.policy == "ignore" else "")


def _opaque(node: model.Opaque) -> str:
    return f"not understood: {node.cls}"


def _ref(node: model.Ref) -> str:
    return node.name


TYPES: Mapping[type, Callable[[Any], str]] = {
    model.Int: _int,
    model.Float: _float,
    model.Data: _data,
    model.List: _list,
    model.Chain: _chain,
    model.Region: _region,
    model.Union: _union,
    model.When: _when,
    model.Announced: _announced,
    model.Enum: _named,
    model.Flags: _named,
    model.Maybe: _maybe,
    model.Pointed: _pointed,
    model.Computed: _computed,
    model.Checksum: _checksum,
    model.Reserved: _reserved,
    model.Opaque: _opaque,
    model.Ref: _ref,
}


def range_text(node: model.Node) -> str:
    """What values a node may have."""
    match node:
        case model.Const(value=value):
            return f"always {bytes_text(value) if isinstance(value, bytes) else _number(value)}"
        case model.Int():
            low, high = node.range
            return f"{low} … {_number(high)}"
        case model.Data(size=int()):
            return ""
        case model.Data(max=most) | model.Region(max=most):
            return f"at most {most} bytes"
        case model.List(count=int()):
            return ""
        case model.List(max=most) | model.Chain(max=most):
            return f"at most {most} items"
        case model.Enum(members=members, open=is_open) | model.Flags(members=members, open=is_open):
            return f"{len(members)} names, {'others kept' if is_open else 'no others'}"
        case model.When(of=of) | model.Announced(of=of) | model.Maybe(of=of) | model.Pointed(of=of):
            return range_text(of)
    return ""


def _number(value: object) -> str:
    return hex(value) if isinstance(value, int) and value > 9999 else str(value)


def bytes_text(data: bytes) -> str:
    """Bytes for people: hexadecimal, with words that are in them in quotes."""
    parts = re.split(rb"([ -~]{4,})", data)
    return " ".join(part.hex() if index % 2 == 0 else f'"{part.decode()}"' for index, part in enumerate(parts) if part)
