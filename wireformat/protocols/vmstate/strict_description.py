"""Strict rules about the VM description: its sizes add up, and it describes the sections of this stream in their order.

Where an array mixes pointers with NULL, only the description tells which is which; the mark of NULL is checked here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from wireformat.codec import Codec
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.description import Description, FieldEntry, Vmsd
from wireformat.protocols.vmstate.elements import DescriptionElement
from wireformat.protocols.vmstate.layout import INLINE, NULL, schema_of, undescribed
from wireformat.protocols.vmstate.messages import subsection_marker
from wireformat.protocols.vmstate.naming import section_key
from wireformat.protocols.vmstate.stream import Stream
from wireformat.protocols.vmstate.window import shifted
from wireformat.schema.path import Path, join


def _own(stream: Stream) -> tuple[Description, int] | None:
    """The description that the stream itself carries, and where."""
    known = stream.description
    for element in stream.elements:
        if isinstance(element, DescriptionElement) and known is not None and known.text == element.text:
            return known, element.span.position
    return None


def sizes(stream: Stream) -> Iterator[DecodeError]:
    """The size of a struct is that of its fields and subsections, whose names begin with its own."""
    own = _own(stream)
    if own is None:
        return
    description, position = own
    for entry in description.devices:
        path = ("description", "devices", section_key(entry.name, entry.instance_id))
        for where, detail in _struct(entry.vmsd, path) if entry.vmsd else ():
            yield _wrong(detail, join(where), position)


def _struct(vmsd: Vmsd, path: Path) -> Iterator[tuple[Path, str]]:
    """What does not add up inside a struct."""
    for field in vmsd.fields:
        yield from _field(field, (*path, field.name))
    for subsection in vmsd.subsections:
        if not subsection.name.startswith(vmsd.name):
            yield (*path, subsection.name), f"subsection of {vmsd.name!r}, whose name it does not begin with"
        yield from _struct(subsection, (*path, subsection.name))


def _field(field: FieldEntry, path: Path) -> Iterator[tuple[Path, str]]:
    for item in field.items:
        yield from _struct(item, path)
    if field.type not in INLINE or len(field.items) != 1:
        return
    size = struct_size(field.items[0])
    if size and size != field.size:
        yield path, f"size {field.size}, but its fields have {size} bytes"


def struct_size(vmsd: Vmsd) -> int:
    """Bytes of a struct by its description: fields, then subsections with their markers."""
    fields = sum(field.size * (field.count or 1) for field in vmsd.fields)
    markers = sum(len(subsection_marker(part.name, part.version)) for part in vmsd.subsections)
    return fields + markers + sum(map(struct_size, vmsd.subsections))


def coverage(stream: Stream) -> Iterator[DecodeError]:
    """The description lists the device sections of the stream, all of them and no others, in their order."""
    own = _own(stream)
    if own is None:
        return
    description, position = own
    entries = [(entry.name, entry.instance_id) for entry in description.devices]
    devices = [(device.section.idstr, device.section.instance_id) for device in stream.devices()]
    described, sections = Counter(entries), Counter(devices)
    if described == sections and entries != devices:
        name, instance = next(entry for entry, device in zip(entries, devices, strict=True) if entry != device)
        path = join(("description", "devices", section_key(name, instance)))
        yield _wrong("described at another place than its section has in the stream", path, position)
    for name, instance in described - sections:
        path = join(("description", "devices", section_key(name, instance)))
        yield _wrong("describes a section that is not in the stream", path, position)
    for name, instance in sections - described:
        yield _wrong("section without a description", join(("devices", section_key(name, instance))), position)


def nulls(stream: Stream) -> Iterator[DecodeError]:
    """What a description calls a NULL pointer is the byte that stands for one."""
    for device in stream.devices():
        entry, body = device.body.entry, device.body
        if entry is None or undescribed(entry) is not None or not _has_null(entry.vmsd):
            continue
        try:
            Codec(schema_of(entry, marked_nulls=True)).decode(body.data)
        except DecodeError as error:
            yield shifted(error, device.section.body_span.position, join(("devices", device.key)))


def _has_null(vmsd: Vmsd | None) -> bool:
    if vmsd is None:
        return False
    inner = (item for field in vmsd.fields for item in field.items)
    return any(field.type == NULL for field in vmsd.fields) or any(map(_has_null, (*inner, *vmsd.subsections)))


def _wrong(detail: str, path: str, position: int) -> DecodeError:
    return DecodeError("vmstate/description", detail, path=path, offset=position, source="qemu-stream 4")
