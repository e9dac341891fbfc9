"""What tshark makes of a capture, as values and byte ranges by path, to be held against our own decoder."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.interop.programs import require
from wireformat.derive.pcapng import Clock, Connection, file_header

Pairs = list[tuple[str, Any]]

BEHIND = {"padding"}
BESIDE = {"size", "count", "flag", "marker", "mark", "offset", "tag"}
"""Last parts of filter names that show no value of their own."""


@dataclass
class Shown:
    """What tshark shows of one message: `spans` by path counted from the message's first byte, `values` of leaves."""

    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    values: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    pointers: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Item:
    """One item of tshark's tree; `start` is None where it takes no bytes."""

    key: str
    text: str
    data: bytes
    start: int | None
    children: tuple[Item, ...]

    @property
    def parts(self) -> list[str]:
        """The filter name behind the record: the field, and what is added to it."""
        return self.key.split(".")[3:]

    @property
    def stop(self) -> int:
        """The offset behind the item."""
        return (self.start or 0) + len(self.data)


def capture(path: Path, streams: Mapping[int, Sequence[bytes]], segment_size: int) -> Path:
    """Write a capture: for each server port a connection that carries these bytes, in segments of that size."""
    clock = Clock()
    with path.open("wb") as file:
        file.write(file_header())
        for number, (port, pieces) in enumerate(streams.items(), 1):
            connection = Connection(number, port, segment_size, clock)
            file.writelines(connection.open())
            file.writelines(connection.send(b"".join(pieces)))
            file.writelines(connection.close())
    return path


def tshark(capture_file: Path, script: Path, *options: str) -> bytes:
    """What tshark prints; a script error, which it survives with exit code 0, fails the test."""
    program = require("tshark", "tshark")
    command = [program, "-n", "-r", str(capture_file), "-X", f"lua_script:{script}", *options]
    done = subprocess.run(command, capture_output=True, check=True)
    noise = [line for line in done.stderr.decode().splitlines() if line and not line.startswith("Running as user")]
    assert noise == []
    assert b"_ws.lua.error" not in done.stdout
    return done.stdout


def items(pairs: Pairs) -> Iterator[Item]:
    """The items of one level of tshark's JSON: NAME_raw, NAME, NAME_tree in this order, names repeat."""
    raw: Any = None
    pending: list[Any] | None = None
    for key, value in pairs:
        if key.endswith("_raw"):
            raw = value
            continue
        if key.endswith("_tree") and pending is not None:
            pending[2] = value
            continue
        if pending is not None:
            yield _item(*pending)
        is_tree = isinstance(value, list)
        pending, raw = [key, "" if is_tree else value, value if is_tree else [], raw], None
    if pending is not None:
        yield _item(*pending)


def _item(key: str, text: str, children: Pairs, raw: Any) -> Item:
    data, start = (bytes.fromhex(raw[0]), raw[1]) if raw else (b"", None)
    return Item(key, text, data, start, tuple(items(children)))


def frames(output: bytes) -> Iterator[list[Item]]:
    """The layers of each packet that are ours."""
    for packet in json.loads(output, object_pairs_hook=list):
        source = dict(dict(packet)["_source"])
        yield list(items([(key, value) for key, value in source["layers"] if key.startswith("wf.")]))


def messages(output: bytes, protocol: str) -> Iterator[Item]:
    """Every message that a protocol's dissector shows, in order."""
    for layers in frames(output):
        yield from (layer for layer in layers if layer.key == protocol)


def shown(message: Item, many: Container[str]) -> Shown:
    """The paths in one message; `many` are the filter names of entries that may repeat."""
    found = Shown()
    _fields(message.children, "", _Reading(found, many, message.start or 0))
    return found


@dataclass(frozen=True)
class _Reading:
    """What is found, and what is needed to find it: names of repeatable entries, the first byte of the message."""

    found: Shown
    many: Container[str]
    base: int

    def extend(self, place: str, item: Item) -> None:
        """Let the range of a path take in an item."""
        if item.start is None:
            return
        begin, end = self.found.spans.get(place, (item.start - self.base, item.stop - self.base))
        self.found.spans[place] = min(begin, item.start - self.base), max(end, item.stop - self.base)


def _fields(children: Iterable[Item], path: str, reading: _Reading) -> None:
    """The fields of one record."""
    seen: Counter[str] = Counter()
    for item in children:
        if not item.parts or item.key.startswith("wf.message."):
            continue
        name, *more = item.parts
        place = f"{path}.{name}" if path else name
        if more == ["entry"]:
            _entry(item, f"{place}[{seen[name]}]" if item.key[:-6] in reading.many else place, reading)
            seen[name] += 1
        else:
            _one(item, more, place, reading)


def _entry(item: Item, place: str, reading: _Reading) -> None:
    """An entry of a tagged record: what frames it, and the value."""
    reading.extend(place, item)
    for child in item.children:
        if child.parts[0] == "entry":
            reading.extend(f'{place}["#{child.parts[1]}"]', child)
        else:
            _one(child, child.parts[1:], place, reading)


def _one(item: Item, more: list[str], place: str, reading: _Reading) -> None:
    """A field's value, or something beside it."""
    if more == ["offset"]:
        reading.found.pointers.add(place)
    if place not in reading.found.pointers or more:
        reading.extend(place, item)
    if more[-1:] == ["list"]:
        _listed(item, place, reading)
    elif not more or more[-1] not in BESIDE | BEHIND:
        reading.found.values[place] = item.text, item.data
        if not item.text:
            _fields(item.children, place, reading)


def _listed(item: Item, place: str, reading: _Reading) -> None:
    """The items of a list; what stands beside an item stands before it, but padding behind it."""
    index = 0
    waiting: list[Item] = []
    for child in item.children:
        last = child.parts[-1]
        if last == "mark" or child.key == item.key.removesuffix("list") + "count":
            continue
        if last in BEHIND:
            reading.extend(f"{place}[{index - 1}]", child)
        elif last in BESIDE:
            waiting.append(child)
        else:
            for each in (*waiting, child):
                _one(each, each.parts[1:], f"{place}[{index}]", reading)
            index, waiting = index + 1, []
