"""The page of a protocol: messages, machine, recorded runs, limits, numbers, errors, requirements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wireformat.derive.charts import Run, svg_chart, text_chart
from wireformat.derive.escape import anchor, cell, code, file_name, link, prose, table
from wireformat.derive.ledger import requirements
from wireformat.derive.machines import svg_machine, transition_table
from wireformat.derive.pages_errors import error_link
from wireformat.derive.subject import Entry, Subject
from wireformat.schema import model
from wireformat.schema.traverse import walk

BANNER = (
    '!!! warning "A proposal of this project"\n\n'
    "    No upstream project specifies this protocol or assigns its numbers; they are valid between programs that "
    "follow this page.\n"
)


def protocol_page(subject: Subject) -> str:
    """The page as Markdown."""
    sections = (
        f"# {cell(subject.name)}\n",
        BANNER if subject.is_proposal else "",
        f"{prose(subject.doc)}\n",
        f"{_prose_link(subject)}" if subject.prose else "",
        _records("Messages", [entry for entry in subject.entries.values() if entry.is_message]),
        _records("Parts", [entry for entry in subject.entries.values() if not entry.is_message]),
        _machine(subject),
        "".join(_run(run) for run in subject.runs) and "## Recorded runs\n\n" + "".join(map(_run, subject.runs)),
        _section("Limits", ("Field", "Limit"), _limits(subject), "Checked before memory is taken."),
        _section("Numbers", ("Number", "Meaning", "Where"), _numbers(subject), ""),
        _section("Errors", ("Error", "Meaning"), _errors(subject), "Beside those that every codec knows."),
        _ledger(subject),
        _section("Not understood", ("Where", "Class and reason"), _gaps(subject), "Outside the vocabulary:"),
    )
    return "\n".join(filter(None, sections))


def _section(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], note: str) -> str:
    if not rows:
        return ""
    return f"## {title}\n\n{note}\n\n{table(head, rows)}" if note else f"## {title}\n\n{table(head, rows)}"


def _prose_link(subject: Subject) -> str:
    return (
        f"{link('The rules in words', f'../../protocols/{file_name(subject.name)}.md')} stand on a page of their own.\n"
    )


def entry_link(entry: Entry) -> str:
    """The link to a record's page from its protocol's."""
    return link(code(entry.key), f"{file_name(entry.key)}.md")


def _records(title: str, entries: list[Entry]) -> str:
    rows = [
        (
            entry_link(entry),
            "" if entry.record.code is None else str(entry.record.code),
            cell(entry.record.channel or ""),
            cell(entry.record.sender or ""),
            prose(entry.record.doc.partition("\n\n")[0]),
        )
        for entry in entries
    ]
    head = ("Name", "Code", "Channel", "Sender", "Purpose")
    used = [column for column in range(len(head)) if any(row[column] for row in rows)]
    slim = [tuple(row[column] for column in used) for row in rows]
    return _section(title, tuple(head[column] for column in used), slim, "")


def _machine(subject: Subject) -> str:
    if subject.machine is None:
        return ""
    parts = ["## Machine", "", "Bold: where a role starts. Double: the end.", ""]
    for role, states in subject.machine.table.items():
        parts += [f"### {cell(role)}", "", f'<div class="wf-figure">\n{svg_machine(role, states)}\n</div>', ""]
        parts += [transition_table(states), ""]
    return "\n".join(parts)


def _run(run: Run) -> str:
    text = "\n".join(f"    {line}" for line in text_chart(run).splitlines())
    origin = f"Recorded from {prose(run.origin)}.\n\n" if run.origin else ""
    return (
        f'### {cell(run.title)}\n\n{origin}<div class="wf-figure">\n{svg_chart(run)}\n</div>\n\nAs text:\n\n{text}\n\n'
    )


def _limits(subject: Subject) -> list[tuple[str, ...]]:
    return [
        (f"{entry_link(entry)} {code(field.name)}", limit)
        for entry in subject.entries.values()
        for field in entry.record.fields
        for node in walk(field.of)
        for limit in _limit(node, field)
    ]


def _limit(node: model.Node, field: model.Field) -> Iterator[str]:
    match node:
        case model.Data(size=int()) | model.List(count=int()):
            return
        case model.Data(max=most) | model.Region(max=most):
            yield f"{most} bytes"
        case model.List(max=most) | model.Chain(max=most):
            yield f"{most} items"
    if field.max is not None and node is field.of:
        yield f"{field.max} times"


def _numbers(subject: Subject) -> list[tuple[str, ...]]:
    """Every number that the protocol gives a meaning, in order."""
    found = sorted(set(_numbered(subject)))
    return [(f"{number:#x}", meaning, where) for number, meaning, where in found]


def _numbered(subject: Subject) -> Iterator[tuple[int, str, str]]:
    for entry in subject.entries.values():
        if entry.record.code is not None:
            yield entry.record.code, f"message {code(entry.record.name)}", entry_link(entry)
        for field in entry.record.fields:
            where = f"{entry_link(entry)} {code(field.name)}"
            if field.tag is not None:
                yield field.tag, f"entry {code(field.name)}", entry_link(entry)
            for node in walk(field.of):
                if isinstance(node, model.Enum | model.Flags):
                    for name, number in node.members:
                        yield number, code(f"{node.name}.{name}"), where
                if isinstance(node, model.Const) and isinstance(node.value, int):
                    yield node.value, "constant", where


def _errors(subject: Subject) -> list[tuple[str, ...]]:
    return [(error_link(id, "../errors/"), prose(entry.summary)) for id, entry in sorted(subject.errors.items())]


def _ledger(subject: Subject) -> str:
    """Each requirement of the prose with the tests that check it."""
    found = requirements(subject.prose)
    if not found:
        return ""
    rows = []
    for each in found:
        tests = subject.tests.get(each.id, [])
        mark = f'<a id="{anchor("requirement", each.id)}"></a>'
        checked = "<br>".join(map(code, tests)) or "none yet"
        rows.append((f"{mark}{code(each.id)}", cell(each.level), prose(each.text), checked))
    covered = sum(bool(subject.tests.get(each.id)) for each in found)
    note = f"{covered} of {len(found)} requirements have tests."
    return f"## Requirements\n\n{note}\n\n{table(('Id', 'Level', 'Requirement', 'Tests'), rows)}"


def _gaps(subject: Subject) -> list[tuple[str, ...]]:
    return [(code(path), cell(reason)) for path, reason in subject.gaps]
