"""Wireshark dissectors: one Lua file from the models of any number of protocols.

The file begins with a run time, written by hand (`lua/*.lua`), that walks nodes of the model over the bytes of a
capture. Behind it stands each protocol as a table: its records, the fields they show, the errors they may raise. A
protocol whose connections are more than a sequence of messages brings a driver, Lua as well, which cuts its streams
into messages; what drivers share belongs to the run time (`reader.lua`, `stream.lua`). The file needs nothing but
Wireshark 4.0 or later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import chain
from typing import Any

from wireformat.catalogue import CATALOGUE
from wireformat.derive.lua_fields import FieldTable, filter_part
from wireformat.derive.lua_nodes import NodeWriter
from wireformat.derive.lua_source import literal, quoted
from wireformat.errors import ErrorEntry, SchemaError
from wireformat.schema import model
from wireformat.schema.protocol import Protocol
from wireformat.schema.traverse import cyclic_records

RUN_TIME = (
    "number.lua",
    "context.lua",
    "expression.lua",
    "leaf.lua",
    "part.lua",
    "record.lua",
    "protocol.lua",
    "conversation.lua",
    "replies.lua",
    "reader.lua",
    "stream.lua",
)
"""The parts of the run time, in the order in which they build on each other."""

HEAD = """\
-- A Wireshark dissector, written by `wireformat dissector`. Changes belong into the declarations it was made from.
local wf = {}
"""


def dissector(protocols: Iterable[Protocol], drivers: Mapping[str, Iterable[str]] | None = None) -> str:
    """The Lua file for some protocols. `drivers` are the Lua sources of a protocol's driver, by its name."""
    parts = [HEAD, *map(_run_time, RUN_TIME), _chunk("errors of every protocol", _engine_errors())]
    for protocol in protocols:
        parts.append(_chunk(f"protocol {protocol.name}", f"wf.define({literal(definition(protocol))})"))
        parts.extend(_chunk(f"driver of {protocol.name}", text) for text in (drivers or {}).get(protocol.name, ()))
    return "\n".join([*parts, _run_time("message.lua")])


def definition(protocol: Protocol) -> dict[str, Any]:
    """What the run time needs to know of a protocol, as plain values."""
    fields = FieldTable()
    prefix = f"wf.{filter_part(protocol.name)}"
    records = {
        name: _record(record, prefix, name in cyclic, protocol.versions, fields)
        for name, (record, cyclic) in _records(protocol).items()
    }
    return {
        "name": protocol.name,
        "filter": prefix,
        "title": f"{protocol.name}: {protocol.doc}",
        "versions": protocol.versions,
        "records": records,
        "fields": fields.rows,
        "errors": _errors(protocol.errors),
        **_exchanges(protocol.replies),
    }


def _records(protocol: Protocol) -> dict[str, tuple[model.Record, frozenset[str]]]:
    """All records of a protocol by name. Raises `SchemaError`, id `twice`, when a name means two things."""
    found: dict[str, tuple[model.Record, frozenset[str]]] = {}
    for schema in protocol.schemas().values():
        cyclic = cyclic_records(schema)
        for name, record in schema.records.items():
            if found.setdefault(name, (record, cyclic))[0] != record:
                raise SchemaError("twice", f"two records named {name} in {protocol.name}", actual=name)
    return found


def _record(
    record: model.Record, prefix: str, cyclic: bool, versions: tuple[str, ...], fields: FieldTable
) -> dict[str, Any]:
    name = f"{prefix}.{filter_part(record.name)}"
    return {
        "name": record.name,
        "doc": record.doc,
        "code": record.code,
        "sender": record.sender,
        "channel": record.channel,
        "layout": record.layout,
        "cyclic": cyclic or None,
        **_lives(record, record.versions or versions),
        "base": None if record.base is None else {"k": "int", "n": record.base.size, "l": record.base.little or None},
        "tlv": None if record.tlv is None else _framing(record.tlv, name, fields),
        "fields": [
            _field(field, index, name, record.versions or versions, fields) for index, field in enumerate(record.fields)
        ],
    }


def _field(
    field: model.Field, index: int, prefix: str, versions: tuple[str, ...], fields: FieldTable
) -> dict[str, Any]:
    name = f"{prefix}.{filter_part(field.name or f'part{index}')}"
    entry = None
    if field.tag is not None:
        entry = name
        fields.add(f"{name}.entry", "none", field.doc)
    return {
        "name": field.name or f"#{index}",
        "f": entry,
        "of": NodeWriter(fields, field.doc).table(field.of, name),
        **_lives(field, versions),
        "optional": field.optional or None,
        "tag": field.tag,
        "many": field.many or None,
        "max": field.max,
        "mask": field.mask,
        "shift": field.shift or None,
    }


def _lives(part: model.Field | model.Record, versions: tuple[str, ...]) -> dict[str, int | None]:
    """The versions that have a part, by their places."""
    return {
        "since": None if part.since is None else versions.index(part.since) + 1,
        "until": None if part.until is None else versions.index(part.until) + 1,
    }


def _framing(tlv: model.Tlv, prefix: str, fields: FieldTable) -> dict[str, Any]:
    writer = NodeWriter(fields, "an entry that is not known")
    name = f"{prefix}.unknown"
    fields.add(f"{name}.entry", "none", "an entry that is not known")
    return {
        "tag": writer.table(tlv.tag, f"{prefix}.entry.tag"),
        "reserved": None if tlv.reserved is None else writer.table(tlv.reserved, f"{prefix}.entry.reserved"),
        "size": writer.table(tlv.size, f"{prefix}.entry.size"),
        "critical": tlv.critical,
        "max": tlv.max,
        "ascending": tlv.ascending or None,
        "f": name,
        "unknown": writer.table(model.Data(None, tlv.max), name),
    }


def _exchanges(replies: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """What each message answers, and what is answered; nothing where no message answers another."""
    if not replies:
        return {}
    return {
        "answers": {name: dict.fromkeys(requests, True) for name, requests in replies.items()},
        "asks": dict.fromkeys(chain.from_iterable(replies.values()), True),
    }


def _errors(catalogue: Mapping[str, ErrorEntry]) -> list[dict[str, str]]:
    """The expert infos of a catalogue: the same ids, as filter names behind `wf.error`."""
    return [
        {
            "id": id,
            "f": "wf.error." + ".".join(map(filter_part, id.split("/"))),
            "kind": entry.kind,
            "summary": entry.summary,
        }
        for id, entry in catalogue.items()
    ]


def _engine_errors() -> str:
    decoding = {id: entry for id, entry in CATALOGUE.items() if entry.kind != "usage"}
    rows = _errors({**decoding, "expression": CATALOGUE["expression"], "opaque": CATALOGUE["opaque"]})
    row = {"name": "", "filter": "wf", "title": "wireformat", "versions": [], "records": {}, "fields": []}
    return f"wf.define({literal({**row, 'errors': rows})})"


def _run_time(name: str) -> str:
    return _chunk(name, files("wireformat.derive").joinpath("lua", name).read_text(encoding="utf-8"))


def _chunk(title: str, text: str) -> str:
    """A part of the file with locals of its own."""
    return f"do -- {quoted(title)[1:-1]}\n{text}\nend\n"
