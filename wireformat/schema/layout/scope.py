"""What decoding and encoding carry along: streams that know where they are, values in reach, and how to refuse.

Every element works on a stream whose `tell` counts from the start of the outermost input, also inside bounded parts,
so an error names the very byte. Too few bytes mean "need more" outside bounded parts and are an overrun inside.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wireformat.errors import DecodeError, EncodeError
from wireformat.schema import model
from wireformat.schema.expression import PendingError, UnresolvedError, evaluate, render
from wireformat.schema.path import Path, join
from wireformat.schema.wire import Base


class Window(io.BytesIO):
    """Bytes that begin at `base` of the outermost input. `bounded`: nothing can follow them."""

    def __init__(self, data: bytes, base: int, bounded: bool) -> None:
        super().__init__(data)
        self.base = base
        self.bounded = bounded

    def tell(self) -> int:
        """The position in the outermost input."""
        return super().tell() + self.base

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position of the outermost input; other values of `whence` are as in `io`."""
        super().seek(offset - self.base if whence == io.SEEK_SET else offset, whence)
        return self.tell()


@dataclass(frozen=True, slots=True)
class Scope:
    """The surroundings of one value.

    `values` are what expressions read, `params` what the caller passed, `depth` counts records on a cycle. With
    `typed`, records become instances of their classes, else containers. `spans` collects byte ranges by path,
    `overrides` replaces what is written at a path; with `obeys`, values are written that break rules between parts.
    `later` collects the arguments of `agree` for sizes and counts
    that read a number which is not known yet; the record looks again when it is.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    depth: int = 0
    source: str = ""
    typed: bool = False
    spans: dict[str, tuple[int, int]] | None = None
    overrides: Mapping[Path, Any] = field(default_factory=dict)
    obeys: bool = False
    later: list[tuple[model.Expr, int, str, Path]] = field(default_factory=list)

    def inner(self, values: Mapping[str, Any], source: str, deeper: bool) -> Scope:
        """The scope of a record's fields."""
        return replace(self, values=values, source=source or self.source, depth=self.depth + deeper, later=[])

    def value(self, expr: model.Expr) -> Any:
        """An expression's value. Raises `UnresolvedError`, or what arithmetic raises."""
        return evaluate(expr, self.values, self.params)


ARITHMETIC = (UnresolvedError, TypeError, ValueError, ArithmeticError)
"""What evaluating an expression may raise."""


class Element(Base):
    """A construct built from a model node. Subclasses have `decode` and `encode`."""

    def decode(self, stream: Any, scope: Scope, path: Path) -> Any:
        """The value that stands next in the stream. Raises `DecodeError`."""
        raise NotImplementedError

    def encode(self, value: Any, stream: Any, scope: Scope, path: Path) -> None:
        """Write a value. Raises `EncodeError`."""
        raise NotImplementedError

    def _parse(self, stream: Any, context: Any, path: Any) -> Any:
        return self.decode(stream, _scope(context), path if isinstance(path, tuple) else ())

    def _build(self, value: Any, stream: Any, context: Any, path: Any) -> Any:
        self.encode(value, stream, _scope(context), path if isinstance(path, tuple) else ())
        return value


def _scope(context: Any) -> Scope:
    """The scope that construct's own `parse` and `build` start with: their context holds the parameters."""
    if isinstance(context, Scope):
        return context
    return Scope(values=context, params=context.get("_params", context))


def take(element: Element, stream: Any, scope: Scope, path: Path) -> Any:
    """Decode a field or item, and note its span when spans are wanted."""
    if scope.spans is None:
        return element.decode(stream, scope, path)
    start = stream.tell()
    scope.spans[join(path)] = (start, start)
    value = element.decode(stream, scope, path)
    scope.spans[join(path)] = (start, stream.tell())
    return value


