"""`wireformat tap`: stand between a client and its servers, and write down what they say."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Annotated, Any

import typer

from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.peer_outcome import work
from wireformat.cli.peer_spice_options import inet_of, port_of
from wireformat.cli.peer_spice_report import SpiceReport
from wireformat.cli.running import complain, tell
from wireformat.peer.listening import listen
from wireformat.peer.spice_tap import SpiceTap
from wireformat.protocols.qapi.addresses import Inet
from wireformat.protocols.spice.party_events import Place

VERB = "tap"


def run(
    connect: Annotated[str, typer.Option("--connect", metavar="HOST:PORT", help="the first server")],
    listen_at: Annotated[str, typer.Option("--listen", metavar="HOST:PORT", help="where clients connect instead")],
    output: Annotated[str, typer.Option("-o", "--output", help="folder of the capture; it is made")],
    spice: Annotated[bool, typer.Option("--spice", help="what is spoken: SPICE")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="events as JSON, one per line")] = False,
) -> int:
    """Record a client, its servers, and the migrations between them, until interrupted."""
    if not spice:
        raise UsageError("--spice is needed: nothing else is spoken here")
    server, own = inet_of(connect, "--connect"), inet_of(listen_at, "--listen")
    if not own.host:
        raise UsageError("--listen needs the host by which clients reach it, since targets are announced there")
    folder = _folder_of(output)

    def report(line: dict[str, Any]) -> None:
        if as_json:
            tell(json.dumps(line))
        else:
            complain(VERB, ", ".join(f"{name} {value}" for name, value in line.items()))

    place = Place(server.host, port_of(server, "--connect"))
    work(_tap(SpiceTap(folder, own.host, report), own, place, SpiceReport(VERB, as_json=as_json), folder))
    return Exit.FINE


def _folder_of(output: str) -> Path:
    """The folder to make, or an empty one that is there. Raises `UsageError`, `OSError`."""
    if not output:
        raise UsageError("-o needs the name of a folder")
    folder = Path(output)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{output}: not empty")
    return folder


async def _tap(tap: SpiceTap, own: Inet, server: Place, report: SpiceReport, folder: Path) -> None:
    """Listen, make the folder once that went well, and record until interrupted."""
    listener = await listen(own)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        listener.close()
        raise
    report.listening(listener.names)
    running = asyncio.ensure_future(tap.run(listener, server))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await asyncio.wait([running])
    if not running.cancelled():
        running.result()
