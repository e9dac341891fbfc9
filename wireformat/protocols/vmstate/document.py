"""A decoded stream as JSON objects: one for the stream, one for each element.

`--json` is the first object with the others under `elements`, `--ndjson` one object a line. With `ram="base64"` the
objects hold every byte, and `assembly` makes the stream of them again; `"digest"` gives a SHA-256 for the pages of
each run, `"none"` counts records only. `spec/schemas/vmstate-stream.json` is the JSON Schema.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any, Literal, TypeAlias

from wireformat.codec import codec_for
from wireformat.codec.json_form import number_to_json, to_json
from wireformat.errors import WireError
from wireformat.protocols.vmstate.description import Description
from wireformat.protocols.vmstate.elements import (
    PART_ROW,
    BlockList,
    CommandElement,
    ConfigurationElement,
    DescriptionElement,
    DeviceBody,
    Element,
    EndElement,
    HeaderElement,
    RamBody,
    RamParts,
    RecordsBody,
    RecordsItem,
    Section,
    Span,
    TrailingElement,
)
from wireformat.protocols.vmstate.encoder import StreamEncoder, block_name, body_size
from wireformat.protocols.vmstate.messages import ElementType
from wireformat.protocols.vmstate.ram import (
    COMPRESS_PAGE,
    CONTINUE,
    MEM_SIZE,
    MULTIFD_FLUSH,
    PAGE,
    XBZRLE,
    ZERO,
)
from wireformat.protocols.vmstate.runs import Run
from wireformat.protocols.vmstate.stream import Stream

Json: TypeAlias = dict[str, Any]
RamForm = Literal["none", "digest", "base64"]

FORMAT = "wireformat/vmstate"
FORMAT_VERSION = 1

SECTION_TYPES = {
    ElementType.SECTION_START: "start",
    ElementType.SECTION_PART: "part",
    ElementType.SECTION_END: "end",
    ElementType.SECTION_FULL: "full",
}

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


def documents(stream: Stream, ram: RamForm = "none") -> Iterator[Json]:
    """The objects of a stream: that of the stream itself, then one for each element in order.

    `digest` and `base64` need the stream's content.
    """
    yield stream_document(stream)
    yield from _Writer(stream, ram).elements(stream.elements)


def stream_document(stream: Stream) -> Json:
    """What concerns the stream as a whole."""
    return {
        "type": "stream",
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "page_size": stream.ram.page_size,
        "complete": stream.fault is None,
        "findings": [error_document(error) for error in stream.problems()],
        "description": None if stream.description is None else description_document(stream.description),
    }


def error_document(error: WireError) -> Json:
    """An error as data."""
    return {"id": error.id, "path": error.path, "offset": error.offset, "text": error.detail, "source": error.source}


def description_document(description: Description) -> Any:
    """The description as JSON where that keeps every byte of its text, else the text."""
    text = description.text.decode("utf-8", "replace")
    value = json.loads(text)
    return value if description_text(value) == description.text else text


def description_text(value: Any) -> bytes:
    """The text of a description, as QEMU writes it."""
    if isinstance(value, str):
        return value.encode()
    return json.dumps(value, separators=(", ", ": "), ensure_ascii=False).encode("utf-8", "surrogatepass")


class _Writer:
    """Makes the objects of elements."""

    def __init__(self, stream: Stream, ram: RamForm) -> None:
        self._stream = stream
        self._ram = ram
        self._content = memoryview(stream.content or b"")
        self._encoder = StreamEncoder(stream.ram, stream.content or b"")

    def elements(self, elements: tuple[Element, ...]) -> Iterator[Json]:
        """One object for each element; PARTs of `ram` are taken apart when their records are wanted."""
        for element in elements:
            if not getattr(element, "complete", True) and self._ram == "base64":
                yield {"type": "raw", **self._bulk(element.span)}
            elif isinstance(element, RamParts):
                yield from self._parts(element)
            else:
                yield self._element(element)

    def _element(self, element: Element) -> Json:
        match element:
            case HeaderElement():
                return {"type": "header", "version": element.header.version}
            case ConfigurationElement():
                configuration = element.configuration
                return {"type": "configuration", **to_json(codec_for(type(configuration)).schema, configuration)}
            case Section():
                return self._section(element)
            case CommandElement():
                return self._command(element)
            case EndElement():
                return {"type": "eof"}
            case DescriptionElement():
                return self._description(element)
            case TrailingElement():
                return {"type": "raw", **self._bulk(element.span)}
        raise TypeError(f"{type(element).__name__} has no JSON form")

    def _section(self, section: Section) -> Json:
        document = {
            "type": SECTION_TYPES[section.type],
            "section_id": section.section_id,
            "idstr": section.idstr,
            "instance_id": section.instance_id,
            "version_id": section.version_id,
            "footer": section.footer,
        }
        if not section.complete:
            document["complete"] = False
        return document | self._body(section)

    def _body(self, section: Section) -> Json:
        match section.body:
            case RamBody() as body:
                return {"ram": self._records(body)}
            case RecordsBody() as body:
                return self._items(body)
            case DeviceBody(value=None) as body:
                return {"data": body.data.hex()}
            case DeviceBody() as body:
                assert body.codec is not None
                return {"fields": to_json(body.codec.schema, body.value)}
        raise TypeError(f"{type(section.body).__name__} has no JSON form")

    def _parts(self, parts: RamParts) -> Iterator[Json]:
        runs = self._stream.ram.runs
        starts = [row for row in range(parts.body.start, parts.body.stop) if runs.flags[row] == PART_ROW]
        common: Json = {"type": "part", "section_id": parts.section_id, "idstr": "ram", "footer": parts.footer}
        if not parts.complete:
            common["complete"] = False
        if self._ram == "none":
            yield common | {"parts": len(starts), "ram": self._records(parts.body)}
            return
        for start, stop in zip(starts, [*starts[1:], parts.body.stop], strict=True):
            lists = tuple(one for one in parts.body.block_lists if start <= one.row < stop)
            yield common | {"ram": self._records(RamBody(start + 1, stop, lists))}

    def _records(self, body: RamBody) -> Any:
        """RAM records: counts by kind, or every run."""
        runs = self._stream.ram.runs
        lists = {block_list.row: block_list for block_list in body.block_lists}
        if self._ram == "none":
            counts: Counter[str] = Counter()
            for row in range(body.start, body.stop):
                if runs.flags[row] not in (PART_ROW, MEM_SIZE):
                    counts[KINDS[runs.flags[row] & ~CONTINUE]] += runs.counts[row]
            blocks = [self._block_list(one) for one in body.block_lists]
            return {"counts": dict(counts)} | ({"block_lists": blocks} if blocks else {})
        return [
            self._run(piece, lists.get(row))
            for row in range(body.start, body.stop)
            for piece in self._pieces(runs[row])
        ]

    def _pieces(self, run: Run) -> Iterator[Run]:
        """A run of plain pages in pieces that fit into memory; other runs as they are."""
        if run.flags & ~CONTINUE != PAGE:
            yield run
            return
        page_size = self._stream.ram.page_size or 0
        named_size = len(block_name(self._stream.ram, run))
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
            "block": self._stream.ram.blocks[run.block].name,
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
        if block_list.regions and self._ram != "none":
            document["regions"] = [None if span is None else self._bulk(span) for span in block_list.regions]
        return document

    def _pages(self, run: Run) -> Json:
        """The bodies of a run's records, back to back."""
        kind = run.flags & ~CONTINUE
        if kind == ZERO:
            fill = self._content[run.position + 8 + len(block_name(self._stream.ram, run))]
            return {"fill": fill} if fill else {}
        return self._coded(b"".join(self._bodies(run)))

    def _bodies(self, run: Run) -> Iterator[memoryview]:
        stride = self._stream.ram.page_size or 0
        position = run.position + len(block_name(self._stream.ram, run))
        for _ in range(run.count):
            position += 8
            size = body_size(self._content, run.flags, position, stride)
            yield self._content[position : position + size]
            position += size

    def _items(self, body: RecordsBody) -> Json:
        document: Json = {"handler": body.handler}
        if body.head is not None:
            document["head"] = to_json(codec_for(type(body.head)).schema, body.head)
        document["records"] = [self._item(item) for item in body.items]
        return document

    def _item(self, item: RecordsItem) -> Json:
        record: Json = to_json(codec_for(type(item.record)).schema, item.record)
        return record | self._bulk(item.data) if item.data.size else record

    def _command(self, element: CommandElement) -> Json:
        document: Json = {"type": "command", **to_json(codec_for(type(element.command)).schema, element.command)}
        if element.package is not None:
            document["package"] = list(self.elements(element.package))
        if not element.complete:
            document["complete"] = False
        return document

    def _description(self, element: DescriptionElement) -> Json:
        known = self._stream.description
        if known is not None and known.text == element.text:
            return {"type": "description"}
        return {"type": "description", "data": element.text.hex()}

    def _bulk(self, span: Span) -> Json:
        if self._ram == "none":
            return {"size": span.size}
        return self._coded(self._content[span.position : span.position + span.size])

    def _coded(self, data: bytes | memoryview) -> Json:
        if self._ram == "digest":
            return {"size": len(data), "sha256": sha256(data).hexdigest()}
        return {"base64": b64encode(data).decode()}