def put(element: Element, value: Any, stream: Any, scope: Scope, path: Path) -> None:
    """Encode a field or item, or what overrides it: bytes as they are, anything else in place of the value."""
    if path not in scope.overrides:
        element.encode(value, stream, scope, path)
    elif isinstance(scope.overrides[path], bytes):
        stream.write(scope.overrides[path])
    else:
        bare(element).encode(scope.overrides[path], stream, scope, path)


def bare(element: Any) -> Element:
    """The element below names, constants and rules, which takes any number that fits."""
    while hasattr(element, "plain"):
        element = element.plain
    found: Element = element
    return found


def read(stream: Any, size: int, scope: Scope, path: Path) -> bytes:
    """Exactly `size` bytes, else error `truncated` or `overrun`."""
    start = stream.tell()
    data: bytes = stream.read(size)
    if len(data) < size:
        raise shortage(stream, start, size, len(data), scope, path)
    return data


def shortage(stream: Any, start: int, size: int, left: int, scope: Scope, path: Path) -> DecodeError:
    """The error of too few bytes; `expected` is how many are needed from `start` on."""
    id = "overrun" if getattr(stream, "bounded", False) else "truncated"
    return malformed(id, f"{size} bytes needed, {left} left", scope, path, start, size, left)


def peek(stream: Any, size: int) -> bytes:
    """Up to `size` bytes, which stay in the stream."""
    start = stream.tell()
    data: bytes = stream.read(size)
    stream.seek(start)
    return data


def malformed(
    id: str, detail: str, scope: Scope, path: Path, offset: int, expected: object = None, actual: object = None
) -> DecodeError:
    """An error in bytes."""
    return DecodeError(
        id, detail, path=join(path), offset=offset, expected=expected, actual=actual, source=scope.source
    )


def unfit(
    id: str, detail: str, scope: Scope, path: Path, expected: object = None, actual: object = None
) -> EncodeError:
    """An error in a value."""
    return EncodeError(id, detail, path=join(path), expected=expected, actual=actual, source=scope.source)


def reading(expr: model.Expr, stream: Any, scope: Scope, path: Path) -> Any:
    """The value of an expression while decoding; failure is error `expression`."""
    try:
        return scope.value(expr)
    except ARITHMETIC as error:
        raise malformed("expression", f"{render(expr)}: {error}", scope, path, stream.tell()) from None


def writing(expr: model.Expr, scope: Scope, path: Path) -> Any:
    """The value of an expression while encoding; failure is error `expression`."""
    try:
        return scope.value(expr)
    except ARITHMETIC as error:
        raise unfit("expression", f"{render(expr)}: {error}", scope, path) from None


def wanted(expr: model.Expr, scope: Scope, path: Path) -> int | None:
    """The size or count that an expression asks for while encoding; None when it follows from the value itself."""
    try:
        return int(scope.value(expr))
    except PendingError:
        return None
    except ARITHMETIC as error:
        raise unfit("expression", f"{render(expr)}: {error}", scope, path) from None


def agree(expr: model.Expr, number: int, name: str, scope: Scope, path: Path) -> None:
    """Refuse a size or count, called `name`, that is not what its expression asks for, as soon as that is known."""
    asked = wanted(expr, scope, path)
    if asked is None:
        scope.later.append((expr, number, name, path))
    elif asked != number:
        raise unfit("mismatch", f"{name} {number} instead of {asked}", scope, path, asked, number)


def wrong_type(value: object, expected: str, scope: Scope, path: Path) -> EncodeError:
    """A value is of a type that the field does not take."""
    actual = type(value).__name__
    return unfit("type", f"{actual} instead of {expected}", scope, path, expected, actual)


def size_within(size: Any, limit: int, scope: Scope, path: Path) -> int:
    """A size that is asked for while encoding, if nothing enormous would come of it."""
    if not isinstance(size, int):
        raise wrong_type(size, "int", scope, path)
    if not 0 <= size <= limit:
        raise unfit("limit", f"size {size} is not in 0 … {limit}", scope, path, limit, size)
    return size
