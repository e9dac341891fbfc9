"""Readers of section bodies other than `ram`: by a device's description, by declared records, or as bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from wireformat.codec import Codec, codec_for
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.description import DeviceEntry
from wireformat.protocols.vmstate.elements import Body, DeviceBody, RecordsBody, RecordsItem, Span
from wireformat.protocols.vmstate.iterative import Handler
from wireformat.protocols.vmstate.layout import MAX_OPAQUE, schema_of, undescribed
from wireformat.protocols.vmstate.messages import ElementType
from wireformat.protocols.vmstate.window import Window
from wireformat.schema import Record

DEVICE_SLICE = 1 << 16
MAX_ITEMS = 1 << 20


class BodyReader(Protocol):
    """Reads a body step by step."""

    def step(self) -> bool:
        """Read a piece; true when the body has ended. Raises `DecodeError`."""

    def body(self) -> Body:
        """What has been read."""


class DeviceReader:
    """Reads a device's state by its description."""

    def __init__(self, window: Window, entry: DeviceEntry) -> None:
        self.entry = entry
        self._window = window
        self._codec = Codec(schema_of(entry))
        self._body = DeviceBody(b"")

    def step(self) -> bool:
        """Decode the whole state."""
        window, start = self._window, self._window.position
        value, end = window.decode(self._codec, start, first=DEVICE_SLICE)
        self._body = DeviceBody(window.peek(end - start), value, self._codec, self.entry)
        window.position = end
        return True

    def body(self) -> DeviceBody:
        """The state; empty before it has been decoded."""
        return self._body


class RawReader:
    """Keeps a body that nothing describes; `find` tells where one that begins at a position ends."""

    def __init__(self, window: Window, find: Callable[[int], int]) -> None:
        self._window = window
        self._find = find
        self._data = b""

    def step(self) -> bool:
        """Find the end, keep the bytes."""
        window, start = self._window, self._window.position
        end = self._find(start)
        self._data = kept_bytes(window, start, end)
        window.position = end
        return True

    def body(self) -> DeviceBody:
        """The bytes."""
        return DeviceBody(self._data)


class KnownBody:
    """Stands for a body that has been read in another way than its reader's."""

    def __init__(self, body: DeviceBody) -> None:
        self._body = body

    def step(self) -> bool:
        """Nothing is left to read."""
        return True

    def body(self) -> DeviceBody:
        """The body."""
        return self._body


class RecordsReader:
    """Reads a body of declared records; bulk data is passed over."""

    def __init__(self, window: Window, handler: Handler, name: str, kind: ElementType) -> None:
        self._window = window
        self._handler = handler
        self._name = name
        self._items: list[RecordsItem] = []
        self._head = handler.head
        self._only_head = handler.start_is_head and kind == ElementType.SECTION_START
        self._head_value: Record | None = None

    def step(self) -> bool:
        """Read one record."""
        window, handler = self._window, self._handler
        if self._head is not None:
            self._head_value, self._head = window.take(codec_for(self._head)), None
            return self._only_head or handler.head_ends(self._head_value)
        record, end = window.decode(codec_for(handler.record), window.position)
        size = handler.data_size(record)
        if end + size > window.end and window.final:
            raise DecodeError("truncated", f"{size} bytes of data, {window.end - end} left", offset=window.end)
        if len(self._items) == MAX_ITEMS:
            raise DecodeError("limit", f"more than {MAX_ITEMS} records", offset=window.position)
        self._items.append(RecordsItem(record, Span(end, size)))
        window.position = end + size
        return handler.is_last(record)

    def body(self) -> RecordsBody:
        """The records so far."""
        return RecordsBody(self._name, tuple(self._items), self._head_value)


def stretched(entry: DeviceEntry, data: bytes) -> DeviceBody | None:
    """A device whose description leaves one array open, decoded with the array as long as the rest allows.

    QEMU before 10.0 describes an array of pointers by its first element, and not at all when that is NULL; what the
    array takes then follows from the end of the section [qemu-stream 4.3]. None when that does not explain the bytes.
    """
    if undescribed(entry) is None:
        return None
    try:
        _, end = Codec(schema_of(entry)).decode_from(data)
        codec = Codec(schema_of(entry, slack=len(data) - end))
        return DeviceBody(data, codec.decode(data), codec, entry)
    except DecodeError:
        return None


def kept_bytes(window: Window, start: int, end: int) -> bytes:
    """The bytes of a body from `start` on. Raises `limit` when they are too many to keep."""
    if end - start > MAX_OPAQUE:
        raise DecodeError("limit", f"section of {end - start} bytes, more than {MAX_OPAQUE}", offset=start)
    return window.peek(end - start, start - window.position)
