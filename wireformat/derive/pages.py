"""Documentation of protocols as files: Markdown, SVG and JSON, made from models and what goes with them.

`pages` gives the whole tree as texts by path; writing them is the caller's business. Nothing here runs inside a site
generator, and the pages need no script: whoever reads Markdown reads them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files

from wireformat.derive.bitbox import boxes
from wireformat.derive.bitbox_svg import svg_boxes
from wireformat.derive.escape import cell, code, file_name, link, prose, table
from wireformat.derive.model_schema import schema_document
from wireformat.derive.pages_errors import error_index, error_page, error_path
from wireformat.derive.pages_message import message_page, params_of
from wireformat.derive.pages_print import print_page
from wireformat.derive.pages_protocol import protocol_page
from wireformat.derive.refusals import refusals
from wireformat.derive.subject import Subject
from wireformat.errors import ErrorEntry


def pages(subjects: Iterable[Subject], errors: Mapping[str, ErrorEntry]) -> dict[str, str]:
    """Every file by its path. `errors` are those that engines raise; protocols bring their own.

    Raises `SchemaError`, id `mismatch`, where a test vector and the codec disagree.
    """
    subjects = list(subjects)
    catalogue = {**errors, **{id: entry for subject in subjects for id, entry in subject.errors.items()}}
    found = {"index.md": _index(subjects), "style.css": stylesheet()}
    for subject in subjects:
        folder = file_name(subject.name)
        found.update((f"{folder}/{name}", text) for name, text in _subject_pages(subject))
    found["errors/index.md"] = error_index(catalogue)
    raisers = _raisers(subjects)
    for id, entry in catalogue.items():
        up = "../" * (1 + id.count("/"))
        raised = [link(code(name), f"{up}{target}") for name, target in raisers.get(id, [])]
        found[f"errors/{error_path(id)}"] = error_page(id, entry, raised)
    chapters = [path for path in found if path.endswith(".md") and path.count("/") == 1 and "errors/" not in path]
    found["print.md"] = print_page(chapters, found)
    return found


def stylesheet() -> str:
    """The colours of the pages."""
    return files("wireformat.derive").joinpath("style.css").read_text(encoding="utf-8")


def _subject_pages(subject: Subject) -> Iterator[tuple[str, str]]:
    yield "index.md", protocol_page(subject)
    for entry in subject.entries.values():
        name = file_name(entry.key)
        yield f"{name}.md", message_page(subject, entry)
        yield f"{name}.json", json.dumps(schema_document(entry.schema), indent=1, ensure_ascii=False) + "\n"
        picture = svg_boxes(
            boxes(entry.schema, params_of(subject, entry)), f"bits of {entry.key}", entry.record, is_alone=True
        )
        if picture:
            yield f"{name}.svg", picture + "\n"


def _index(subjects: list[Subject]) -> str:
    rows = [
        (
            link(cell(subject.name), f"{file_name(subject.name)}/index.md"),
            prose(subject.doc),
            str(sum(entry.is_message for entry in subject.entries.values())),
        )
        for subject in subjects
    ]
    tail = f"{link('Errors', 'errors/index.md')} · {link('All on one page, for printing', 'print.md')}"
    intro = "Made from the declarations: every message, its fields, its bytes."
    return f"# Reference\n\n{intro}\n\n{table(('Protocol', 'What', 'Messages'), rows)}\n{tail}\n"


def _raisers(subjects: list[Subject]) -> dict[str, list[tuple[str, str]]]:
    """By error id, the messages whose bytes may raise it: name and page."""
    found: dict[str, list[tuple[str, str]]] = {}
    for subject in subjects:
        for entry in subject.entries.values():
            for id in dict.fromkeys(refusal.id for refusal in refusals(entry.schema)):
                place = f"{file_name(subject.name)}/{file_name(entry.key)}.md"
                found.setdefault(id, []).append((f"{subject.name}.{entry.key}", place))
    return found
