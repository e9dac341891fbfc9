"""`wireformat diff`: show what differs between two streams."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import compress
from typing import Annotated, Any

import typer

from wireformat.cli.decode import part_of, plain_json
from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.opening import open_description, open_stream
from wireformat.cli.tree import Tree
from wireformat.cli.verdict import verdict
from wireformat.protocols.vmstate.difference import Difference, differences
from wireformat.protocols.vmstate.elements import HeaderElement
from wireformat.protocols.vmstate.stream import Stream
from wireformat.protocols.vmstate.view import view
from wireformat.schema.path import Path, join

LONGEST_BYTES = 16
"""Bytes values up to this size are shown, of longer ones how many bytes differ."""


def run(
    first: Annotated[str, typer.Argument(help="VM-state stream; - is standard input")],
    second: Annotated[str, typer.Argument(help="the stream to compare it with")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    path: Annotated[
        str | None, typer.Option("--path", help='one part, such as devices["cpu"] or ram["pc.ram"]')
    ] = None,
    description: Annotated[
        str | None, typer.Option(help="VM description, or a stream that has one, for streams without")
    ] = None,
) -> int:
    """Show what differs between two VM-state streams: devices by field, memory by page."""
    if first == second == "-":
        raise UsageError("standard input can be read only once")
    learnt = open_description(description)
    streams = [open_stream(file, keep=True, learnt=learnt) for file in (first, second)]
    verdicts = [verdict("diff", stream, file) for stream, file in zip(streams, (first, second), strict=True)]
    within = _within(path, streams)
    if not all(map(_has_begun, streams)) or within is None:
        return max(verdicts)
    found = differences(streams[0], streams[1], within)
    count = _print_json(list(found), first, second) if as_json else _print(found, first, second)
    return max(*verdicts, Exit.FINDING if count else Exit.FINE)


def _has_begun(stream: Stream) -> bool:
    return any(isinstance(element, HeaderElement) for element in stream.elements)


def _within(text: str | None, streams: list[Stream]) -> Path | None:
    """The path of the part that is wanted; None where it may have been in the part of a stream that is cut off.

    Raises `UsageError` when neither stream has it.
    """
    if text is None:
        return ()
    for stream in streams:
        try:
            return part_of(view(stream), text)[1]
        except UsageError as error:
            fault = error
    if any(stream.fault for stream in streams):
        return None
    raise fault


def _print(found: Iterator[Difference], first: str, second: str) -> int:
    count = 0
    for difference in found:
        print(f"{difference.place}: {_told(difference, first, second)}")
        count += 1
    return count


def _told(difference: Difference, first: str, second: str) -> str:
    match difference.kind:
        case "only in first":
            return f"only in {first}"
        case "only in second":
            return f"only in {second}"
        case "version":
            return f"version {difference.first} -> {difference.second}"
        case "pages":
            return f"{difference.page_count} page{'s differ' if difference.page_count > 1 else ' differs'}"
    return _change(difference.first, difference.second)


def _change(first: Any, second: Any) -> str:
    if isinstance(first, bytes) and isinstance(second, bytes) and max(len(first), len(second)) > LONGEST_BYTES:
        return _bytes_change(first, second)
    return f"{_scalar(first)} -> {_scalar(second)}"


def _bytes_change(first: bytes, second: bytes) -> str:
    """Where bytes begin to differ, and how many do."""
    if len(first) != len(second):
        return f"{len(first)} bytes -> {len(second)} bytes"
    unequal = [one != other for one, other in zip(first, second, strict=True)]
    at = next(compress(range(len(first)), unequal))
    stop = at + LONGEST_BYTES // 2
    change = f"{_scalar(first[at:stop])} -> {_scalar(second[at:stop])}"
    return f"{sum(unequal)} of {len(first)} bytes differ, from {at:#x} on: {change}"


def _scalar(value: Any) -> str:
    return " ".join(Tree().lines(value))


def _print_json(found: list[Difference], first: str, second: str) -> int:
    document = {
        "format": "wireformat/vmstate-difference",
        "format_version": 1,
        "first": first,
        "second": second,
        "differences": [_document(difference) for difference in found],
    }
    print(json.dumps(document, indent=1, ensure_ascii=False))
    return len(found)


def _document(difference: Difference) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": difference.kind, "path": join(difference.path)}
    if difference.kind == "pages":
        place = {"start": difference.start, "end": difference.end, "page_count": difference.page_count}
        return document | place
    sides = (("first", difference.first), ("second", difference.second))
    return document | {side: plain_json(value) for side, value in sides if value is not None}
