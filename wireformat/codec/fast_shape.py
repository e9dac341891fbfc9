"""What can be said about a schema's bytes before any are seen.

For one version of a schema: which fields exist, how few bytes a node can take, how many it always takes, and which
records lie on a cycle, so that only those need to count their depth. A cycle is cut by assuming zero bytes, which
keeps `least` a lower bound.
"""

from __future__ import annotations

from functools import cached_property, partial

from wireformat.codec.fast_source import UnsupportedError, paths
from wireformat.schema import model
from wireformat.schema.transform import living
from wireformat.schema.traverse import children, cyclic_records, fields_of, references

INLINE_FIELDS = 32
"""Records with more fields get a function of their own even where their width is known."""


def reads(node: model.Node) -> frozenset[str]:
    """The fields of the record around it that a node's expressions read."""
    found = set()
    match node:
        case model.Data(size=expr) | model.List(count=expr) | model.Region(size=expr) | model.When(cond=expr):
            found = {path[0] for path in paths(expr)}
        case model.Union(on=expr):
            found = {path[0] for path in paths(expr)}
    return frozenset(found).union(*map(reads, children(node)))


class Shape:
    """One version of a schema, without arms that it lacks. `version` None means the newest."""

    def __init__(self, schema: model.Schema, version: str | None) -> None:
        self.schema = living(schema, version)
        self.version = version
        self._fixed: dict[str, int | None] = {}
        self._least: dict[str, int] = {}

    def record(self, name: str) -> model.Record:
        """The record of that name."""
        return self.schema.records[name]

    def fields(self, record: model.Record) -> tuple[model.Field, ...]:
        """The fields on the wire, in order."""
        return fields_of(record, self.version)

    def absent(self, record: model.Record) -> list[model.Field]:
        """The fields that this version lacks and that a value still has."""
        present = set(map(id, self.fields(record)))
        return [field for field in record.fields if id(field) not in present and holds_value(field)]

    def entries(self, record: model.Record) -> list[model.Field]:
        """The fields of a TLV record in the order of their tags."""
        tlv = record.tlv or model.Tlv(model.Int(2), model.Int(2))
        return sorted(self.fields(record), key=partial(number_of, tlv))

    def fixed(self, node: model.Node) -> int | None:
        """Bytes that the node always takes; None when that depends."""
        match node:
            case model.Int(size=size) | model.Float(size=size):
                return size
            case model.Data(size=int(size), pad=pad):
                return size + -size % pad
            case model.Const(of=of) | model.Reserved(of=of) | model.Computed(of=of) | model.Checksum(of=of):
                return self.fixed(of)
            case model.Enum(of=of) | model.Flags(of=of):
                return of.size
            case model.List(of=of, count=int(count)):
                item = self.fixed(of)
                return None if item is None else item * count
            case model.Ref(name=name):
                return self._fixed_record(name)
        return None

    def _fixed_record(self, name: str) -> int | None:
        if name not in self._fixed:
            self._fixed[name] = None
            record = self.record(name)
            if record.layout == "bits" and record.base is not None:
                self._fixed[name] = record.base.size
            elif record.layout == "sequence":
                sizes = [self.fixed(field.of) for field in self.fields(record)]
                self._fixed[name] = None if None in sizes else sum(size or 0 for size in sizes)
        return self._fixed[name]

    def least(self, node: model.Node) -> int:
        """A number of bytes that the node never goes below."""
        fixed = self.fixed(node)
        if fixed is not None:
            return fixed
        match node:
            case model.Data(size=model.Int(size=size)) | model.List(count=model.Int(size=size)):
                return size
            case model.Region(size=model.Int(size=size)) | model.Maybe(flag=model.Int(size=size)):
                return size
            case model.List(of=of, count=int(count)):
                return count * self.least(of)
            case model.Chain(end=end):
                return len(end)
            case model.Pointed(size_int=size_int, offset_int=offset_int):
                return size_int.size + offset_int.size
            case model.Union(arms=arms, unknown=False) if arms:
                return min(self.least(arm) for _, arm in arms)
            case model.Ref(name=name):
                return self._least_record(name)
        return 0

    def _least_record(self, name: str) -> int:
        if name not in self._least:
            self._least[name] = 0
            record = self.record(name)
            if record.layout == "sequence":
                self._least[name] = sum(self.least(field.of) for field in self.fields(record))
        return self._least[name]

    def joins(self, name: str) -> bool:
        """Whether the record is written into the function around it: short, of known width, and nothing special."""
        fields = self.fields(self.record(name))
        special = (model.Checksum, model.Computed, model.Pointed)
        return (
            len(fields) <= INLINE_FIELDS
            and self.fixed(model.Ref(name)) is not None
            and not any(isinstance(field.of, special) for field in fields)
        )

    def may_be_empty(self, name: str) -> bool:
        """Whether no bytes at all are a value of the record, an immutable one: entries, none of them mandatory."""
        record = self.record(name)
        is_shared = record.layout == "tlv" and record.cls is not None and not self.counts_depth(name)
        return is_shared and all(field.optional or field.many for field in self.fields(record))

    @cached_property
    def _cyclic(self) -> frozenset[str]:
        return cyclic_records(self.schema)

    def cyclic(self, name: str) -> bool:
        """Whether the record can hold itself."""
        return name in self._cyclic

    @cached_property
    def _deep(self) -> frozenset[str]:
        """Records on a cycle, and those that lead to one."""
        direct = {name: references(record) for name, record in self.schema.records.items()} if self._cyclic else {}
        deep, size = self._cyclic, -1
        while len(deep) > size:
            size = len(deep)
            deep |= {name for name, others in direct.items() if others & deep}
        return deep

    def counts_depth(self, name: str) -> bool:
        """Whether the record lies on a cycle or leads to one."""
        return name in self._deep


def holds_value(field: model.Field) -> bool:
    """Whether a record's value has this field; nobody chooses constants, zeros, and what follows from the rest."""
    derived = (model.Const, model.Reserved, model.Computed, model.Checksum)
    return bool(field.name) and not isinstance(field.of, derived)


def arguments(record: model.Record) -> list[str]:
    """The names that a value of this record has, whatever the version."""
    names = [field.name for field in record.fields if holds_value(field)]
    return [*names, "unknown"] if record.layout == "tlv" else names


def header_of(tlv: model.Tlv) -> str:
    """How `struct` writes the tag and size of an entry; what is reserved between them is zero, or skipped."""
    if not tlv.tag.fmt or not tlv.size.fmt or tlv.tag.little != tlv.size.little:
        raise UnsupportedError("a header that struct cannot write")
    gap = "" if tlv.reserved is None else f"{tlv.reserved.size}x"
    return ("<" if tlv.tag.little else ">") + tlv.tag.fmt + gap + tlv.size.fmt


def number_of(tlv: model.Tlv, field: model.Field) -> int:
    """A field's tag without the critical bit."""
    return (field.tag or 0) & ~tlv.critical


def union_of(node: model.Node) -> model.Union | None:
    """The union that a field is, also inside a region."""
    if isinstance(node, model.Region):
        return union_of(node.of)
    return node if isinstance(node, model.Union) else None


def steers(name: str, rule: str, node: model.Node) -> bool:
    """Whether the computed number `name` alone tells the size, the count or the arm of `node`, by its own rule."""
    read = ("get", name)
    match rule, node:
        case "size_of", model.Data(size=amount) | model.Region(size=amount):
            return bool(amount == read)
        case "count_of", model.List(count=amount):
            return bool(amount == read)
        case "tag_of", _:
            union = union_of(node)
            return union is not None and union.on == read
    return False
