"""What a declaration must not do, found in its lifted form.

The lint reads the model, so it judges what a schema means, not how it was written. It returns findings and raises none.
Relations are checked for sense: expressions read what stands before them, computed numbers concern fields that exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from wireformat.errors import SchemaError
from wireformat.limits import MAX_BUFFERED
from wireformat.schema import model
from wireformat.schema.expression import paths
from wireformat.schema.lift import lift, lift_report
from wireformat.schema.protocol import Protocol
from wireformat.schema.traverse import children, value_type, walk

SINGLE_BYTE = frozenset({"ascii", "latin-1", "utf-8", "utf8"})
"""Encodings in which NUL is one byte zero and nothing else holds one."""


def lint(schema: Any) -> list[SchemaError]:
    """The findings for a record class, a construct object, a `model.Schema` or a whole `Protocol`."""
    if isinstance(schema, Protocol):
        return [*_protocol(schema), *(finding for part in _parts(schema) for finding in lint(part))]
    lifted = lift(schema)
    findings = [SchemaError("vocabulary", reason, path=path) for path, reason in lift_report(schema)]
    for record in lifted.records.values():
        findings += _record(record, lifted)
    return findings


def _parts(protocol: Protocol) -> list[Any]:
    return [*protocol.messages, *protocol.records]


def _protocol(protocol: Protocol) -> Iterator[SchemaError]:
    seen: set[tuple[int, str | None, str | None, str]] = set()
    for cls in protocol.messages:
        record = lift(cls).record
        if record.code is None:
            continue
        key = (record.code, record.sender, record.channel, record.source.partition(" ")[0])
        if key in seen:
            yield _finding("twice", f"code {record.code} is used twice by {record.sender}", record)
        seen.add(key)


def _finding(id: str, detail: str, record: model.Record, field: model.Field | None = None) -> SchemaError:
    path = record.name if field is None else f"{record.name}.{field.name}"
    return SchemaError(id, detail, path=path, source=record.source)


def _record(record: model.Record, schema: model.Schema) -> Iterator[SchemaError]:
    if not record.doc:
        yield _finding("undocumented", "the record has no docstring", record)
    for version in (record.since, record.until):
        if version is not None and version not in record.versions:
            yield _finding("version", f"the record has no version {version!r}", record)
    before: set[str] = set()
    for field in record.fields:
        for check in FIELD_CHECKS:
            yield from check(field, record)
        for node in walk(field.of):
            for judge in NODE_CHECKS:
                yield from judge(node, field, record)
        yield from _unread(field, record, before)
        yield from _open_unions(field.of, field, record, False)
        yield from _alike(field, record, schema)
        yield from _brief_arms(field, record, schema)
        before.add(field.name)
    yield from _tags(record)


def _documented(field: model.Field, record: model.Record) -> Iterator[SchemaError]:
    if not field.doc:
        yield _finding("undocumented", "the field has no documentation", record, field)


def _versioned(field: model.Field, record: model.Record) -> Iterator[SchemaError]:
    bounds = [version for version in (field.since, field.until) if version is not None]
    if bounds and not field.optional and not isinstance(field.of, _VALUELESS):
        yield _finding("default", "some versions lack the field, and it has no default", record, field)
    for version in bounds:
        if version not in record.versions:
            yield _finding("version", f"the record has no version {version!r}", record, field)


def _computed(field: model.Field, record: model.Record) -> Iterator[SchemaError]:
    if not isinstance(field.of, model.Computed) or field.of.rule[0] == "record_size":
        return
    if field.of.rule[1] not in {other.name for other in record.fields}:
        yield _finding("reference", f"there is no field {field.of.rule[1]!r}", record, field)


def _alike(field: model.Field, record: model.Record, schema: model.Schema) -> Iterator[SchemaError]:
    """A number that follows from a value's type needs arms that differ in it."""
    if not isinstance(field.of, model.Computed) or field.of.rule[0] != "tag_of":
        return
    concerned = [other.of for other in record.fields if other.name == field.of.rule[1]]
    for union in (node for of in concerned for node in walk(of) if isinstance(node, model.Union)):
        types = [kind for _, arm in union.arms if (kind := value_type(schema, arm)) is not None]
        for kind in {kind for kind in types if types.count(kind) > 1}:
            yield _finding("twice", f"several arms have values of type {kind.__name__}", record, field)


def _brief_arms(field: model.Field, record: model.Record, schema: model.Schema) -> Iterator[SchemaError]:
    """An arm that some versions lack must know them all; what is no arm must be there always."""
    arms = {arm for node in walk(field.of) if isinstance(node, model.Union) for _, arm in node.arms}
    within = {name for arm in arms for name in _names(arm)}
    for name in sorted(_names(field.of)):
        part = schema.records[name]
        if part.since is None and part.until is None:
            continue
        if name not in within:
            yield _finding("version", f"some versions lack {name}, which is no arm of a union", record, field)
        for version in record.versions:
            if version not in part.versions:
                yield _finding("version", f"{name} has no version {version!r}", record, field)


