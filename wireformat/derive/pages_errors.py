"""The page of an error, and the same text for a terminal: what the id means, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping

from wireformat.derive.escape import cell, code, file_name, link, prose, table
from wireformat.errors import ErrorEntry

EXIT_CODES: Mapping[str, int] = {"malformed": 1, "truncated": 3, "limit": 4, "usage": 2}
"""With which code commands end, by kind of error."""


def error_sentences(id: str, entry: ErrorEntry) -> tuple[str, str, str]:
    """What a page and `wireformat explain` both say of an error: what it is, why, what follows."""
    code = EXIT_CODES[entry.kind]
    return (
        f"{id}: {entry.summary}",
        entry.detail,
        f"An error of kind {entry.kind}; the command ends with exit code {code}.",
    )


def error_path(id: str) -> str:
    """The page of an error, from the folder of all of them."""
    return "/".join(map(file_name, id.split("/"))) + ".md"


def error_link(id: str, folder: str) -> str:
    """The link to an error's page; `folder` leads to all of them and ends with a slash."""
    return link(code(id), f"{folder}{error_path(id)}")


def error_page(id: str, entry: ErrorEntry, raised_by: list[str]) -> str:
    """The page of one error; `raised_by` are links to messages whose bytes can break the rule."""
    up = "../" * id.count("/")
    lines = [f"# {cell(id)}", "", link("Errors", f"{up}index.md"), ""]
    for sentence in error_sentences(id, entry):
        lines += [prose(sentence), ""]
    lines += ["In the terminal:", "", f"    wireformat explain {id}", ""]
    if raised_by:
        lines += ["## Raised for", "", ", ".join(raised_by), ""]
    return "\n".join(lines)


def error_index(entries: Mapping[str, ErrorEntry]) -> str:
    """The page that lists every error."""
    rows = [(error_link(id, ""), cell(entry.kind), prose(entry.summary)) for id, entry in sorted(entries.items())]
    intro = "Every refusal carries one of these ids, with the path of the field and the offset of the byte."
    return f"# Errors\n\n{intro}\n\n{table(('Id', 'Kind', 'Meaning'), rows)}"
