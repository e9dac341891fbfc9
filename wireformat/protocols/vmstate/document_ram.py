"""The records of RAM in the JSON of a stream: counted, or every run, with its pages in the form that was asked for.

A run of plain pages may be larger than memory, and so it is taken apart into pieces of `PIECE_COUNT` pages.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any, Literal, TypeAlias

from wireformat.codec import codec_for
from wireformat.codec.json_form import number_to_json, to_json
from wireformat.protocols.vmstate.elements import PART_ROW, BlockList, RamBody, Span
from wireformat.protocols.vmstate.encoder import block_name, body_size
from wireformat.protocols.vmstate.ram import COMPRESS_PAGE, CONTINUE, MEM_SIZE, MULTIFD_FLUSH, PAGE, XBZRLE, ZERO
from wireformat.protocols.vmstate.runs import Run
from wireformat.protocols.vmstate.stream import Stream

Json: TypeAlias = dict[str, Any]
RamForm = Literal["none", "digest", "base64"]

PIECE_COUNT = 256
"""Plain pages whose contents are in one object at the most."""

KINDS = {
    PAGE: "page",
    ZERO: "zero",
    XBZRLE: "xbzrle",
    COMPRESS_PAGE: "compressed",
    MEM_SIZE: "blocks",
    MULTIFD_FLUSH: "multifd_flush",
}
"""The names of RAM records, by their flag."""


class Contents:
    """The bytes of a stream, as `form` shows them."""

    def __init__(self, stream: Stream, form: RamForm) -> None:
        self.form = form
        self.data = memoryview(stream.content or b"")

    def bulk(self, span: Span) -> Json:
        """What lies in a span; with `none` its size only."""
        if self.form == "none":
            return {"size": span.size}
        return self.coded(self.data[span.position : span.position + span.size])

    def coded(self, data: bytes | memoryview) -> Json:
        """Bytes, or their digest."""
        if self.form == "digest":
            return {"size": len(data), "sha256": sha256(data).hexdigest()}
        return {"base64": b64encode(data).decode()}


class RamWriter:
    """Makes the objects of RAM records."""

    def __init__(self, stream: Stream, contents: Contents) -> None:
        self._ram = stream.ram
        self._contents = contents

    def records(self, body: RamBody) -> Any:
        """RAM records: counts by kind, or every run."""
        if self._contents.form == "none":
            return self._counts(body)
        lists = {block_list.row: block_list for block_list in body.block_lists}
        return [
            self._run(piece, lists.get(row))
            for row in range(body.start, body.stop)
            for piece in self._pieces(self._ram.runs[row])
        ]

    def _counts(self, body: RamBody) -> Json:
        runs = self._ram.runs
        counts: Counter[str] = Counter()
        for row in range(body.start, body.stop):
            if runs.flags[row] not in (PART_ROW, MEM_SIZE):
                counts[KINDS[runs.flags[row] & ~CONTINUE]] += runs.counts[row]
        blocks = [self._block_list(one) for one in body.block_lists]
        return {"counts": dict(counts)} | ({"block_lists": blocks} if blocks else {})

    def _pieces(self, run: Run) -> Iterator[Run]:
        """A run of plain pages in pieces that fit into memory; other runs as they are."""
        if run.flags & ~CONTINUE != PAGE:
            yield run
            return
        page_size = self._ram.page_size or 0
        named_size = len(block_name(self._ram, run))
        for start in range(0, run.count, PIECE_COUNT):
            yield replace(
                run,
                flags=run.flags | CONTINUE if start else run.flags,
                offset=run.offset + start * page_size,
                count=min(PIECE_COUNT, run.count - start),
                position=run.position + (start * (8 + page_size) + named_size if start else 0),
            )

    def _run(self, run: Run, block_list: BlockList | None) -> Json:
        kind = KINDS[run.flags & ~CONTINUE]
        if block_list is not None:
            return {"kind": kind} | self._block_list(block_list)
        if run.flags == MULTIFD_FLUSH:
            return {"kind": kind}
        return {
            "kind": kind,
            "block": self._ram.blocks[run.block].name,
            "named": not run.flags & CONTINUE,
            "offset": run.offset,
            "count": run.count,
        } | self._pages(run)

    def _block_list(self, block_list: BlockList) -> Json:
        schema = codec_for(type(block_list.blocks[0])).schema if block_list.blocks else None
        document: Json = {
            "total": number_to_json(block_list.total),
            "blocks": [to_json(schema, block) for block in block_list.blocks] if schema else [],
        }
        if block_list.regions and self._contents.form != "none":
            document["regions"] = [None if span is None else self._contents.bulk(span) for span in block_list.regions]
        return document

    def _pages(self, run: Run) -> Json:
        """The bodies of a run's records, back to back."""
        kind = run.flags & ~CONTINUE
        if kind == ZERO:
            fill = self._contents.data[run.position + 8 + len(block_name(self._ram, run))]
            return {"fill": fill} if fill else {}
        return self._contents.coded(b"".join(self._bodies(run)))

    def _bodies(self, run: Run) -> Iterator[memoryview]:
        stride = self._ram.page_size or 0
        position = run.position + len(block_name(self._ram, run))
        for _ in range(run.count):
            position += 8
            size = body_size(self._contents.data, run.flags, position, stride)
            yield self._contents.data[position : position + size]
            position += size
