"""`wireformat decode` for SPICE captures: each connection, and what went over it in order of time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from wireformat.cli.captures import open_capture, verdict
from wireformat.cli.tree import Tree
from wireformat.protocols.spice.capture import Capture, Connection
from wireformat.protocols.spice.capture_document import documents, nested
from wireformat.protocols.spice.capture_view import heading, places, title, view
from wireformat.protocols.spice.sighting import Sighting

INDENT = " " * 13


def decode_capture(name: str, *, as_json: bool, ndjson: bool, with_hex: bool) -> int:
    """Show a capture; the exit code."""
    capture = open_capture(name)
    if ndjson:
        for document in documents(capture):
            print(json.dumps(document))
    elif as_json:
        json.dump(nested(capture), sys.stdout, indent=1)
        print()
    else:
        for line in lines(capture, with_hex):
            print(line)
    return verdict("decode", capture, name)


def lines(capture: Capture, with_hex: bool) -> Iterator[str]:
    """The lines for people."""
    for number, connection in enumerate(capture.connections):
        if number:
            yield ""
        yield from _connection(connection, with_hex)


def _connection(connection: Connection, with_hex: bool) -> Iterator[str]:
    yield title(connection)
    for sighting in connection.sightings:
        time = "" if sighting.time is None else f"{sighting.time:.4f}"
        yield f"  {time:>9}  {sighting.sender}  {heading(sighting)}"
        if sighting.finding is not None:
            yield f"{INDENT}! {sighting.finding}"
        for line in _fields(sighting, with_hex):
            yield f"{INDENT}{line}"


def _fields(sighting: Sighting, with_hex: bool) -> Iterator[str]:
    beside = {path: (at, data[:16]) for path, (at, data) in places(sighting).items()} if with_hex else None
    return Tree(whole=with_hex, beside=beside).lines(view(sighting))
