"""Questions about a model: what is inside a node, which records lie on a cycle, which fields a version has.

`self_delimiting` is the property that incremental decoding needs: a record that takes all that is left (rest data,
TLV entries, pointers) cannot say that more bytes are needed; its end must be known beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wireformat.errors import SchemaError
from wireformat.schema import model

PLAIN_TYPES: Mapping[type, type] = {model.Int: int, model.Float: float, model.List: tuple, model.Chain: tuple}
"""The types of the values of nodes whose values have one type always."""


def children(node: model.Node) -> Iterator[model.Node]:
    """The nodes directly inside a node, those that give sizes and counts included."""
    match node:
        case model.Union(arms=arms):
            yield from (arm for _, arm in arms)
            return
        case model.Pointed(of=data, size_int=size, offset_int=offset):
            yield from (size, offset, data)
            return
        case model.Data(size=model.Int() as size) | model.Region(size=model.Int() as size):
            yield size
        case model.List(count=model.Int() as count):
            yield count
        case model.Maybe(flag=flag):
            yield flag
    of = getattr(node, "of", None)
    if of is not None:
        yield of


def walk(node: model.Node) -> Iterator[model.Node]:
    """A node and all nodes inside it; references are not followed."""
    yield node
    for child in children(node):
        yield from walk(child)


def references(record: model.Record) -> frozenset[str]:
    """The records that a record refers to directly."""
    return frozenset(node.name for field in record.fields for node in walk(field.of) if isinstance(node, model.Ref))


def cyclic_records(schema: model.Schema) -> frozenset[str]:
    """The records that can contain themselves."""
    direct = {name: references(record) for name, record in schema.records.items()}
    return frozenset(name for name in direct if name in _reachable(name, direct))


def _reachable(name: str, direct: dict[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(direct[name])
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting.extend(direct.get(step, ()))
    return frozenset(found)


def fields_of(record: model.Record, version: str | None) -> tuple[model.Field, ...]:
    """The fields that a version has; None is the newest. Raises `SchemaError`, id `version`, when it is unknown."""
    if all(field.since is None and field.until is None for field in record.fields):
        return record.fields
    now = _place(record, record.versions[-1] if version is None and record.versions else version)
    return tuple(
        field
        for field in record.fields
        if (field.since is None or _place(record, field.since) <= now)
        and (field.until is None or now <= _place(record, field.until))
    )


def _place(record: model.Record, version: str | None) -> int:
    """Where a version stands in the order; strings do not tell ("10" < "2")."""
    if version not in record.versions:
        known = ", ".join(record.versions) or "none declared"
        raise SchemaError("version", f"{record.name} has no version {version!r} ({known})", actual=version)
    return record.versions.index(version)


def self_delimiting(schema: model.Schema, version: str | None = None) -> bool:
    """Whether the bytes themselves tell where the root record ends."""
    return not _open_record(schema, schema.root, version, frozenset())


def _open_record(schema: model.Schema, name: str, version: str | None, above: frozenset[str]) -> bool:
    record = schema.records[name]
    if name in above:
        return False
    if record.layout == "tlv":
        return True
    return any(_open(schema, field.of, version, above | {name}) for field in fields_of(record, version))


def _open(schema: model.Schema, node: model.Node, version: str | None, above: frozenset[str]) -> bool:
    match node:
        case model.Region():
            return False
        case model.Data(size=None) | model.List(count=None) | model.Pointed() | model.Union(unknown=True):
            return True
        case model.Ref(name=name):
            return _open_record(schema, name, version, above)
    return any(_open(schema, child, version, above) for child in children(node))


def ends_announced(schema: model.Schema, version: str | None = None) -> bool:
    """Whether the root record may end with an announced part, whose absence shows only in what follows."""
    return _record_ends_announced(schema, schema.root, version, frozenset())


def _record_ends_announced(schema: model.Schema, name: str, version: str | None, above: frozenset[str]) -> bool:
    if name in above:
        return False
    for field in reversed(fields_of(schema.records[name], version)):
        if _ends_announced(schema, field.of, version, above | {name}):
            return True
        if not isinstance(field.of, model.When):
            return False
    return False


def _ends_announced(schema: model.Schema, node: model.Node, version: str | None, above: frozenset[str]) -> bool:
    match node:
        case model.Announced():
            return True
        case model.Region():
            return False
        case model.Ref(name=name):
            return _record_ends_announced(schema, name, version, above)
    return any(_ends_announced(schema, child, version, above) for child in children(node))


def value_type(schema: model.Schema, node: model.Node) -> type | None:
    """The Python type of a node's values; None where values may be of several types, or where no class is known."""
    match node:
        case model.Ref(name=name):
            known: type | None = schema.records[name].cls
            return known
        case model.Enum(cls=cls) | model.Flags(cls=cls):
            return cls or int
        case model.Data(encoding=encoding):
            return bytes if encoding is None else str
        case model.Region(of=of):
            return value_type(schema, of)
    return PLAIN_TYPES.get(type(node))


def least_size(schema: model.Schema, node: model.Node, version: str | None = None) -> int:
    """A number of bytes that a node never goes below; a cycle counts as nothing."""
    return _least(schema, node, version, frozenset())


def _least(schema: model.Schema, node: model.Node, version: str | None, above: frozenset[str]) -> int:
    match node:
        case model.Int(size=size) | model.Float(size=size):
            return size
        case model.Data(size=int(size), pad=pad):
            return size + -size % pad
        case model.List(of=of, count=int(count)):
            return count * _least(schema, of, version, above)
        case model.Chain(end=end):
            return len(end)
        case model.Union(arms=arms, unknown=False):
            return min((_least(schema, arm, version, above) for _, arm in arms), default=0)
        case model.Union() | model.When() | model.Announced() | model.Opaque():
            return 0
        case model.Ref(name=name):
            return _least_record(schema, name, version, above)
        case model.Data() | model.List() | model.Region() | model.Maybe() | model.Pointed():
            return sum(
                child.size for child in children(node) if isinstance(child, model.Int) and child is not _of(node)
            )
    return _least(schema, node.of, version, above)


def _of(node: model.Node) -> object:
    return getattr(node, "of", None)


def _least_record(schema: model.Schema, name: str, version: str | None, above: frozenset[str]) -> int:
    record = schema.records[name]
    if name in above or record.layout == "tlv":
        return 0
    if record.base is not None:
        return record.base.size
    return sum(_least(schema, field.of, version, above | {name}) for field in fields_of(record, version))
