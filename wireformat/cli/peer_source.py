"""`wireformat peer source`: send a stream to a destination, or save it for one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from wireformat.cli import peer_options as options
from wireformat.cli.exits import UsageError
from wireformat.cli.option_group import grouped
from wireformat.cli.peer_credentials import DiallingTls
from wireformat.cli.peer_outcome import check_state, plain_outcome, source_outcome, work
from wireformat.cli.peer_report import Report
from wireformat.cli.peer_save import save
from wireformat.cli.peer_stream import open_payload, open_sending
from wireformat.cli.peer_terms import Extras, Shared, Terms
from wireformat.peer.dialler import Dialler
from wireformat.peer.dialling import is_one_way
from wireformat.peer.plain import send_plain
from wireformat.peer.source import SourcePeer
from wireformat.peer.storage import Doors
from wireformat.protocols.handshake.messages import NONCE_SIZE, Inventory
from wireformat.protocols.handshake.negotiation.registry import Side
from wireformat.protocols.handshake.sessions.source import SourceSession
from wireformat.protocols.handshake.sessions.source_handshake import SourceConfig
from wireformat.protocols.qapi.addresses import Address, Fd

VERB = "peer source"


@grouped
def run(
    file: Annotated[str, typer.Argument(help="VM-state stream, plain or in a container; - is standard input")],
    to: Annotated[
        str | None, typer.Option("--to", help="address of the destination: tcp:HOST:PORT, unix:PATH …")
    ] = None,
    *,
    handshake: options.Handshake = False,
    channels: Annotated[int, typer.Option(min=0, max=255, help="channels beside the main one")] = 0,
    terms: Terms,
    state: Annotated[Path | None, typer.Option(help="file for `peer resume`, should the connection be lost")] = None,
    profile: Annotated[
        Path | None, typer.Option(help="saved offer of a destination: save for it, connect to none")
    ] = None,
    container: Annotated[str | None, typer.Option(help="with --profile: write a container here")] = None,
    tls: DiallingTls,
    extras: Extras,
    one_way: Annotated[bool, typer.Option("--one-way", help="the command behind exec: sends nothing back")] = False,
    timeout: options.Timeout = 30.0,
    as_json: options.AsJson = False,
) -> int:
    """Send a VM-state stream, or save it for a destination."""
    wishes, credentials = terms.wishes(resume=state is not None), tls.credentials()
    has_tls = credentials is not None
    report = Report(VERB, as_json=as_json, other="the profile" if profile else "the peer")
    if profile is not None:
        return save(file, profile, wishes.file_offer(), container, to, report)
    if to is None:
        raise UsageError("where to? --to ADDRESS, or --profile FILE")
    address = options.address_of(to, "--to")
    dialler = Dialler(address, timeout, credentials)
    if not handshake:
        return plain_outcome(VERB, send_plain(dialler, open_payload(file)))
    check_two_way(to, address, channels, one_way=one_way)
    if state is not None:
        check_state(state)
    sending, disks = open_sending(file), options.disks_of(extras.disk)
    offer = wishes.live_offer(Side.SOURCE, channels, has_tls=has_tls)
    session = begin(sending.inventory, extras.configured(offer, terms, disks, has_tls=has_tls))
    peer = SourcePeer(session, dialler, sending.payload, report, timeout)
    work(migrate(peer, disks, report))
    return source_outcome(VERB, peer, report, state)


def begin(inventory: Inventory, shared: Shared) -> SourceSession:
    """A session of its own for one attempt."""
    return SourceSession(SourceConfig(nonce=secrets.token_bytes(NONCE_SIZE), inventory=inventory, **shared))


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
