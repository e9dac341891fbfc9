"""Compressed pages: each is one whole zlib stream of exactly one page [qemu-stream 2.1]."""

from __future__ import annotations

import zlib
from typing import Final

from wireformat.errors import DecodeError

SOURCE: Final = "qemu-stream 2.1"


def inflate(data: bytes, page_size: int) -> bytes:
    """The page that a record carries.

    Never makes more than a page, whatever the data promises. Raises `DecodeError`, its offset the start of the data.
    """
    stream = zlib.decompressobj()
    try:
        page = stream.decompress(data, page_size + 1)
    except zlib.error as error:
        raise _malformed(str(error)) from None
    if len(page) > page_size:
        raise _malformed(f"inflates to more than {page_size} bytes")
    if not stream.eof:
        raise _malformed(f"ends after {len(page)} bytes of a page, inside the zlib stream")
    if len(page) < page_size:
        raise _malformed(f"inflates to {len(page)} bytes instead of {page_size}")
    if stream.unused_data:
        raise _malformed(f"{len(stream.unused_data)} bytes behind the end of the zlib stream")
    return page


def _malformed(detail: str) -> DecodeError:
    return DecodeError("vmstate/compressed", detail, offset=0, source=SOURCE)
