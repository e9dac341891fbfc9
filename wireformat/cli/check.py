"""`wireformat check`: judge streams strictly."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from wireformat.cli.captures import is_capture
from wireformat.cli.exits import Exit, UsageError, exit_for
from wireformat.cli.opening import OpenedFile, open_description, open_file
from wireformat.cli.running import complain
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.description import Description
from wireformat.protocols.vmstate.document import error_document
from wireformat.protocols.vmstate.stream import Stream
from wireformat.protocols.vmstate.strict import findings, undescribed_count


def run(
    files: Annotated[
        list[str], typer.Argument(help="VM-state streams, plain or in containers; SPICE captures; - is standard input")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    description: Annotated[
        str | None, typer.Option(help="VM description, or a stream that has one, for streams without")
    ] = None,
    page_size: Annotated[int | None, typer.Option(help="target page size in bytes, where nothing tells")] = None,
) -> int:
    """Judge VM-state streams, containers and SPICE captures strictly: every finding with its place.

    Silent where all is well.
    """
    learnt = open_description(description)
    documents, exits = [], [Exit.FINE]
    for file in files:
        try:
            document, code = _check(file, learnt, page_size, as_json)
        except UsageError as error:
            complain("check", str(error))
            document, code = {"file": file, "error": str(error)}, Exit.USAGE
        documents.append(document)
        exits.append(code)
    if as_json:
        top = {"format": "wireformat/vmstate-check", "format_version": 1, "files": documents}
        print(json.dumps(top, indent=1, ensure_ascii=False))
    return max(exits)


def _check(file: str, learnt: Description | None, page_size: int | None, as_json: bool) -> tuple[dict[str, Any], Exit]:
    """Check one file; its part of the JSON document, and the exit code."""
    if is_capture(file):
        from wireformat.cli.check_capture import check_capture

        return check_capture(file, as_json)
    opened = open_file(file, keep=True, learnt=learnt, page_size=page_size)
    stream = opened.stream
    found = [*findings(stream), *_unlisted(opened)]
    count = undescribed_count(stream)
    if not as_json:
        for error in found:
            print(_line(file, error))
        if count:
            complain("check", f"{file}: {count} device sections are not described, what they hold was not checked")
    document = {"file": file, "undescribed": count, "findings": [error_document(error) for error in found]}
    return document, _exit(stream, found)


def _unlisted(opened: OpenedFile) -> list[DecodeError]:
    """What the stream of a container holds and its manifest does not list."""
    if opened.manifest is None or opened.stream.fault is not None:
        return []
    from wireformat.protocols.handshake.inventories.soundness import manifest_findings

    return manifest_findings(opened.stream, opened.manifest)


def _line(file: str, error: DecodeError) -> str:
    at = "" if error.offset is None else f" at {error.offset:#x}"
    return f"{file}: {error.path or 'input'}{at}: {error.detail} [{error.id}]"


def _exit(stream: Stream, found: list[DecodeError]) -> Exit:
    if stream.fault is not None:
        return exit_for(stream.fault)
    return Exit.FINDING if found else Exit.FINE
