"""The VM description: the JSON document that tells how every device section of a stream is laid out.

A field on the wire has neither name nor size; the description behind the stream gives both, in wire order
[qemu-stream 4]. Here the text becomes a tree of plain values. `layout` turns the tree into schemas.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wireformat.errors import DecodeError

if TYPE_CHECKING:
    from mmap import mmap

SOURCE = "qemu-stream 4.1"
MAX_DEPTH = 32
"""Structs in structs; real descriptions stay below ten."""

MAX_NAME = 255


@dataclass(frozen=True, slots=True)
class Vmsd:
    """A VMState description: fields in wire order, then the subsections that were sent."""

    name: str
    version: int
    fields: tuple[FieldEntry, ...]
    subsections: tuple[Vmsd, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """One entry of `fields`. `size` is the bytes of one element, or of the whole list for list types.

    `count` is `array_len`, `index` the place of an element described on its own. `items` are the descriptions that
    the entry holds: one for `struct`, one for each element of a list.
    """

    name: str
    type: str
    size: int
    count: int | None = None
    index: int | None = None
    items: tuple[Vmsd, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """The description of one section. `vmsd` is None for old-style devices, which are `size` opaque bytes."""

    name: str
    instance_id: int
    vmsd: Vmsd | None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Description:
    """A whole description; `text` is the JSON as it was found."""

    page_size: int | None
    devices: tuple[DeviceEntry, ...]
    text: bytes

    def finder(self) -> DeviceFinder:
        """A fresh lookup for one pass over the sections of a stream."""
        return DeviceFinder(self)


class DeviceFinder:
    """Finds the entry of each FULL section: by name and instance, the n-th entry for the n-th such section."""

    def __init__(self, description: Description) -> None:
        self._entries: dict[tuple[str, int], list[DeviceEntry]] = {}
        for entry in description.devices:
            self._entries.setdefault((entry.name, entry.instance_id), []).append(entry)
        self._seen: Counter[tuple[str, int]] = Counter()

    def find(self, name: str, instance_id: int) -> DeviceEntry | None:
        """The entry for the next section of that name and instance, None when there is none."""
        entries = self._entries.get((name, instance_id))
        if not entries:
            return None
        position = self._seen[name, instance_id]
        self._seen[name, instance_id] += 1
        return entries[min(position, len(entries) - 1)]


class _Object(dict[str, Any]):
    """A JSON object that remembers repeated keys, as list types have them."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def parse(text: bytes) -> Description:
    """Read a description.

    Raises `DecodeError` with id `vmstate/description` when it is not JSON of the known shape.
    """
    try:
        top = json.loads(text.decode(), object_pairs_hook=_Object)
        page_size = top.get("page_size")
        devices = tuple(_device(entry) for entry in top["devices"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise malformed(f"not a VM description: {type(error).__name__}: {error}") from None
    if page_size is not None and not _is_page_size(page_size):
        raise malformed(f"page size {page_size!r} is no power of two from 256 to 65536")
    return Description(page_size, devices, text)


def malformed(detail: str) -> DecodeError:
    """The error of a description that cannot be used."""
    return DecodeError("vmstate/description", detail, path="description", source=SOURCE)


def _is_page_size(value: object) -> bool:
    return isinstance(value, int) and value in {1 << bits for bits in range(8, 17)}


def _device(entry: Mapping[str, Any]) -> DeviceEntry:
    name, instance = _text(entry["name"]), _instance(entry["instance_id"])
    if "vmsd_name" in entry:
        return DeviceEntry(name, instance, _vmsd(entry))
    return DeviceEntry(name, instance, None, _number(entry["size"]))


def _vmsd(entry: Mapping[str, Any], depth: int = 0) -> Vmsd:
    if depth > MAX_DEPTH:
        raise ValueError(f"more than {MAX_DEPTH} structs in one another")
    if not entry:
        return Vmsd("", 0, ())
    return Vmsd(
        _text(entry["vmsd_name"]),
        _number(entry["version"]),
        tuple(_field(field, depth) for field in entry.get("fields", ())),
        tuple(_vmsd(subsection, depth + 1) for subsection in entry.get("subsections", ())),
    )


def _field(entry: _Object, depth: int) -> FieldEntry:
    count, index = entry.get("array_len"), entry.get("index")
    return FieldEntry(
        _text(entry["name"]),
        _text(entry["type"]),
        _number(entry["size"]),
        None if count is None else _number(count),
        None if index is None else _number(index),
        tuple(_items(entry, depth)),
    )


def _items(entry: _Object, depth: int) -> Iterator[Vmsd]:
    if "struct" in entry:
        yield _vmsd(entry["struct"], depth + 1)
    for pairs in _repeats(entry.pairs):
        yield _vmsd(_Object(pairs), depth + 1)


def _repeats(pairs: Iterable[tuple[str, Any]]) -> Iterator[list[tuple[str, Any]]]:
    """The groups of keys that describe the elements of a list: each begins with `vmsd_name`."""
    group: list[tuple[str, Any]] = []
    for key, value in pairs:
        if key == "vmsd_name" and group:
            yield group
            group = []
        if key == "vmsd_name" or (group and key in {"version", "fields", "subsections"}):
            group.append((key, value))
    if group:
        yield group


def _text(value: Any) -> str:
    """A name: text that can stand on the wire, where it is counted by one byte."""
    if not isinstance(value, str) or len(value.encode()) > MAX_NAME:
        raise ValueError(f"{value!r:.40} is no name of at most {MAX_NAME} bytes")
    return value


def _instance(value: Any) -> int:
    """The instance as the wire has it: QEMU before 5.0 writes 0x80000000 and above as a negative number."""
    return value & 0xFFFF_FFFF if isinstance(value, int) and -(1 << 31) <= value < 0 else _number(value)


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 32:
        raise ValueError(f"{value!r} is no 32-bit number")
    return value


def find_in_file(data: bytes | bytearray | mmap) -> int | None:
    """Where the description's JSON begins in a whole stream, None when the stream ends without one.

    `data` is bytes or a mapped file. The mark `06` and a length that reaches exactly to the end (or to zero fill
    behind it) must precede the brace; nothing else in the bytes is trusted [qemu-stream 4.2].
    """
    end = _without_fill(data)
    position = end if data[end - 1 : end] == b"}" else 0
    for _ in range(MAX_BRACES):
        position = data.rfind(b"{", 0, position)
        if position < 5 or end - position > MAX_SEARCH:
            return None
        size = int.from_bytes(data[position - 4 : position], "big")
        if data[position - 5] == 0x06 and position + size == end:
            return position
    return None


MAX_SEARCH = 64 << 20
"""Bytes before the end of a file in which a description is looked for."""

MAX_BRACES = 1 << 20
"""Opening braces that are looked at; a description has one for each field."""


def _without_fill(data: bytes | bytearray | mmap) -> int:
    """The end of `data` without trailing zero bytes, as snapshots in qcow2 images have them."""
    end = len(data)
    while end:
        start = max(0, end - 65536)
        kept = data[start:end].rstrip(b"\0")
        if kept:
            return start + len(kept)
        end = start
    return 0
