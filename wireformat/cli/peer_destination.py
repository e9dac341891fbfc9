"""`wireformat peer destination`: receive a stream."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from wireformat.cli import peer_options as options
from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.inventory_source import open_destination
from wireformat.cli.option_group import grouped
from wireformat.cli.peer_credentials import ListeningTls, listening_context
from wireformat.cli.peer_load import load, open_file
from wireformat.cli.peer_outcome import plain_outcome
from wireformat.cli.peer_reception import Reception, receive, receive_plain
from wireformat.cli.peer_report import Report
from wireformat.cli.peer_terms import Extras, Terms
from wireformat.peer.destination import Policy
from wireformat.peer.dialling import is_one_way
from wireformat.peer.sink import Sink
from wireformat.protocols.handshake.files.profile import profile_of, profile_text
from wireformat.protocols.handshake.inventories.abilities import Abilities
from wireformat.protocols.handshake.inventories.judgement import judge
from wireformat.protocols.handshake.items.inventory import SectionItem
from wireformat.protocols.handshake.negotiation.offers import Offer
from wireformat.protocols.handshake.negotiation.registry import Side
from wireformat.protocols.handshake.sessions.destination_handshake import DestinationConfig, Judge, Secrets
from wireformat.protocols.qapi.addresses import File

VERB = "peer destination"


@grouped
def run(
    listen_at: Annotated[str | None, typer.Option("--listen", help="address: tcp:HOST:PORT, unix:PATH …")] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="where the stream goes; - is standard output")
    ] = None,
    *,
    handshake: options.Handshake = False,
    channels: Annotated[int, typer.Option(min=0, max=255, help="most channels accepted beside the main one")] = 16,
    terms: Terms,
    abilities: Annotated[
        str | None, typer.Option(help="what can be loaded: a -dump-vmstate file, a stream, or a profile")
    ] = None,
    save_profile: Annotated[
        Path | None, typer.Option(help="write offer and --abilities for sources without a peer, and end")
    ] = None,
    tls: ListeningTls,
    extras: Extras,
    keep_listening: Annotated[bool, typer.Option("--keep-listening", help="go on after a migration too")] = False,
    exit_on_error: Annotated[bool, typer.Option("--exit-on-error", help="end after an attempt that failed")] = False,
    one_way: Annotated[bool, typer.Option("--one-way", help="the command behind exec: takes nothing")] = False,
    header_time: options.HeaderTime = 10.0,
    timeout: options.Timeout = 30.0,
    as_json: options.AsJson = False,
) -> int:
    """Receive a VM-state stream, and end after one migration."""
    credentials = tls.credentials()
    has_tls = credentials is not None
    offer = terms.wishes().live_offer(Side.DESTINATION, channels, has_tls=has_tls)
    if save_profile is not None:
        save_profile.write_text(profile_text(profile_of(offer, terms.label, abilities_in(abilities))), encoding="utf-8")
        return Exit.FINE
    if listen_at is None or output is None:
        raise UsageError("--listen ADDRESS and -o FILE are needed")
    address = options.address_of(listen_at, "--listen")
    policy = Policy(timeout, header_time, keep_listening=keep_listening, exit_on_error=exit_on_error)
    reception = Reception(address, listening_context(credentials), Sink(output), Report(VERB, as_json=as_json), policy)
    if not handshake:
        return take(reception, offer, abilities)
    if one_way or is_one_way(address):
        raise UsageError(f"{listen_at} carries bytes one way, and a handshake needs both")
    disks = options.disks_of(extras.disk)
    shared = extras.configured(offer, terms, disks, has_tls=has_tls)
    return receive(reception, DestinationConfig(secrets=fresh_secrets, **shared, **loading_of(abilities)), disks)


def take(reception: Reception, offer: Offer, abilities: str | None) -> Exit:
    """Take a stream without the handshake: out of a container where the address is that of one, else plain."""
    if isinstance(reception.address, File):
        saved, container = open_file(reception.address)
        if container is not None:
            return load(saved, container, offer, abilities_in(abilities), reception.sink, reception.report)
    return plain_outcome(VERB, receive_plain(reception))


def fresh_secrets() -> Secrets:
    """Random values for one attempt."""
    return Secrets(secrets.token_bytes(32), secrets.token_bytes(16), secrets.token_bytes(32))


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
