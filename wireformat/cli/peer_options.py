"""What the verbs `peer source`, `peer destination` and `peer resume` take from the command line, and what it means.

Management speaks here: addresses, credentials, wishes, parameters. Nothing is read from anywhere else, so that nothing
set earlier leaks into a migration [handshake R-HS-35].
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from wireformat.cli.exits import UsageError
from wireformat.errors import WireError
from wireformat.peer.dialling import check_usable
from wireformat.protocols.handshake.messages import Context
from wireformat.protocols.handshake.negotiation.offering import Setting
from wireformat.protocols.handshake.negotiation.offers import Span, Wish
from wireformat.protocols.handshake.negotiation.registry import Rule, registry
from wireformat.protocols.handshake.negotiation.releases import RELEASES, Release, release
from wireformat.protocols.handshake.sessions.payloads import HANDOVER, RESUME
from wireformat.protocols.qapi.addresses import Address, parse
from wireformat.protocols.qapi.objects import from_qapi

LONGEST = 200
"""Characters of an address that are repeated when it is wrong."""

RELEASE_PREFIX = "qemu-"


def seconds(value: float) -> float:
    """A time that is not zero, as a callback of an option. Raises `typer.BadParameter`."""
    if value == 0:
        raise typer.BadParameter("0 is no time, in seconds")
    return pause_of(value)


def pause_of(value: float) -> float:
    """A time that may be zero, as a callback of an option. Raises `typer.BadParameter`."""
    if not (isfinite(value) and value >= 0):
        raise typer.BadParameter(f"{value:g} is no time, in seconds")
    return value


Handshake = Annotated[bool, typer.Option("--handshake", help="open with the handshake; without it: the plain stream")]
Label = Annotated[str, typer.Option(help="name of the migration, told to both sides")]
Uuid = Annotated[str | None, typer.Option(help="UUID of the guest, told to both sides")]
Require = Annotated[list[str] | None, typer.Option(metavar="CAP", help="capability without which nothing is done")]
Want = Annotated[list[str] | None, typer.Option(metavar="CAP", help="capability to use where both sides can")]
Avoid = Annotated[list[str] | None, typer.Option(metavar="CAP", help="capability not to use unless the peer wants it")]
Forbid = Annotated[list[str] | None, typer.Option(metavar="CAP", help="capability never to use")]
Parameter = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="a value, LOW..HIGH, or values with commas, best first")
]
ReleaseName = Annotated[str, typer.Option("--release", help="program whose offer is made: qemu-7.2")]
Payloads = Annotated[list[str] | None, typer.Option("--payload", help="encoding of the stream, best first")]
Disk = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=ADDRESS", help="a disk: of its NBD server, or at the source where its client connects"),
]
TlsCertificate = Annotated[Path | None, typer.Option("--tls-cert", help="certificate chain to show, PEM")]
TlsKey = Annotated[Path | None, typer.Option("--tls-key", help="key of the certificate, PEM")]
TlsAuthority = Annotated[Path | None, typer.Option("--tls-ca", help="who vouches for the peer, PEM")]
PskFile = Annotated[
    Path | None, typer.Option("--psk-file", help="key known to both sides, which confirms the handshake")
]
Handover = Annotated[
    bool | None, typer.Option("--handover/--no-handover", help="hand the guest over in four explicit steps")
]
Grease = Annotated[int | None, typer.Option(metavar="SEED", help="send things that mean nothing, as extensions would")]
Timeout = Annotated[float, typer.Option(help="seconds until a silent peer counts as failed", callback=seconds)]
HeaderTime = Annotated[float, typer.Option(help="seconds in which a connection must say what it is", callback=seconds)]
AsJson = Annotated[bool, typer.Option("--json", help="events as JSON, one per line")]


def address_of(text: str, option: str) -> Address:
    """The address that an option gives, as a URI or as an object of QAPI. Raises `UsageError`."""
    try:
        address = from_qapi(json.loads(text)) if text.startswith("{") else parse(text)
        check_usable(address)
    except (ValueError, WireError, RecursionError) as error:
        raise UsageError(f"{option} {_short(text)}: {error}") from None
    return address


def _short(text: str) -> str:
    """As much of a text as fits into a line."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def disks_of(disks: Sequence[str] | None) -> dict[str, Address]:
    """Disks with the addresses of their partners. Raises `UsageError`."""
    found: dict[str, Address] = {}
    for text in disks or ():
        name, separator, address = text.partition("=")
        if not (name and separator) or name in found:
            raise UsageError(f"--disk {text}: NAME=ADDRESS is needed, each name once")
        found[name] = address_of(address, "--disk")
    return found


def context_of(label: str, uuid: str | None) -> Context:
    """What management says of the migration. Raises `UsageError`."""
    try:
        return Context(label=label, uuid=UUID(uuid).bytes if uuid else None)
    except ValueError:
        raise UsageError(f"--uuid {uuid}: not a UUID") from None


def wishes_of(
    require: Sequence[str] | None,
    want: Sequence[str] | None,
    avoid: Sequence[str] | None,
    forbid: Sequence[str] | None,
    *,
    handover: bool | None = None,
    resume: bool = False,
) -> dict[str, Wish]:
    """Capabilities with what is wished of them. Raises `UsageError` for one that is named twice."""
    wishes: dict[str, Wish] = {}
    if handover is not None:
        wishes[HANDOVER] = Wish.WANT if handover else Wish.FORBID
    if resume:
        wishes[RESUME] = Wish.WANT
    named: set[str] = set()
    for wish, names in ((Wish.REQUIRE, require), (Wish.WANT, want), (Wish.AVOID, avoid), (Wish.FORBID, forbid)):
        for name in names or ():
            if name in named:
                raise UsageError(f"{name}: two different wishes")
            named.add(name)
            wishes[name] = wish
    return wishes


def settings_of(parameters: Sequence[str] | None) -> dict[str, Setting]:
    """Parameters with what is told of them. Raises `UsageError`."""
    settings: dict[str, Setting] = {}
    for text in parameters or ():
        name, separator, value = text.partition("=")
        if not (name and separator):
            raise UsageError(f"--parameter {text}: NAME=VALUE is needed")
        known = registry().parameter(name)
        if known is not None and known.rule is Rule.LOCAL:
            raise UsageError(f"--parameter {name}: concerns one side alone, and is told to no peer")
        settings[name] = _setting(value)
    return settings


def _setting(text: str) -> Setting:
    low, dots, high = text.partition("..")
    if dots and low.isdecimal() and high.isdecimal():
        return Span(int(low), int(high))
    if "," in text:
        return tuple(_value(part) for part in text.split(","))
    return _value(text)


def _value(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def release_of(name: str) -> Release:
    """The release that an option names. Raises `UsageError`."""
    number = name.removeprefix(RELEASE_PREFIX)
    if not name.startswith(RELEASE_PREFIX) or number not in RELEASES:
        known = ", ".join(f"{RELEASE_PREFIX}{each}" for each in RELEASES)
        raise UsageError(f"--release {name}: not known; there are {known}")
    return release(number)
