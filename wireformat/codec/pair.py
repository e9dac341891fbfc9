"""The codec that everything uses: fast where all is well, the reference where it is not.

The fast codec never explains. Whatever it raises, the reference runs on the same input and gives the value or the exact
error. That the reference accepts what the fast codec refused should never happen; `disagreements` counts it, by the
name of the record, and tests hold it at nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any, TypeVar, overload

from wireformat.codec import reference
from wireformat.codec.reference import NO_PARAMS as NO_PARAMS
from wireformat.codec.reference import ByIdentity
from wireformat.errors import DecodeError
from wireformat.schema import model
from wireformat.schema.lift import lift
from wireformat.schema.traverse import ends_announced, self_delimiting

T = TypeVar("T")
Spans = dict[str, tuple[int, int]]

disagreements: Counter[str] = Counter()
"""How often the reference accepted what the fast codec had refused, by record."""


class Codec:
    """Decodes and encodes one version of a schema: a record class, a construct object or a `model.Schema`.

    `version` None is the newest. `params` are what expressions read as `this._params`.
    """

    def __init__(self, schema: Any, version: str | None = None) -> None:
        self.schema: model.Schema = lift(schema)
        self.version = version
        self._decode: Callable[..., tuple[Any, int]] = self._first_decode
        self._encode: Callable[..., bytes] = self._first_encode

    @cached_property
    def is_self_delimiting(self) -> bool:
        """Whether the bytes tell where a value ends."""
        return self_delimiting(self.schema, self.version)

    @cached_property
    def ends_announced(self) -> bool:
        """Whether the end shows only in the bytes behind it."""
        return ends_announced(self.schema, self.version)

    def decode(self, data: bytes, params: Mapping[str, Any] = NO_PARAMS) -> Any:
        """The value that the whole input is. Raises `DecodeError`; `trailing` when bytes are left."""
        if type(data) is bytes:
            try:
                value, end = self._decode(data, 0, len(data), params)
            except Exception:
                end = -1
            if end == len(data):
                return value
        return self._decode_whole(data, params)

    def _decode_whole(self, data: bytes, params: Mapping[str, Any]) -> Any:
        """The value of the whole input, with the exact error where there is none."""
        value, end = self.decode_from(data, 0, None, params)
        if end != len(data):
            left = len(data) - end
            detail = f"{left} bytes too many"
            source = self.schema.record.source
            raise DecodeError("trailing", detail, offset=end, expected=0, actual=left, source=source)
        return value

    def decode_from(
        self, data: bytes, offset: int = 0, end: int | None = None, params: Mapping[str, Any] = NO_PARAMS
    ) -> tuple[Any, int]:
        """The value at `offset` and the offset behind it. Other buffers than `bytes` are copied from there on."""
        if type(data) is not bytes:
            return self._decode_copy(data, offset, end, params)
        try:
            return self._decode(data, offset, len(data) if end is None else end, params)
        except Exception:
            return self._decode_again(data, offset, end, params)

    def _decode_copy(self, data: Any, offset: int, end: int | None, params: Mapping[str, Any]) -> tuple[Any, int]:
        try:
            value, size = self.decode_from(bytes(data[offset:end]), 0, None, params)
        except DecodeError as error:
            raise moved(error, offset) from None
        return value, offset + size

    def _decode_again(self, data: bytes, offset: int, end: int | None, params: Mapping[str, Any]) -> tuple[Any, int]:
        found = reference.decode(self.schema, data, offset, end, self.version, params)
        disagreements[self.schema.root] += 1
        return found

    def encode(self, value: Any, params: Mapping[str, Any] = NO_PARAMS) -> bytes:
        """The bytes of a value. Raises `EncodeError`."""
        try:
            return self._encode(value, params)
        except Exception:
            data = reference.encode(self.schema, value, self.version, params)
            disagreements[self.schema.root] += 1
            return data

    def spans(
        self, data: bytes, offset: int = 0, end: int | None = None, params: Mapping[str, Any] = NO_PARAMS
    ) -> tuple[Any, Spans]:
        """The value at `offset`, and for each path in it the bytes that it takes, start and end."""
        spans: Spans = {}
        value, _ = reference.decode(self.schema, data, offset, end, self.version, params, spans)
        return value, spans

    def _first_decode(self, *arguments: Any) -> tuple[Any, int]:
        """Generate the decoder, which takes this function's place, and call it."""
        from wireformat.codec import fast

        self._decode = fast.decoder(self.schema, self.version)
        return self._decode(*arguments)

    def _first_encode(self, *arguments: Any) -> bytes:
        """Generate the encoder, which takes this function's place, and call it."""
        from wireformat.codec import fast

        self._encode = fast.encoder(self.schema, self.version)
        return self._encode(*arguments)


def moved(error: DecodeError, by: int) -> DecodeError:
    """The same error in an input that began `by` bytes earlier."""
    if error.offset is not None:
        error.offset += by
    return error


def codec_for(schema: Any, version: str | None = None) -> Codec:
    """The codec of a schema, made once."""
    if isinstance(schema, type):
        return _codec_of_class(schema, version)
    return _codec_of_object(ByIdentity(schema), version)


@lru_cache(maxsize=4096)
def _codec_of_class(schema: type, version: str | None) -> Codec:
    return Codec(schema, version)


@lru_cache(maxsize=256)
def _codec_of_object(key: ByIdentity, version: str | None) -> Codec:
    return Codec(key.value, version)


@overload
def decode(schema: type[T], data: bytes, version: str | None = None) -> T: ...


@overload
def decode(schema: Any, data: bytes, version: str | None = None) -> Any: ...


def decode(schema: Any, data: bytes, version: str | None = None) -> Any:
    """The value that the whole input is. Raises `DecodeError`."""
    return codec_for(schema, version).decode(data)


def encode(value: Any, version: str | None = None) -> bytes:
    """The bytes of a record. Raises `EncodeError`."""
    return codec_for(type(value), version).encode(value)
