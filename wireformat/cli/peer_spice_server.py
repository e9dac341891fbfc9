"""`wireformat peer spice-source` and `spice-target`: SPICE servers that lead a client from one to the other."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from wireformat.cli import peer_spice_options as options
from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.option_group import grouped
from wireformat.cli.peer_credentials import credentials_of, listening_context
from wireformat.cli.peer_options import TlsCertificate, TlsKey, pause_of
from wireformat.cli.peer_outcome import work
from wireformat.cli.peer_spice_report import SpiceReport
from wireformat.peer.listening import listen
from wireformat.peer.spice_scenario import SCENARIOS, Program, Scenario
from wireformat.peer.spice_server import SpiceServer
from wireformat.protocols.qapi.addresses import Inet
from wireformat.protocols.spice.party_events import ClientLeft, PartyEvent
from wireformat.protocols.spice.server_party import ServerConfig, ServerParty

if TYPE_CHECKING:
    from OpenSSL import SSL

Pause = Annotated[float, typer.Option(help="seconds between the acts of a scenario", callback=pause_of)]


@dataclass(frozen=True, slots=True)
class Doors:
    """Where a server listens: plain, over TLS, or both."""

    plain: Inet | None
    secured: Inet | None
    context: SSL.Context | None


@dataclass(frozen=True, slots=True)
class Serving:
    """Options of both servers: where they listen, what they ask of clients, and what they show them."""

    listen_at: options.Listen = None
    tls_listen: options.TlsListen = None
    tls_cert: TlsCertificate = None
    tls_key: TlsKey = None
    password: options.Password = None
    password_file: options.PasswordFile = None
    without: options.Without = None

    def doors(self) -> Doors:
        """Where to listen. Raises `UsageError`."""
        if self.listen_at is None and self.tls_listen is None:
            raise UsageError("--listen HOST:PORT or --tls-listen HOST:PORT is needed")
        credentials = credentials_of(self.tls_cert, self.tls_key, None)
        if (self.tls_listen is None) != (credentials is None):
            raise UsageError("--tls-listen, --tls-cert and --tls-key go together")
        return Doors(
            None if self.listen_at is None else options.inet_of(self.listen_at, "--listen"),
            None if self.tls_listen is None else options.inet_of(self.tls_listen, "--tls-listen"),
            listening_context(credentials),
        )

    def party(self, scenario: Scenario | None = None) -> ServerParty:
        """A server that can what its scenario says, or else everything but what is left out. Raises `UsageError`."""
        password = options.password_of(self.password, self.password_file)
        common, capabilities = options.capabilities_without(self.without)
        if scenario is not None:
            capabilities &= scenario.capabilities
        config = ServerConfig(
            next_session=lambda: secrets.randbelow(0xFFFFFFFF) + 1,
            password=password,
            is_seamless=scenario is None or scenario.is_seamless,
            common=common,
            capabilities=capabilities,
        )
        return ServerParty(config)


async def attend(server: SpiceServer, doors: Doors, report: SpiceReport, act: Callable[[], Awaitable[None]]) -> None:
    """Listen while something is done, then serve nobody any more. Raises `OSError` where nobody can listen."""
    loop = asyncio.get_running_loop()
    acting = asyncio.ensure_future(act())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, acting.cancel)
    serving, listeners = [], []
    try:
        for address, context in ((doors.plain, None), (doors.secured, doors.context)):
            if address is not None:
                listener = await listen(address)
                listeners.append(listener)
                report.listening(listener.names)
                serving.append(asyncio.create_task(server.serve(listener, context)))
        await asyncio.wait([acting])
        if not acting.cancelled():
            acting.result()
    finally:
        acting.cancel()
        for task in serving:
            task.cancel()
        for listener in listeners:
            listener.close()
        await server.close()


@grouped
def source(
    target: Annotated[str, typer.Option("--target", metavar="HOST:PORT", help="where clients are sent")],
    scenario: Annotated[str, typer.Option(help=f"what is done: {', '.join(SCENARIOS)}")] = "semi-seamless",
    target_tls_port: Annotated[int | None, typer.Option(help="TLS port of the target")] = None,
    target_subject: Annotated[str | None, typer.Option(help="certificate subject that the target must have")] = None,
    *,
    serving: Serving,
    pause: Pause = 1.0,
    timeout: options.Timeout = 5.0,
    as_json: options.AsJson = False,
) -> int:
    """Serve one SPICE client, and lead it to a target."""
    if scenario not in SCENARIOS:
        raise UsageError(f"--scenario {scenario}: one of {', '.join(SCENARIOS)}")
    place = options.target_of(target, target_tls_port, target_subject)
    doors = serving.doors()
    report = SpiceReport("peer spice-source", as_json=as_json)
    program = Program(SCENARIOS[scenario], place, pause)

    def tell(event: PartyEvent) -> None:
        report(event)
        program(event)

    server = SpiceServer(serving.party(SCENARIOS[scenario]), tell, timeout)
    work(attend(server, doors, report, lambda: program.run(server)))
    return Exit.FINE


@grouped
def target(
    *,
    serving: Serving,
    once: Annotated[bool, typer.Option("--once", help="end when a client has left")] = False,
    timeout: options.Timeout = 5.0,
    as_json: options.AsJson = False,
) -> int:
    """Take over SPICE clients that other servers send, until interrupted."""
    doors, party = serving.doors(), serving.party()
    report = SpiceReport("peer spice-target", as_json=as_json)
    left = asyncio.Event()

    def tell(event: PartyEvent) -> None:
        report(event)
        if once and isinstance(event, ClientLeft):
            left.set()

    async def wait() -> None:
        await left.wait()

    work(attend(SpiceServer(party, tell, timeout), doors, report, wait))
    return Exit.FINE
