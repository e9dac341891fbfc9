"""From a VM description to schemas: each device's state becomes a record of the common model.

The schema goes through the same codec as every declared message. A value is a dict of field names in wire order;
arrays are tuples, structs and subsections dicts, an absent subsection is None. What a description does not describe
further stays bytes [qemu-stream 3].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from wireformat.protocols.vmstate.description import DeviceEntry, FieldEntry, Vmsd
from wireformat.protocols.vmstate.messages import subsection_marker
from wireformat.schema import model
from wireformat.schema.traverse import least_size

MAX_OPAQUE = 64 << 20
MAX_ARRAY = 1 << 20
MAX_LIST = 1 << 16

NUMBERS: dict[str, model.Int] = {
    "bool": model.Int(1),
    "int8": model.Int(1, signed=True),
    "int16": model.Int(2, signed=True),
    "int32": model.Int(4, signed=True),
    "int64": model.Int(8, signed=True),
    "uint8": model.Int(1),
    "uint16": model.Int(2),
    "uint32": model.Int(4),
    "uint64": model.Int(8),
    "int32 equal": model.Int(4, signed=True),
    "int64 equal": model.Int(8),
    "uint8 equal": model.Int(1),
    "uint16 equal": model.Int(2),
    "uint32 equal": model.Int(4),
    "int32 le": model.Int(4, signed=True),
    "CPU_Double_U": model.Int(8),
    "float64": model.Int(8),
    "timer": model.Int(8),
}
"""Types of one number [qemu-stream 3.1]; `int32 le` means less-or-equal, not little-endian."""

INLINE = frozenset({"struct", "vstruct", "tmp"})
LISTS = frozenset({"qtailq", "qlist"})
NULL = "nullptr"
NULL_MARK = model.Const(model.Data(1, 1), b"0")
"""What stands for a NULL element of an array of pointers."""


def schema_of(entry: DeviceEntry, slack: int = 0, *, marked_nulls: bool = False) -> model.Schema:
    """The schema of a device's section body. `slack` bytes are added to an array that is not described.

    With `marked_nulls` a NULL pointer must be its mark, and is no value; else it is a byte.
    """
    builder = _Builder(slack, marked_nulls)
    if entry.vmsd is None:
        data = model.Field("data", model.Data(entry.size, MAX_OPAQUE))
        root = builder.add("old-style", (data,))
    else:
        root = builder.record(entry.vmsd)
    return model.Schema(root, builder.records)


class _Builder:
    """Collects the records of one schema; equal descriptions share one record."""

    def __init__(self, slack: int, marked_nulls: bool) -> None:
        self._slack = slack
        self._marked_nulls = marked_nulls
        self.records: dict[str, model.Record] = {}
        self._names: dict[Vmsd, str] = {}

    def record(self, vmsd: Vmsd) -> str:
        """The name of the record for a description."""
        known = self._names.get(vmsd)
        if known is not None:
            return known
        fields = [*self._fields(vmsd.fields), *map(self._subsection, vmsd.subsections)]
        name = self.add(vmsd.name, fields)
        self._names[vmsd] = name
        return name

    def add(self, name: str, fields: Iterable[model.Field]) -> str:
        unique = f"{name}#{len(self.records)}"
        self.records[unique] = model.Record(unique, tuple(_distinct(fields)))
        return unique

    def _subsection(self, vmsd: Vmsd) -> model.Field:
        marker = subsection_marker(vmsd.name, vmsd.version)
        of = model.Announced(marker, model.Ref(self.record(vmsd)))
        return model.Field(vmsd.name, of, optional=True, default=None)

    def _fields(self, entries: Sequence[FieldEntry]) -> Iterator[model.Field]:
        for name, pieces in pieces_of(entries):
            nodes = [self._piece(piece) for piece in pieces]
            if len(nodes) == 1 and pieces[0].index is None:
                yield model.Field(name, nodes[0])
            else:
                yield model.Field(name, self._joined(name, nodes))

    def _joined(self, name: str, nodes: list[model.Node]) -> model.Node:
        """Several entries of one name: an array whose elements are described one by one, or in runs."""
        if all(node == nodes[0] for node in nodes) and not isinstance(nodes[0], model.List):
            return model.List(nodes[0], MAX_ARRAY, len(nodes))
        return model.Ref(self.add(name, (model.Field(str(k), node) for k, node in enumerate(nodes))))

    def _piece(self, entry: FieldEntry) -> model.Node:
        if _is_undescribed(entry):
            return _opaque(max(0, entry.size * (entry.count or 1) + self._slack))
        element = self._element(entry)
        if entry.count is None:
            return element
        if least_size(model.Schema("", self.records), element) == 0:
            return _opaque(entry.size * entry.count)
        return model.List(element, MAX_ARRAY, entry.count)

    def _element(self, entry: FieldEntry) -> model.Node:
        number = NUMBERS.get(entry.type)
        if number is not None and number.size == entry.size:
            return number
        if entry.type in INLINE and len(entry.items) == 1:
            return model.Ref(self.record(entry.items[0]))
        if entry.type == NULL and self._marked_nulls and entry.size == 1:
            return NULL_MARK
        if entry.type in LISTS:
            return self._list(entry) or _opaque(entry.size)
        if entry.type == "gtree":
            return self._tree(entry) or _opaque(entry.size)
        if entry.type == "bitmap" and entry.size % 8 == 0:
            return model.List(model.Int(8), MAX_ARRAY, entry.size // 8)
        if entry.type == "capability":
            return model.Data(model.Int(1), 255, encoding="utf-8")
        return _opaque(entry.size)

    def _list(self, entry: FieldEntry) -> model.Node | None:
        item = merged(entry.items)
        if item is None:
            return None
        return model.Chain(model.Ref(self.record(item)), b"\1", b"\0", MAX_LIST)

    def _tree(self, entry: FieldEntry) -> model.Node | None:
        """A gtree: number of nodes, then each node's key and value. Keys without description are numbers."""
        keyed = len({item.name for item in entry.items}) == 2
        value = merged(entry.items[1::2] if keyed else entry.items)
        key = merged(entry.items[::2]) if keyed else None
        if value is None or (keyed and key is None):
            return None
        key_node = model.Ref(self.record(key)) if key else model.Int(8)
        fields = (model.Field("key", key_node), model.Field("value", model.Ref(self.record(value))))
        node = model.Ref(self.add(f"{entry.name}.node", fields))
        count = model.Computed(model.Int(4), ("count_of", "nodes"))
        nodes = model.Chain(node, b"\1", b"\0", MAX_LIST)
        return model.Ref(self.add(entry.name, (model.Field("count", count), model.Field("nodes", nodes))))


