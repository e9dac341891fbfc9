"""The reference codec: construct behind one boundary.

Slow and exact. It says what bytes mean, where they go wrong and how to write values; the fast codec is held against it.
Whatever goes wrong leaves as `DecodeError` or `EncodeError` with path, offset and source.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from wireformat.errors import DecodeError, EncodeError
from wireformat.schema import model
from wireformat.schema.layout import construct_of
from wireformat.schema.layout.record import RecordElement
from wireformat.schema.layout.scope import Scope, Window, put
from wireformat.schema.path import Path

__all__ = ["construct_of", "decode", "encode"]

NO_PARAMS: Mapping[str, Any] = {}


class ByIdentity:
    """A key for caches: schemas hold mappings and have no hash."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByIdentity) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(maxsize=256)
def _element(key: ByIdentity, version: str | None) -> RecordElement:
    return construct_of(key.value, version)


def element(schema: model.Schema, version: str | None = None) -> RecordElement:
    """The construct object of a schema, built once."""
    return _element(ByIdentity(schema), version)


def decode(
    schema: model.Schema,
    data: bytes,
    offset: int = 0,
    end: int | None = None,
    version: str | None = None,
    params: Mapping[str, Any] | None = None,
    spans: dict[str, tuple[int, int]] | None = None,
) -> tuple[Any, int]:
    """The value at `offset` and the offset behind it; `end` is where the input ends.

    Spans, absolute byte ranges by path, are added to `spans` when it is given. Raises `DecodeError`.
    """
    stream = Window(bytes(data[offset:end]), offset, bounded=False)
    scope = Scope(params=params or NO_PARAMS, typed=True, spans=spans)
    try:
        return element(schema, version).decode(stream, scope, ()), stream.tell()
    except RecursionError:
        raise DecodeError("depth", "nested too deeply", offset=offset) from None


def encode(
    schema: model.Schema,
    value: Any,
    version: str | None = None,
    params: Mapping[str, Any] | None = None,
    overrides: Mapping[Path, Any] | None = None,
) -> bytes:
    """The bytes of a value. `overrides`, even none, let them be wrong, see `raw`. Raises `EncodeError`."""
    stream = io.BytesIO()
    scope = Scope(params=params or NO_PARAMS, typed=True, overrides=overrides or {}, obeys=overrides is not None)
    try:
        put(element(schema, version), value, stream, scope, ())
    except RecursionError:
        raise EncodeError("depth", "nested too deeply") from None
    return stream.getvalue()
