"""`wireformat decode`: show what a stream holds."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from wireformat.cli.captures import is_capture
from wireformat.cli.exits import UsageError
from wireformat.cli.opening import open_description, open_stream
from wireformat.cli.tree import Tree
from wireformat.cli.verdict import verdict
from wireformat.errors import SchemaError
from wireformat.protocols.vmstate.document import documents
from wireformat.protocols.vmstate.document_ram import RamForm
from wireformat.protocols.vmstate.elements import HeaderElement
from wireformat.protocols.vmstate.state import device_state
from wireformat.protocols.vmstate.stream import Stream
from wireformat.protocols.vmstate.view import device_notes, spans, view
from wireformat.schema.path import Name, join, parse


class Ram(StrEnum):
    """What JSON says of the contents of guest memory."""

    none = "none"
    digest = "digest"
    base64 = "base64"


def run(
    file: Annotated[str, typer.Argument(help="VM-state stream, or SPICE capture; - is standard input")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    ndjson: Annotated[bool, typer.Option("--ndjson", help="one JSON object a line")] = False,
    devices: Annotated[
        bool, typer.Option("--devices", help="device state only; with --json as analyze-migration.py -d state has it")
    ] = False,
    path: Annotated[str | None, typer.Option("--path", help='one part, such as devices["cpu"]')] = None,
    with_hex: Annotated[bool, typer.Option("--hex", help="bytes beside fields")] = False,
    ram: Annotated[Ram, typer.Option(help="page contents in JSON; base64 loses nothing")] = Ram.none,
    description: Annotated[
        str | None, typer.Option(help="VM description, or a stream that has one, for streams without")
    ] = None,
    page_size: Annotated[int | None, typer.Option(help="target page size in bytes, where nothing tells")] = None,
) -> int:
    """Show what a VM-state stream holds, or a SPICE capture: the folder of a run, or the file of a connection."""
    if is_capture(file):
        from wireformat.cli.decode_capture import decode_capture

        if devices or path or description or page_size or ram is not Ram.none:
            raise UsageError(f"{file}: of a SPICE capture --json, --ndjson and --hex can be asked")
        return decode_capture(file, as_json=as_json, ndjson=ndjson, with_hex=with_hex)
    keep = with_hex or ram is not Ram.none
    stream = open_stream(file, keep=keep, learnt=open_description(description), page_size=page_size)
    if any(isinstance(element, HeaderElement) for element in stream.elements):
        if path is not None:
            _print_part(stream, path, as_json or ndjson, with_hex)
        elif as_json or ndjson:
            _print_parts(stream, ram.value, devices=devices, by_line=ndjson)
        else:
            _print_tree(_only_devices(view(stream)) if devices else view(stream), stream, with_hex)
    return verdict("decode", stream, file)


def _print_parts(stream: Stream, form: RamForm, *, devices: bool, by_line: bool) -> None:
    """A stream as JSON: its device state, or all of it in one document or one on each line."""
    if devices:
        _print_json(device_state(stream))
    elif by_line:
        for document in documents(stream, form):
            print(json.dumps(document, ensure_ascii=False))
    else:
        _print_document(documents(stream, form))


def _print_document(parts: Iterator[dict[str, Any]]) -> None:
    """One document, written element by element: a stream's pages need not fit into memory."""
    write = sys.stdout.write
    write(json.dumps(next(parts), indent=1, ensure_ascii=False)[:-2])
    write(',\n "elements": [')
    for number, part in enumerate(parts):
        write(",\n  " if number else "\n  ")
        write(json.dumps(part, ensure_ascii=False))
    write("\n ]\n}\n")


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=4, ensure_ascii=False))


def _only_devices(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"devices": value.get("devices", {})}


def _print_tree(value: Any, stream: Stream, with_hex: bool, at: tuple[Name, ...] = (), whole: bool = False) -> None:
    beside = _beside(stream) if with_hex else None
    for line in Tree(whole=whole or with_hex, notes=device_notes(stream), beside=beside).lines(value, at):
        print(line)


def _beside(stream: Stream) -> dict[str, tuple[int, bytes]]:
    """The first bytes of every field."""
    content = stream.content or b""
    return {
        name: (span.position, bytes(content[span.position : span.position + min(span.size, 16)]))
        for name, span in spans(stream).items()
    }


def _print_part(stream: Stream, path: str, as_json: bool, with_hex: bool) -> None:
    value, names = part_of(view(stream), path)
    if as_json:
        _print_json(plain_json(value))
    else:
        _print_tree(value, stream, with_hex, names, whole=True)


def part_of(value: Any, path: str) -> tuple[Any, tuple[Name, ...]]:
    """The part of a view at a path. Raises `UsageError` naming the first step that leads nowhere."""
    try:
        names = parse(path)
    except SchemaError as error:
        raise UsageError(error.detail) from None
    for number, name in enumerate(names):
        try:
            value = value[name]
        except (KeyError, IndexError, TypeError):
            raise UsageError(f"no {join(names[: number + 1])} in this stream") from None
    return value, names


def plain_json(value: Any) -> Any:
    """A view as JSON: bytes as hexadecimal, wide integers as decimal strings."""
    if isinstance(value, Mapping):
        return {str(name): plain_json(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [plain_json(part) for part in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value) if abs(value) < 1 << 53 else str(int(value))
    return value
