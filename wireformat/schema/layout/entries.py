"""Records made of entries of tag, size and value, in the order of their tags.

The numbers in front of a value have paths of their own, for spans and overrides: `["#tag"]`, `["#reserved"]` and
`["#size"]` behind the path of the entry.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from wireformat.schema import model
from wireformat.schema.layout.data import Amount
from wireformat.schema.layout.numbers import Number
from wireformat.schema.layout.parts import exactly, sequence, written
from wireformat.schema.layout.record import RecordElement
from wireformat.schema.layout.scope import (
    Element,
    Scope,
    Window,
    malformed,
    peek,
    put,
    read,
    unfit,
    wrong_type,
)
from wireformat.schema.path import Path, join
from wireformat.schema.values import Unknown

SHOWN = 16
"""Bytes of a value that an error shows."""


@dataclass(slots=True)
class _Progress:
    """What has been seen of a record: values of repeatable fields so far, unknown entries, the last order and bytes."""

    values: dict[str, Any]
    many: dict[str, list[Any]] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)
    last: int = -1
    content: bytes = b""


class Entries(RecordElement):
    """A record with layout `tlv`."""

    def __init__(
        self, record: model.Record, version: str | None, is_cyclic: bool, elements: Mapping[str, Element]
    ) -> None:
        super().__init__(record, version, is_cyclic, elements)
        framing = record.tlv or model.Tlv(model.Int(2), model.Int(2))
        self._critical = framing.critical
        self._ascending = framing.ascending
        self._tag = Number(framing.tag)
        self._reserved = None if framing.reserved is None else Number(framing.reserved)
        self._size = Amount(framing.size, framing.max, "size")
        self._known = {self._order(f.tag or 0): f for f in self.fields}

    def _order(self, tag: int) -> int:
        return tag & ~self._critical

    def decode_fields(self, stream: Any, scope: Scope, path: Path, values: dict[str, Any]) -> None:
        """Entries up to the end; then what is missing."""
        progress = _Progress(values)
        while peek(stream, 1):
            self._entry(stream, scope, path, progress)
        values["unknown"] = tuple(progress.unknown)
        for item in self.fields:
            self._finish(item, progress, stream, scope, path)

    def _entry(self, stream: Any, scope: Scope, path: Path, progress: _Progress) -> None:
        start = stream.tell()
        tag = self._tag.decode(stream, scope, path)
        known = self._known.get(self._order(tag))
        place = self._place(known, path, progress)
        self._check(tag, known, start, scope, place, progress)
        size = self._value_size(stream, start, scope, place)
        window = Window(read(stream, size, scope, place), stream.tell() - size, True)
        if scope.spans is not None:
            scope.spans[join(place)] = (start, stream.tell())
        if known is None:
            progress.unknown.append(Unknown(tag, window.read()))
            return
        value = exactly(self.elements[known.name], window, scope, place)
        if not known.many:
            progress.values[known.name] = value
            return
        self._check_order(known, window.getvalue(), start, scope, place, progress)
        progress.many.setdefault(known.name, []).append(value)

    def _value_size(self, stream: Any, start: int, scope: Scope, path: Path) -> int:
        """Read the rest of a header whose tag began at `start`."""
        borders = [start, stream.tell()]
        if self._reserved is not None:
            self._reserved.decode(stream, scope, path)
        borders.append(stream.tell())
        size = self._size.decode(stream, scope, path) or 0
        borders.append(stream.tell())
        if scope.spans is not None:
            spans = zip(("#tag", "#reserved", "#size"), pairwise(borders), strict=True)
            scope.spans.update((join((*path, name)), span) for name, span in spans if span[0] < span[1])
        return size

    def _place(self, known: model.Field | None, path: Path, progress: _Progress) -> Path:
        if known is None:
            return (*path, "unknown", len(progress.unknown))
        place = (*path, known.name)
        return (*place, len(progress.many.get(known.name, ()))) if known.many else place

    def _check(
        self, tag: int, known: model.Field | None, start: int, scope: Scope, path: Path, progress: _Progress
    ) -> None:
        """Order, repetition, the critical bit and how many."""
        order, last = self._order(tag), progress.last
        progress.last = order
        if order < last:
            raise malformed("order", f"tag {tag:#x} behind {last:#x}", scope, path, start, last, tag)
        if known is None:
            if tag & self._critical:
                raise malformed("tag", f"unknown critical tag {tag:#x}", scope, path, start, None, tag)
            return
        if known.tag != tag:
            raise malformed("tag", f"tag {tag:#x} has the wrong critical bit", scope, path, start, known.tag, tag)
        if order == last and not known.many:
            raise malformed("duplicate", f"tag {tag:#x} repeats", scope, path, start, None, tag)
        if known.max is not None and len(progress.many.get(known.name, ())) == known.max:
            raise malformed("limit", f"more than {known.max} entries", scope, path, start, known.max)

    def _check_order(
        self, known: model.Field, content: bytes, start: int, scope: Scope, path: Path, progress: _Progress
    ) -> None:
        """The order of values of one field."""
        before, progress.content = progress.content, content
        if self._ascending and progress.many.get(known.name) and content <= before:
            id, detail = _disorder(content, before)
            raise malformed(id, detail, scope, path, start, before, content)

    def _finish(self, item: model.Field, progress: _Progress, stream: Any, scope: Scope, path: Path) -> None:
        if item.many:
            progress.values[item.name] = tuple(progress.many.get(item.name, ()))
        elif item.name not in progress.values:
            if not item.optional:
                detail = f"mandatory tag {item.tag:#x} is missing"
                raise malformed("missing", detail, scope, (*path, item.name), stream.tell(), item.tag)
            progress.values[item.name] = item.default

    def encode_fields(self, given: dict[str, Any], stream: Any, scope: Scope, path: Path) -> None:
        """Known and unknown entries in the order of their tags."""
        entries = [*self._known_entries(given, scope, path), *self._unknown_entries(given, scope, path)]
        for _, content in sorted(entries, key=_by_order):
            stream.write(content)

    def _known_entries(self, given: Mapping[str, Any], scope: Scope, path: Path) -> list[tuple[int, bytes]]:
        entries = []
        for item in self.fields:
            value, place = given[item.name], (*path, item.name)
            if item.many:
                if item.max is not None and len(sequence(value, scope, place)) > item.max:
                    raise unfit("limit", f"more than {item.max} entries", scope, place, item.max, len(value))
                entries += self._repeated(item, sequence(value, scope, place), scope, place)
            elif not item.optional or value != item.default or place in scope.overrides:
                entries.append(self._encoded(item, value, scope, place))
        return entries

    def _repeated(self, item: model.Field, values: Sequence[Any], scope: Scope, path: Path) -> list[tuple[int, bytes]]:
        """The entries of a field that may repeat."""
        element = self.elements[item.name]
        contents = [written(element, value, scope, (*path, index)) for index, value in enumerate(values)]
        for index, (before, content) in enumerate(pairwise(contents), 1):
            if self._ascending and content <= before and not scope.obeys:
                id, detail = _disorder(content, before)
                raise unfit(id, detail, scope, (*path, index), before, content)
        return [self._framed(item.tag or 0, content, scope, (*path, index)) for index, content in enumerate(contents)]

    def _encoded(self, item: model.Field, value: Any, scope: Scope, path: Path) -> tuple[int, bytes]:
        content = written(self.elements[item.name], value, scope, path)
        return self._framed(item.tag or 0, content, scope, path)

    def _framed(self, tag: int, content: bytes, scope: Scope, path: Path) -> tuple[int, bytes]:
        stream = io.BytesIO()
        put(self._tag, tag, stream, scope, (*path, "#tag"))
        if self._reserved is not None:
            put(self._reserved, 0, stream, scope, (*path, "#reserved"))
        self._size.encode(len(content), stream, scope, path)
        return self._order(tag), stream.getvalue() + content

    def _unknown_entries(self, given: Mapping[str, Any], scope: Scope, path: Path) -> list[tuple[int, bytes]]:
        place = (*path, "unknown")
        return [
            self._unknown(entry, scope, (*place, index))
            for index, entry in enumerate(sequence(given["unknown"], scope, place))
        ]

    def _unknown(self, entry: Any, scope: Scope, path: Path) -> tuple[int, bytes]:
        if not isinstance(entry, Unknown) or not isinstance(entry.data, bytes):
            raise wrong_type(entry, "Unknown", scope, path)
        if not isinstance(entry.tag, int) or self._order(entry.tag) in self._known or entry.tag & self._critical:
            raise unfit("tag", f"tag {entry.tag!r} is not for unknown entries", scope, path, None, entry.tag)
        return self._framed(entry.tag, entry.data, scope, path)


def _disorder(content: bytes, before: bytes) -> tuple[str, str]:
    """What is wrong with a value that does not ascend from the one before: the error's id, and why."""
    if content == before:
        return "duplicate", "the same value as before"
    return "order", f"value {_shown(content)} behind {_shown(before)}"


def _shown(content: bytes) -> str:
    return content[:SHOWN].hex() + ("…" if len(content) > SHOWN else "")


def _by_order(entry: tuple[int, bytes]) -> int:
    return entry[0]
