"""The fields of a record as rows: what the table of a page, the text notation and `schema` in a terminal show.

A record inside a record becomes an indented group, and so does each arm of a choice. Groups end where a record could
contain itself, and a few levels down: from there on the row leads to the record's own page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wireformat.derive.escape import visible
from wireformat.derive.hexdump import value_text
from wireformat.derive.notation import counted, expression, fixed_size, framing_text, number, size_text, type_name
from wireformat.schema import model
from wireformat.schema.traverse import walk

MAX_DEPTH = 3
"""Groups in groups that one table shows; deeper ones have pages of their own."""


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


def rows(schema: model.Schema) -> list[Row]:
    """All rows of the root record."""
    return list(_Rows(schema).record(schema.record, 0, Offset(), frozenset({schema.root})))


def field_rows(schema: model.Schema) -> list[tuple[model.Field, list[Row]]]:
    """Each field of the root record with its rows: its own, and those of the groups in it."""
    return [(field, list(found)) for field, found in _Rows(schema).fields(schema.record, 0, Offset(), frozenset())]


class _Rows:
    """The rows of one schema."""

    def __init__(self, schema: model.Schema) -> None:
        self._schema = schema

    def record(self, record: model.Record, depth: int, at: Offset, above: frozenset[str]) -> Iterator[Row]:
        """The rows of a record that begins at a place."""
        for _, found in self.fields(record, depth, at, above):
            yield from found

    def fields(
        self, record: model.Record, depth: int, at: Offset, above: frozenset[str]
    ) -> Iterator[tuple[model.Field, Iterator[Row]]]:
        """The fields of a record with the rows of each."""
        for field in record.fields:
            yield field, self._field(field, record, depth, at, above | {record.name})
            if record.layout == "sequence":
                varies = bool(field.since or field.until)
                at = at.behind(field.name or "reserved", None if varies else fixed_size(self._schema, field.of))

    def _field(
        self, field: model.Field, record: model.Record, depth: int, at: Offset, above: frozenset[str]
    ) -> Iterator[Row]:
        nested = next((node.name for node in walk(field.of) if isinstance(node, model.Ref)), "")
        yield Row(
            depth,
            _place(field, record, at),
            "" if record.layout == "bits" else size_text(self._schema, field),
            type_name(field.of) + (", may repeat" if field.many else ""),
            field.name or "(unnamed)",
            field.doc,
            _range(field),
            _default(field),
            _versions(field),
            "" if _union(field.of) else nested,
        )
        if depth < MAX_DEPTH:
            yield from self._inside(field.of, record, depth + 1, above)

    def _inside(self, node: model.Node, record: model.Record, depth: int, above: frozenset[str]) -> Iterator[Row]:
        """The groups in a field: a record, or the arms of a choice."""
        union = _union(node)
        if union is not None:
            for tag, arm in union.arms:
                name = f"{expression(union.on)} = {self._tag(union.on, tag, record)}"
                lives = _versions(self._schema.records[_name(arm)]) if _name(arm) else ""
                yield Row(depth, "", "", type_name(arm), name, since=lives, record=_name(arm), is_group=True)
                yield from self._named(arm, depth + 1, above)
            return
        yield from self._named(node, depth, above)

    def _tag(self, on: model.Expr, tag: int, record: model.Record) -> str:
        """The number of an arm, with its name where the field that decides has names."""
        names = {number: name for name, number in members(self._schema, record, on)}
        return f"{tag} ({names[tag]})" if tag in names else str(tag)

    def _named(self, node: model.Node, depth: int, above: frozenset[str]) -> Iterator[Row]:
        name = _name(node)
        if name and name not in above:
            yield from self.record(self._schema.records[name], depth, Offset(), above)


def members(schema: model.Schema, record: model.Record, expr: model.Expr) -> tuple[tuple[str, int], ...]:
    """The names of the numbers that an expression reads from a record, as it is or under a mask."""
    if not isinstance(expr, tuple):
        return ()
    if expr[0] != "get":
        return next(filter(None, (members(schema, record, part) for part in expr[1:])), ())
    first, *rest = expr[1:]
    node = next((field.of for field in record.fields if field.name == first), None)
    if rest and isinstance(node, model.Ref):
        return members(schema, schema.records[node.name], ("get", *rest))
    return node.members if isinstance(node, model.Enum | model.Flags) and not rest else ()


def _union(node: model.Node) -> model.Union | None:
    return next((inner for inner in walk(node) if isinstance(inner, model.Union)), None)


def _name(node: model.Node) -> str:
    return next((inner.name for inner in walk(node) if isinstance(inner, model.Ref)), "")


def _place(field: model.Field, record: model.Record, at: Offset) -> str:
    if record.layout == "tlv":
        return "any" if field.tag is None else f"tag {field.tag:#x}"
    if record.layout == "bits":
        return mask_text(field)
    return str(at)


def mask_text(field: model.Field) -> str:
    """Which bits a part of a word has."""
    return f"bits {expression(field.mask or 0)}"


def _range(field: model.Field) -> str:
    text = range_text(field.of) if field.mask is None or not isinstance(field.of, model.Int) else ""
    if field.many and field.max is not None:
        return f"{text}; at most {counted(field.max, 'time')}".removeprefix("; ")
    return text


def _default(field: model.Field) -> str:
    """What a field is where nothing is given; a record that may be left out is then made of its own defaults."""
    if not field.optional:
        return ""
    value = field.default
    if value is None:
        return "absent"
    if value in ((), "", b""):
        return "empty"
    if isinstance(value, bytes):
        return bytes_text(value)
    return "its defaults" if _name(field.of) else value_text(value)


def _versions(part: model.Field | model.Record) -> str:
    since = f"since {part.since}" if part.since else ""
    until = f"until {part.until}" if part.until else ""
    renamed = f"was {part.renamed_from}" if isinstance(part, model.Field) and part.renamed_from else ""
    return ", ".join(filter(None, (since, until, renamed)))


def notation(schema: model.Schema) -> str:
    """The text notation of a schema: one line per field, to be copied."""
    found = rows(schema)
    lines = [
        (row.offset, row.type, f"{'  ' * row.depth}{visible(row.name)}", " ".join(row.doc.split())) for row in found
    ]
    widths = [max((len(line[column]) for line in lines), default=0) for column in range(3)]
    head = f"{visible(schema.root)}: {' '.join(schema.record.doc.split())}".removesuffix(": ")
    if schema.record.tlv is not None:
        head += f" ({framing_text(schema.record.tlv)})"
    body = [
        "  ".join((offset.ljust(widths[0]), name.ljust(widths[2]), kind.ljust(widths[1]), visible(doc))).rstrip()
        for offset, kind, name, doc in lines
    ]
    return "\n".join([head, *body]) + "\n"


def range_text(node: model.Node) -> str:
    """What values a node may have."""
    match node:
        case model.Const(value=value):
            return f"always {_constant(value)}"
        case model.Int():
            low, high = node.range
            return f"{_bound(low)} … {_bound(high)}"
        case model.Data(size=int()):
            return ""
        case model.Data(max=most) | model.Region(max=most):
            return f"at most {counted(most, 'byte')}"
        case model.List(count=int()):
            return ""
        case model.List(max=most):
            return f"at most {counted(most, 'item')}"
        case model.Enum(members=members, open=is_open) | model.Flags(members=members, open=is_open):
            return f"{len(members)} names, {'others kept' if is_open else 'no others'}"
        case model.Announced(marker=marker, of=of):
            return f"behind {bytes_text(marker)}; {range_text(of)}".removesuffix("; ")
        case model.Chain(max=most, more=more, end=end):
            return f"at most {counted(most, 'item')}, each behind {bytes_text(more)}, ended by {bytes_text(end)}"
        case model.When(of=of) | model.Maybe(of=of) | model.Pointed(of=of):
            return range_text(of)
    return ""


def _bound(value: int) -> str:
    return str(value) if abs(value) < 1 << 16 else f"{value:#x}"


def _constant(value: Any) -> str:
    if isinstance(value, bytes):
        return bytes_text(value)
    return number(value) if isinstance(value, int) else visible(str(value))


def bytes_text(data: bytes) -> str:
    """Bytes for people: hexadecimal, with words that are in them in quotes."""
    parts = re.split(rb"([ -~]{4,})", data)
    return " ".join(part.hex() if index % 2 == 0 else f'"{part.decode()}"' for index, part in enumerate(parts) if part)
