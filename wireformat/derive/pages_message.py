"""The page of one message or record: purpose, fields, picture, notation, bytes, errors, place, names elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from wireformat.derive.bitbox import ascii_boxes, boxes
from wireformat.derive.bitbox_svg import svg_boxes
from wireformat.derive.colours import colour
from wireformat.derive.escape import anchor, cell, code, file_name, link, prose, table, visible
from wireformat.derive.examples import example
from wireformat.derive.hexdump import dump, part_table, parts
from wireformat.derive.lua_fields import filter_part
from wireformat.derive.machines import legal_in
from wireformat.derive.notation import ASCENDING
from wireformat.derive.refusals import refusals
from wireformat.derive.rows import Row, field_rows, notation
from wireformat.derive.subject import Entry, Subject
from wireformat.derive.vectors import Vector, check
from wireformat.schema import model
from wireformat.schema.protocol import answers_to
from wireformat.schema.traverse import walk

MAX_VALID, MAX_INVALID = 4, 3
"""Vectors that a page shows; the file has them all."""


def message_page(subject: Subject, entry: Entry) -> str:
    """The page as Markdown. Raises `SchemaError`, id `mismatch`, where codec and vector disagree."""
    vectors = subject.vectors.get(entry.key, ())
    check(entry.schema, vectors)
    sections = (
        _head(subject, entry),
        _fields(entry),
        _names_of_numbers(entry),
        _picture(subject, entry),
        _notation(entry),
        _bytes(entry, vectors),
        _malformed(entry, vectors),
        _errors(subject, entry),
        _place(subject, entry),
        _replies(subject, entry),
        _elsewhere(subject, entry, vectors),
    )
    return "\n".join(filter(None, sections))


def page_link(entry: Entry, record: str) -> str:
    """The link to the page of a record that this one refers to."""
    key = entry.keys.get(record, record)
    return link(code(record), f"{file_name(key)}.md")


def _head(subject: Subject, entry: Entry) -> str:
    record = entry.record
    lines = [f"# {cell(entry.key)}", "", link(cell(subject.name), "index.md") + f" › {_kind(entry)}", ""]
    lines += [prose(record.doc) or "No description.", "", badges(subject, entry), ""]
    return "\n".join(lines)


def _kind(entry: Entry) -> str:
    return "message" if entry.is_message else "part of messages"


def badges(subject: Subject, entry: Entry) -> str:
    """Direction, channel, code, versions, source and standing in one line."""
    record = entry.record
    found = [
        ("from", _direction(subject.roles, record.sender or "")),
        ("channel", record.channel or ""),
        ("code", "" if record.code is None else f"{record.code} ({record.code:#04x})"),
        ("layout", "" if record.layout == "sequence" else record.layout),
        ("since", record.since or ""),
        ("until", record.until or ""),
        ("source", record.source),
        ("standing", "a proposal of this project" if subject.is_proposal else ""),
    ]
    return " ".join(f'<span class="wf-badge"><b>{name}</b> {cell(value)}</span>' for name, value in found if value)


def _direction(roles: Sequence[str], sender: str) -> str:
    """Who sends a message to whom; roles named as parts of others, such as `source-channel`, are not meant."""
    parties = [role for role in roles if not any(role.startswith(f"{whole}-") for whole in roles)]
    receivers = [role for role in parties if role != sender]
    return f"{sender} → {', '.join(receivers)}" if sender in parties and receivers else sender


def _fields(entry: Entry) -> str:
    """The field table: one anchor for each field of the record itself, groups indented."""
    head = ("Field", "Offset", "Size", "Type", "Meaning", "Values", "Default", "Versions")
    lines = []
    numbered: dict[str, int] = {}
    for field, found in field_rows(entry.schema):
        name = field.name or "unnamed"
        numbered[name] = numbered.get(name, 0) + 1
        unique = name if numbered[name] == 1 else f"{name}-{numbered[name]}"
        mark = f'<a id="{anchor("field", unique)}"></a><span class="wf-dot {colour(entry.record, name)}"></span> '
        lines += [_row(row, entry, mark if index == 0 else "") for index, row in enumerate(found)]
    if not lines:
        return "## Fields\n\nNone: the message is empty.\n"
    note = "Offsets and sizes are in bytes; inside a group they count from where the group begins."
    if entry.record.tlv is not None and entry.record.tlv.ascending:
        note += f" {ASCENDING.capitalize()}."
    return f'## Fields\n\n{note}\n\n<div class="wf-table" markdown="1">\n\n{_slim(head, lines)}\n</div>\n'


def _slim(head: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    """The table without the columns that nobody uses."""
    used = [column for column in range(len(head)) if column in (0, 3, 4) or any(line[column] for line in lines)]
    return table(tuple(head[column] for column in used), [tuple(line[column] for column in used) for line in lines])


def _names_of_numbers(entry: Entry) -> str:
    """What the numbers of enumerations and flags are called."""
    named = {
        node.name: node
        for field in entry.record.fields
        for node in walk(field.of)
        if isinstance(node, model.Enum | model.Flags)
    }
    return "\n".join(
        f"### {cell(name)}\n\n"
        + table(("Number", "Name"), [(f"{number:#x}", code(member)) for member, number in node.members])
        for name, node in named.items()
    )


def _row(row: Row, entry: Entry, mark: str) -> tuple[str, ...]:
    indent = f'<span class="wf-in">{"&#8195;" * row.depth}</span>' if row.depth else ""
    name = f"<i>{cell(row.name)}</i>" if row.is_group else code(row.name)
    kind = cell(row.type)
    if row.record:
        kind = kind.replace(cell(row.record), page_link(entry, row.record), 1)
    return (
        f"{mark}{indent}{name}",
        cell(row.offset),
        cell(row.size),
        kind,
        f'<span class="wf-doc">{prose(row.doc)}</span>' if row.doc else "",
        cell(row.range),
        cell(row.default),
        cell(row.since),
    )


def _picture(subject: Subject, entry: Entry) -> str:
    found = boxes(entry.schema, params_of(subject, entry))
    drawn = svg_boxes(found, f"bits of {entry.key}", entry.record)
    if not drawn:
        return ""
    name = f"{file_name(entry.key)}.svg"
    text = "\n".join(f"    {line}" for line in ascii_boxes(found).splitlines())
    figure = f'<div class="wf-figure">\n{drawn}\n</div>'
    return f"## Bits\n\n{figure}\n\n[As a file]({name}). As text:\n\n{text}\n"


def params_of(subject: Subject, entry: Entry) -> dict[str, Any]:
    """Parameters that the vectors of a record are decoded with."""
    return next((dict(vector.params) for vector in subject.vectors.get(entry.key, ()) if vector.params), {})


def _notation(entry: Entry) -> str:
    text = "\n".join(f"    {line}" for line in notation(entry.schema).splitlines())
    return f"## Notation\n\nOne line for each field: offset, name, type, meaning.\n\n{text}\n"


def _bytes(entry: Entry, vectors: tuple[Vector, ...]) -> str:
    """Annotated examples: vectors, or where there are none an example made from the schema."""
    shown = [vector for vector in vectors if vector.error is None][:MAX_VALID]
    if not shown:
        data = example(entry.schema)
        if not data:
            return ""
        made = Vector(entry.key, "made from the schema", data)
        return f"## Bytes\n\n{_annotated(entry, made)}"
    return "## Bytes\n\n" + "\n".join(_annotated(entry, vector) for vector in shown)


def _annotated(entry: Entry, vector: Vector) -> str:
    params = dict(vector.params)
    owned = parts(entry.schema, vector.data, vector.version, params)
    given = ", ".join(f"{name} = {value}" for name, value in params.items())
    about = f"{vector.about[:1].upper()}{vector.about[1:]}." if vector.about else ""
    facts = [f"{len(vector.data)} bytes", f"version {vector.version}" if vector.version else "", given]
    lines = [f"### {cell(vector.name)}", "", f"{prose(about)} {cell(', '.join(filter(None, facts)))}.".strip(), ""]
    if not vector.data:
        return "\n".join([*lines[:2], f"{prose(about)} No bytes at all.".strip(), ""])
    return "\n".join([*lines, dump(vector.data, owned, entry.record), "", part_table(owned, vector.data)])


def _malformed(entry: Entry, vectors: tuple[Vector, ...]) -> str:
    shown = [vector for vector in vectors if vector.error is not None][:MAX_INVALID]
    if not shown:
        return ""
    return "## Malformed\n\n" + "\n".join(_wrong(entry, vector) for vector in shown)


def _wrong(entry: Entry, vector: Vector) -> str:
    error = vector.error or {}
    return "\n".join(
        (
            f"### {cell(vector.name)}",
            "",
            dump(vector.data, [], entry.record, error.get("offset")),
            "",
            f"Error {_error_link(str(error.get('id')))}: {code(str(error.get('text')))}",
            "",
        )
    )


def _error_link(id: str) -> str:
    return link(code(id), f"../errors/{'/'.join(map(file_name, id.split('/')))}.md")


def _errors(subject: Subject, entry: Entry) -> str:
    """Every error that a receiver may raise for these bytes."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for refusal in refusals(entry.schema):
        grouped.setdefault((refusal.id, refusal.why), []).append(refusal.field)
    rows = [
        (_error_link(id), cell(why), ", ".join(code(field) for field in fields if field) or "the whole")
        for (id, why), fields in grouped.items()
    ]
    return f"## Errors\n\nWhat a receiver may refuse:\n\n{table(('Error', 'When', 'Field'), rows)}"


