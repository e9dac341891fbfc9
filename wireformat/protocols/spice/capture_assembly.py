"""From JSON objects back to the files of a run: the inverse of `capture_document`.

What was changed in a value changes these bytes and no others. The pieces in which bytes came are those of the document,
so what is changed must not become longer or shorter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from wireformat.codec import encode
from wireformat.codec.json_form import from_json
from wireformat.errors import EncodeError
from wireformat.protocols.spice.capture import CONNECTION_PREFIX, DIRECTIONS, SUFFIX, Row, line, line_bytes
from wireformat.protocols.spice.capture_document import FORMAT, ZEROS, Json
from wireformat.protocols.spice.lookup import class_named
from wireformat.protocols.spice.stream import header_bytes
from wireformat.schema import lift

FULL = "full"


def assemble(documents: Iterable[Json]) -> Iterator[tuple[str, bytes]]:
    """The files of a run by name, from the objects of `capture_document.documents` in order.

    Raises `EncodeError` with the path of the part that cannot be encoded.
    """
    source = iter(documents)
    head = next(source, {})
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise EncodeError("type", f"no document of the format {FORMAT}", path="format")
    try:
        for name, lines in head["journals"].items():
            yield _file_name(name), line_bytes(map(line, lines))
        yield from _connections(source)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise EncodeError("type", f"{type(error).__name__}: {error}") from None


def _file_name(name: str) -> str:
    """The file of a connection or journal. Names lead nowhere else."""
    if not name or "/" in name or "\\" in name or "\0" in name or name.startswith("."):
        raise EncodeError("path", f"{name!r} cannot be the name of a file", path="name")
    return f"{name}{SUFFIX}"


def _connections(documents: Iterable[Json]) -> Iterator[tuple[str, bytes]]:
    """The files of the connections: an object for each, then its parts."""
    current: Json | None = None
    data: dict[str, list[bytes]] = {}
    for number, document in enumerate(documents):
        if document["type"] == "connection":
            if current is not None:
                yield _connection(current, data)
            current, data = document, {direction: [] for direction in DIRECTIONS.values()}
        else:
            data[DIRECTIONS[document["from"]]].append(_part(document, f"parts[{number}]"))
    if current is not None:
        yield _connection(current, data)


def _connection(document: Json, data: dict[str, list[bytes]]) -> tuple[str, bytes]:
    name = document["name"]
    if not name.startswith(CONNECTION_PREFIX):
        raise EncodeError("range", f"{name!r} does not begin with {CONNECTION_PREFIX}", path="name")
    whole = {direction: b"".join(pieces) for direction, pieces in data.items()}
    return _file_name(name), line_bytes([line(document["head"]), *_lines(document["rows"], whole, name)])


def _lines(rows: Iterable[Any], data: dict[str, bytes], name: str) -> Iterator[str]:
    at = dict.fromkeys(data, 0)
    for row in rows:
        if isinstance(row, dict):
            yield line(row)
            continue
        time, direction, size, *kind = row
        start, at[direction] = at[direction], at[direction] + size
        yield line(Row(time, direction, size, kind == [ZEROS]).document(data[direction][start : start + size]))
    for direction, end in at.items():
        if end != len(data[direction]):
            detail = f"the rows of {direction} have {end} bytes, its parts {len(data[direction])}"
            raise EncodeError("mismatch", detail, path=name)


def _part(document: Json, path: str) -> bytes:
    """The bytes of one stretch."""
    try:
        body = _body(document)
        if document["type"] == "link":
            return body
        body += bytes.fromhex(document.get("tail", ""))
        serial = document["serial"] if document["header"] == FULL else None
        return header_bytes(document["number"], len(body), serial, document.get("sub_list", 0)) + body
    except EncodeError as error:
        inside = f"{path}.{error.path}" if error.path else path
        raise EncodeError(error.id, error.detail, path=inside) from None
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise EncodeError("type", f"{type(error).__name__}: {error}", path=path) from None


def _body(document: Json) -> bytes:
    if "raw" in document:
        return bytes.fromhex(document["raw"])
    if "data" in document:
        return bytes.fromhex(document["data"])
    name = document["name"]
    cls = class_named(name)
    if cls is None:
        raise EncodeError("tag", f"no message is called {name!r}", path="name")
    return encode(from_json(lift(cls), document["value"]))
