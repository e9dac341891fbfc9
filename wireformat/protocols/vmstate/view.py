"""A decoded stream as one nested value, for people and for paths.

Names and indexes of the view are those of the path grammar: `configuration.name`, `ram["pc.ram"].page`,
`devices["0000:00:03.0/virtio-net"].vdev`. `spans` tells for each path which bytes of the stream it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields as dataclass_fields
from typing import Any, TypeAlias

from wireformat.codec import codec_for
from wireformat.protocols.vmstate.document import SECTION_TYPES
from wireformat.protocols.vmstate.document_ram import KINDS
from wireformat.protocols.vmstate.elements import (
    PART_ROW,
    CommandElement,
    ConfigurationElement,
    DescriptionElement,
    Element,
    HeaderElement,
    RecordsBody,
    Section,
    Span,
    TrailingElement,
)
from wireformat.protocols.vmstate.naming import section_key
from wireformat.protocols.vmstate.ram import CONTINUE, MEM_SIZE, MULTIFD_FLUSH
from wireformat.protocols.vmstate.stream import Device, Stream, flattened
from wireformat.schema import Record
from wireformat.schema.path import join

View: TypeAlias = Any
Spans: TypeAlias = dict[str, Span]


def view(stream: Stream) -> dict[str, View]:
    """The nested value: mappings, tuples, numbers, text and bytes."""
    parts: dict[str, View] = {}
    for element in flattened(stream.elements):
        _add(parts, element)
    if stream.ram.page_size is not None:
        parts["page_size"] = stream.ram.page_size
    if stream.ram.blocks:
        parts["ram"] = ram_view(stream)
    devices = {device.key: device_view(device) for device in stream.devices()}
    if devices:
        parts["devices"] = devices
    if stream.fault is not None:
        parts["incomplete"] = {"offset": stream.fault.offset, "error": str(stream.fault)}
    tail = [name for name in ("description", "trailing", "incomplete") if name in parts]
    return {name: value for name, value in parts.items() if name not in tail} | {name: parts[name] for name in tail}


def _add(parts: dict[str, View], element: Element) -> None:
    match element:
        case HeaderElement():
            parts["header"] = plain(element.header)
        case ConfigurationElement():
            parts["configuration"] = plain(element.configuration)
        case CommandElement():
            parts["commands"] = (*parts.get("commands", ()), _command(element))
        case Section(body=RecordsBody()) if isinstance(element.body, RecordsBody):
            sections = parts.setdefault("sections", {})
            key = section_key(element.idstr, element.instance_id)
            sections[key] = (*sections.get(key, ()), _records(element, element.body))
        case DescriptionElement():
            parts["description"] = {"size": len(element.text)}
        case TrailingElement():
            parts["trailing"] = {"size": element.span.size}


def _command(element: CommandElement) -> View:
    return {"command": element.command.command.name, **plain(element.command.body)}


def _records(section: Section, body: RecordsBody) -> View:
    records = tuple(
        plain(item.record) | ({"data_size": item.data.size} if item.data.size else {}) for item in body.items
    )
    head = {} if body.head is None else {"head": plain(body.head)}
    return {"type": SECTION_TYPES[section.type], **head, "records": records}


def device_view(device: Device) -> View:
    """The fields of a device, or its bytes."""
    return device.body.data if device.body.value is None else present(device.body.value)


def present(value: View) -> View:
    """A device's value without the subsections that were not sent."""
    if isinstance(value, dict):
        return {name: present(part) for name, part in value.items() if part is not None}
    if isinstance(value, tuple):
        return tuple(map(present, value))
    return value


def device_notes(stream: Stream) -> dict[str, str]:
    """What the header of each device's section says, by the device's path."""
    return {join(("devices", device.key)): _note(device.section) for device in stream.devices()}


def _note(section: Section) -> str:
    where = f"{section.body_span.size} bytes at {section.body_span.position:#x}"
    return f"section {section.section_id}, version {section.version_id}, {where}"


def plain(record: Record) -> dict[str, View]:
    """A record as a mapping, fields that are absent left out."""
    values = ((field.name, getattr(record, field.name)) for field in dataclass_fields(record))
    return {name: _plain_value(value) for name, value in values if value is not None}


def _plain_value(value: Any) -> View:
    if isinstance(value, Record):
        return plain(value)
    return tuple(map(_plain_value, value)) if isinstance(value, tuple) else value


def ram_view(stream: Stream) -> View:
    """For each block its size and how many records of each kind it got."""
    ram = stream.ram
    counts: list[dict[str, int]] = [{} for _ in ram.blocks]
    structural = (PART_ROW, MEM_SIZE, MULTIFD_FLUSH)
    for block, flags, count in zip(ram.runs.blocks, ram.runs.flags, ram.runs.counts, strict=True):
        if flags not in structural:
            kind = KINDS[flags & ~CONTINUE]
            counts[block][kind] = counts[block].get(kind, 0) + count
    return {block.name: _block(plain(block), counts[number]) for number, block in enumerate(ram.blocks)}


def _block(block: Mapping[str, View], counts: Mapping[str, int]) -> View:
    return {name: value for name, value in block.items() if name != "name"} | dict(counts)


def spans(stream: Stream) -> Spans:
    """Which bytes of the stream each path of the view stands for. Needs the stream's content."""
    found: Spans = {}
    content = stream.content or b""
    for name, message, span in _messages(stream.elements):
        position = span.position
        _, inner = codec_for(type(message)).spans(bytes(content[position : position + span.size]))
        found |= {_below(name, path): Span(position + start, end - start) for path, (start, end) in inner.items()}
    for device in stream.devices():
        found |= _device_spans(device)
    return found


def _messages(elements: Iterable[Element]) -> Iterator[tuple[str, Record, Span]]:
    for element in elements:
        if isinstance(element, HeaderElement):
            yield "header", element.header, element.span
        elif isinstance(element, ConfigurationElement):
            yield "configuration", element.configuration, Span(element.span.position + 1, element.span.size - 1)


def _device_spans(device: Device) -> Spans:
    body, base = device.body, device.section.body_span.position
    root = join(("devices", device.key))
    found = {root: device.section.body_span}
    if body.codec is not None:
        _, inner = body.codec.spans(body.data)
        found |= {_below(root, path): Span(base + start, end - start) for path, (start, end) in inner.items()}
    return found


def _below(root: str, path: str) -> str:
    if not path:
        return root
    return f"{root}{path}" if path.startswith("[") else f"{root}.{path}"
