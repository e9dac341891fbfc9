"""Baselines: what a released version of a protocol is, frozen as data.

A baseline holds everything about one version that a peer can notice: the model of every message and declared part, the
machines, events, error ids and limits. Prose and citations are left out, since they may be improved, and so is every
trace of other versions, since these may be added. It needs nothing else: codecs are built from it alone, so an old peer
runs on what was frozen, not on today's declarations with a flag.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from wireformat.codec import Codec, codec_for
from wireformat.errors import Kind, SchemaError
from wireformat.limits import MAX_BUFFERED, MAX_DEPTH, MAX_ITEMS
from wireformat.schema import model, model_json
from wireformat.schema.machine import Machine
from wireformat.schema.protocol import Protocol
from wireformat.schema.record import Record
from wireformat.schema.revive import revive
from wireformat.schema.transform import at_version, lives, reachable, with_references, without_prose

FORMAT, FORMAT_VERSION = "wireformat-baseline", 1
"""What a baseline says of itself. The version grows when a reader of the old form would misread the new one."""

LIMITS: Mapping[str, int] = {"depth": MAX_DEPTH, "buffered": MAX_BUFFERED, "items": MAX_ITEMS}
"""What both codecs believe at most, beside the limits that the models state."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """One version of a protocol. Values are instances of classes made for it, see `cls`.

    `models` has messages and declared parts by name, `messages` says which of them are messages. `errors` tells the
    kind of each error id.
    """

    name: str
    version: str
    models: Mapping[str, model.Schema]
    messages: tuple[str, ...]
    roles: tuple[str, ...]
    machine: Machine | None
    events: Mapping[str, str]
    errors: Mapping[str, Kind]
    limits: Mapping[str, int]

    def schemas(self) -> Mapping[str, model.Schema]:
        """The schema of every message and declared part, by name."""
        return self.models

    def codec(self, name: str) -> Codec:
        """The codec of a message or part. Raises `KeyError`."""
        return codec_for(self.models[name])

    def cls(self, name: str) -> type[Record]:
        """The class of the values of any record, nested ones included. Raises `KeyError`."""
        for schema in self.models.values():
            if name in schema.records:
                found: type[Record] = schema.records[name].cls
                return found
        raise KeyError(name)


def freeze(protocol: Protocol, version: str) -> dict[str, Any]:
    """One version of a protocol as a JSON document. Raises `SchemaError`, id `version`, where there is none."""
    if version not in protocol.versions:
        known = ", ".join(protocol.versions)
        raise SchemaError("version", f"{protocol.name} has no version {version!r} ({known})", actual=version)
    living = {name: schema for name, schema in protocol.schemas().items() if lives(schema.record, version)}
    schemas = {name: without_prose(at_version(schema, version)) for name, schema in living.items()}
    messages = [cls.__name__ for cls in protocol.messages if cls.__name__ in schemas]
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "protocol": protocol.name,
        "protocol_version": version,
        "roles": list(protocol.roles),
        "messages": messages,
        "parts": [name for name in schemas if name not in messages],
        "records": model_json.to_json(model.Schema("", _table(schemas)))["records"],
        "machine": _plain(protocol.machine.table) if protocol.machine else None,
        "events": {name: event for name, event in protocol.events.items() if name in messages},
        "errors": {id: entry.kind for id, entry in protocol.errors.items()},
        "limits": dict(LIMITS),
    }


def _table(schemas: Mapping[str, model.Schema]) -> dict[str, model.Record]:
    """All records in one table. Different ones of one name: the later gets its message's name in front."""
    table = {name: schema.record for name, schema in schemas.items()}
    for message, schema in schemas.items():
        keys = {name: _key(name, record, message, table) for name, record in schema.records.items()}
        moved = {keys[name]: with_references(record, keys) for name, record in schema.records.items()}
        table.update(moved)
    return table


def _key(name: str, record: model.Record, message: str, table: Mapping[str, model.Record]) -> str:
    return name if table.get(name, record) == record else f"{message}.{name}"


def _plain(table: Any) -> Any:
    """Mappings as dicts, all the way down."""
    return {key: _plain(value) for key, value in table.items()} if isinstance(table, Mapping) else table


def render(document: Mapping[str, Any]) -> str:
    """The text of a baseline: the same document gives the same bytes."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def load(document: Mapping[str, Any]) -> Baseline:
    """The baseline that a document is; inverse of `freeze`. Raises `SchemaError`, id `type`, when it is none."""
    form = document.get("format"), document.get("version")
    if form != (FORMAT, FORMAT_VERSION):
        raise SchemaError("type", f"not a baseline of form {FORMAT_VERSION}: {form[0]} {form[1]}", actual=form)
    try:
        models = _models(document)
        return Baseline(
            document["protocol"],
            document["protocol_version"],
            models,
            tuple(document["messages"]),
            tuple(document["roles"]),
            None if document["machine"] is None else Machine(document["machine"]),
            dict(document["events"]),
            dict(document["errors"]),
            dict(document["limits"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SchemaError("type", f"not a baseline: {type(error).__name__}: {error}") from None


def _models(document: Mapping[str, Any]) -> dict[str, model.Schema]:
    names = [*document["messages"], *document["parts"]]
    records = model_json.from_json({"root": names[0], "records": document["records"]}).records if names else {}
    return revive({name: model.Schema(name, reachable(records, name)) for name in names})


def present(protocol: Protocol, version: str | None = None) -> Baseline:
    """What would be frozen today; None is the newest version."""
    return load(freeze(protocol, protocol.versions[-1] if version is None else version))


def without_origins(schema: model.Schema) -> model.Schema:
    """The schema without word of the names that its fields had before."""

    def bare(record: model.Record) -> model.Record:
        return replace(record, fields=tuple(replace(field, renamed_from=None) for field in record.fields))

    return model.Schema(schema.root, {name: bare(record) for name, record in schema.records.items()})
