"""Any bytes decode to a stream or a WireError; a stream is written back to the same bytes, from elements and from JSON.

In pieces the same bytes fail in no other way either. Where a description lies about sizes, JSON puts them right.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import atheris

with atheris.instrument_imports(include=["wireformat"]):
    from wireformat.errors import DecodeError, WireError
    from wireformat.protocols.vmstate.assembly import assemble
    from wireformat.protocols.vmstate.document import documents
    from wireformat.protocols.vmstate.stream import Stream, read_stream
    from wireformat.protocols.vmstate.window import Window

PIECE_SIZE = 37


def pieces(data: bytes) -> Iterator[bytes]:
    """The input as it comes through a pipe."""
    return (data[start : start + PIECE_SIZE] for start in range(0, len(data), PIECE_SIZE))


def read_piped(data: bytes) -> Stream:
    """Decode bytes that arrive in pieces and are forgotten."""
    rest = pieces(data)

    def more(window: Window) -> None:
        piece = next(rest, b"")
        if piece:
            window.feed(piece)
        else:
            window.final = True

    return read_stream(Window(), more=more)


def check(data: bytes) -> None:
    """Raise unless the invariant holds for `data`."""
    stream = read_stream(data)
    assert all(isinstance(error, DecodeError) for error in stream.problems())
    assert b"".join(map(bytes, stream.encode())) == data, "elements lose bytes"
    try:
        back = b"".join(assemble(documents(stream, "base64")))
    except WireError as error:
        raise AssertionError(f"JSON of a decoded stream is refused: {error}") from error
    assert back == data or stream.description is not None, "JSON loses bytes"
    read_piped(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
