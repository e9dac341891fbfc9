"""`wireformat peer spice-client`: a SPICE client that follows its server, and tells each step."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from wireformat.cli import peer_spice_options as options
from wireformat.cli.exits import Exit, UsageError, exit_for
from wireformat.cli.peer_credentials import credentials_of
from wireformat.cli.peer_options import pause_of
from wireformat.cli.peer_outcome import work
from wireformat.cli.peer_spice_report import SpiceReport
from wireformat.peer.spice_client import SpiceClient
from wireformat.protocols.spice.client_party import Answering, ClientConfig, ClientParty
from wireformat.protocols.spice.link_client import RefusedError
from wireformat.protocols.spice.party_events import Over, PartyEvent, SessionOpened

VERB = "peer spice-client"
ANSWERS: dict[str, Answering] = {"follow": "follow", "late": "late", "refuse": "refuse", "ignore": "ignore"}


class Watch:
    """Reports, counts sessions, and leaves when there were enough."""

    def __init__(self, report: SpiceReport, sessions: int | None) -> None:
        self.end: Over | None = None
        self.client: SpiceClient | None = None
        self._report = report
        self._left = sessions

    def __call__(self, event: PartyEvent) -> None:
        """Take an event."""
        self._report(event)
        if isinstance(event, Over):
            self.end = event
        if isinstance(event, SessionOpened) and self._left is not None:
            self._left -= 1
            if self._left < 0 and self.client is not None:
                asyncio.get_running_loop().call_soon(self.client.stop)

    async def run(self, client: SpiceClient) -> None:
        """Be that client until it has no server any more, or was interrupted."""
        self.client = client
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, client.stop)
        await client.run()


def run(
    connect: Annotated[str, typer.Option("--connect", metavar="HOST:PORT", help="where the server is")],
    tls: Annotated[bool, typer.Option("--tls", help="the port speaks TLS; TLS ports of targets are preferred")] = False,
    password: options.Password = None,
    password_file: options.PasswordFile = None,
    authority: Annotated[Path | None, typer.Option("--ca", help="who vouches for servers, PEM")] = None,
    subject: Annotated[str | None, typer.Option(help="certificate subject that the server must have")] = None,
    channels: Annotated[str | None, typer.Option(help="channels beside main, with commas; without it all")] = None,
    answer: Annotated[str, typer.Option(help="to MIGRATE_BEGIN: follow, late, refuse, or ignore")] = "follow",
    delay: Annotated[float, typer.Option(help="seconds that a late client waits", callback=pause_of)] = 11.0,
    version: Annotated[
        int | None, typer.Option("--ask-version", help="version to ask a target for; 2 is refused (NACK)")
    ] = None,
    without: options.Without = None,
    moves: Annotated[int | None, typer.Option(min=0, help="leave after so many migrations")] = None,
    timeout: options.Timeout = 5.0,
    as_json: options.AsJson = False,
) -> int:
    """Be a SPICE client: link, follow each migration, tell each step."""
    if answer not in ANSWERS:
        raise UsageError(f"--answer {answer}: one of {', '.join(ANSWERS)}")
    place = options.server_at(connect, subject, is_secure=tls)
    common, capabilities = options.capabilities_without(without)
    config = ClientConfig(
        place=place,
        password=options.password_of(password, password_file) or b"",
        is_secure=tls,
        common=common,
        capabilities=capabilities,
        channels=options.channels_of(channels),
        answering=ANSWERS[answer],
        version=options.within(version, 0, 0xFFFFFFFF, "--ask-version"),
    )
    credentials = credentials_of(None, None, authority)
    watch = Watch(SpiceReport(VERB, as_json=as_json), moves)
    work(watch.run(SpiceClient(ClientParty(config), watch, timeout, credentials=credentials, delay=delay)))
    return outcome(watch.end)


def outcome(end: Over | None) -> Exit:
    """The exit code: a server that refused is a finding, one that did not answer is not there."""
    if end is None or end.error is None:
        return Exit.FINE
    if isinstance(end.error, RefusedError):
        return Exit.UNREACHABLE if end.error.code is None else Exit.FINDING
    return exit_for(end.error)
