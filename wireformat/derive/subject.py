"""What documentation is about: a protocol, or the schemas of a stranger, in one form.

Every record gets one page. Records are named within their own schema; where two schemas of a stranger use one name for
different records the later one carries its schema's name too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wireformat.derive.charts import Run
from wireformat.derive.vectors import Vector
from wireformat.errors import ErrorEntry
from wireformat.schema import model
from wireformat.schema.lift import lift, lift_report
from wireformat.schema.machine import Machine
from wireformat.schema.protocol import Protocol
from wireformat.schema.traverse import references


@dataclass(frozen=True, slots=True)
class Entry:
    """A record with a page: `schema` has it as its root, `keys` leads from names of records in it to pages."""

    key: str
    schema: model.Schema
    keys: Mapping[str, str]
    is_message: bool

    @property
    def record(self) -> model.Record:
        """The record itself."""
        return self.schema.record


@dataclass(frozen=True, slots=True)
class Subject:
    """All that pages are made from. `tests` leads from requirements to tests; `gaps` names what was not understood."""

    name: str
    doc: str
    entries: Mapping[str, Entry]
    versions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    machine: Machine | None = None
    events: Mapping[str, str] = field(default_factory=dict)
    replies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    errors: Mapping[str, ErrorEntry] = field(default_factory=dict)
    is_proposal: bool = False
    gaps: tuple[tuple[str, str], ...] = ()
    vectors: Mapping[str, tuple[Vector, ...]] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    prose: str = ""
    tests: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def event_names(self) -> Mapping[str, str]:
        """The event of the machine that each message is."""
        return {key: self.events.get(key, key) for key, entry in self.entries.items() if entry.is_message}


def subject_of(protocol: Protocol, **sources: Any) -> Subject:
    """A protocol as a subject; `sources` are `vectors`, `runs`, `prose` and `tests`."""
    messages = frozenset(cls.__name__ for cls in protocol.messages)
    return Subject(
        protocol.name,
        protocol.doc,
        entries_of(protocol.schemas(), messages),
        versions=protocol.versions,
        roles=protocol.roles,
        machine=protocol.machine,
        events=protocol.events,
        replies=protocol.replies,
        errors=protocol.errors,
        is_proposal=protocol.is_proposal,
        **sources,
    )


def subject_of_constructs(name: str, doc: str, constructs: Mapping[str, Any]) -> Subject:
    """A stranger's construct objects, by name, as a subject."""
    schemas = {key: lift(schema) for key, schema in constructs.items()}
    gaps = {
        (f"{key}.{path}".removesuffix("."), reason)
        for key, schema in constructs.items()
        for path, reason in lift_report(schema)
    }
    renamed = {key: _rooted(schema, key) for key, schema in schemas.items()}
    return Subject(name, doc, entries_of(renamed, frozenset(renamed)), gaps=tuple(sorted(gaps)))


def _rooted(schema: model.Schema, name: str) -> model.Schema:
    """A schema whose root carries the name under which the stranger keeps it."""
    if name in schema.records:
        return schema
    used = {inner for record in schema.records.values() for inner in references(record)}
    others = {key: record for key, record in schema.records.items() if key != schema.root or key in used}
    return model.Schema(name, {name: replace(schema.record, name=name), **others})


def entries_of(schemas: Mapping[str, model.Schema], messages: frozenset[str]) -> dict[str, Entry]:
    """An entry for every record of the schemas; equal records share one."""
    taken: dict[str, model.Record] = {key: schema.record for key, schema in schemas.items()}
    found: dict[str, Entry] = {}
    for key, schema in schemas.items():
        keys = {schema.root: key}
        for name, record in schema.records.items():
            if name != schema.root:
                keys[name] = _key(name, record, key, taken)
                taken.setdefault(keys[name], record)
        for name, page in keys.items():
            own = schema if name == schema.root else model.Schema(name, schema.records)
            if page not in found or name == schema.root:
                found[page] = Entry(page, own, keys, page in messages)
    return found


def _key(name: str, record: model.Record, schema: str, taken: Mapping[str, model.Record]) -> str:
    if name not in taken or taken[name] == record:
        return name
    return f"{schema}.{name}"
