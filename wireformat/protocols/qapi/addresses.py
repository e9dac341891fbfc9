"""Where a migration goes to or comes from: seven kinds of address, and their URIs [handshake B.1, B.2].

A URI is the short form, an object (see `objects`) the complete one: every URI is an address, but not every address has
a URI. `parse` gives a value or one error for any text, always the same; `render` is its inverse where there is one.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from wireformat.errors import DecodeError, EncodeError

SHELL: Final = ("/bin/sh", "-c")
"""What runs the command line of an `exec:` URI."""

OFFSET: Final = ",offset="
UINT16: Final = (1 << 16) - 1
UINT32: Final = (1 << 32) - 1
UINT64: Final = (1 << 64) - 1
SUFFIXES: Final = {letter: 1 << 10 * power for power, letter in enumerate("bkmgtpe")}
SIZE: Final = re.compile(r"0[xX](?P<hex>[0-9a-fA-F]{1,32})|(?P<decimal>[0-9]{1,32})(?P<suffix>[bkmgtpeBKMGTPE])?")
SWITCHES: Final = {
    "on": True,
    "yes": True,
    "y": True,
    "true": True,
    "off": False,
    "no": False,
    "n": False,
    "false": False,
}


class AddressError(DecodeError):
    """A text is no address, or an object is none. `offset` counts characters of the text."""


@dataclass(frozen=True, slots=True)
class Port:
    """A host with a port, both as text, since a port may have a name. Options are None where they are not given.

    `to` is the last port that a listening side may take instead; `ipv4` and `ipv6` allow one family only, or both.
    """

    host: str
    port: str
    numeric: bool | None = None
    to: int | None = None
    ipv4: bool | None = None
    ipv6: bool | None = None
    keep_alive: bool | None = None
    keep_alive_count: int | None = None
    keep_alive_idle: int | None = None
    keep_alive_interval: int | None = None
    mptcp: bool | None = None


@dataclass(frozen=True, slots=True)
class Inet(Port):
    """A TCP socket."""


@dataclass(frozen=True, slots=True)
class Rdma(Port):
    """An RDMA connection, named by host and port."""


@dataclass(frozen=True, slots=True)
class Unix:
    """A unix socket: a path, or a name in Linux's abstract namespace, `tight` unless it is filled up with zeros."""

    path: str
    abstract: bool | None = None
    tight: bool | None = None


@dataclass(frozen=True, slots=True)
class Vsock:
    """A socket between host and guest. Both parts are text."""

    cid: str
    port: str


@dataclass(frozen=True, slots=True)
class Fd:
    """An open descriptor: a number, or the name under which it was passed."""

    name: str


@dataclass(frozen=True, slots=True)
class Exec:
    """A program with its arguments; the stream is on its standard input and output."""

    args: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class File:
    """A file, from `offset` on."""

    filename: str
    offset: int = 0


Address: TypeAlias = Inet | Rdma | Unix | Vsock | Fd | Exec | File

OPTIONS: Final = {
    "numeric": 0,
    "to": UINT16,
    "ipv4": 0,
    "ipv6": 0,
    "keep-alive": 0,
    "keep-alive-count": UINT32,
    "keep-alive-idle": UINT32,
    "keep-alive-interval": UINT32,
    "mptcp": 0,
}
"""Options behind a port, with their largest value; 0 where they are switches."""


def attribute(member: str) -> str:
    """The name of an option or member in a value: `keep_alive` for `keep-alive`."""
    return member.replace("-", "_")


def parse(uri: str) -> Address:
    """The address that a URI stands for. Raises `AddressError`."""
    scheme, colon, rest = uri.partition(":")
    start = len(scheme) + 1
    match scheme if colon else "":
        case "tcp":
            return Inet(**_port(rest, start))
        case "rdma":
            return Rdma(**_port(rest, start))
        case "unix":
            return Unix(_named(rest, "path", start))
        case "vsock":
            return _vsock(rest, start)
        case "fd":
            return Fd(_named(rest, "descriptor", start))
        case "exec":
            return Exec((*SHELL, rest))
        case "file":
            return _file(rest, start)
    raise _fault("qapi/transport", f"unknown migration protocol: {scheme[:32]!r}", 0)


def _fault(id: str, detail: str, offset: int) -> AddressError:
    return AddressError(id, detail, path="uri", offset=offset)


def _named(text: str, what: str, offset: int) -> str:
    """A part that must not be empty."""
    if not text:
        raise _fault("qapi/address", f"{what} is missing", offset)
    return text


