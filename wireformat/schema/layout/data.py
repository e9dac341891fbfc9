"""Bytes and text: size, limit, padding, encoding, in this order."""

from __future__ import annotations

from typing import Any

from wireformat.errors import DecodeError, EncodeError
from wireformat.schema import model
from wireformat.schema.layout.numbers import Number
from wireformat.schema.layout.scope import (
    Element,
    Scope,
    agree,
    malformed,
    put,
    read,
    reading,
    size_within,
    unfit,
    wanted,
    wrong_type,
)
from wireformat.schema.path import Path


class Amount:
    """A size or count, and its limit: how many bytes or items follow."""

    def __init__(self, given: model.Expr | model.Int | None, limit: int, name: str) -> None:
        self.given = given
        self.limit = limit
        self.name = name
        self.prefix = Number(given) if isinstance(given, model.Int) else None

    def decode(self, stream: Any, scope: Scope, path: Path) -> int | None:
        """The number, checked against the limit; None for all that is left."""
        start = stream.tell()
        if self.given is None:
            return None
        if self.prefix is not None:
            found: Any = self.prefix.decode(stream, scope, path)
        else:
            found = reading(self.given, stream, scope, path)  # type: ignore[arg-type]
        if not isinstance(found, int):
            raise malformed("expression", f"{self.name} {found!r} is no number", scope, path, start)
        if not 0 <= found <= self.limit:
            raise self._exceeded(found, scope, path, start)
        return int(found)

    def _exceeded(self, found: int, scope: Scope, path: Path, start: int) -> DecodeError:
        detail = f"{self.name} {found} exceeds {self.limit}" if found > 0 else f"{self.name} {found} is negative"
        return malformed("limit", detail, scope, path, start, self.limit, found)

    def encode(self, number: int, stream: Any, scope: Scope, path: Path) -> None:
        """Check the number, and write it where it stands on the wire."""
        if number > self.limit:
            detail = f"{self.name} {number} exceeds {self.limit}"
            raise unfit("limit", detail, scope, path, self.limit, number)
        if self.prefix is not None:
            put(self.prefix, number, stream, scope, (*path, f"#{self.name}"))
        elif self.given is not None:
            agree(self.given, number, self.name, scope, path)  # type: ignore[arg-type]


class Data(Element):
    """Bytes, or text."""

    def __init__(self, node: model.Data) -> None:
        super().__init__()
        self.node = node
        self._size = Amount(node.size, node.max, "size")

    def decode(self, stream: Any, scope: Scope, path: Path) -> Any:
        """`bytes`, or `str` when there is an encoding."""
        start = stream.tell()
        size = self._size.decode(stream, scope, path)
        begin = stream.tell()
        data = self._rest(stream, scope, path, start) if size is None else read(stream, size, scope, path)
        self._skip_padding(len(data), stream, scope, path)
        return data if self.node.encoding is None else self._text(data, begin, scope, path)

    def _rest(self, stream: Any, scope: Scope, path: Path, start: int) -> bytes:
        data: bytes = stream.read(self.node.max + 1)
        if len(data) > self.node.max:
            detail = f"more than {self.node.max} bytes"
            raise malformed("limit", detail, scope, path, start, self.node.max, len(data))
        return data

    def _skip_padding(self, size: int, stream: Any, scope: Scope, path: Path) -> None:
        start = stream.tell()
        padding = read(stream, -size % self.node.pad, scope, path)
        if any(padding):
            raise malformed("padding", "padding is not zero", scope, path, start, 0, padding)

    def _text(self, data: bytes, begin: int, scope: Scope, path: Path) -> str:
        text, filler = self._split(data)
        nul = text.find(b"\0") if self.node.nul in ("forbid", "end") else -1
        if nul >= 0:
            raise malformed("text", "U+0000 inside text", scope, path, begin + nul)
        if self.node.nul == "end" and filler != b"\0":
            raise malformed("text", "text does not end with NUL", scope, path, begin + len(text))
        if any(filler):
            raise malformed("padding", "text goes on behind NUL", scope, path, begin + len(text), 0, filler)
        try:
            return str(text, self.node.encoding or "utf-8")
        except UnicodeDecodeError as error:
            detail = f"not {self.node.encoding}: {error.reason}"
            raise malformed("text", detail, scope, path, begin + error.start) from None

    def _split(self, data: bytes) -> tuple[bytes, bytes]:
        """The text proper, and what fills or ends it."""
        if self.node.nul == "pad":
            text = data.partition(b"\0")[0]
            return text, data[len(text) :]
        if self.node.nul == "end" and data.endswith(b"\0"):
            return data[:-1], b"\0"
        return data, b""

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """`bytes` (nothing that is merely like bytes), or `str`."""
        data = self.content(value, scope, path)
        self._size.encode(len(data), stream, scope, path)
        stream.write(data)
        stream.write(bytes(-len(data) % self.node.pad))

    def content(self, value: Any, scope: Scope, path: Path) -> bytes:
        """The bytes of a value without size and padding."""
        if self.node.encoding is None:
            if not isinstance(value, bytes):
                raise wrong_type(value, "bytes", scope, path)
            return value
        if not isinstance(value, str):
            raise wrong_type(value, "str", scope, path)
        return self._filled(self._encoded(value, scope, path), scope, path)

    def _encoded(self, value: str, scope: Scope, path: Path) -> bytes:
        if self.node.nul != "keep" and "\0" in value:
            raise unfit("text", "U+0000 inside text", scope, path, None, value)
        try:
            return value.encode(self.node.encoding or "utf-8")
        except UnicodeEncodeError as error:
            raise unfit("text", f"not {self.node.encoding}: {error.reason}", scope, path, None, value) from None

    def _filled(self, data: bytes, scope: Scope, path: Path) -> bytes:
        if self.node.nul == "end":
            return data + b"\0"
        if self.node.nul == "pad" and self.node.size is not None and not isinstance(self.node.size, model.Int):
            size = size_within(wanted(self.node.size, scope, path) or 0, self.node.max, scope, path)
            if len(data) > size:
                raise self._too_long(len(data), size, scope, path)
            return data.ljust(size, b"\0")
        return data

    def _too_long(self, found: int, size: int, scope: Scope, path: Path) -> EncodeError:
        return unfit("limit", f"size {found} exceeds {size}", scope, path, size, found)
