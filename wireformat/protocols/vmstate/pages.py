"""Guest memory as page records, without copying a page.

A record is a header and, unless the page is zero, the page itself. What is handed out are lists of buffers for
`writev`: headers as bytes, pages as views of the memory. Most pages differ from zero in their first word already,
so that only the others are compared as a whole [qemu-stream 2.1.2].
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import TYPE_CHECKING, Final

from wireformat.protocols.vmstate.ram import CONTINUE, PAGE, ZERO

if TYPE_CHECKING:
    from wireformat.protocols.vmstate.window import Buffer

BATCH_COUNT: Final = 1024
"""Most buffers in a list: what the kernel takes in one `writev`."""

_WORD_SIZE: Final = 8
_page_word: Final = Struct(">Q").pack
_zero_record: Final = Struct(">Qx").pack


def encode_pages(memory: Buffer, offset: int, page_size: int) -> Iterator[list[bytes | memoryview]]:
    """The records of all pages in `memory`, the first of which lies at `offset` in its block.

    `memory` is a whole number of pages. All records continue the current block: one that names it comes before.
    """
    zeros = bytes(page_size)
    page_flags, zero_flags = int(PAGE | CONTINUE), int(ZERO | CONTINUE)
    view = memoryview(memory).cast("B")
    batch: list[bytes | memoryview] = []
    for start, first in zip(range(0, len(view), page_size), _first_words(view, page_size), strict=True):
        page = view[start : start + page_size]
        if first or not zeros.startswith(page):
            batch.append(_page_word(offset + start | page_flags))
            batch.append(page)
        else:
            batch.append(_zero_record(offset + start | zero_flags))
        if len(batch) >= BATCH_COUNT - 1:
            yield batch
            batch = []
    if batch:
        yield batch


def _first_words(view: memoryview, page_size: int) -> memoryview:
    return view.cast("Q")[:: page_size // _WORD_SIZE]