def _names(node: model.Node) -> set[str]:
    return {inner.name for inner in walk(node) if isinstance(inner, model.Ref)}


def _default(field: model.Field, record: model.Record) -> Iterator[SchemaError]:
    if field.optional and isinstance(field.default, (list, dict, set, bytearray)):
        yield _finding("default", "a default must be immutable", record, field)


def _tags(record: model.Record) -> Iterator[SchemaError]:
    critical = record.tlv.critical if record.tlv else 0
    seen: set[int] = set()
    for field in record.fields:
        if field.tag is not None and field.tag & ~critical in seen:
            yield _finding("twice", f"tag {field.tag:#x} is used twice", record, field)
        seen.add((field.tag or 0) & ~critical)


_VALUELESS = (model.Const, model.Reserved, model.Computed, model.Checksum)
FIELD_CHECKS: tuple[Callable[[model.Field, model.Record], Iterator[SchemaError]], ...] = (
    _documented,
    _versioned,
    _computed,
    _default,
)


def _bounded(node: model.Node, field: model.Field, record: model.Record) -> Iterator[SchemaError]:
    """A size that the peer chooses needs a limit of its own; one that parameters give is the caller's."""
    size = getattr(node, "size", None)
    if isinstance(node, (model.Data, model.Region)) and not isinstance(size, int) and node.max > MAX_BUFFERED:
        chosen = size is None or isinstance(size, model.Int) or any(path[0] != "_params" for path in paths(size))
        if chosen:
            yield _finding("unbounded", f"limit {node.max} is beyond all that is kept", record, field)


def _markers(node: model.Node, field: model.Field, record: model.Record) -> Iterator[SchemaError]:
    if isinstance(node, model.Chain) and (len(node.more) != len(node.end) or node.more == node.end or not node.more):
        yield _finding("vocabulary", "the markers of a chain must differ and be equally long", record, field)
    if isinstance(node, model.Announced) and not node.marker:
        yield _finding("vocabulary", "a marker must have bytes", record, field)


def _encodings(node: model.Node, field: model.Field, record: model.Record) -> Iterator[SchemaError]:
    if isinstance(node, model.Data) and node.encoding and node.nul != "keep" and node.encoding not in SINGLE_BYTE:
        yield _finding("vocabulary", f"NUL has no meaning in {node.encoding}", record, field)


def _shifts(node: model.Node, field: model.Field, record: model.Record) -> Iterator[SchemaError]:
    """A shift by a number from the wire takes memory without limit."""
    for expr in expressions(node):
        if any(paths(distance) for distance in _distances(expr)):
            yield _finding("unbounded", "shifts left by a number from the wire", record, field)


def _distances(expr: model.Expr) -> Iterator[model.Expr]:
    """How far an expression shifts to the left."""
    if isinstance(expr, tuple) and expr[0] != "get":
        if expr[0] == "<<":
            yield expr[-1]
        for operand in expr[1:]:
            yield from _distances(operand)


NODE_CHECKS: tuple[Callable[[model.Node, model.Field, model.Record], Iterator[SchemaError]], ...] = (
    _bounded,
    _markers,
    _encodings,
    _shifts,
)


def expressions(node: model.Node) -> Iterator[model.Expr]:
    """The expressions directly in a node."""
    for name in ("size", "count", "cond", "on"):
        value = getattr(node, name, None)
        if isinstance(value, tuple):
            yield value


def _unread(field: model.Field, record: model.Record, before: set[str]) -> Iterator[SchemaError]:
    """Expressions may read fields that stand before, and parameters."""
    found = [expr for node in walk(field.of) for expr in expressions(node)]
    for expr in [*found, *([field.mask] if field.mask is not None else [])]:
        for path in sorted(paths(expr)):
            if path[0] != "_params" and path[0] not in before:
                yield _finding("reference", f"{'.'.join(path)} is no field before this one", record, field)


def _open_unions(node: model.Node, field: model.Field, record: model.Record, inside: bool) -> Iterator[SchemaError]:
    """A union that keeps unknown members takes all that is left, so something must say how much that is."""
    if isinstance(node, model.Union) and node.unknown and not inside and record.layout != "tlv":
        yield _finding("vocabulary", "a union that keeps unknown members belongs into a region", record, field)
    for child in children(node):
        yield from _open_unions(child, field, record, inside or isinstance(node, model.Region))