def _place(subject: Subject, entry: Entry) -> str:
    """Where in the machine the message is legal."""
    if subject.machine is None or not entry.is_message:
        return ""
    event = subject.event_names[entry.key]
    rows = [(code(role), code(state), code(after)) for role, state, after in legal_in(event, subject.machine.table)]
    if not rows:
        return "## Where it is legal\n\nThe machine does not see it: it stands inside what other messages introduce.\n"
    head = f"## Where it is legal\n\nIn the machine this is the event {code(event)}.\n\n"
    return head + table(("Role", "State", "State after it"), rows)


def _replies(subject: Subject, entry: Entry) -> str:
    """Which messages it answers, and which answer it."""
    found = (
        ("Answers", subject.replies.get(entry.key, ())),
        ("Answered by", answers_to(entry.key, subject.replies)),
    )
    lines = [f"{how} {', '.join(page_link(entry, name) for name in names)}.\n" for how, names in found if names]
    return "## Replies\n\n" + "\n".join(lines) if lines else ""


def _elsewhere(subject: Subject, entry: Entry, vectors: tuple[Vector, ...]) -> str:
    return "## Names elsewhere\n\n" + table(("Where", "Name"), list(_names(subject, entry, vectors)))


def _names(subject: Subject, entry: Entry, vectors: tuple[Vector, ...]) -> Iterator[tuple[str, str]]:
    cls = entry.record.cls
    if cls is not None:
        yield "Python", code(f"{cls.__module__}.{cls.__qualname__}")
        yield "Wireshark filter", code(f"wf.{filter_part(subject.name)}.{filter_part(entry.key)}")
    for file in dict.fromkeys(vector.file for vector in vectors if vector.file):
        yield "Test vectors", code(visible(file))
    yield "Schema", link("JSON", f"{file_name(entry.key)}.json")


def fields_with_anchor(page: str) -> set[str]:
    """The anchors of fields on a page, for those who count them."""
    return set(re.findall(r'<a id="(field-[^"]+)">', page))
