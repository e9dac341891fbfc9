"""What the verbs of SPICE peers take from the command line, and what it means."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from wireformat.cli.exits import UsageError
from wireformat.cli.peer_options import address_of, seconds
from wireformat.protocols.qapi.addresses import Inet
from wireformat.protocols.spice.codes import ChannelType, CommonCapability, MainCapability
from wireformat.protocols.spice.link import MAX_PASSWORD
from wireformat.protocols.spice.link_stage import CLIENT_COMMON
from wireformat.protocols.spice.main_messages import MAX_HOST, MAX_SUBJECT, NO_PORT
from wireformat.protocols.spice.party_events import Place

MAX_PORT = NO_PORT - 1

LINE_SIZE = 4096
"""Bytes that are read of a file with a ticket."""

Password = Annotated[str | None, typer.Option(help="the ticket; other users of this machine may see it")]
PasswordFile = Annotated[Path | None, typer.Option(help="file whose first line is the ticket; - is standard input")]
Timeout = Annotated[
    float, typer.Option(help="seconds until a connection without a link counts as failed", callback=seconds)
]
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
        return _ticket(_first_line(file))
    return None if password is None else _ticket(os.fsencode(password))


def _first_line(file: Path) -> bytes:
    """As much of a file's first line as shows whether it is a ticket; `-` is standard input. Raises `UsageError`."""
    if str(file) == "-":
        if sys.stdin is None:
            raise UsageError("--password-file -: standard input is closed")
        line = sys.stdin.buffer.readline(LINE_SIZE)
    else:
        with file.open("rb") as opened:
            line = opened.readline(LINE_SIZE)
    return line.rstrip(b"\r\n")


def _ticket(data: bytes) -> bytes:
    """The ticket. Raises `UsageError`, which does not show it."""
    if len(data) > MAX_PASSWORD or b"\0" in data:
        raise UsageError(f"a ticket has at most {MAX_PASSWORD} bytes, and no zero byte")
    try:
        data.decode()
    except UnicodeDecodeError:
        raise UsageError("a ticket is text in UTF-8") from None
    return data


def inet_of(text: str, option: str) -> Inet:
    """An address of TCP. Raises `UsageError`."""
    address = address_of(f"tcp:{text}", option)
    assert isinstance(address, Inet)
    return address


def server_at(text: str, subject: str | None, *, is_secure: bool) -> Place:
    """The server to link with first, whose port speaks TLS or does not. Raises `UsageError`."""
    address = inet_of(text, "--connect")
    port = port_of(address, "--connect")
    return Place(address.host, None if is_secure else port, port if is_secure else None, subject)


def target_of(text: str, tls_port: int | None, subject: str | None) -> Place:
    """The target that clients are told. Raises `UsageError`."""
    address = inet_of(text, "--target")
    _check_told(address.host, MAX_HOST, "--target")
    _check_told(subject or "", MAX_SUBJECT, "--target-subject")
    within(tls_port, 1, MAX_PORT, "--target-tls-port")
    return Place(address.host, port_of(address, "--target"), tls_port, subject)


def _check_told(text: str, limit: int, option: str) -> None:
    """Raise `UsageError` for what is no text, or does not fit into so many bytes with the zero byte behind it."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise UsageError(f"{option}: not text in UTF-8") from None
    if size >= limit:
        raise UsageError(f"{option}: {size} bytes, at most {limit - 1} can be told")


def port_of(address: Inet, option: str) -> int:
    """The port of an address that others are told. Raises `UsageError`."""
    if not address.port.isdecimal() or not 0 < int(address.port) <= MAX_PORT:
        raise UsageError(f"{option}: the port must be a number between 1 and {MAX_PORT}")
    return int(address.port)


def within(number: int | None, lowest: int, highest: int, option: str) -> int | None:
    """The number, where one is given. Raises `UsageError` for one that the wire has no place for."""
    if number is not None and not lowest <= number <= highest:
        raise UsageError(f"{option} {number}: not between {lowest} and {highest}")
    return number


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
