"""Strict rules about the VM description: its sizes add up, and it describes the sections of this stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.description import Description, FieldEntry, Vmsd
from wireformat.protocols.vmstate.elements import DescriptionElement
from wireformat.protocols.vmstate.layout import INLINE
from wireformat.protocols.vmstate.messages import subsection_marker
from wireformat.protocols.vmstate.naming import section_key
from wireformat.protocols.vmstate.stream import Stream
from wireformat.schema.path import Path, join


def _own(stream: Stream) -> tuple[Description, int] | None:
    """The description that the stream itself carries, and where."""
    known = stream.description
    for element in stream.elements:
        if isinstance(element, DescriptionElement) and known is not None and known.text == element.text:
            return known, element.span.position
    return None


def sizes(stream: Stream) -> Iterator[DecodeError]:
    """The size of a struct is that of its fields and subsections."""
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
    """The description lists the device sections of the stream, all of them and no others."""
    own = _own(stream)
    if own is None:
        return
    description, position = own
    described = Counter((entry.name, entry.instance_id) for entry in description.devices)
    sections = Counter((device.section.idstr, device.section.instance_id) for device in stream.devices())
    for name, instance in described - sections:
        path = join(("description", "devices", section_key(name, instance)))
        yield _wrong("describes a section that is not in the stream", path, position)
    for name, instance in sections - described:
        yield _wrong("section without a description", join(("devices", section_key(name, instance))), position)


def _wrong(detail: str, path: str, position: int) -> DecodeError:
    return DecodeError("vmstate/description", detail, path=path, offset=position, source="qemu-stream 4")
