"""`wireformat schema`: the model of a message, for programs or for people."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from wireformat.cli.exits import Exit, UsageError
from wireformat.derive.model_schema import FORMAT_VERSION, json_schema, schema_document
from wireformat.derive.rows import notation
from wireformat.derive.subject import Entry, Subject, subject_of
from wireformat.protocols import NAMES, protocol


def run(
    name: Annotated[str | None, typer.Argument(help="vmstate, vmstate.Command, Command, or model; none: all")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="for programs; `schema model --json` tells the shape")
    ] = False,
) -> int:
    """Print the model of a message or of a whole protocol: text notation, or JSON."""
    if name == "model":
        print(json.dumps(json_schema(), indent=1))
        return Exit.FINE
    entries = _entries(name)
    if not as_json:
        print("\n".join(notation(entry.schema) for entry in entries.values()), end="")
    elif name is None or name in NAMES:
        documents = {key: schema_document(entry.schema) for key, entry in entries.items()}
        print(json.dumps({"format": "wireformat-models", "version": FORMAT_VERSION, "models": documents}, indent=1))
    else:
        print(json.dumps(schema_document(next(iter(entries.values())).schema), indent=1))
    return Exit.FINE


def _entries(name: str | None) -> dict[str, Entry]:
    """The records that a name stands for, by full name. Raises `UsageError` for a name that is none."""
    subjects: list[Subject] = [subject_of(protocol(each)) for each in NAMES]
    every = {f"{subject.name}.{key}": entry for subject in subjects for key, entry in subject.entries.items()}
    if name is None:
        return every
    found = {
        full: entry for full, entry in every.items() if name in (full, full.partition(".")[2], full.partition(".")[0])
    }
    if not found:
        raise UsageError(f"nothing is called {name!r}; `wireformat explain` knows close names")
    return found
