"""`wireformat shrink`: make a small stream for a bug report."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from wireformat.cli.opening import open_stream
from wireformat.cli.output import open_output
from wireformat.cli.verdict import verdict
from wireformat.protocols.vmstate.elements import HeaderElement
from wireformat.protocols.vmstate.shrinking import shrink


class KeepRam(StrEnum):
    """What is left of the pages of guest memory."""

    none = "none"
    zero = "zero"


def run(
    file: Annotated[str, typer.Argument(help="VM-state stream; - is standard input")],
    output: Annotated[str, typer.Option("-o", "--output", help="where the stream goes; - is standard output")],
    keep_ram: Annotated[
        KeepRam, typer.Option(help="pages: none at all, or each once as a zero page (9 bytes)")
    ] = KeepRam.none,
    page_size: Annotated[int | None, typer.Option(help="target page size in bytes, where nothing tells")] = None,
) -> int:
    """Make a small stream for a bug report: no memory, no disks; device state, commands and description stay.

    QEMU loads the result. Device state remains as it is, and may hold what the guest would not like to show.
    """
    stream = open_stream(file, keep=True, page_size=page_size)
    if any(isinstance(element, HeaderElement) for element in stream.elements):
        with open_output(output, file) as target:
            for piece in shrink(stream, keep_ram.value):
                target.write(piece)
    return verdict("shrink", stream, file)
