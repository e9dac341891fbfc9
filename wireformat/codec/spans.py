"""Which bytes a value came from.

A span is a pair of absolute offsets, start and end, for each path in a value. Records and lists have spans as well as
their fields and items, so the narrowest span that holds an offset tells what a byte is.
"""

from __future__ import annotations

from collections.abc import Mapping

Span = tuple[int, int]


def path_at(spans: Mapping[str, Span], offset: int) -> str | None:
    """The path of the narrowest span that holds the byte at `offset`; None when no field does."""
    holding = [(end - start, -len(path), path) for path, (start, end) in spans.items() if start <= offset < end]
    return min(holding)[2] if holding else None


def leaves(spans: Mapping[str, Span]) -> dict[str, Span]:
    """The spans that hold no other path, in order of their bytes."""
    parents = {path[: max(path.rfind("."), path.rfind("["))] for path in spans if "." in path or "[" in path}
    found = {path: span for path, span in spans.items() if path not in parents}
    return dict(sorted(found.items(), key=_by_span))


def _by_span(item: tuple[str, Span]) -> Span:
    return item[1]
