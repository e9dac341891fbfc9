"""`wireformat stats`: count what a stream is made of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

import typer

from wireformat.cli.captures import is_capture
from wireformat.cli.opening import open_description, open_stream
from wireformat.cli.tables import Column, print_table
from wireformat.cli.verdict import verdict
from wireformat.protocols.vmstate.elements import HeaderElement
from wireformat.protocols.vmstate.statistics import Statistics, count

MAX_PASSES = 24
"""Passes over memory that are shown one by one."""


def run(
    file: Annotated[str, typer.Argument(help="VM-state stream, or SPICE capture; - is standard input")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    description: Annotated[
        str | None, typer.Option(help="VM description, or a stream that has one, for streams without")
    ] = None,
    page_size: Annotated[int | None, typer.Option(help="target page size in bytes, where nothing tells")] = None,
) -> int:
    """Count pages, passes over memory, devices and bytes of a VM-state stream; messages of a SPICE capture."""
    if is_capture(file):
        from wireformat.cli.stats_capture import capture_stats

        return capture_stats(file, as_json)
    stream = open_stream(file, learnt=open_description(description), page_size=page_size)
    if any(isinstance(element, HeaderElement) for element in stream.elements):
        statistics = count(stream)
        if as_json:
            print(json.dumps(_document(statistics), indent=1, ensure_ascii=False))
        else:
            _print(statistics)
    return verdict("stats", stream, file)


def _document(statistics: Statistics) -> dict[str, Any]:
    document = asdict(statistics)
    for block, value in zip(document["blocks"], statistics.blocks, strict=True):
        block["zero_share"] = round(value.zero_share, 4)
    document["passes"] = [one["records"] for one in document["passes"]]
    return {"format": "wireformat/vmstate-statistics", "format_version": 1, **document}


def _print(statistics: Statistics) -> None:
    page_size = f", pages of {statistics.page_size} bytes" if statistics.page_size else ""
    print(f"{statistics.size:,} bytes{page_size}")
    _print_shares(statistics)
    if statistics.blocks:
        _print_blocks(statistics)
    if statistics.passes:
        _print_passes(statistics)
    if statistics.devices:
        _print_devices(statistics)


def _print_shares(statistics: Statistics) -> None:
    rows = [(name, f"{share.count:,}", f"{share.size:,}") for name, share in statistics.shares.items()]
    print_table("Elements", (Column("kind"), Column("count", True), Column("bytes", True)), rows)


def _print_blocks(statistics: Statistics) -> None:
    kinds = _kinds(block.records for block in statistics.blocks)
    columns = ["bytes", "pages", "sent", "zero", *(f"{kind} records" for kind in kinds)]
    rows = [
        (
            block.name,
            *(f"{number:,}" for number in (block.length, block.pages, block.sent)),
            f"{block.zero_share:.1%}",
            *(f"{block.records.get(kind, 0):,}" for kind in kinds),
        )
        for block in statistics.blocks
    ]
    print_table("RAM blocks", (Column("name"), *(Column(name, True) for name in columns)), rows)


def _print_passes(statistics: Statistics) -> None:
    kinds = _kinds(one.records for one in statistics.passes)
    rows = [
        (str(number), *(f"{one.records.get(kind, 0):,}" for kind in kinds))
        for number, one in enumerate(statistics.passes[:MAX_PASSES], 1)
    ]
    title = f"Passes over memory: {len(statistics.passes):,}, in {statistics.parts:,} PARTs"
    print_table(title, (Column("pass", True), *(Column(kind, True) for kind in kinds)), rows)
    if len(statistics.passes) > MAX_PASSES:
        print(f"… {len(statistics.passes) - MAX_PASSES:,} more")


def _kinds(records: Iterable[dict[str, int]]) -> list[str]:
    """The kinds of records that occur, the order of their first appearance kept."""
    return list(dict.fromkeys(kind for one in records for kind in one))


def _print_devices(statistics: Statistics) -> None:
    rows = [
        (device.key, str(device.section_id), str(device.version_id), f"{device.size:,}", _mark(device.is_described))
        for device in sorted(statistics.devices, key=lambda device: -device.size)
    ]
    columns = (Column("device"), Column("section", True), Column("version", True), Column("bytes", True), Column(""))
    print_table(f"Devices: {len(rows)}", columns, rows)


def _mark(is_described: bool) -> str:
    return "" if is_described else "not described"