def _port(text: str, start: int) -> dict[str, Any]:
    """The fields of `HOST:PORT[,OPTION…]`; the host may stand in brackets, and does where it has colons."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket:
            raise _fault("qapi/address", "bracket is not closed", start)
        if not rest.startswith(":"):
            raise _fault("qapi/address", "port is missing", start + len(host) + 2)
        at, rest = start + len(host) + 3, rest[1:]
    else:
        host, colon, rest = text.partition(":")
        at = start + len(host) + 1
        if not colon:
            raise _fault("qapi/address", "port is missing", start + len(host))
    port, comma, options = rest.partition(",")
    found: dict[str, Any] = {"host": host, "port": _named(port, "port", at)}
    return found | (_options(options, at + len(port) + 1) if comma else {})


def _options(text: str, at: int) -> dict[str, bool | int]:
    found: dict[str, bool | int] = {}
    for option in text.split(","):
        key, equals, value = option.partition("=")
        if key not in OPTIONS:
            raise _fault("qapi/option", f"unknown option {key!r}", at)
        if attribute(key) in found:
            raise _fault("qapi/option", f"option {key} is given twice", at)
        found[attribute(key)] = _option(key, value if equals else None, at)
        at += len(option) + 1
    return found


def _option(key: str, value: str | None, at: int) -> bool | int:
    """The value of an option; a switch without one is on."""
    most = OPTIONS[key]
    if not most:
        if value is None or value in SWITCHES:
            return value is None or SWITCHES[value]
        raise _fault("qapi/option", f"option {key} is on or off, not {value!r}", at)
    if value is None or not (value.isascii() and value.isdecimal()) or len(value) > 20 or int(value) > most:
        raise _fault("qapi/option", f"option {key} is a number up to {most}, not {value or ''!r}", at)
    return int(value)


def _vsock(text: str, start: int) -> Vsock:
    cid, colon, port = text.partition(":")
    _named(cid, "context id", start)
    at = start + len(cid)
    if not colon:
        raise _fault("qapi/address", "port is missing", at)
    if "," in port:
        raise _fault("qapi/option", "vsock takes no options", at + 1 + port.index(","))
    return Vsock(cid, _named(port, "port", at + 1))


def _file(text: str, start: int) -> File:
    """The first `,offset=` ends the name."""
    name, mark, size = text.partition(OFFSET)
    _named(name, "file name", start)
    return File(name, _size(size, start + len(name) + len(OFFSET)) if mark else 0)


def _size(text: str, at: int) -> int:
    """A size: decimal with a suffix that stands for a power of 1024, or hexadecimal."""
    match = SIZE.fullmatch(text)
    if match is None:
        raise _fault("qapi/size", f"{text!r} is no size", at)
    size = int(match["hex"], 16) if match["hex"] else int(match["decimal"]) * SUFFIXES[(match["suffix"] or "b").lower()]
    if size > UINT64:
        raise _fault("qapi/size", f"size {text} is 2^64 or more", at)
    return size


def render(address: Address) -> str:
    """The URI that `parse` reads as this address. Raises `EncodeError` where there is none."""
    uri = _uri(address)
    with suppress(AddressError):
        if uri is not None and parse(uri) == address:
            return uri
    raise EncodeError("qapi/unwritable", "the address has no URI", path="address", actual=address)


def _uri(address: Address) -> str | None:
    """What would be the URI, if `parse` agrees."""
    match address:
        case Inet() | Rdma():
            host = f"[{address.host}]" if ":" in address.host or address.host.startswith("[") else address.host
            scheme = "tcp" if isinstance(address, Inet) else "rdma"
            return ",".join([f"{scheme}:{host}:{address.port}", *_written(address)])
        case Unix(path):
            return f"unix:{path}"
        case Vsock(cid, port):
            return f"vsock:{cid}:{port}"
        case Fd(name):
            return f"fd:{name}"
        case Exec((*shell, command)):
            return f"exec:{command}" if tuple(shell) == SHELL else None
        case File(filename, offset):
            return f"file:{filename}" + (f"{OFFSET}{offset}" if offset else "")
    return None


def _written(address: Port) -> list[str]:
    values = {key: getattr(address, attribute(key)) for key in OPTIONS}
    names = {True: "on", False: "off"}
    return [
        f"{key}={names[value] if isinstance(value, bool) else value}"
        for key, value in values.items()
        if value is not None
    ]
