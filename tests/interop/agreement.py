"""Holding one message as tshark shows it against the same message as our decoder reads it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tests.interop.dissection import Item, shown
from wireformat.codec import Codec, codec_for
from wireformat.derive.lua_fields import filter_part
from wireformat.schema import Unknown, model
from wireformat.schema.path import join, parse
from wireformat.schema.protocol import Protocol


def codecs(protocol: Protocol) -> dict[str, Codec]:
    """The codec of every record of a protocol, parts of messages included."""
    found: dict[str, Codec] = {}
    for schema in protocol.schemas().values():
        for name, record in schema.records.items():
            found[name] = codec_for(record.cls)
    return found


def filter_path(path: str) -> str:
    """A path with each name as it stands in filter names."""
    return join(tuple(name if str(name).startswith("#") else _part(name) for name in parse(path)))


def _part(name: str | int) -> str | int:
    return filter_part(name) if isinstance(name, str) else name


def repeatable(schema: model.Schema, prefix: str) -> frozenset[str]:
    """The filter names of a schema's entries that may repeat, those of unknown entries included."""
    records = {name: f"{prefix}.{filter_part(name)}" for name in schema.records}
    many = {
        f"{records[name]}.{filter_part(field.name)}"
        for name, record in schema.records.items()
        for field in record.fields
        if field.many
    }
    return frozenset(many | {f"{name}.unknown" for name in records.values()})


def disagreements(
    message: Item, data: bytes, codec: Codec, params: Mapping[str, Any], prefix: str, *, before: int = 0
) -> list[str]:
    """What tshark shows otherwise than our decoder reads it; `before` bytes stand before the message."""
    seen = shown(message, repeatable(codec.schema, prefix))
    value, spans = codec.spans(data, params=params)
    ours = {filter_path(path): span for path, span in spans.items() if span[0] < span[1]}
    theirs = {path: (begin - before, end - before) for path, (begin, end) in seen.spans.items() if begin < end}
    wrong = [
        f"{path}: bytes {theirs.get(path)} instead of {ours.get(path)}"
        for path in sorted(ours.keys() | theirs.keys())
        if ours.get(path) != theirs.get(path)
    ]
    values = dict(_leaves(value, ""))
    for path, (text, raw) in seen.values.items():
        if path in values and not _same(values[path], text, raw):
            wrong.append(f"{path}: {text!r} ({raw.hex()}) instead of {values[path]!r}")
    read = {filter_path(path) for path in spans}
    absent = [path for path, each in values.items() if each is not None and path in read and path not in seen.values]
    return wrong + [f"{path}: not shown" for path in absent]


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    """The values in a value that hold no others."""
    if isinstance(value, Unknown):
        return [(path, value.data)]
    if isinstance(value, tuple):
        return [leaf for index, each in enumerate(value) for leaf in _leaves(each, f"{path}[{index}]")]
    names = getattr(type(value), "__dataclass_fields__", value if isinstance(value, dict) else None)
    if names is None:
        return [(path, value)]
    found: list[tuple[str, Any]] = []
    for name in [*names, *(["unknown"] if hasattr(value, "unknown") and "unknown" not in names else [])]:
        each = value[name] if isinstance(value, dict) else getattr(value, name)
        part = filter_part(name)
        found += _leaves(each, f"{path}.{part}" if path else part)
    return found


def _same(value: Any, text: str, raw: bytes) -> bool:
    """Whether tshark shows a value; text and bytes are compared as bytes, since their display is for people."""
    if isinstance(value, str):
        return raw.startswith(value.encode()) and not raw[len(value.encode()) :].strip(b"\0")
    if isinstance(value, bytes):
        return raw == value
    if isinstance(value, float):
        return math.isclose(float(text), value, rel_tol=1e-5)
    return bool(int(text, 0) == value)
