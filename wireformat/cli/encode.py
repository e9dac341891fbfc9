"""`wireformat encode`: the inverse of `decode --json --ram base64`, and of `decode --json` for SPICE captures."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import chain
from typing import Annotated, Any, TextIO

import typer

from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.opening import open_binary
from wireformat.protocols.vmstate.assembly import assemble

CAPTURE = "capture"
PARTS = {"elements", "connections"}
"""What the whole of a document has, where it is one object."""


def run(
    file: Annotated[str, typer.Argument(help="JSON of decode --json or --ndjson; - is standard input")],
    output: Annotated[str, typer.Option("-o", "--output", help="where the stream goes; - is standard output")] = "-",
) -> int:
    """Turn the JSON of `decode --ram base64` back into the stream, that of a SPICE capture into its files."""
    with TextIOWrapper(open_binary(file), encoding="utf-8") as text:
        documents = _documents(text, file)
        head = next(documents)
        if head.get("type") == CAPTURE:
            from wireformat.cli.encode_capture import encode_capture

            return encode_capture(chain([head], documents), output)
        pieces = assemble(chain([head], documents))
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
            if isinstance(head, dict) and head.keys().isdisjoint(PARTS):
                yield head
                yield from map(json.loads, text)
                return
        whole = json.loads(line + text.read())
        if not isinstance(whole, dict):
            raise ValueError(f"object expected, {type(whole).__name__} found")
        if whole.get("type") == CAPTURE:
            yield from _flat(whole)
            return
        elements = whole.pop("elements")
        yield whole
        yield from elements
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise UsageError(f"{name}: no JSON of wireformat decode: {error}") from None


def _flat(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from wireformat.protocols.spice.capture_document import flat

    return flat(whole)
