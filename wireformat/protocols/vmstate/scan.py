"""The kernel that turns millions of page records into a few runs, without guessing.

A record family is "a word, then a body of fixed size"; the word is a page offset with flag bits below it. A table of
`RecordKind` rows says which flags have which body, so nothing here knows what a page or a zero page is. Inside a
run the bytes of the next n records can be *predicted*: the words rise by one page size, and checked bodies are
constant. Predictions are compared with the stream in bulk, and every word and every checked byte is compared:

* Few records: the prediction is one big integer, `start + offset * step`, and its XOR with the stream's bytes shows
  by its highest bit which record is the first to differ. Costs nothing to set up, so hostile input stays cheap.
* Many records: a prepared *image* of all records of one 16 MiB span of guest memory. Checked bodies make the
  image contiguous and the comparison a `memcmp`; otherwise a strided view over the words skips the bodies. For
  another span only the high bytes of the words are rewritten, and only those that changed.

How far to look ahead first follows from the length of the previous run of the same kind.
"""

from __future__ import annotations

from array import array
from collections.abc import Buffer, Iterable
from struct import Struct
from typing import Final, NamedTuple

