"""What the verbs `peer source`, `peer destination` and `peer resume` take from the command line, and what it means.

Management speaks here: addresses, credentials, wishes, parameters. Nothing is read from anywhere else, so that nothing
set earlier leaks into a migration [handshake R-HS-35].
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from wireformat.cli.exits import UsageError
from wireformat.errors import WireError
from wireformat.peer.dialling import check_usable
from wireformat.protocols.handshake.keys import KEY_SIZE
from wireformat.protocols.handshake.messages import ConfirmLevel, Context
from wireformat.protocols.handshake.offering import FILE, LIVE, Setting, offer
from wireformat.protocols.handshake.offers import ChannelOffer, Offer, Span, Wish
from wireformat.protocols.handshake.registry import Side
from wireformat.protocols.handshake.releases import RELEASES, Release, release
from wireformat.protocols.qapi.addresses import Address, parse
from wireformat.protocols.qapi.objects import from_qapi

if TYPE_CHECKING:
    from wireformat.peer.tls import Credentials

RAW = "v1-raw"
FRAMED = "v1-framed"
STRIPED = "v1-striped"
CHANNEL_TYPE = "multifd"
RELEASE_PREFIX = "qemu-"

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
Timeout = Annotated[float, typer.Option(help="seconds until a silent peer counts as failed")]
AsJson = Annotated[bool, typer.Option("--json", help="events as JSON, one per line")]


def address_of(text: str, option: str) -> Address:
    """The address that an option gives, as a URI or as an object of QAPI. Raises `UsageError`."""
    try:
        address = from_qapi(json.loads(text)) if text.startswith("{") else parse(text)
        check_usable(address)
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from None
    except WireError as error:
        raise UsageError(f"{option} {text}: {error}") from None
    return address


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
        wishes["ownership-handover"] = Wish.WANT if handover else Wish.FORBID
    if resume:
        wishes["stream-resume"] = Wish.WANT
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


def source_offer(
    name: str,
    wishes: Mapping[str, Wish],
    settings: Mapping[str, Setting],
    payloads: Sequence[str] | None,
    channels: int,
    *,
    has_tls: bool = False,
) -> Offer:
    """What a source offers that would open so many channels; with channels it would rather send in stripes."""
    default = (STRIPED, FRAMED, RAW) if channels else (FRAMED, RAW)
    return _offer(
        name,
        Side.SOURCE,
        wishes,
        settings,
        tuple(payloads or default),
        ChannelOffer(CHANNEL_TYPE, want=channels, minimum=min(channels, 1)) if channels else None,
        channels + 1,
        _live(has_tls=has_tls),
    )


def destination_offer(
    name: str,
    wishes: Mapping[str, Wish],
    settings: Mapping[str, Setting],
    payloads: Sequence[str] | None,
    channels: int,
    *,
    has_tls: bool = False,
) -> Offer:
    """What a destination offers that accepts so many channels."""
    default = (FRAMED, RAW, STRIPED) if channels else (FRAMED, RAW)
    return _offer(
        name,
        Side.DESTINATION,
        wishes,
        settings,
        tuple(payloads or default),
        ChannelOffer(CHANNEL_TYPE, maximum=channels) if channels else None,
        channels + 1,
        _live(has_tls=has_tls),
    )


def file_offer(
    name: str, wishes: Mapping[str, Wish], settings: Mapping[str, Setting], payloads: Sequence[str] | None
) -> Offer:
    """What a source offers that writes a file: the plain stream, in the revision that every loader knows."""
    offered = _offer(name, Side.SOURCE, wishes, settings, tuple(payloads or (RAW,)), None, 1, FILE)
    return replace(offered, versions=offered.versions[:1])


def _live(*, has_tls: bool) -> frozenset[str]:
    return LIVE | {"tls"} if has_tls else LIVE


def _offer(
    name: str,
    side: Side,
    wishes: Mapping[str, Wish],
    settings: Mapping[str, Setting],
    payloads: tuple[str, ...],
    channel: ChannelOffer | None,
    budget: int,
    facilities: frozenset[str],
) -> Offer:
    try:
        return offer(
            release_of(name),
            side,
            wishes,
            settings,
            facilities=facilities,
            payloads=payloads,
            channels=(channel,) if channel else (),
            budget=budget,
        )
    except WireError as error:
        raise UsageError(f"{error.path}: {error.detail}") from None


def credentials_of(
    certificate: Path | None, key: Path | None, authority: Path | None, server_name: str | None = None
) -> Credentials | None:
    """The files of TLS; None where there are none: then the connection is in clear. Raises `UsageError`."""
    if (certificate is None) != (key is None):
        raise UsageError("--tls-cert and --tls-key go together")
    if certificate is None and authority is None:
        if server_name:
            raise UsageError("--tls-server-name needs --tls-ca")
        return None
    for path in (certificate, key, authority):
        if path is not None and not path.is_file():
            raise UsageError(f"{path}: no such file")
    from wireformat.peer.tls import Credentials

    return Credentials(certificate, key, authority, server_name)


def confirmation_of(psk_file: Path | None, *, has_tls: bool) -> tuple[ConfirmLevel, bytes]:
    """What the handshake is confirmed with, and the key where management gave one. Raises `UsageError`."""
    if psk_file is None:
        return (ConfirmLevel.EXPORTER if has_tls else ConfirmLevel.NONE), b""
    try:
        key = psk_file.read_bytes()
    except OSError as error:
        raise UsageError(f"{psk_file}: {error.strerror}") from None
    if len(key) < KEY_SIZE:
        raise UsageError(f"{psk_file}: a key of {KEY_SIZE} bytes or more is needed")
    return ConfirmLevel.PSK, key
