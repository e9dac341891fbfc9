"""A recorded run: every connection of a client and its servers, as a relay saw it, and what else happened meanwhile.

A run is a folder. Each connection is a file of JSON lines: first what it is, then one line for each piece that came,
with its time, its direction and its bytes, or what happened (`what`: `eof`, `error`, `closed`). Runs of zeros may stand
as their number. Other files of JSON lines tell what people and programs did, by the same clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from pathlib import PurePath
from typing import Any, Final, TypeGuard

from wireformat.errors import DecodeError
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.observer import Observer
from wireformat.protocols.spice.sighting import Sighting, coalesced

SUFFIX: Final = ".jsonl"
CONNECTION_PREFIX: Final = "conn"
SENDERS: Final[Mapping[str, Sender]] = {"c2s": "client", "s2c": "server"}
DIRECTIONS: Final[Mapping[Sender, str]] = {sender: direction for direction, sender in SENDERS.items()}
ENDS: Final = frozenset({"eof", "error"})
MAX_ZEROS: Final = 1 << 24
"""Zero bytes that one line may stand for."""

MAX_SIZE: Final = 1 << 28
"""Bytes of one connection."""

MAX_TIME: Final = 1e9
"""Seconds that a run may take."""

MAX_NESTING: Final = 64
"""Objects and arrays within each other, on one line."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a connection's file. `size` bytes of a `direction`; `note` is the line where it holds no bytes."""

    time: float
    direction: str
    size: int = 0
    is_zeros: bool = False
    note: Mapping[str, Any] | None = None

    def document(self, data: bytes) -> dict[str, Any]:
        """The line, with its bytes."""
        if self.note is not None:
            return dict(self.note)
        content = {"zeros": self.size} if self.is_zeros else {"hex": data.hex()}
        return {"t": self.time, "dir": self.direction, **content}


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection of a run. `name` is its file's, without the ending; `head` is what the file says of it.

    `sightings` are all bytes of both directions, in the order in which they came.
    """

    name: str
    head: Mapping[str, Any]
    rows: tuple[Row, ...]
    sightings: tuple[Sighting, ...]

    @property
    def server(self) -> str:
        """Which server it goes to: `source`, `target`; empty where nobody says."""
        return str(self.head.get("server", ""))

    def side(self, sender: Sender) -> tuple[Sighting, ...]:
        """What one side sent."""
        return tuple(sighting for sighting in self.sightings if sighting.sender == sender)

    def data(self, sender: Sender) -> bytes:
        """The bytes that one side sent."""
        return b"".join(sighting.encode() for sighting in self.side(sender))

    def findings(self) -> Iterator[tuple[Sighting, DecodeError]]:
        """What is wrong with it, each with where it was seen."""
        for sighting in self.sightings:
            if sighting.finding is not None:
                yield sighting, sighting.finding

    def lines(self) -> Iterator[str]:
        """The file, line by line."""
        yield line(self.head)
        left = {direction: self.data(sender) for direction, sender in SENDERS.items()}
        for row in self.rows:
            data = left.get(row.direction, b"")
            yield line(row.document(data[: row.size]))
            if row.size:
                left[row.direction] = data[row.size :]


@dataclass(frozen=True, slots=True)
class Capture:
    """A run: its connections in order of opening, and the files that tell what happened beside them, by name."""

    connections: tuple[Connection, ...]
    journals: Mapping[str, tuple[Mapping[str, Any], ...]]

    @property
    def timeline(self) -> tuple[Mapping[str, Any], ...]:
        """What was done to the servers, and what they told."""
        return self.journals.get("timeline", ())

    @property
    def client_events(self) -> tuple[Mapping[str, Any], ...]:
        """What the client told."""
        return self.journals.get("client-events", ())

    def messages(self) -> Iterator[tuple[Connection, Sighting]]:
        """Everything that was sent on any connection, by time."""
        streams = ([(connection, sighting) for sighting in connection.sightings] for connection in self.connections)
        return merge(*streams, key=_time)


def _time(item: tuple[Connection, Sighting]) -> float:
    return item[1].time or 0.0


def read_capture(files: Mapping[str, bytes]) -> Capture:
    """The run that these files are, by their names; those that are no JSON lines are left out.

    Raises `DecodeError`, id `spice/capture`, for a file that is not what it should be.
    """
    connections, journals = [], {}
    for name, data in sorted(files.items()):
        path = PurePath(name)
        if path.suffix != SUFFIX:
            continue
        if path.name.startswith(CONNECTION_PREFIX):
            connections.append(read_connection(path.stem, data))
        else:
            journals[path.stem] = tuple(_objects(path.name, data))
    return Capture(tuple(connections), journals)


def read_connection(name: str, data: bytes) -> Connection:
    """The connection that a file tells of. Raises `DecodeError`, id `spice/capture`."""
    objects = list(_objects(name, data))
    if not objects:
        raise _wrong(name, 0, "the file is empty")
    observer, rows, size = Observer(), [], 0
    seen: list[Sighting] = []
    for number, document in enumerate(objects[1:], 2):
        row, data = _row(name, number, document)
        rows.append(row)
        size += row.size
        if size > MAX_SIZE:
            raise DecodeError("limit", f"line {number}: more than {MAX_SIZE} bytes", path=name, expected=MAX_SIZE)
        _show(observer, row, data)
        seen.extend(observer.sightings())
    for sender in SENDERS.values():
        observer.receive_eof(sender)
    seen.extend(observer.sightings())
    return Connection(name, objects[0], tuple(rows), in_order(seen))


def in_order(sightings: Iterable[Sighting]) -> tuple[Sighting, ...]:
    """The sightings of both sides in the order in which their last bytes came, opaque neighbours joined."""
    seen = list(sightings)
    sides = (list(coalesced(one for one in seen if one.sender == sender)) for sender in SENDERS.values())
    return tuple(merge(*sides, key=_arrival))


def _arrival(sighting: Sighting) -> int:
    return sighting.arrival


def _show(observer: Observer, row: Row, data: bytes) -> None:
    """Let the observer see what a line tells."""
    sender = SENDERS.get(row.direction)
    if row.note is None and sender is not None:
        observer.receive_data(sender, data, row.time)
    elif row.note is not None and sender is not None and row.note.get("what") in ENDS:
        observer.receive_eof(sender, row.time)


def _row(name: str, number: int, document: Mapping[str, Any]) -> tuple[Row, bytes]:
    """A line, and its bytes."""
    time, direction = document.get("t"), document.get("dir")
    if not is_time(time) or not isinstance(direction, str):
        raise _wrong(name, number, f"t (seconds, at most {MAX_TIME:.0f}) and dir are needed")
    if "what" in document:
        return Row(time, direction, note=document), b""
    data = _bytes(name, number, document)
    if direction not in SENDERS or len(document) != 3:
        raise _wrong(name, number, "t, dir (c2s or s2c) and either hex or zeros are needed")
    return Row(time, direction, len(data), "zeros" in document), data


def is_time(value: object) -> TypeGuard[float]:
    """Whether a part of a line is a time, in seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_TIME


