"""`wireformat explain`: one message, field, enumeration or error id, in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from textwrap import fill
from typing import Annotated, TypeAlias

import typer

from wireformat.catalogue import CATALOGUE
from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.tables import Column, print_table
from wireformat.derive.notation import number, size_text, type_name
from wireformat.derive.pages_errors import error_sentences
from wireformat.errors import ErrorEntry
from wireformat.protocols import NAMES, protocol
from wireformat.protocols.qapi.catalogue import CATALOGUE as QAPI_CATALOGUE
from wireformat.schema import model
from wireformat.schema.protocol import Protocol, answers_to
from wireformat.schema.traverse import walk

Placed: TypeAlias = "tuple[Protocol, model.Schema, model.Record] | tuple[model.Schema, model.Field]"
Named: TypeAlias = "Protocol | ErrorEntry | Placed | model.Enum | model.Flags"
"""What can be explained; records and fields come with what they are in."""

WIDTH = 100
FIELDS = (Column("field"), Column("type"), Column("bytes", True), Column("meaning"))


def run(
    name: Annotated[str, typer.Argument(help="such as vmstate, vmstate.Command, RamBlock.page_size, vmstate/footer")],
) -> int:
    """Explain a message, a field, an enumeration or an error id."""
    known = names()
    short = {alias: item for full, item in known.items() if (alias := full.partition(".")[2])}
    found = known.get(name) or short.get(name)
    if found is None:
        raise UsageError(_unknown(name, known))
    _print(name, found)
    return Exit.FINE


def names() -> dict[str, Named]:
    """Everything that can be explained, by its full name."""
    known: dict[str, Named] = {**CATALOGUE, **QAPI_CATALOGUE}
    for name in NAMES:
        known.update(_names_of(protocol(name)))
    return known


def _names_of(protocol: Protocol) -> Iterator[tuple[str, Named]]:
    yield protocol.name, protocol
    yield from protocol.errors.items()
    for schema in protocol.schemas().values():
        for record in schema.records.values():
            yield f"{protocol.name}.{record.name}", (protocol, schema, record)
            for field in record.fields:
                yield f"{protocol.name}.{record.name}.{field.name}", (schema, field)
                for node in walk(field.of):
                    if isinstance(node, model.Enum | model.Flags):
                        yield f"{protocol.name}.{node.name}", node


def _unknown(name: str, known: Mapping[str, Named]) -> str:
    by_lower = {alias.lower(): alias for full in known for alias in (full, full.partition(".")[2]) if alias}
    close = [by_lower[match] for match in get_close_matches(name.lower(), by_lower, 4, 0.6)]
    return f"nothing is called {name!r}" + (f"; close to it are {', '.join(close)}" if close else "")


def _print(name: str, found: Named) -> None:
    match found:
        case Protocol():
            _print_protocol(found)
        case ErrorEntry():
            _print_error(name, found)
        case model.Enum() | model.Flags():
            _print_members(found)
        case (Protocol() as protocol, schema, model.Record() as record):
            _print_record(protocol, schema, record)
        case (schema, model.Field() as field):
            _print_field(name, schema, field)


def _print_protocol(protocol: Protocol) -> None:
    print(f"{protocol.name}: {protocol.doc}")
    rows = [(name, _summary(schema.record.doc)) for name, schema in protocol.schemas().items()]
    print_table("Messages and records", (Column("name"), Column("meaning")), rows)
    errors = [(id, entry.summary) for id, entry in protocol.errors.items()]
    if errors:
        print_table("Errors", (Column("id"), Column("meaning")), errors)


def _print_error(id: str, entry: ErrorEntry) -> None:
    summary, *sentences = error_sentences(id, entry)
    print(summary)
    for sentence in sentences:
        print(f"\n{fill(sentence, WIDTH)}")


def _print_members(found: model.Enum | model.Flags) -> None:
    kind = "flags" if isinstance(found, model.Flags) else "enumeration"
    print(f"{found.name}: {kind} in {type_name(found.of)}, {'open: others are kept' if found.open else 'closed'}")
    print_table(
        "Members", (Column("name"), Column("number", True)), [(name, hex(value)) for name, value in found.members]
    )


def _print_record(protocol: Protocol, schema: model.Schema, record: model.Record) -> None:
    source = f" [{record.source}]" if record.source else ""
    print(f"{record.name}{source}: {record.doc}")
    facts = [
        "" if record.code is None else f"Code {record.code:#04x}.",
        _sent_by(record.sender),
        _listed("Answers", protocol.replies.get(record.name, ())),
        _listed("Answered by", answers_to(record.name, protocol.replies)),
    ]
    if any(facts):
        print(" ".join(filter(None, facts)))
    if record.fields:
        print_table("Layout", FIELDS, [_row(schema, field) for field in record.fields])
    for field in record.fields:
        _print_arms(schema, field)


def _sent_by(sender: str | None) -> str:
    if sender is None:
        return ""
    return "Sent by either side." if sender == "either" else f"Sent by the {sender}."


def _listed(how: str, names: tuple[str, ...]) -> str:
    return f"{how} {', '.join(names)}." if names else ""


def _row(schema: model.Schema, field: model.Field) -> tuple[str, str, str, str]:
    since = f" (since version {field.since})" if field.since else ""
    return field.name, type_name(field.of), size_text(schema, field), field.doc + since


def _print_field(name: str, schema: model.Schema, field: model.Field) -> None:
    print(f"{name}: {field.doc}")
    print_table("Layout", FIELDS[:3], [_row(schema, field)[:3]])
    _print_arms(schema, field)
    for node in walk(field.of):
        if isinstance(node, model.Enum | model.Flags):
            print()
            _print_members(node)


def _print_arms(schema: model.Schema, field: model.Field) -> None:
    """What a union may be."""
    for node in walk(field.of):
        if isinstance(node, model.Union):
            rows = [(number(tag), type_name(arm), _arm_doc(schema, arm)) for tag, arm in node.arms]
            columns = (Column("tag", True), Column("type"), Column("meaning"))
            print_table(f"What {field.name} may be", columns, rows)


def _arm_doc(schema: model.Schema, arm: model.Node) -> str:
    return _summary(schema.records[arm.name].doc) if isinstance(arm, model.Ref) else ""


def _summary(doc: str) -> str:
    return doc.partition("\n")[0]
