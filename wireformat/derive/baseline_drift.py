"""Whether today's declarations still say what was frozen.

A released version never changes, but the declarations go on: fields get better names, open enumerations get members,
machines get states and error ids are added. That is growth, and no drift. Everything else is: each line names the
place, what was frozen and what is there today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from wireformat.derive.baseline import Baseline, without_origins
from wireformat.schema import model, model_json
from wireformat.schema.machine import Machine
from wireformat.schema.transform import former_names, mapped, with_field_names

ABSENT = "nothing"


def drift(frozen: Baseline, today: Baseline) -> list[str]:
    """What is not as it was frozen, a line each; empty when nothing is."""
    return [
        *_differences("messages", sorted(frozen.messages), sorted(today.messages)),
        *_differences("parts", sorted(_parts(frozen)), sorted(_parts(today))),
        *_models(frozen, today),
        *_differences("roles", list(frozen.roles), list(today.roles)),
        *_differences("machine", _table(frozen.machine), _grown(_table(frozen.machine), _table(today.machine))),
        *_differences("events", frozen.events, today.events),
        *_differences("errors", frozen.errors, _grown(frozen.errors, today.errors)),
        *_differences("limits", frozen.limits, today.limits),
    ]


def _parts(baseline: Baseline) -> list[str]:
    return [name for name in baseline.models if name not in baseline.messages]


def _models(frozen: Baseline, today: Baseline) -> Iterator[str]:
    """The lines on models; a record that several messages share gets them once."""
    lines: dict[str, None] = {}
    for name, schema in frozen.models.items():
        if name in today.models:
            before, now = _form(schema), _form(_as_before(schema, today.models[name]))
            lines |= dict.fromkeys(_differences("", before["records"], now["records"]))
    return iter(lines)


def _form(schema: model.Schema) -> dict[str, Any]:
    return model_json.to_json(without_origins(schema))


def _as_before(frozen: model.Schema, today: model.Schema) -> model.Schema:
    """Today's schema without its growth: fields under their frozen names, open enumerations with frozen members."""
    known = dict(_enumerations(frozen))

    def pruned(node: Any) -> Any:
        if not isinstance(node, model.Enum | model.Flags) or not node.open or node.name not in known:
            return node
        return replace(node, members=tuple(member for member in node.members if member in known[node.name].members))

    def bare(record: model.Record) -> model.Record:
        return replace(record, fields=tuple(replace(field, of=mapped(field.of, pruned)) for field in record.fields))

    renamed = with_field_names(today, former_names(frozen, today))
    return model.Schema(renamed.root, {name: bare(record) for name, record in renamed.records.items()})


def _enumerations(schema: model.Schema) -> list[tuple[str, model.Enum | model.Flags]]:
    found: list[tuple[str, model.Enum | model.Flags]] = []

    def note(node: Any) -> Any:
        if isinstance(node, model.Enum | model.Flags):
            found.append((node.name, node))
        return node

    for record in schema.records.values():
        for field in record.fields:
            mapped(field.of, note)
    return found


def _table(machine: Machine | None) -> Mapping[str, Any]:
    return {} if machine is None else machine.table


def _grown(frozen: Mapping[str, Any], today: Mapping[str, Any]) -> dict[str, Any]:
    """Today's table without the keys that it had not when it was frozen, on every level."""
    kept = {key: value for key, value in today.items() if key in frozen}
    return {key: _grown(frozen[key], value) if isinstance(value, Mapping) else value for key, value in kept.items()}


def _differences(path: str, frozen: Any, today: Any) -> Iterator[str]:
    """Where two JSON values differ, a line each."""
    if isinstance(frozen, Mapping) and isinstance(today, Mapping):
        for key in dict.fromkeys((*frozen, *today)):
            yield from _differences(f"{path}.{key}".lstrip("."), frozen.get(key, ABSENT), today.get(key, ABSENT))
    elif isinstance(frozen, list) and isinstance(today, list):
        yield from _listed(path, frozen, today)
    elif frozen != today:
        yield f"{path}: {_shown(frozen)} was frozen, today {_shown(today)}"


def _listed(path: str, frozen: list[Any], today: list[Any]) -> Iterator[str]:
    """Fields are compared by name, other items by place."""
    names, others = _named(frozen), _named(today)
    if names is None or others is None:
        for index in range(max(len(frozen), len(today))):
            pair = (part[index] if index < len(part) else ABSENT for part in (frozen, today))
            yield from _differences(f"{path}[{index}]", *pair)
        return
    yield from _differences(path, names, others)
    if [*names] != [*others] and names.keys() == others.keys():
        yield f"{path}: {' '.join(names)} was frozen, today {' '.join(others)}"


def _named(items: list[Any]) -> dict[str, Any] | None:
    """Items by name, where each has a name of its own."""
    names = [str(item["name"]) for item in items if isinstance(item, dict) and item.get("name")]
    return dict(zip(names, items, strict=True)) if len(set(names)) == len(items) else None


def _shown(value: Any) -> str:
    """A value in one line: what it is called, where it is an object."""
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("node") or dict(value))
    return str(value)
