"""What the verbs of SPICE peers take from the command line, and what it means."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from wireformat.cli.exits import UsageError
from wireformat.errors import WireError
from wireformat.protocols.qapi.addresses import Inet, parse
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, MainCapability
from wireformat.protocols.spice.link import MAX_PASSWORD
from wireformat.protocols.spice.link_stage import CLIENT_COMMON

Password = Annotated[str | None, typer.Option(help="the ticket; other users of this machine may see it")]
PasswordFile = Annotated[Path | None, typer.Option(help="file whose first line is the ticket; - is standard input")]
Timeout = Annotated[float, typer.Option(help="seconds until a connection without a link counts as failed")]
AsJson = Annotated[bool, typer.Option("--json", help="events as JSON, one per line")]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="CAP", help="capability not to show: seamless-migrate, mini-header …"),
]
Listen = Annotated[str | None, typer.Option("--listen", metavar="HOST:PORT", help="address for plain connections")]
TlsListen = Annotated[str | None, typer.Option("--tls-listen", metavar="HOST:PORT", help="address for TLS")]


def password_of(password: str | None, file: Path | None) -> bytes | None:
    """The ticket; None where there is none. Raises `UsageError`, `OSError`."""
    if password is not None and file is not None:
        raise UsageError("--password or --password-file, not both")
    if file is not None:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
        password = text.partition("\n")[0].rstrip("\r")
    data = None if password is None else password.encode()
    if data is not None and (len(data) > MAX_PASSWORD or b"\0" in data):
        raise UsageError(f"a ticket has at most {MAX_PASSWORD} bytes, and no zero byte")
    return data


def inet_of(text: str, option: str) -> Inet:
    """An address of TCP. Raises `UsageError`."""
    try:
        address = parse(f"tcp:{text}")
    except WireError as error:
        raise UsageError(f"{option} {text}: {error}") from None
    assert isinstance(address, Inet)
    return address


def port_of(address: Inet, option: str) -> int:
    """The port of an address that others are told. Raises `UsageError`."""
    if not address.port.isdecimal() or not 0 < int(address.port) < 0xFFFF:
        raise UsageError(f"{option}: the port must be a number between 1 and 65534")
    return int(address.port)


def capabilities_without(names: Sequence[str] | None) -> tuple[CommonCapability, MainCapability]:
    """What a peer shows: everything but these. Raises `UsageError` for a name that is none."""
    common, main = CLIENT_COMMON, MainCapability(0xF)
    for name in names or ():
        word = name.upper().replace("-", "_")
        if word in MainCapability.__members__:
            main &= ~MainCapability[word]
        elif word in CommonCapability.__members__:
            common &= ~CommonCapability[word]
        else:
            raise UsageError(f"--without {name}: no such capability")
    return common, main


def channels_of(text: str | None) -> frozenset[ChannelType] | None:
    """Types of channels, with commas between; None for all. Raises `UsageError`."""
    if text is None:
        return None
    try:
        return frozenset(ChannelType[name.strip().upper()] for name in text.split(",") if name.strip())
    except KeyError as error:
        raise UsageError(f"--channels {text}: no such channel: {error.args[0].lower()}") from None
