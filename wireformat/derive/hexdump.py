"""Bytes with the fields they belong to: what a page shows of a vector.

The bytes are decoded here, and each is given to the narrowest field that holds it. Fields of a record take colours in
turn, the same in the dump, the bit boxes and the field table; whoever sees no colours has the table of parts below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wireformat.codec import codec_for
from wireformat.codec.spans import is_framing, path_at
from wireformat.derive.colours import colour
from wireformat.derive.escape import cell, code, html, table, visible
from wireformat.schema import model
from wireformat.schema.path import parse
from wireformat.schema.record import Record
from wireformat.schema.values import Unknown

WIDTH = 16
MAX_SHOWN = 256
"""Bytes of one dump."""
MAX_PARTS = 64


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring bytes of one field: paths of all fields that have exactly these bytes, and the value."""

    start: int
    end: int
    paths: tuple[str, ...]
    value: str


def parts(schema: model.Schema, data: bytes, version: str | None, params: Mapping[str, Any]) -> list[Part]:
    """The bytes cut into parts. Raises `DecodeError` when they do not decode."""
    value, spans = codec_for(schema, version).spans(data, params=params)
    shown = min(len(data), MAX_SHOWN)
    owners = [path_at(spans, offset) or "" for offset in range(shown)]
    found = []
    for start, end in _runs(owners):
        path = owners[start]
        span = spans.get(path)
        twins = tuple(other for other, place in spans.items() if place == span and other.count(".") == path.count("."))
        names = twins if len(twins) > 1 and path in twins else (path,)
        whole = span[1] if span and end == shown else end
        found.append(Part(start, whole, names, "; ".join(_shown(schema, value, name) for name in names if name)))
    return found


def _runs(owners: list[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for index in range(1, len(owners) + 1):
        if index == len(owners) or owners[index] != owners[start]:
            yield start, index
            start = index


def _shown(schema: model.Schema, value: Any, path: str) -> str:
    """The value at a path, short; a constant comes from the record, what frames a value is named."""
    if is_framing(path):
        return str(parse(path)[-1]).removeprefix("#")
    for name in parse(path):
        try:
            value = getattr(value, str(name)) if isinstance(value, Record) else value[name]
        except (KeyError, IndexError, AttributeError, TypeError):
            return ""
    return value_text(value)


def value_text(value: Any) -> str:
    """A value in a few characters."""
    match value:
        case bytes():
            return value.hex() if len(value) <= WIDTH else f"{value[:WIDTH].hex()}… ({len(value)} bytes)"
        case bool() | None:
            return str(value)
        case int():
            name = getattr(value, "name", None)
            return f"{name} ({int(value)})" if name else f"{value}" if value < 10 else f"{value} ({value:#x})"
        case str():
            return f'"{visible(value)}"'
        case Unknown():
            return f"unknown {value.tag}: {value_text(value.data)}"
        case tuple():
            return f"{len(value)} items"
    return type(value).__name__ if not isinstance(value, Mapping) else ""


def dump(data: bytes, owned: list[Part], record: model.Record, bad: int | None = None) -> str:
    """The bytes as HTML, sixteen a line, coloured, with place, field and value on hover; `bad` marks one byte."""
    lines = []
    for row in range(0, max(min(len(data), MAX_SHOWN), 1), WIDTH):
        end = min(row + WIDTH, len(data), MAX_SHOWN)
        pieces = [_piece(data, part, row, end, record) for part in owned if part.start < end and part.end > row]
        text = " ".join(pieces) if owned else _marked(data, row, end, bad)
        lines.append(f"<b>{row:04x}</b>  {text}")
    if len(data) > MAX_SHOWN:
        lines.append(f"      … {len(data) - MAX_SHOWN} more bytes")
    return '<pre class="wf-hex">' + "\n".join(lines) + "</pre>"


def _piece(data: bytes, part: Part, row: int, end: int, record: model.Record) -> str:
    start, stop = max(part.start, row), min(part.end, end)
    title = f"{part.start:#x}: {', '.join(part.paths)}" + (f" = {part.value}" if part.value else "")
    return f'<span class="{colour(record, part.paths[0])}" title="{html(title)}">{data[start:stop].hex(" ")}</span>'


def _marked(data: bytes, row: int, end: int, bad: int | None) -> str:
    """Bytes without owners; the one at `bad` is marked, also where it lies behind the end."""
    found = [f"{byte:02x}" for byte in data[row:end]]
    if bad is not None and row <= bad < row + WIDTH:
        found += [".."] * (bad - row + 1 - len(found))
        found[bad - row] = f'<mark title="{bad:#x}">{found[bad - row]}</mark>'
    return " ".join(found)


def part_table(owned: list[Part], data: bytes) -> str:
    """The same parts as a table, for those who see no colours."""
    rows = [
        (
            f"{part.start:#x}",
            code(
                data[part.start : min(part.end, part.start + 8)].hex(" ") + ("…" if part.end - part.start > 8 else "")
            ),
            ", ".join(map(code, part.paths)),
            cell(part.value),
        )
        for part in owned[:MAX_PARTS]
    ]
    return table(("Offset", "Bytes", "Field", "Value"), rows)
