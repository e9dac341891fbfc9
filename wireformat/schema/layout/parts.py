"""Lists, chains and bounded parts."""

from __future__ import annotations

import io
from typing import Any

from wireformat.errors import DecodeError
from wireformat.schema import model
from wireformat.schema.layout.data import Amount
from wireformat.schema.layout.scope import (
    Element,
    Scope,
    Window,
    malformed,
    peek,
    put,
    read,
    take,
    unfit,
    wrong_type,
)
from wireformat.schema.path import Path


class Items(Element):
    """Items back to back, each of at least `least` bytes."""

    def __init__(self, node: model.List, of: Element, least: int) -> None:
        super().__init__()
        self.node = node
        self.of = of
        self._least = least
        self._count = Amount(node.count, node.max, "count")

    def decode(self, stream: Any, scope: Scope, path: Path) -> tuple[Any, ...]:
        """A tuple."""
        count = self._count.decode(stream, scope, path)
        if count is None:
            return self._rest(stream, scope, path)
        items: list[Any] = []
        try:
            for index in range(count):
                items.append(take(self.of, stream, scope, (*path, index)))
        except DecodeError as error:
            self._foresee(error, count - len(items) - 1)
            raise
        return tuple(items)

    def _foresee(self, error: DecodeError, left: int) -> None:
        """Let an error of too few bytes count the items behind it as well."""
        if error.need_more and isinstance(error.expected, int):
            error.expected += left * self._least

    def _rest(self, stream: Any, scope: Scope, path: Path) -> tuple[Any, ...]:
        items: list[Any] = []
        while peek(stream, 1):
            start = stream.tell()
            if len(items) == self.node.max:
                detail = f"more than {self.node.max} items"
                raise malformed("limit", detail, scope, path, start, self.node.max)
            items.append(take(self.of, stream, scope, (*path, len(items))))
            if stream.tell() == start:
                raise malformed("trailing", "bytes that no item takes", scope, path, start)
        return tuple(items)

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """A tuple or list."""
        items = sequence(value, scope, path)
        self._count.encode(len(items), stream, scope, path)
        for index, item in enumerate(items):
            put(self.of, item, stream, scope, (*path, index))


def sequence(value: Any, scope: Scope, path: Path) -> tuple[Any, ...] | list[Any]:
    """The value if it is a tuple or list, else error `type`."""
    if not isinstance(value, (tuple, list)):
        raise wrong_type(value, "tuple", scope, path)
    return value


class Links(Element):
    """Items that announce each other."""

    def __init__(self, node: model.Chain, of: Element) -> None:
        super().__init__()
        self.node = node
        self.of = of

    def decode(self, stream: Any, scope: Scope, path: Path) -> tuple[Any, ...]:
        """A tuple."""
        items: list[Any] = []
        while self._continues(stream, scope, (*path, len(items))):
            if len(items) == self.node.max:
                detail = f"more than {self.node.max} items"
                raise malformed("limit", detail, scope, path, stream.tell(), self.node.max)
            items.append(take(self.of, stream, scope, (*path, len(items))))
        return tuple(items)

    def _continues(self, stream: Any, scope: Scope, path: Path) -> bool:
        start = stream.tell()
        if peek(stream, len(self.node.more)) == self.node.more:
            read(stream, len(self.node.more), scope, path)
            return True
        found = read(stream, len(self.node.end), scope, path)
        if found != self.node.end:
            detail = f"{found.hex()} instead of {self.node.more.hex()} or {self.node.end.hex()}"
            raise malformed("constant", detail, scope, path, start, self.node.end, found)
        return False

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """A tuple or list."""
        items = sequence(value, scope, path)
        if len(items) > self.node.max:
            detail = f"count {len(items)} exceeds {self.node.max}"
            raise unfit("limit", detail, scope, path, self.node.max, len(items))
        for index, item in enumerate(items):
            stream.write(self.node.more)
            put(self.of, item, stream, scope, (*path, index))
        stream.write(self.node.end)


class Bounded(Element):
    """A part of known size that must end exactly."""

    def __init__(self, node: model.Region, of: Element) -> None:
        super().__init__()
        self.of = of
        self._size = Amount(node.size, node.max, "size")

    def decode(self, stream: Any, scope: Scope, path: Path) -> Any:
        """The value inside."""
        size = self._size.decode(stream, scope, path) or 0
        start = stream.tell()
        return exactly(self.of, Window(read(stream, size, scope, path), start, True), scope, path)

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """The value inside."""
        content = encoded(self.of, value, scope, path)
        self._size.encode(len(content), stream, scope, path)
        stream.write(content)


def exactly(element: Element, window: Window, scope: Scope, path: Path) -> Any:
    """Decode a value that must take all bytes of the window, else error `trailing`."""
    value = element.decode(window, scope, path)
    end = window.tell()
    left = len(window.read())
    if left:
        raise malformed("trailing", f"{left} bytes too many", scope, path, end, 0, left)
    return value


def encoded(element: Element, value: Any, scope: Scope, path: Path) -> bytes:
    """The bytes of a value on their own."""
    stream = io.BytesIO()
    element.encode(value, stream, scope, path)
    return stream.getvalue()


def written(element: Element, value: Any, scope: Scope, path: Path) -> bytes:
    """The bytes of a field or item, or what overrides it."""
    stream = io.BytesIO()
    put(element, value, stream, scope, path)
    return stream.getvalue()