def _bytes(name: str, number: int, document: Mapping[str, Any]) -> bytes:
    content = document.get("hex", document.get("zeros"))
    try:
        if isinstance(content, str):
            return bytes.fromhex(content)
        if isinstance(content, int) and not isinstance(content, bool) and 0 <= content <= MAX_ZEROS:
            return bytes(content)
    except ValueError:
        pass
    raise _wrong(name, number, f"hex, or zeros (at most {MAX_ZEROS}), are needed")


def _objects(name: str, data: bytes) -> Iterator[Mapping[str, Any]]:
    """The objects of a file, one a line."""
    for number, text in enumerate(data.splitlines(), 1):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _wrong(name, number, f"no JSON: {error}") from None
        if not isinstance(document, dict):
            raise _wrong(name, number, f"object expected, {type(document).__name__} found")
        if not _is_flat(document):
            raise _wrong(name, number, f"nested more than {MAX_NESTING} times")
        yield document


def _is_flat(document: Any) -> bool:
    """Whether a value can be written again as it was read: depth has a limit there."""
    level = [document]
    for _ in range(MAX_NESTING):
        level = [part for one in level if isinstance(one, dict | list) for part in _parts(one)]
        if not level:
            return True
    return False


def _parts(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _wrong(name: str, number: int, detail: str) -> DecodeError:
    return DecodeError("spice/capture", f"line {number}: {detail}", path=name)


def line(document: Mapping[str, Any]) -> str:
    """An object as a line of a file."""
    return json.dumps(document) + "\n"


def line_bytes(lines: Iterable[str]) -> bytes:
    """Lines as a file."""
    return "".join(lines).encode()


def files_of(capture: Capture) -> dict[str, bytes]:
    """The files of a run, by name; the inverse of `read_capture`."""
    files = {f"{name}{SUFFIX}": line_bytes(map(line, lines)) for name, lines in capture.journals.items()}
    for connection in capture.connections:
        files[f"{connection.name}{SUFFIX}"] = line_bytes(connection.lines())
    return files