def pieces_of(entries: Sequence[FieldEntry]) -> Iterator[tuple[str, list[FieldEntry]]]:
    """The entries that make up one field: neighbours of one name belong together."""
    for name, group in groupby(entries, key=attrgetter("name")):
        yield name, list(group)


def merged(items: Sequence[Vmsd]) -> Vmsd | None:
    """One description that fits all elements of a list, None when their fields differ.

    Elements may have sent different subsections; the merged one knows them all. An empty list fits an empty one.
    """
    if not items:
        return Vmsd("", 0, ())
    first = items[0]
    if any((item.name, item.version, item.fields) != (first.name, first.version, first.fields) for item in items):
        return None
    subsections = {subsection.name: subsection for item in items for subsection in item.subsections}
    return Vmsd(first.name, first.version, first.fields, tuple(subsections.values()))


def undescribed(entry: DeviceEntry) -> FieldEntry | None:
    """The array of a device that is not described, where there is exactly one."""
    found = list(filter(_is_undescribed, entry.vmsd.fields)) if entry.vmsd else []
    return found[0] if len(found) == 1 else None


def undescribed_slack(entry: DeviceEntry, size: int) -> int:
    """By how much an array that is not described, and takes `size` bytes, is longer than its description says."""
    field = undescribed(entry)
    return 0 if field is None else size - field.size * (field.count or 1)


def _is_undescribed(entry: FieldEntry) -> bool:
    """Whether an entry names a struct without telling what is in it: its first element was NULL."""
    return (
        entry.type == "struct" and entry.size > 0 and all(not (item.fields or item.subsections) for item in entry.items)
    )


def _opaque(size: int) -> model.Data:
    return model.Data(size, MAX_OPAQUE)


def _distinct(fields: Iterable[model.Field]) -> Iterator[model.Field]:
    """Fields with names of their own, whatever a description says."""
    seen: set[str] = set()
    for number, field in enumerate(fields):
        name = field.name or "unnamed"
        while name in seen:
            name = f"{name}#{number}"
        seen.add(name)
        yield (
            field if name == field.name else model.Field(name, field.of, optional=field.optional, default=field.default)
        )
