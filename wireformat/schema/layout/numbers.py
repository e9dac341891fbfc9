"""Numbers: construct's own fields do the bytes; types, ranges and members are checked around them."""

from __future__ import annotations

import struct
from typing import Any

import construct

from wireformat.schema import model
from wireformat.schema.layout.scope import Element, Scope, malformed, shortage, unfit, wrong_type
from wireformat.schema.path import Path


class Number(Element):
    """An integer."""

    def __init__(self, node: model.Int) -> None:
        super().__init__()
        self.node = node
        self.size = node.size
        order = "<" if node.little else ">"
        letter = (node.fmt or "").replace("i", "l").replace("I", "L")
        self._stock = (
            construct.FormatField(order, letter)
            if letter
            else construct.BytesInteger(node.size, signed=node.signed, swapped=node.little)
        )

    def decode(self, stream: Any, scope: Scope, path: Path) -> int:
        """The integer."""
        start = stream.tell()
        try:
            number: int = self._stock._parse(stream, {}, "")
        except construct.StreamError:
            raise shortage(stream, start, self.size, stream.tell() - start, scope, path) from None
        return number

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """Any `int` in range; `bool` is none."""
        number = integer(value, scope, path)
        low, high = self.node.range
        if not low <= number <= high:
            raise unfit("range", f"{number} is not in {low} … {high}", scope, path, (low, high), number)
        self._stock._build(number, stream, {}, "")


def integer(value: Any, scope: Scope, path: Path) -> int:
    """The value as a plain integer, else error `type`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(value, "int", scope, path)
    return int(value)


class Real(Element):
    """A floating-point number."""

    def __init__(self, node: model.Float) -> None:
        super().__init__()
        self.size = node.size
        self._stock = construct.FormatField("<" if node.little else ">", "f" if node.size == 4 else "d")

    def decode(self, stream: Any, scope: Scope, path: Path) -> float:
        """The number."""
        start = stream.tell()
        try:
            number: float = self._stock._parse(stream, {}, "")
        except construct.StreamError:
            raise shortage(stream, start, self.size, stream.tell() - start, scope, path) from None
        return number

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """A `float`, or an `int` that converts to one."""
        if not isinstance(value, (float, int)) or isinstance(value, bool):
            raise wrong_type(value, "float", scope, path)
        try:
            self._stock._build(value, stream, {}, "")
        except (construct.FormatFieldError, struct.error, OverflowError):
            raise unfit("range", f"{value} does not fit into {self.size} bytes", scope, path, None, value) from None


class Named(Element):
    """A number that has names: an enumeration or flags."""

    def __init__(self, node: model.Enum | model.Flags) -> None:
        super().__init__()
        self.node = node
        self.plain = Number(node.of)
        self._members = frozenset(number for _, number in node.members)
        self._known_bits = 0
        for number in self._members:
            self._known_bits |= number

    def decode(self, stream: Any, scope: Scope, path: Path) -> Any:
        """The member, an instance of the declared class when there is one."""
        start = stream.tell()
        number = self.plain.decode(stream, scope, path)
        if not self.is_member(number):
            raise malformed("member", self._complaint(number), scope, path, start, self.node.name, number)
        return self.member(number)

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """A member, or its number."""
        number = integer(value, scope, path)
        if not self.is_member(number):
            raise unfit("member", self._complaint(number), scope, path, self.node.name, number)
        self.plain.encode(number, stream, scope, path)

    def member(self, number: int) -> Any:
        """The value that stands for a number."""
        return number if self.node.cls is None else self.node.cls(number)

    def is_member(self, number: int) -> bool:
        """Whether the number may appear."""
        if self.node.open:
            return True
        if isinstance(self.node, model.Flags):
            return not number & ~self._known_bits
        return number in self._members

    def _complaint(self, number: int) -> str:
        return f"{number:#x} is not in {self.node.name}"
