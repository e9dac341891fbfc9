"""Bytes that arrive in pieces, messages that leave whole.

A buffer keeps what has not been decoded and where in the stream that is, so errors name absolute offsets. A decoding
that ran out of bytes says how many it needs at least; until they are there nothing is decoded again, and pieces are not
even joined. What it would have to keep is limited.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wireformat.codec.pair import NO_PARAMS, Codec, moved
from wireformat.errors import DecodeError, SchemaError
from wireformat.limits import MAX_BUFFERED


class NeedData:
    """The type of `NEED_DATA`."""

    def __repr__(self) -> str:
        return "NEED_DATA"


NEED_DATA: Final = NeedData()
"""More bytes must be fed before there is a value."""


class Buffer:
    """An incremental input. `limit` caps the bytes kept while a message is incomplete."""

    def __init__(self, limit: int = MAX_BUFFERED) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._available = 0
        self._needed = 0
        self._offset = 0
        self._closed = False

    @property
    def offset(self) -> int:
        """The offset in the stream of the first byte that was not decoded."""
        return self._offset

    def __len__(self) -> int:
        """Bytes that were fed and not decoded."""
        return self._available

    def feed(self, data: bytes) -> None:
        """Add bytes to the end."""
        if data:
            self._pieces.append(bytes(data))
            self._available += len(data)

    def close(self) -> None:
        """Nothing will follow: an incomplete message is now an error."""
        self._closed = True

    def take(self, codec: Codec, params: Mapping[str, Any] = NO_PARAMS, size: int | None = None) -> Any:
        """The next value, or `NEED_DATA`. Raises `DecodeError` with an absolute offset.

        A schema whose end the bytes do not tell needs `size`, the bytes that the value takes exactly; without it
        `SchemaError`, id `end`.
        """
        if size is not None:
            return self._take_exactly(codec, params, size)
        if not codec.is_self_delimiting:
            raise SchemaError("end", f"the bytes of {codec.schema.root} do not tell where it ends")
        if self._waits(self._needed):
            return NEED_DATA
        return self._take(codec, params)

    def _waits(self, needed: int) -> bool:
        """Whether bytes are missing that may still come; error `limit` when there would be too many."""
        if needed > self._limit:
            detail = f"{needed} bytes needed, at most {self._limit} are kept"
            raise DecodeError("limit", detail, offset=self._offset, expected=self._limit, actual=needed)
        return self._available < needed and not self._closed

    def _take(self, codec: Codec, params: Mapping[str, Any]) -> Any:
        data = self._joined()
        try:
            value, end = codec.decode_from(data, 0, None, params)
        except DecodeError as error:
            return self._incomplete(error)
        if end == len(data) and not self._closed and codec.ends_announced:
            self._needed = len(data) + 1
            return NEED_DATA
        self._drop(data, end)
        return value

    def _incomplete(self, error: DecodeError) -> NeedData:
        if error.need_more and not self._closed:
            at_least = (error.offset or 0) + (error.expected if isinstance(error.expected, int) else 0)
            self._needed = max(at_least, self._available + 1)
            self._waits(self._needed)
            return NEED_DATA
        raise moved(error, self._offset) from None

    def _take_exactly(self, codec: Codec, params: Mapping[str, Any], size: int) -> Any:
        if self._waits(size):
            return NEED_DATA
        data = self._joined()
        try:
            value = codec.decode(data[:size], params)
        except DecodeError as error:
            raise moved(error, self._offset) from None
        self._drop(data, size)
        return value

    def _joined(self) -> bytes:
        if len(self._pieces) != 1:
            self._pieces = [b"".join(self._pieces)]
        return self._pieces[0]

    def _drop(self, data: bytes, end: int) -> None:
        self._pieces = [data[end:]]
        self._available -= end
        self._offset += end
        self._needed = 0
