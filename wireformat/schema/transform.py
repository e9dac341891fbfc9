"""Schemas made from schemas: one version of them, under other names, without prose.

A schema is data, so a change to it gives a new one. `at_version` leaves what one version has and forgets that there
are others: what is added later, with `since`, does not change it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, get_args

from wireformat.errors import SchemaError
from wireformat.schema import model
from wireformat.schema.traverse import fields_of, references, walk

NODES = get_args(model.Node)
Names = Mapping[tuple[str, str], str]
"""New names of fields, by record and field."""


def mapped(node: model.Node, change: Callable[[Any], Any]) -> Any:
    """The node with `change` applied to everything in it, innermost first; references are not followed."""
    parts: dict[str, Any] = {
        item.name: mapped(getattr(node, item.name), change)
        for item in fields(node)
        if isinstance(getattr(node, item.name), NODES)
    }
    if isinstance(node, model.Union):
        parts["arms"] = tuple((tag, mapped(arm, change)) for tag, arm in node.arms)
    return change(replace(node, **parts) if parts else node)


def reachable(records: Mapping[str, model.Record], root: str) -> dict[str, model.Record]:
    """The records that one leads to, itself first."""
    found: dict[str, model.Record] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = records[name]
            waiting.extend(sorted(references(records[name])))
    return found


def lives(record: model.Record, version: str | None) -> bool:
    """Whether a version has this record, None being the newest.

    Raises `SchemaError`, id `version`, when its order is not known.
    """
    if record.since is None and record.until is None:
        return True
    now = record.versions[-1] if version is None and record.versions else version
    bounds = (now, now if record.since is None else record.since, now if record.until is None else record.until)
    for bound in bounds:
        if bound not in record.versions:
            raise SchemaError("version", f"{record.name} has no version {bound!r}", actual=bound)
    here, first, last = (record.versions.index(str(bound)) for bound in bounds)
    return first <= here <= last


def living(schema: model.Schema, version: str | None) -> model.Schema:
    """The schema without those arms of unions whose records a version lacks; itself where it lacks none.

    Raises `SchemaError`, id `version`, when a version that is given lacks the root, or when an order is not known.
    """
    root = schema.records.get(schema.root)
    if root is not None and version is not None and not lives(root, version):
        raise SchemaError("version", f"version {version!r} has no {schema.root}", actual=version)
    if all(lives(record, version) for record in schema.records.values()):
        return schema

    def with_arms(node: Any) -> Any:
        if not isinstance(node, model.Union):
            return node
        return replace(node, arms=tuple((tag, arm) for tag, arm in node.arms if _lives(arm, schema, version)))

    def kept(record: model.Record) -> model.Record:
        return replace(record, fields=tuple(replace(each, of=mapped(each.of, with_arms)) for each in record.fields))

    return model.Schema(schema.root, {name: kept(record) for name, record in schema.records.items()})


def at_version(schema: model.Schema, version: str) -> model.Schema:
    """What one version of a schema is: no other fields, no other arms of unions, and no word of versions.

    Raises `SchemaError`, id `version`, when a record does not know the version.
    """

    def pinned(record: model.Record) -> model.Record:
        here = tuple(replace(field, since=None, until=None) for field in fields_of(record, version))
        return replace(record, fields=here, versions=(), since=None, until=None)

    records = {name: pinned(record) for name, record in living(schema, version).records.items()}
    return model.Schema(schema.root, reachable(records, schema.root))


def _lives(arm: model.Node, schema: model.Schema, version: str | None) -> bool:
    return all(lives(schema.records[node.name], version) for node in walk(arm) if isinstance(node, model.Ref))


def without_prose(schema: model.Schema) -> model.Schema:
    """The schema without documentation and citations: what may be improved and changes no byte."""

    def bare(record: model.Record) -> model.Record:
        return replace(record, doc="", source="", fields=tuple(replace(field, doc="") for field in record.fields))

    return model.Schema(schema.root, {name: bare(record) for name, record in schema.records.items()})


def with_references(record: model.Record, names: Mapping[str, str]) -> model.Record:
    """The record, referring to others by new names."""

    def renamed(node: Any) -> Any:
        return replace(node, name=names.get(node.name, node.name)) if isinstance(node, model.Ref) else node

    return replace(record, fields=tuple(replace(field, of=mapped(field.of, renamed)) for field in record.fields))


def former_names(before: model.Schema, now: model.Schema) -> Names:
    """The names in `before` of those fields in `now` that say what they were called."""
    known = {(record.name, field.name) for record in before.records.values() for field in record.fields}
    return {
        (record.name, field.name): field.renamed_from
        for record in now.records.values()
        for field in record.fields
        if field.renamed_from is not None
        and (record.name, field.renamed_from) in known
        and (record.name, field.name) not in known
    }


def with_field_names(schema: model.Schema, names: Names) -> model.Schema:
    """The schema with other names of fields, wherever expressions and computed numbers use them."""
    return model.Schema(
        schema.root, {name: _Renaming(schema, record, names).record() for name, record in schema.records.items()}
    )


class _Renaming:
    """One record, its fields renamed."""

    def __init__(self, schema: model.Schema, record: model.Record, names: Names) -> None:
        self._schema = schema
        self._record = record
        self._names = names

    def record(self) -> model.Record:
        """The record with its new names."""
        return replace(self._record, fields=tuple(map(self._field, self._record.fields)))

    def _field(self, field: model.Field) -> model.Field:
        name = self._names.get((self._record.name, field.name), field.name)
        mask = None if field.mask is None else self._expression(field.mask)
        return replace(field, name=name, of=mapped(field.of, self._node), mask=mask)

    def _node(self, node: Any) -> Any:
        if isinstance(node, model.Computed):
            rule, about = node.rule
            return replace(node, rule=(rule, self._names.get((self._record.name, about), about)))
        changed = {
            item.name: self._expression(value)
            for item in fields(node)
            if item.name in ("size", "count", "cond", "on") and isinstance(value := getattr(node, item.name), tuple)
        }
        return replace(node, **changed) if changed else node

    def _expression(self, expr: model.Expr) -> model.Expr:
        if not isinstance(expr, tuple):
            return expr
        if expr[0] == "get":
            return expr if expr[1] == "_params" else ("get", *self._path(expr[1:]))
        return (expr[0], *map(self._expression, expr[1:]))

    def _path(self, path: tuple[str, ...]) -> list[str]:
        """A path from field to field, each looked up in the record that the one before it holds."""
        record: model.Record | None = self._record
        found = []
        for name in path:
            found.append(name if record is None else self._names.get((record.name, name), name))
            record = None if record is None else self._inside(record, name)
        return found

    def _inside(self, record: model.Record, name: str) -> model.Record | None:
        """The record that a field holds."""
        nodes = [node for field in record.fields if field.name == name for node in walk(field.of)]
        return next((self._schema.records[node.name] for node in nodes if isinstance(node, model.Ref)), None)
