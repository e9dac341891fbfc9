"""`wireformat encode`: the inverse of `decode --json --ram base64`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from typing import Annotated, Any, TextIO

import typer

from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.opening import open_binary
from wireformat.protocols.vmstate.assembly import assemble


def run(
    file: Annotated[str, typer.Argument(help="JSON of decode --json or --ndjson; - is standard input")],
    output: Annotated[str, typer.Option("-o", "--output", help="where the stream goes; - is standard output")] = "-",
) -> int:
    """Turn the JSON of `decode --ram base64` back into the stream."""
    with TextIOWrapper(open_binary(file), encoding="utf-8") as text:
        pieces = assemble(_documents(text, file))
        first = next(pieces, b"")
        if output == "-":
            _write(sys.stdout.buffer, first, pieces)
        else:
            with open(output, "wb") as target:
                _write(target, first, pieces)
    return Exit.FINE


def _write(target: Any, first: bytes, pieces: Iterator[bytes]) -> None:
    target.write(first)
    for piece in pieces:
        target.write(piece)
    target.flush()


def _documents(text: TextIO, name: str) -> Iterator[dict[str, Any]]:
    """The objects of the one form or the other; the first line tells which it is."""
    try:
        line = text.readline()
        if line.rstrip().endswith("}"):
            head = json.loads(line)
            if isinstance(head, dict) and "elements" not in head:
                yield head
                yield from map(json.loads, text)
                return
        whole = json.loads(line + text.read())
        if not isinstance(whole, dict):
            raise ValueError(f"object expected, {type(whole).__name__} found")
        elements = whole.pop("elements")
        yield whole
        yield from elements
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise UsageError(f"{name}: no JSON of wireformat decode: {error}") from None
