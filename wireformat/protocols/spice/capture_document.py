"""A run as JSON objects: one for the whole, one for each connection, one for each stretch of bytes.

`--json` is the first object with the connections in it, and their parts in them; `--ndjson` one object a line. Every
byte is there, so `capture_assembly` makes the files of them again. What only follows from the rest, the members of a
list or the state in a MIGRATE_DATA, is shown and not read back. `spec/schemas/spice-capture.json` is the JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from wireformat.codec import codec_for
from wireformat.codec.json_form import to_json
from wireformat.errors import DecodeError, WireError
from wireformat.protocols.spice.capture import Capture, Connection, Row
from wireformat.protocols.spice.common_messages import ClientMigrateData, ServerMigrateData
from wireformat.protocols.spice.lookup import state_class
from wireformat.protocols.spice.sighting import OpaqueBytes, Sighting
from wireformat.protocols.spice.stream import AnyMessage, OpaqueMessage, Received
from wireformat.schema import Message, lift

Json: TypeAlias = dict[str, Any]

FORMAT = "wireformat/spice-capture"
FORMAT_VERSION = 1
ZEROS = "zeros"
"""The fourth item of a row whose bytes stand as their number in the file."""


def documents(capture: Capture) -> Iterator[Json]:
    """The objects of a run, in order."""
    yield capture_document(capture)
    for connection in capture.connections:
        yield connection_document(connection)
        for sighting in connection.sightings:
            yield part_document(sighting)


def nested(capture: Capture) -> Json:
    """The objects of a run as one."""
    connections = [
        {**connection_document(connection), "parts": [part_document(one) for one in connection.sightings]}
        for connection in capture.connections
    ]
    return {**capture_document(capture), "connections": connections}


def flat(document: Json) -> Iterator[Json]:
    """The objects that `nested` has joined."""
    yield {name: value for name, value in document.items() if name != "connections"}
    for connection in document["connections"]:
        yield {name: value for name, value in connection.items() if name != "parts"}
        yield from connection["parts"]


def capture_document(capture: Capture) -> Json:
    """What concerns the run as a whole."""
    journals = {name: list(lines) for name, lines in capture.journals.items()}
    return {"type": "capture", "format": FORMAT, "format_version": FORMAT_VERSION, "journals": journals}


def connection_document(connection: Connection) -> Json:
    """What a connection is, and the pieces in which its bytes came: time, direction, size."""
    rows = [_row_document(row) for row in connection.rows]
    return {"type": "connection", "name": connection.name, "head": dict(connection.head), "rows": rows}


def _row_document(row: Row) -> list[Any] | Json:
    if row.note is not None:
        return dict(row.note)
    return [row.time, row.direction, row.size, *([ZEROS] if row.is_zeros else [])]


def part_document(sighting: Sighting) -> Json:
    """One stretch of bytes."""
    place = {"from": sighting.sender, "offset": sighting.offset, "size": sighting.size, "time": sighting.time}
    what = _link_part(sighting) if sighting.received is None else _message(sighting.received, sighting.is_mini)
    finding = {} if sighting.finding is None else {"finding": finding_document(sighting.finding)}
    return {"type": "link" if sighting.received is None else "message", **place, **what, **finding}


def finding_document(error: WireError) -> Json:
    """What is wrong, as data."""
    return {"id": error.id, "path": error.path, "offset": error.offset, "text": error.detail, "source": error.source}


def _link_part(sighting: Sighting) -> Json:
    part = sighting.part
    if isinstance(part, OpaqueBytes):
        return {"name": sighting.name, "data": part.data.hex()}
    assert part is not None
    return {"name": sighting.name, **_body(part), **_raw(sighting.raw)}


def _message(received: Received, is_mini: bool) -> Json:
    document: Json = {"name": received.name, "number": received.number, "serial": received.serial}
    document["header"] = "mini" if is_mini else "full"
    document.update(_body(received.message), **_raw(received.raw))
    if received.sub_list:
        document.update(sub_list=received.sub_list, tail=received.tail.hex())
    if received.parts:
        document["parts"] = [
            {"name": part.name, "number": part.number, **_body(part.message)} for part in received.parts
        ]
    return document


def _body(message: AnyMessage) -> Json:
    if isinstance(message, OpaqueMessage):
        return {"data": message.data.hex()}
    return {"value": to_json(lift(type(message)), message), **_state(message)}


def _state(message: Message) -> Json:
    state = state_of(message)
    return {} if state is None else {"state": {type(state).__name__: to_json(lift(type(state)), state)}}


def _raw(raw: bytes | None) -> Json:
    return {} if raw is None else {"raw": raw.hex()}


def state_of(message: AnyMessage) -> Message | None:
    """The state of a channel that a MIGRATE_DATA carries; None where it is none, or does not decode."""
    if not isinstance(message, ServerMigrateData | ClientMigrateData):
        return None
    cls = state_class(message.data)
    if cls is None:
        return None
    try:
        state: Message = codec_for(cls).decode(message.data)
    except DecodeError:
        return None
    return state
