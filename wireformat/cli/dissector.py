"""`wireformat dissector`: write a Wireshark dissector."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from wireformat.cli.exits import Exit, UsageError
from wireformat.derive.dissector import dissector
from wireformat.protocols import NAMES, protocol


def run(
    protocols: Annotated[list[str] | None, typer.Argument(help="protocols; all when none is named")] = None,
    output: Annotated[str, typer.Option("-o", "--output", help="where the Lua goes; - is standard output")] = "-",
) -> int:
    """Write one Lua file that makes Wireshark 4.0 and later understand the protocols."""
    names = protocols or list(NAMES)
    for name in names:
        if name not in NAMES:
            raise UsageError(f"no protocol named {name}; there are {', '.join(NAMES)}")
    text = lua_for(names)
    if output == "-":
        sys.stdout.write(text)
    else:
        Path(output).write_text(text, encoding="utf-8")
    return Exit.FINE


def lua_for(names: list[str]) -> str:
    """The dissector of protocols by name, with the drivers that they bring."""
    return dissector(map(protocol, names), {name: drivers_of(name) for name in names})


def drivers_of(name: str) -> list[str]:
    """The Lua sources of a protocol's driver, in the order of its file `order.txt`; none without one."""
    folder = files(f"wireformat.protocols.{name}").joinpath("lua")
    order = folder.joinpath("order.txt")
    if not order.is_file():
        return []
    return [folder.joinpath(part).read_text(encoding="utf-8") for part in order.read_text().split()]
