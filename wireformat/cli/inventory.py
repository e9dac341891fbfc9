"""`wireformat inventory`: what a machine would send, and whether a destination could load it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.inventory_source import Destination, Source, open_destination, open_source
from wireformat.cli.running import complain
from wireformat.cli.tables import Column, print_table
from wireformat.codec import codec_for
from wireformat.codec.json_form import to_json
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.inventories.resolution import Resolution, resolve
from wireformat.protocols.handshake.items.inventory import SectionItem, SubsectionFlags, SubsectionItem
from wireformat.protocols.handshake.messages import Inventory, InventoryReply
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.refusal import error_item


def run(
    source: Annotated[str, typer.Argument(help="VM-state stream, container, or -dump-vmstate; - is standard input")],
    against: Annotated[
        str | None,
        typer.Option(metavar="DESTINATION", help="file of the same kinds, or profile: could it load the source?"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> int:
    """Show what a machine would send, and whether a destination could load it."""
    if source == against == "-":
        raise UsageError("only one of the files can be standard input")
    found = open_source(source)
    if against is not None:
        return _compare(found, _destination(found, against), as_json)
    if as_json:
        value = to_json(codec_for(Inventory).schema, found.inventory)
        _print_json("inventory", {"size": _size(found.inventory), "inventory": value})
    else:
        _print(found.inventory)
    for item in found.violations:
        complain("inventory", f"{source}: {_line(item)}")
    return Exit.FINDING if found.violations else Exit.FINE


def _destination(source: Source, name: str) -> Destination:
    destination = open_destination(name)
    if source.is_dump and destination.sections:
        raise UsageError(f"{source.name}: a dump has no devices that those of {name} could be compared with")
    return destination


def _size(inventory: Inventory) -> int:
    return len(codec_for(Inventory).encode(inventory))


def _print_json(kind: str, content: dict[str, Any]) -> None:
    top = {"format": f"wireformat/{kind}", "format_version": 1, **content}
    print(json.dumps(top, indent=1, ensure_ascii=False))


# An inventory.


def _print(inventory: Inventory) -> None:
    machine = inventory.machine
    pages = f", pages of {1 << machine.page_bits} bytes" if machine.page_bits else ""
    print(f"{machine.type or 'a machine without a name'}{pages}: {_size(inventory):,} bytes as a message")
    if inventory.ram_blocks:
        blocks = [(block.idstr, f"{block.used_length:,}") for block in inventory.ram_blocks]
        print_table("RAM blocks", (Column("name"), Column("bytes", True)), blocks)
    columns = Column("section"), Column("instance", True), Column("version", True), Column("subsections")
    print_table(f"Sections: {len(inventory.sections)}", columns, map(_row, inventory.sections))


def _row(section: SectionItem) -> tuple[str, ...]:
    listed = ", ".join(map(_subsection, section.entries.subsections))
    return section.idstr, str(section.instance_id), str(section.version), listed


def _subsection(subsection: SubsectionItem) -> str:
    return f"{subsection.name} (droppable)" if subsection.flags & SubsectionFlags.DROPPABLE else subsection.name


# A comparison.


def _compare(source: Source, destination: Destination, as_json: bool) -> int:
    reply = judge(source.inventory, destination.abilities)
    outcome = reply if isinstance(reply, tuple) else resolve(source.inventory, reply)
    warnings = tuple(map(error_item, reply.warnings)) if isinstance(reply, InventoryReply) else ()
    resolution = outcome if isinstance(outcome, Resolution) else Resolution()
    errors = outcome if isinstance(outcome, tuple) else ()
    if as_json:
        _print_json("inventory-comparison", _comparison(resolution, errors, warnings))
    else:
        _print_comparison(source, destination, resolution, errors, warnings)
    return Exit.FINDING if errors else Exit.FINE


def _comparison(
    resolution: Resolution, errors: tuple[ErrorItem, ...], warnings: tuple[ErrorItem, ...]
) -> dict[str, Any]:
    return {
        "can_migrate": not errors,
        "omitted": [f"{item.idstr}[{item.instance_id}]/{item.subsection}" for item in resolution.omitted],
        "versions": {f"{item.idstr}[{item.instance_id}]": item.version for item in resolution.versions},
        "errors": [_item(item) for item in errors],
        "warnings": [_item(item) for item in warnings],
    }


def _item(item: ErrorItem) -> dict[str, Any]:
    values = {
        "code": item.code.name,
        "path": item.path,
        "expected": item.expected,
        "actual": item.actual,
        "text": item.text,
    }
    return {name: value for name, value in values.items() if value is not None}


def _print_comparison(
    source: Source,
    destination: Destination,
    resolution: Resolution,
    errors: tuple[ErrorItem, ...],
    warnings: tuple[ErrorItem, ...],
) -> None:
    for item in errors:
        print(_line(item))
    for left_out in resolution.omitted:
        print(f"left out: {left_out.subsection} of {left_out.idstr}")
    for lowered in resolution.versions:
        print(f"sent in version {lowered.version}: {lowered.idstr}")
    for item in warnings:
        print(f"warning: {_line(item)}")
    if not errors:
        print(f"{destination.name} has nothing against {source.name}; devices check more when they load")


def _line(item: ErrorItem) -> str:
    values = f": {item.actual} instead of {item.expected}" if item.actual and item.expected else ""
    return f"{item.path}: {item.text}{values} [{item.code.name}]"
