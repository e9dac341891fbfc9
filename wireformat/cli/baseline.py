"""`wireformat baseline`: freeze a released version, and see that it stays what it was."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.running import complain
from wireformat.cli.tables import Column, print_table
from wireformat.derive.baseline import freeze, load, present, render
from wireformat.derive.baseline_drift import drift
from wireformat.derive.baseline_store import Store, read, shipped
from wireformat.errors import SchemaError
from wireformat.protocols import NAMES, protocol
from wireformat.schema.protocol import Protocol

COLUMNS = (Column("protocol"), Column("version"), Column("messages", True), Column("records", True))


class Action(StrEnum):
    """What to do."""

    freeze = "freeze"
    check = "check"
    list = "list"


def run(
    action: Annotated[Action, typer.Argument(help="freeze a version, check what is frozen, or list it")],
    name: Annotated[str | None, typer.Argument(metavar="PROTOCOL", help="check: all when none is named")] = None,
    version: Annotated[str | None, typer.Argument(help="freeze: the version; check: all when none is named")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="freeze: where to")] = None,
    folder: Annotated[Path | None, typer.Option(help="folder of baselines; those of this package otherwise")] = None,
) -> int:
    """Freeze versions of protocols as data, and check that the declarations still say the same."""
    store = shipped() if folder is None else Store(folder)
    if action is Action.list:
        return _list(store)
    if action is Action.check:
        return _check(store, name, version)
    if name is None or version is None:
        raise UsageError("what? wireformat baseline freeze PROTOCOL VERSION")
    known = protocol_named(name)
    return _freeze(known, version, output or store.path(name, version))


def protocol_named(name: str) -> Protocol:
    """The protocol of that name. Raises `UsageError`."""
    if name not in NAMES:
        raise UsageError(f"no protocol named {name}; there are {', '.join(NAMES)}")
    return protocol(name)


def _freeze(known: Protocol, version: str, target: Path) -> int:
    """Write a baseline; one that exists is never written again."""
    text = render(freeze(known, version))
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        complain("baseline", f"{target}: frozen")
        return Exit.FINE
    if target.read_text(encoding="utf-8") == text:
        complain("baseline", f"{target}: is frozen, and the same")
        return Exit.FINE
    lines = drift(load(read(target)), present(known, version)) or ["only by what may grow"]
    more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
    complain("baseline", f"{target}: is frozen and differs: {lines[0]}{more}")
    return Exit.FINDING


def _check(store: Store, name: str | None, version: str | None) -> int:
    """Compare what is frozen with what is declared."""
    found = list(_frozen(store, name, version))
    if name is not None and not found:
        raise UsageError(f"{name}: no baseline{'' if version is None else f' of version {version}'}")
    code = Exit.FINE
    for each, frozen in found:
        for line in _lines(store, each, frozen):
            print(f"{each} {frozen}: {line}")
            code = Exit.FINDING
    return code


def _frozen(store: Store, name: str | None, version: str | None) -> Iterator[tuple[str, str]]:
    for each in (name,) if name else store.names():
        for frozen in store.versions(each):
            if version in (None, frozen):
                yield each, frozen


def _lines(store: Store, name: str, version: str) -> list[str]:
    """How the declarations differ from what was frozen. A version, or protocol, that is gone is a difference too."""
    if name not in NAMES:
        return ["the protocol is gone"]
    frozen = store.baseline(name, version)
    try:
        today = present(protocol(name), version)
    except SchemaError as error:
        return [str(error.detail)]
    return drift(frozen, today)


def _list(store: Store) -> int:
    """A table of what is frozen."""
    rows = []
    for name, version in _frozen(store, None, None):
        frozen = store.baseline(name, version)
        records = {record for schema in frozen.models.values() for record in schema.records}
        rows.append((name, version, str(len(frozen.messages)), str(len(records))))
    print_table("Frozen versions", COLUMNS, rows)
    return Exit.FINE
