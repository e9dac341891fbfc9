"""Values aimed at a place in a schema: a record is reached, a field in it is there or not, and holds what matters.

Drawing is steered by narrowing the schema that is drawn from: unions keep only the arms that lead to the record,
entries that lead there become mandatory, others are left out. The values stay values of the schema as it is. What a
probe needs exactly is then put into the first such record of the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from wireformat.schema import model
from wireformat.schema.record import Record
from wireformat.schema.transform import mapped
from wireformat.schema.traverse import references, walk
from wireformat.schema.values import Unknown


def towards(schema: model.Schema, target: str, name: str | None) -> model.Schema:
    """A narrower schema whose values mostly hold the record `target`, and few entries that may be left out: none but
    those that lead there, and in the record itself the field `name`, or all of them."""
    steps = _steps(schema, target)
    return model.Schema(
        schema.root,
        {
            key: _Narrowing(steps, steps.get(key, 0), name, key == target).record(record)
            for key, record in schema.records.items()
        },
    )


def _steps(schema: model.Schema, target: str) -> dict[str, int]:
    """How many references lead from each record to the target."""
    found = {target: 0}
    before = -1
    while len(found) != before:
        before = len(found)
        for name, record in schema.records.items():
            near = [found[other] for other in references(record) if other in found]
            if name not in found and near:
                found[name] = min(near) + 1
    return found


class _Narrowing:
    """One record on the way, or beside it; `distance` is how many references are left."""

    def __init__(self, steps: Mapping[str, int], distance: int, name: str | None, is_target: bool) -> None:
        self._near = {key for key, step in steps.items() if distance > 0 and step == distance - 1}
        self._name = name
        self._is_target = is_target

    def record(self, record: model.Record) -> model.Record:
        """The record with the fields that come one step nearer made sure of."""
        kept = (field for field in record.fields if record.layout != "tlv" or self._is_kept(field))
        return replace(record, fields=tuple(map(self._steered, kept)))

    def _is_kept(self, field: model.Field) -> bool:
        if not (field.optional or field.many) or self._leads(field.of):
            return True
        return self._is_target and self._name in (None, field.name)

    def _leads(self, node: model.Node) -> bool:
        return any(part.name in self._near for part in walk(node) if isinstance(part, model.Ref))

    def _steered(self, field: model.Field) -> model.Field:
        is_sure = self._leads(field.of) and not field.many
        return replace(field, of=mapped(field.of, self._narrowed), optional=field.optional and not is_sure)

    def _narrowed(self, node: Any) -> Any:
        if not isinstance(node, model.Union):
            return node
        arms = tuple((tag, arm) for tag, arm in node.arms if self._leads(arm))
        return replace(node, arms=arms or node.arms, unknown=False)


def with_field(schema: model.Schema, record: str, name: str, is_present: bool) -> model.Schema:
    """A narrower schema in whose values an entry always, or never, is there."""
    whole = schema.records[record]
    kept = (replace(field, optional=False) if field.name == name and is_present else field for field in whole.fields)
    fields = tuple(field for field in kept if field.name != name or is_present)
    return model.Schema(schema.root, {**schema.records, record: replace(whole, fields=fields)})


def with_unknown(schema: model.Schema, record: str, name: str) -> model.Schema:
    """A narrower schema in whose values the union that a field is always is one that nobody knows."""

    def opened(node: Any) -> Any:
        return replace(node, arms=(), unknown=True) if isinstance(node, model.Union) else node

    whole = schema.records[record]
    fields = (replace(field, of=mapped(field.of, opened)) if field.name == name else field for field in whole.fields)
    return model.Schema(schema.root, {**schema.records, record: replace(whole, fields=tuple(fields))})


def known_only(value: Any) -> Any:
    """The value without entries that its schema does not know; nobody sends these on purpose."""
    if isinstance(value, Record):
        kept = {name: known_only(part) for name, part in _parts(value) if name != "unknown"}
        return changed(value, {**kept, "unknown": ()} if hasattr(value, "unknown") else kept)
    if isinstance(value, tuple) and not isinstance(value, Unknown):
        return tuple(map(known_only, value))
    return value


def _parts(value: Record) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(value, name)) for name in value._arguments)


def changed(value: Record, parts: Mapping[str, Any]) -> Record:
    """The record with some of its values replaced."""
    return type(value)(**{**dict(_parts(value)), **parts})


def edited(value: Any, cls: type[Record], edit: Callable[[Any], Any]) -> Any:
    """The value with `edit` applied to the first record of a class in it; None where there is none."""
    if type(value) is cls:
        return edit(value)
    if isinstance(value, Record):
        for name, part in _parts(value):
            inner = edited(part, cls, edit)
            if inner is not None:
                return changed(value, {name: inner})
    if isinstance(value, tuple) and not isinstance(value, Unknown):
        for index, part in enumerate(value):
            inner = edited(part, cls, edit)
            if inner is not None:
                return (*value[:index], inner, *value[index + 1 :])
    return None
