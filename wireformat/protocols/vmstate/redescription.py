"""Keeping a VM description true to devices that were edited.

Most edits change a value and no size. Where a list grew, a subsection went or the machine's name changed, the sizes
and subsections in the description follow, so that the stream still describes itself. Nothing else in the text changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from wireformat.protocols.vmstate.description import Description, DeviceEntry
from wireformat.protocols.vmstate.messages import Configuration
from wireformat.schema import model


class Redescription:
    """A description's JSON, kept in step with the devices that are encoded.

    `value` is the JSON of the description, or its text where JSON cannot hold it (repeated keys); that stays as it is.
    """

    def __init__(self, value: Any, description: Description | None) -> None:
        self.value = value
        self._places = {id(entry): n for n, entry in enumerate(description.devices)} if description else {}

    def configuration(self, configuration: Configuration) -> None:
        """Follow the machine's name."""
        if not isinstance(self.value, dict):
            return
        for field in self.value.get("configuration", {}).get("fields", ()):
            if field["name"] == "name":
                field["size"] = len(configuration.name.encode())

    def device(self, entry: DeviceEntry, schema: model.Schema, value: Mapping[str, Any]) -> None:
        """Follow a device's state."""
        place = self._places.get(id(entry))
        if isinstance(self.value, dict) and entry.vmsd is not None and place is not None:
            _Sizes(schema).record(self.value["devices"][place], schema.root, value)


class _Sizes:
    """Computes sizes bottom-up and writes them where they changed."""

    def __init__(self, schema: model.Schema) -> None:
        self._schema = schema

    def record(self, vmsd: dict[str, Any], name: str, value: Mapping[str, Any]) -> int:
        """Bytes of a struct with its subsections; subsections that are gone leave the description."""
        record = self._schema.records[name]
        groups = [list(group) for _, group in groupby(vmsd.get("fields", ()), key=itemgetter("name"))]
        size = sum(
            self._field(group, field.of, value[field.name]) for field, group in zip(record.fields, groups, strict=False)
        )
        return size + self._subsections(vmsd, record.fields[len(groups) :], value)

    def _subsections(self, vmsd: dict[str, Any], fields: Sequence[model.Field], value: Mapping[str, Any]) -> int:
        size, kept = 0, []
        for field, subsection in zip(fields, vmsd.get("subsections", ()), strict=True):
            part = value[field.name]
            if part is not None:
                assert isinstance(field.of, model.Announced)
                assert isinstance(field.of.of, model.Ref)
                size += len(field.of.marker) + self.record(subsection, field.of.of.name, part)
                kept.append(subsection)
        if kept:
            vmsd["subsections"] = kept
        else:
            vmsd.pop("subsections", None)
        return size

    def _field(self, entries: Sequence[dict[str, Any]], node: model.Node, value: Any) -> int:
        """Bytes of a field; several entries of one name are an array described in pieces."""
        if len(entries) == 1 and "index" not in entries[0]:
            return self._entry(entries[0], node, value)
        parts = self._parts(node, value)
        return sum(self._entry(entry, part, item) for entry, (part, item) in zip(entries, parts, strict=True))

    def _parts(self, node: model.Node, value: Any) -> Iterator[tuple[model.Node, Any]]:
        if isinstance(node, model.List):
            yield from ((node.of, item) for item in value)
        elif isinstance(node, model.Ref):
            yield from ((field.of, value[field.name]) for field in self._schema.records[node.name].fields)

    def _entry(self, entry: dict[str, Any], node: model.Node, value: Any) -> int:
        """Bytes of what one entry describes; its `size` is that of the first element, and says nothing where that is
        NULL."""
        if entry["type"] == "struct" and isinstance(node, model.Data):
            return len(value)
        if "array_len" not in entry or not isinstance(node, model.List):
            return self._element(entry, node, value)
        described = sum(self._element(entry, node.of, item) for item in value[:1])
        return described + sum(self._plain(node.of, item) for item in value[1:])

    def _element(self, entry: dict[str, Any], node: model.Node, value: Any) -> int:
        size = self._size(entry, node, value)
        if entry["size"] != size and entry["type"] != "capability":
            entry["size"] = size
        return size

    def _size(self, entry: dict[str, Any], node: model.Node, value: Any) -> int:
        match node:
            case model.Int():
                return node.size
            case model.Data(size=model.Int() as prefix):
                return prefix.size + len(value.encode() if isinstance(value, str) else value)
            case model.Data():
                return len(value)
            case model.List() | model.Chain():
                marks = len(value) * len(node.more) + len(node.end) if isinstance(node, model.Chain) else 0
                return marks + sum(self._plain(node.of, item) for item in value)
            case model.Ref():
                vmsd = entry.get("struct", entry)
                described = "fields" in vmsd and entry.get("type") != "gtree"
                return self.record(vmsd, node.name, value) if described else self._plain(node, value)
        return int(entry["size"])

    def _plain(self, node: model.Node, value: Any) -> int:
        """Bytes of a part whose inner description need not follow."""
        match node:
            case model.Computed():
                return node.of.size
            case model.Announced():
                return 0 if value is None else len(node.marker) + self._plain(node.of, value)
            case model.Ref():
                fields = self._schema.records[node.name].fields
                return sum(self._plain(field.of, value.get(field.name)) for field in fields)
        return self._size({"size": 0}, node, value)
