"""`wireformat peer source`: send a stream to a destination, or save it for one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from wireformat import __version__
from wireformat.cli import peer_options as options
from wireformat.cli.exits import UsageError
from wireformat.cli.peer_credentials import confirmation_of, credentials_of
from wireformat.cli.peer_outcome import check_state, plain_outcome, source_outcome, work
from wireformat.cli.peer_report import Report
from wireformat.cli.peer_save import save
from wireformat.cli.peer_stream import open_payload, open_sending
from wireformat.peer.dialler import Dialler
from wireformat.peer.dialling import is_one_way
from wireformat.peer.plain import send_plain
from wireformat.peer.source import SourcePeer
from wireformat.peer.storage import Doors
from wireformat.protocols.handshake.messages import NONCE_SIZE
from wireformat.protocols.handshake.negotiation.registry import Side
from wireformat.protocols.handshake.sessions.source import SourceSession
from wireformat.protocols.handshake.sessions.source_handshake import SourceConfig
from wireformat.protocols.qapi.addresses import Address, Fd

VERB = "peer source"


def run(
    file: Annotated[str, typer.Argument(help="VM-state stream, plain or in a container; - is standard input")],
    to: Annotated[
        str | None, typer.Option("--to", help="address of the destination: tcp:HOST:PORT, unix:PATH …")
    ] = None,
    handshake: options.Handshake = False,
    channels: Annotated[int, typer.Option(min=0, max=255, help="channels beside the main one")] = 0,
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
    state: Annotated[Path | None, typer.Option(help="file for `peer resume`, should the connection be lost")] = None,
    profile: Annotated[
        Path | None, typer.Option(help="saved offer of a destination: save for it, connect to none")
    ] = None,
    container: Annotated[str | None, typer.Option(help="with --profile: write a container here")] = None,
    tls_cert: options.TlsCertificate = None,
    tls_key: options.TlsKey = None,
    tls_ca: options.TlsAuthority = None,
    tls_server_name: Annotated[str | None, typer.Option(help="name that the destination must prove")] = None,
    psk_file: options.PskFile = None,
    disk: options.Disk = None,
    grease: options.Grease = None,
    one_way: Annotated[bool, typer.Option("--one-way", help="the command behind exec: sends nothing back")] = False,
    timeout: options.Timeout = 30.0,
    as_json: options.AsJson = False,
) -> int:
    """Send a VM-state stream, or save it for a destination."""
    wishes = options.wishes_of(require, want, avoid, forbid, handover=handover, resume=state is not None)
    settings = options.settings_of(parameter)
    credentials = credentials_of(tls_cert, tls_key, tls_ca, tls_server_name)
    report = Report(VERB, as_json=as_json, other="the profile" if profile else "the peer")
    has_tls = credentials is not None
    if profile is not None:
        offer = options.file_offer(release, wishes, settings, payload)
        return save(file, profile, offer, container, to, report)
    if to is None:
        raise UsageError("where to? --to ADDRESS, or --profile FILE")
    address = options.address_of(to, "--to")
    dialler = Dialler(address, timeout, credentials)
    if not handshake:
        return plain_outcome(VERB, send_plain(dialler, open_payload(file)))
    check_two_way(to, address, channels, one_way=one_way)
    if state is not None:
        check_state(state)
    sending = open_sending(file)
    confirm, psk = confirmation_of(psk_file, has_tls=has_tls)
    addresses = options.disks_of(disk)
    offer = options.live_offer(release, Side.SOURCE, wishes, settings, payload, channels, has_tls=has_tls)
    config = SourceConfig(
        offer=options.with_disks(offer, addresses),
        nonce=secrets.token_bytes(NONCE_SIZE),
        inventory=sending.inventory,
        context=options.context_of(label, uuid),
        confirm=confirm,
        psk=psk,
        implementation=f"wireformat {__version__}",
        grease=grease,
    )
    peer = SourcePeer(SourceSession(config), dialler, sending.payload, report, timeout)
    work(migrate(peer, addresses, report))
    return source_outcome(VERB, peer, report, state)


async def migrate(peer: SourcePeer, addresses: Mapping[str, Address], report: Report) -> None:
    """Migrate, with clients for disks at these addresses."""
    doors = await Doors.open(addresses)
    try:
        for names in doors.names.values():
            report.listening(names)
        await peer.run(doors.disks)
    finally:
        await doors.close()


def check_two_way(name: str, address: Address, channels: int, *, one_way: bool) -> None:
    """Refuse an address over which there can be no handshake [handshake R-HS-13]. Raises `UsageError`."""
    if one_way or is_one_way(address):
        raise UsageError(f"{name} carries bytes one way, and a handshake needs both; --profile saves without a peer")
    if channels and isinstance(address, Fd):
        raise UsageError(f"{name} is one connection: no channels beside the main one")
