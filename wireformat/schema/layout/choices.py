"""Parts that are fixed, absent, or one of several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wireformat.errors import EncodeError
from wireformat.schema import model
from wireformat.schema.layout.numbers import Number
from wireformat.schema.layout.scope import (
    Element,
    Scope,
    malformed,
    peek,
    put,
    read,
    reading,
    shortage,
    size_within,
    unfit,
    writing,
    wrong_type,
)
from wireformat.schema.path import Path
from wireformat.schema.values import Unknown


class Constant(Element):
    """A value that must be this one."""

    def __init__(self, node: model.Const, plain: Element) -> None:
        super().__init__()
        self.value = node.value
        self.plain = plain

    def decode(self, stream: Any, scope: Scope, path: Path) -> Any:
        """The constant."""
        start = stream.tell()
        found = self.plain.decode(stream, scope, path)
        if found != self.value:
            raise malformed("constant", f"{found!r} instead of {self.value!r}", scope, path, start, self.value, found)
        return found

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """Write the constant, whatever is given."""
        self.plain.encode(self.value, stream, scope, path)


class Zero(Element):
    """Reserved bytes."""

    def __init__(self, node: model.Reserved, plain: Element) -> None:
        super().__init__()
        self.node = node
        self.plain = plain

    def decode(self, stream: Any, scope: Scope, path: Path) -> None:
        """Nothing."""
        start = stream.tell()
        found = self.plain.decode(stream, scope, path)
        used = any(found) if isinstance(found, bytes) else bool(found)
        if used and self.node.policy == "reject":
            raise malformed("reserved", f"reserved, but {found!r}", scope, path, start, 0, found)

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """Zero."""
        self.plain.encode(self._zero(scope, path), stream, scope, path)

    def _zero(self, scope: Scope, path: Path) -> int | bytes:
        if not isinstance(self.node.of, model.Data):
            return 0
        size = self.node.of.size
        if size is None or isinstance(size, model.Int):
            return b""
        return bytes(size_within(writing(size, scope, path), self.node.of.max, scope, path))


class Optional(Element):
    """XDR's optional."""

    def __init__(self, node: model.Maybe, of: Element) -> None:
        super().__init__()
        self.of = of
        self._flag = Number(node.flag)

    def decode(self, stream: Any, scope: Scope, path: Path) -> Any:
        """The value, or None."""
        start = stream.tell()
        flag = self._flag.decode(stream, scope, path)
        if flag not in (0, 1):
            raise malformed("constant", f"{flag} instead of 0 or 1", scope, path, start, (0, 1), flag)
        return self.of.decode(stream, scope, path) if flag else None

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """The value, or None."""
        put(self._flag, int(value is not None), stream, scope, (*path, "#flag"))
        if value is not None:
            self.of.encode(value, stream, scope, path)


class Conditional(Element):
    """A part that other fields call for."""

    def __init__(self, node: model.When, of: Element) -> None:
        super().__init__()
        self.cond = node.cond
        self.of = of

    def decode(self, stream: Any, scope: Scope, path: Path) -> Any:
        """The value, or None."""
        return self.of.decode(stream, scope, path) if reading(self.cond, stream, scope, path) else None

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """The value, which must be None exactly where the condition does not hold."""
        if writing(self.cond, scope, path):
            self.of.encode(value, stream, scope, path)
        elif value is not None:
            raise unfit("mismatch", "given, but other fields say that it is absent", scope, path, None, value)


class Marked(Element):
    """A part behind a marker."""

    def __init__(self, node: model.Announced, of: Element) -> None:
        super().__init__()
        self.marker = node.marker
        self.of = of

    def decode(self, stream: Any, scope: Scope, path: Path) -> Any:
        """The value, or None."""
        found = peek(stream, len(self.marker))
        if found == self.marker:
            read(stream, len(self.marker), scope, path)
            return self.of.decode(stream, scope, path)
        is_cut = found and self.marker.startswith(found) and not getattr(stream, "bounded", False)
        if is_cut:
            raise shortage(stream, stream.tell(), len(self.marker), len(found), scope, path)
        return None

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """The value, or None."""
        if value is not None:
            stream.write(self.marker)
            self.of.encode(value, stream, scope, path)


class Choice(Element):
    """The arm that a number names."""

    def __init__(self, node: model.Union, arms: Mapping[int, Element], types: Mapping[int, type | None]) -> None:
        super().__init__()
        self.node = node
        self.arms = arms
        self._types = types
        self._records = {tag: types[tag] for tag, arm in node.arms if isinstance(arm, model.Ref)}

    def decode(self, stream: Any, scope: Scope, path: Path) -> Any:
        """The arm's value, or `Unknown`."""
        tag = reading(self.node.on, stream, scope, path)
        if isinstance(tag, int) and tag in self.arms:
            return self.arms[tag].decode(stream, scope, path)
        if not self.node.unknown or not isinstance(tag, int):
            shown = int(tag) if isinstance(tag, int) else repr(tag)
            raise malformed("tag", f"{shown} names no member", scope, path, stream.tell(), tuple(self.arms), tag)
        return Unknown(int(tag), stream.read())

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """A value of the arm that is named."""
        tag = writing(self.node.on, scope, path)
        if isinstance(tag, int) and tag in self.arms:
            if not self._belongs(value, self._records.get(tag), scope):
                raise self._stranger(value, tag, scope, path)
            self.arms[tag].encode(value, stream, scope, path)
        elif self.node.unknown and isinstance(value, Unknown) and value.tag == tag:
            stream.write(_bytes(value.data, scope, path))
        else:
            raise self._stranger(value, tag, scope, path)

    def _belongs(self, value: Any, cls: Any, scope: Scope) -> bool:
        if cls is None:
            return not isinstance(value, Unknown)
        return type(value) is cls or (not scope.typed and isinstance(value, Mapping))

    def _stranger(self, value: Any, tag: Any, scope: Scope, path: Path) -> EncodeError:
        actual = type(value).__name__
        return unfit("tag", f"{actual} does not belong to {tag!r}", scope, path, tag, actual)

    def tag_of(self, value: Any) -> int | None:
        """The number of the arm that a value belongs to, None when there is none."""
        if isinstance(value, Unknown):
            return value.tag if self.node.unknown and value.tag not in self.arms else None
        return next((tag for tag, kind in self._types.items() if kind is type(value)), None)


def _bytes(value: Any, scope: Scope, path: Path) -> bytes:
    if not isinstance(value, bytes):
        raise wrong_type(value, "bytes", scope, path)
    return value
