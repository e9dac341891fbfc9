"""Which bytes a value came from.

A span is a pair of absolute offsets, start and end, for each path in a value. Records and lists have spans as well as
their fields and items, so the narrowest span that holds an offset tells what a byte is. What frames an entry of tag,
size and value has spans as well: `["#tag"]`, `["#reserved"]` and `["#size"]` behind the path of the entry.
"""

from __future__ import annotations

from collections.abc import Mapping

Span = tuple[int, int]

FRAMING = ('["#tag"]', '["#reserved"]', '["#size"]')


def path_at(spans: Mapping[str, Span], offset: int) -> str | None:
    """The path of the narrowest span that holds the byte at `offset`; None when no field does."""
    holding = [(end - start, -len(path), path) for path, (start, end) in spans.items() if start <= offset < end]
    return min(holding)[2] if holding else None


def is_framing(path: str) -> bool:
    """Whether a path names a number in front of a value rather than a value."""
    return path.endswith(FRAMING)


def leaves(spans: Mapping[str, Span]) -> dict[str, Span]:
    """The spans that hold no other value, in order of their bytes; an entry's is the whole entry."""
    paths = [path for path in spans if not is_framing(path)]
    parents = {path[: max(path.rfind("."), path.rfind("["))] for path in paths if "." in path or "[" in path}
    found = {path: spans[path] for path in paths if path not in parents}
    return dict(sorted(found.items(), key=_by_span))


def _by_span(item: tuple[str, Span]) -> Span:
    return item[1]
