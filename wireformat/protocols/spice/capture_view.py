"""What people see of a run: a title for each connection, a line for each stretch of bytes, fields as nested values.

The ciphertext of a ticket is left out: nobody can read it, and it is as secret as what is in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wireformat.codec import codec_for
from wireformat.codec.json_form import carried
from wireformat.protocols.spice.capture import Capture, Connection
from wireformat.protocols.spice.capture_document import state_of
from wireformat.protocols.spice.codes import CommonCapability
from wireformat.protocols.spice.link import ClientLink, LinkMessage, LinkReply, Ticket
from wireformat.protocols.spice.link_stage import bits_of
from wireformat.protocols.spice.sighting import OpaqueBytes, Sighting
from wireformat.protocols.spice.stream import OpaqueMessage
from wireformat.schema import Record, lift

View = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Share:
    """How often a message occurs on a channel, and how many bytes it has in all, headers included."""

    channel: str
    sender: str
    name: str
    count: int
    size: int


def channel_of(connection: Connection) -> str:
    """The channel of a connection, `main 0`; empty where the client never said it."""
    request = _request(connection)
    return "" if request is None else f"{request.channel_type.name.lower()} {request.channel_id}"


def _request(connection: Connection) -> LinkMessage | None:
    parts = (sighting.part for sighting in connection.sightings)
    return next((part.message for part in parts if isinstance(part, ClientLink)), None)


def title(connection: Connection) -> str:
    """What a connection is, in a line."""
    request = _request(connection)
    words = [connection.name, connection.server and f"to {connection.server}", channel_of(connection)]
    if request is not None:
        words.append(f"session {request.connection_id:#x}" if request.connection_id else "new session")
    sizes = {sender: sum(one.size for one in connection.side(sender)) for sender in ("client", "server")}
    words.append(f"{sizes['client']:,} bytes from the client, {sizes['server']:,} from the server")
    return shown(", ".join(word for word in words if word))


def heading(sighting: Sighting) -> str:
    """What a stretch of bytes is, in a line."""
    value, received = sighting.value, sighting.received
    words = [sighting.name or "unnamed"]
    if received is not None:
        words.append(f"#{received.serial}")
    if isinstance(value, OpaqueMessage):
        words.append(f"(number {value.number}, {len(value.data):,} bytes)")
    elif isinstance(value, OpaqueBytes):
        words.append(f"({len(value.data):,} bytes)")
    elif isinstance(value, Ticket):
        words.append("(encrypted, not shown)")
    return " ".join(words)


def view(sighting: Sighting) -> View:
    """The fields of a stretch of bytes; empty where it has none, or none that may be shown."""
    value = sighting.value
    if isinstance(value, OpaqueMessage | OpaqueBytes | Ticket):
        return {}
    state = state_of(value)
    fields = _fields(value)
    return fields if state is None else {**fields, "state": {type(state).__name__: _fields(state)}}


def _fields(record: Record) -> dict[str, Any]:
    """The fields that a record has today; those without anything in them are left out."""
    fields = (field for field in carried(lift(type(record)).record) if field.until is None)
    values = {field.name: getattr(record, field.name) for field in fields}
    if isinstance(record, LinkMessage | LinkReply):
        values["common"] = CommonCapability(bits_of(record.common))
    return {name: _plain(value) for name, value in values.items() if value not in (None, b"", ())}


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return _fields(value)
    if isinstance(value, bytes) and _is_text(value):
        return value[:-1].decode("ascii")
    if isinstance(value, str):
        return shown(value)
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value


def shown(text: str) -> str:
    """Text of a stranger, without what a terminal would obey."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


def _is_text(value: bytes) -> bool:
    """Whether bytes are printable and end with a zero byte, as hosts and names do."""
    return len(value) > 1 and value[-1] == 0 and value[:-1].isascii() and value[:-1].decode("ascii").isprintable()


def places(sighting: Sighting) -> dict[str, tuple[int, bytes]]:
    """Where in its direction each field of a stretch stands, and its bytes."""
    value = sighting.value
    if isinstance(value, OpaqueMessage | OpaqueBytes | Ticket) or _is_unusual(sighting):
        return {}
    data = codec_for(type(value)).encode(value)
    start = sighting.offset + sighting.size - len(data) - _behind(sighting)
    _, spans = codec_for(type(value)).spans(data)
    return {path: (start + begin, data[begin:end]) for path, (begin, end) in spans.items()}


def _is_unusual(sighting: Sighting) -> bool:
    """Whether the fields stand elsewhere than where they would be written."""
    return (sighting.raw if sighting.received is None else sighting.received.raw) is not None


def _behind(sighting: Sighting) -> int:
    """Bytes behind the fields: the list of further messages."""
    return 0 if sighting.received is None else len(sighting.received.tail)


def shares(capture: Capture) -> tuple[Share, ...]:
    """What a run consists of, by channel, side and message, in order of first appearance."""
    counts: Counter[tuple[str, str, str]] = Counter()
    sizes: Counter[tuple[str, str, str]] = Counter()
    for connection in capture.connections:
        channel = channel_of(connection)
        for sighting in connection.sightings:
            key = (channel, sighting.sender, sighting.name or "unnamed")
            counts[key] += 1
            sizes[key] += sighting.size
    return tuple(Share(*key, counts[key], sizes[key]) for key in counts)
