"""`wireformat peer destination`: receive a stream."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from wireformat import __version__
from wireformat.cli import peer_options as options
from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.inventory_source import open_destination
from wireformat.cli.peer_credentials import confirmation_of, credentials_of
from wireformat.cli.peer_load import load, open_file
from wireformat.cli.peer_outcome import failure_exit, plain_outcome, work
from wireformat.cli.peer_report import Report
from wireformat.peer.destination import DestinationPeer, Policy
from wireformat.peer.dialling import is_one_way
from wireformat.peer.listening import listen
from wireformat.peer.lobby import Lobby
from wireformat.peer.plain import PlainDestination
from wireformat.peer.sink import Sink
from wireformat.peer.storage import Disks, servers
from wireformat.protocols.handshake.files.profile import profile_of, profile_text
from wireformat.protocols.handshake.inventories.abilities import Abilities
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.items.inventory import SectionItem
from wireformat.protocols.handshake.negotiation.registry import Side
from wireformat.protocols.handshake.sessions.destination_handshake import DestinationConfig, Judge, Secrets
from wireformat.protocols.handshake.sessions.listener import Listener
from wireformat.protocols.qapi.addresses import Address, File

if TYPE_CHECKING:
    from OpenSSL import SSL

    from wireformat.peer.tls import Credentials

VERB = "peer destination"


def run(
    listen_at: Annotated[str | None, typer.Option("--listen", help="address: tcp:HOST:PORT, unix:PATH …")] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="where the stream goes; - is standard output")
    ] = None,
    handshake: options.Handshake = False,
    channels: Annotated[int, typer.Option(min=0, max=255, help="most channels accepted beside the main one")] = 16,
    label: options.Label = "",
    uuid: options.Uuid = None,
    require: options.Require = None,
    want: options.Want = None,
    avoid: options.Avoid = None,
    forbid: options.Forbid = None,
    parameter: options.Parameter = None,
    release: options.ReleaseName = "qemu-10.2",
    payload: options.Payloads = None,
    handover: options.Handover = None,
    abilities: Annotated[
        str | None, typer.Option(help="what can be loaded: a -dump-vmstate file, a stream, or a profile")
    ] = None,
    save_profile: Annotated[
        Path | None, typer.Option(help="write offer and --abilities for sources without a peer, and end")
    ] = None,
    tls_cert: options.TlsCertificate = None,
    tls_key: options.TlsKey = None,
    tls_ca: options.TlsAuthority = None,
    psk_file: options.PskFile = None,
    disk: options.Disk = None,
    grease: options.Grease = None,
    keep_listening: Annotated[bool, typer.Option("--keep-listening", help="go on after a migration too")] = False,
    exit_on_error: Annotated[bool, typer.Option("--exit-on-error", help="end after an attempt that failed")] = False,
    one_way: Annotated[bool, typer.Option("--one-way", help="the command behind exec: takes nothing")] = False,
    header_time: options.HeaderTime = 10.0,
    timeout: options.Timeout = 30.0,
    as_json: options.AsJson = False,
) -> int:
    """Receive a VM-state stream, and end after one migration."""
    wishes = options.wishes_of(require, want, avoid, forbid, handover=handover)
    if tls_ca is not None and tls_cert is None:
        raise UsageError("TLS needs --tls-cert and --tls-key here")
    credentials = credentials_of(tls_cert, tls_key, tls_ca)
    has_tls, settings = credentials is not None, options.settings_of(parameter)
    offer = options.live_offer(release, Side.DESTINATION, wishes, settings, payload, channels, has_tls=has_tls)
    if save_profile is not None:
        save_profile.write_text(profile_text(profile_of(offer, label, abilities_in(abilities))), encoding="utf-8")
        return Exit.FINE
    if listen_at is None or output is None:
        raise UsageError("--listen ADDRESS and -o FILE are needed")
    address = options.address_of(listen_at, "--listen")
    report = Report(VERB, as_json=as_json)
    policy = Policy(timeout, header_time, keep_listening=keep_listening, exit_on_error=exit_on_error)
    if isinstance(address, File) and not handshake:
        saved, container = open_file(address)
        if container is not None:
            return load(saved, container, offer, abilities_in(abilities), Sink(output), report)
    if not handshake:
        return plain_outcome(VERB, receive_plain(address, output, report, policy, credentials))
    if one_way or is_one_way(address):
        raise UsageError(f"{listen_at} carries bytes one way, and a handshake needs both")
    confirm, psk = confirmation_of(psk_file, has_tls=has_tls)
    addresses = options.disks_of(disk)
    config = DestinationConfig(
        offer=options.with_disks(offer, addresses),
        secrets=fresh_secrets,
        context=options.context_of(label, uuid),
        confirm=confirm,
        psk=psk,
        implementation=f"wireformat {__version__}",
        grease=grease,
        **loading_of(abilities),
    )
    return receive(config, address, output, report, policy, credentials, servers(addresses))


def fresh_secrets() -> Secrets:
    """Random values for one attempt."""
    return Secrets(secrets.token_bytes(32), secrets.token_bytes(16), secrets.token_bytes(32))


def receive(
    config: DestinationConfig,
    address: Address,
    output: str,
    report: Report,
    policy: Policy,
    credentials: Credentials | None,
    disks: Disks | None = None,
) -> Exit:
    """Receive with the handshake; the exit code."""
    peers: list[DestinationPeer] = []

    async def serve() -> None:
        listener = await listen(address)
        report.listening(listener.names)
        peer = DestinationPeer(Listener(config), listener, sink, report, policy, context, disks)
        peers.append(peer)
        await peer.run()

    context = context_of(credentials)
    sink = Sink(output)
    sink.check()
    work(serve())
    report.end(peers[0].lobby.dropped)
    if peers[0].sink_fault is not None:
        raise peers[0].sink_fault
    return Exit.FINE if peers[0].is_complete else failure_exit(report.failure)


async def receive_plain(
    address: Address, output: str, report: Report, policy: Policy, credentials: Credentials | None
) -> None:
    """Receive a plain stream. Raises `OSError` where none came whole."""
    context = context_of(credentials)
    sink = Sink(output)
    sink.check()
    listener = await listen(address)
    report.listening(listener.names)
    lobby = Lobby(policy.strangers, policy.header_time)
    await PlainDestination(listener, sink, policy.timeout, lobby, context, report).run()


def context_of(credentials: Credentials | None) -> SSL.Context | None:
    """What all TLS connections of a listening side share. Raises `UsageError` for files that do not fit."""
    if credentials is None:
        return None
    from wireformat.peer.tls import TlsFault, server_context

    try:
        return server_context(credentials)
    except TlsFault as fault:
        raise UsageError(str(fault)) from None


class Loading(TypedDict, total=False):
    """The parts of a configuration that follow from what a program can load."""

    judge: Judge
    sections: tuple[SectionItem, ...]


def loading_of(name: str | None) -> Loading:
    """What judges inventories by what the program of a file can load. Raises `UsageError`."""
    if name is None:
        return {}
    destination = open_destination(name)
    return {"judge": partial(judge, abilities=destination.abilities), "sections": destination.sections}


def abilities_in(name: str | None) -> Abilities:
    """What the program of a file can load, anything where there is no file. Raises `UsageError`."""
    return open_destination(name).abilities if name else Abilities()
