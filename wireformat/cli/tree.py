"""A nested value as an indented tree for people, with the bytes beside it when they are wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from enum import IntEnum, IntFlag
from typing import Any

from wireformat.schema.path import Name, join

SHORT = 32
"""Bytes of a value that are shown unless all are asked for."""

ROW = 8
"""Numbers of an array on one line."""

BYTES_BESIDE = 8
"""Bytes shown beside a field."""


class Tree:
    """Renders a value; `whole` shows long bytes in full, `notes` stand behind the name at a path, `beside` gives the
    bytes of a path and where they stand."""

    def __init__(
        self,
        *,
        whole: bool = False,
        notes: Mapping[str, str] | None = None,
        beside: Mapping[str, tuple[int, bytes]] | None = None,
    ) -> None:
        self._whole = whole
        self._notes = notes or {}
        self._beside = beside
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def lines(self, value: Any, path: tuple[Name, ...] = ()) -> Iterator[str]:
        """The lines of a value and everything in it."""
        if not isinstance(value, Mapping | tuple):
            yield self._line(0, path, self._scalar(value))
        yield from self._children(value, path, 0)

    def _children(self, value: Any, path: tuple[Name, ...], depth: int) -> Iterator[str]:
        if isinstance(value, Mapping):
            items: Iterator[tuple[Name, Any]] = iter(value.items())
        elif isinstance(value, tuple):
            items = iter(enumerate(value))
        else:
            return
        for name, part in items:
            yield from self._part((*path, name), part, depth)

    def _part(self, path: tuple[Name, ...], value: Any, depth: int) -> Iterator[str]:
        if isinstance(value, tuple) and all(isinstance(item, int) for item in value):
            yield from self._numbers(path, value, depth)
        elif isinstance(value, Mapping | tuple) and value:
            yield self._line(depth, path, self._notes.get(join(path), ""))
            yield from self._children(value, path, depth + 1)
        else:
            yield self._line(depth, path, "(nothing)" if value in ((), {}) else self._scalar(value))

    def _numbers(self, path: tuple[Name, ...], value: tuple[int, ...], depth: int) -> Iterator[str]:
        """An array of numbers, some to a line."""
        if len(value) <= ROW:
            yield self._line(depth, path, " ".join(f"{item:#x}" for item in value) or "(nothing)")
            return
        yield self._line(depth, path, f"{len(value)} numbers")
        for start in range(0, len(value), ROW):
            row = " ".join(f"{item:#x}" for item in value[start : start + ROW])
            yield self._line(depth + 1, (*path, start), row)

    def _scalar(self, value: Any) -> str:
        if isinstance(value, bool) or value is None:
            return str(value).lower()
        if isinstance(value, IntEnum | IntFlag):
            return f"{value.name} ({int(value):#x})"
        if isinstance(value, int):
            return str(value) if -10 < value < 10 else f"{value} ({value:#x})"
        if isinstance(value, bytes):
            shown = value if self._whole else value[:SHORT]
            more = f" … {len(value)} bytes" if len(shown) < len(value) else ""
            return (shown.hex(" ") or "(nothing)") + more
        return str(value)

    def _line(self, depth: int, path: tuple[Name, ...], text: str) -> str:
        name = "" if not path else f"[{path[-1]}]" if isinstance(path[-1], int) else path[-1]
        label = f"\033[1m{name}\033[0m" if self._colour and name else name
        body = f"{'  ' * depth}{label}" + (f": {text}" if text and name else text)
        return body if self._beside is None else f"{self._margin(path)}  {body}"

    def _margin(self, path: tuple[Name, ...]) -> str:
        """Offset and first bytes of a field, blank where no bytes belong to it alone."""
        width = 12 + 3 * BYTES_BESIDE + 1
        found = (self._beside or {}).get(join(path))
        if found is None:
            return " " * width
        position, data = found
        more = "…" if len(data) > BYTES_BESIDE else ""
        return f"{position:#010x}  {data[:BYTES_BESIDE].hex(' ')}{more}".ljust(width)
