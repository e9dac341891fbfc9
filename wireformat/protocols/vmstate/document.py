"""A decoded stream as JSON objects: one for the stream, one for each element.

`--json` is the first object with the others under `elements`, `--ndjson` one object a line. With `ram="base64"` the
objects hold every byte, and `assembly` makes the stream of them again; `"digest"` gives a SHA-256 for the pages of
each run, `"none"` counts records only. `spec/schemas/vmstate-stream.json` is the JSON Schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from wireformat.codec import codec_for
from wireformat.codec.json_form import to_json
from wireformat.errors import WireError
from wireformat.protocols.vmstate.description import Description
from wireformat.protocols.vmstate.document_ram import Contents, Json, RamForm, RamWriter
from wireformat.protocols.vmstate.elements import (
    PART_ROW,
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
    TrailingElement,
)
from wireformat.protocols.vmstate.messages import ElementType
from wireformat.protocols.vmstate.stream import Stream

FORMAT = "wireformat/vmstate"
FORMAT_VERSION = 1

SECTION_TYPES = {
    ElementType.SECTION_START: "start",
    ElementType.SECTION_PART: "part",
    ElementType.SECTION_END: "end",
    ElementType.SECTION_FULL: "full",
}


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
        self._form = ram
        self._contents = Contents(stream, ram)
        self._ram = RamWriter(stream, self._contents)

    def elements(self, elements: tuple[Element, ...]) -> Iterator[Json]:
        """One object for each element; PARTs of `ram` are taken apart when their records are wanted."""
        for element in elements:
            if not getattr(element, "complete", True) and self._form == "base64":
                yield {"type": "raw", **self._contents.bulk(element.span)}
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
                return {"type": "raw", **self._contents.bulk(element.span)}
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
                return {"ram": self._ram.records(body)}
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
        if self._form == "none":
            yield common | {"parts": len(starts), "ram": self._ram.records(parts.body)}
            return
        for start, stop in zip(starts, [*starts[1:], parts.body.stop], strict=True):
            lists = tuple(one for one in parts.body.block_lists if start <= one.row < stop)
            yield common | {"ram": self._ram.records(RamBody(start + 1, stop, lists))}

    def _items(self, body: RecordsBody) -> Json:
        document: Json = {"handler": body.handler}
        if body.head is not None:
            document["head"] = to_json(codec_for(type(body.head)).schema, body.head)
        document["records"] = [self._item(item) for item in body.items]
        return document

    def _item(self, item: RecordsItem) -> Json:
        record: Json = to_json(codec_for(type(item.record)).schema, item.record)
        return record | self._contents.bulk(item.data) if item.data.size else record

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
