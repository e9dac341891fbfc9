"""Bytes and text of every kind; each has a limit that is checked before anything is read.

A size is a number, a `this` expression, or an integer wire that stands before the bytes. XDR's kinds are those of
RFC 4506: a 32-bit size, and zero bytes up to a multiple of four.
"""

from __future__ import annotations

from typing import Any, Literal

import construct

from wireformat.limits import MAX_BUFFERED
from wireformat.schema import model
from wireformat.schema.expression import expression
from wireformat.schema.numbers import Int8ub, Int32ub
from wireformat.schema.wire import Part, Wire

Nul = Literal["keep", "forbid", "pad", "end"]


def amount(written: Any) -> Any:
    """A size or count as given: an integer wire stays, anything else becomes an expression."""
    return written if written is None or isinstance(written, construct.Construct) else expression(written)


def Bytes(size: Any, max: int | None = None) -> Wire[bytes]:  # noqa: N802
    """Exactly `size` bytes, a number or an expression."""
    size = expression(size)
    limit = size if max is None and isinstance(size, int) else max
    return Part(model.Data, size=size, max=MAX_BUFFERED if limit is None else limit)


def SizedBytes(size: Any, max: int) -> Wire[bytes]:  # noqa: N802
    """As many bytes as `size` says."""
    return Part(model.Data, size=amount(size), max=max)


def RestBytes(max: int) -> Wire[bytes]:  # noqa: N802
    """All bytes that are left of the enclosing region."""
    return Part(model.Data, size=None, max=max)


def Text(size: Any = None, *, max: int, encoding: str = "utf-8", nul: Nul = "keep") -> Wire[str]:  # noqa: N802
    """Text of `size` bytes; None is all that is left of the enclosing region. `nul`: see `model.Data`."""
    return Part(model.Data, size=amount(size), max=max, encoding=encoding, nul=nul)


def RestText(max: int, encoding: str = "utf-8", nul: Nul = "keep") -> Wire[str]:  # noqa: N802
    """Text in all that is left of the enclosing region."""
    return Text(None, max=max, encoding=encoding, nul=nul)


def PaddedText(size: int, encoding: str = "utf-8") -> Wire[str]:  # noqa: N802
    """Text in a field of `size` bytes, filled up with NUL."""
    return Text(size, max=size, encoding=encoding, nul="pad")


String8: Wire[str] = Text(Int8ub, max=255)
"""Text counted by one byte, such as QEMU's names."""


def XdrOpaque(max: int) -> Wire[bytes]:  # noqa: N802
    """XDR's `opaque<max>` [RFC 4506 4.10]."""
    return Part(model.Data, size=Int32ub, max=max, pad=4)


def XdrString(max: int, encoding: str = "utf-8") -> Wire[str]:  # noqa: N802
    """XDR's `string<max>` [RFC 4506 4.11]; U+0000 inside is refused."""
    return Part(model.Data, size=Int32ub, max=max, pad=4, encoding=encoding, nul="forbid")
