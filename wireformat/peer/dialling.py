"""Connections to an address: sockets, commands, descriptors, files.

An address is a value of `protocols.qapi.addresses`; what it says is done here, once for every peer. Files, and
descriptors of files and pipes, carry bytes one way: a handshake over them is refused before anything is opened
[handshake R-HS-13].
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from wireformat.peer.wire import CommandWire, DescriptorWire, SocketWire, Wire
from wireformat.protocols.qapi.addresses import Address, Exec, Fd, File, Inet, Unix, is_port

UNIX_NAME_SIZE = 108
"""Bytes of a unix socket's address, which an abstract name fills where it is not `tight`."""


Name: TypeAlias = tuple[Any, ...] | str | bytes
"""An address as the socket module has it: host and port, or the name of a unix socket."""

Place: TypeAlias = tuple[int, int, int, Name]
"""Family, type and protocol of a socket, and where it goes."""


class UnsupportedAddress(ValueError):
    """An address that is right and cannot be used here, or not for this."""


def check_usable(address: Address) -> None:
    """Raise `UnsupportedAddress` for what nothing here can open."""
    if isinstance(address, Fd):
        descriptor_of(address)
    elif isinstance(address, Inet):
        _check_port(address)
    elif not isinstance(address, Inet | Unix | Exec | File):
        raise UnsupportedAddress(f"{type(address).__name__.lower()} addresses are not supported")


def _check_port(address: Inet) -> None:
    """Raise `UnsupportedAddress` for a port that cannot be, or a host that no resolver can be asked for."""
    if not is_port(address.port):
        raise UnsupportedAddress(f"port {address.port[:32]} is not between 0 and 65535")
    try:
        address.host.encode("idna")
    except UnicodeError:
        raise UnsupportedAddress(f"{address.host[:32]!r} cannot be the name of a host") from None


def is_one_way(address: Address) -> bool:
    """Whether an address is known to carry bytes in one direction only."""
    match address:
        case File():
            return True
        case Fd():
            return not stat.S_ISSOCK(os.fstat(descriptor_of(address)).st_mode)
    return False


async def reach(address: Address) -> Wire:
    """As `connect`, for addresses that a peer may have announced: what cannot be is not there. Raises `OSError`."""
    try:
        return await connect(address)
    except UnsupportedAddress as fault:
        raise OSError(str(fault)) from None


async def connect(address: Address) -> Wire:
    """A wire to whoever listens at the address; a file is written. Raises `OSError`, `UnsupportedAddress`."""
    match address:
        case Inet() | Unix():
            return SocketWire(await connect_socket(address))
        case Exec():
            return run_command(address.args)
        case Fd():
            return wire_on(descriptor_of(address), writing=True)
        case File():
            return DescriptorWire(None, _open_to_write(address.filename, address.offset))
    check_usable(address)
    raise AssertionError(address)


async def connect_socket(address: Inet | Unix) -> socket.socket:
    """A connected socket: the first place that answers, of all that the address stands for."""
    keep_alive = isinstance(address, Inet) and bool(address.keep_alive)
    fault: OSError = OSError(f"{address}: no such host")
    for place in await places(address, "localhost"):
        try:
            return await _connected(place, keep_alive=keep_alive)
        except OSError as error:
            fault = error
    raise fault


async def _connected(place: Place, *, keep_alive: bool) -> socket.socket:
    """A socket that is connected to a place. Raises `OSError`, also for a family that the kernel does not have."""
    family, kind, protocol, name = place
    connection = socket.socket(family, kind, protocol)
    connection.setblocking(False)
    try:
        if keep_alive:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        await asyncio.get_running_loop().sock_connect(connection, name)
    except BaseException:  # cancelling too: nobody else would close it
        connection.close()
        raise
    return connection


async def places(address: Inet | Unix, anywhere: str | None) -> list[Place]:
    """Every place an address stands for; `anywhere` is the host that an empty one means. Raises as `connect`."""
    if isinstance(address, Unix):
        return [(socket.AF_UNIX, socket.SOCK_STREAM, 0, unix_name(address))]
    _check_port(address)
    loop = asyncio.get_running_loop()
    flags = socket.AI_PASSIVE if anywhere is None else 0
    found = await loop.getaddrinfo(
        address.host or anywhere, address.port, family=_family(address), type=socket.SOCK_STREAM, flags=flags
    )
    return [(family, kind, protocol, place) for family, kind, protocol, _, place in found]


def _family(address: Inet) -> socket.AddressFamily:
    """The only family that an address allows; unspecified where it allows both."""
    if address.ipv4 and not address.ipv6:
        return socket.AF_INET
    if address.ipv6 and not address.ipv4:
        return socket.AF_INET6
    return socket.AF_UNSPEC


def unix_name(address: Unix) -> str | bytes:
    """The name of a unix socket, as the kernel takes it."""
    if not address.abstract:
        return address.path
    name = b"\0" + os.fsencode(address.path)
    return name if address.tight is not False else name.ljust(UNIX_NAME_SIZE, b"\0")


def run_command(args: Sequence[str]) -> CommandWire:
    """Start a command in a session of its own, its standard input and output being the wire."""
    return CommandWire(subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True))


def descriptor_of(address: Fd) -> int:
    """The inherited descriptor that an address names by number. Raises `UnsupportedAddress` where there is none."""
    try:
        number = int(address.name)
        os.fstat(number)
    except (ValueError, OSError):
        raise UnsupportedAddress(f"fd:{address.name}: no such open descriptor") from None
    return number


def wire_on(descriptor: int, *, writing: bool) -> Wire:
    """A wire over an inherited descriptor; where it is no socket, one way as `writing` says."""
    if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return SocketWire(socket.socket(fileno=descriptor))
    return DescriptorWire(None, descriptor) if writing else DescriptorWire(descriptor, None)


def _open_to_write(name: str, offset: int) -> int:
    """A file from an offset on; what stands before it is kept, what stands behind goes."""
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    with suppress(OSError):
        os.ftruncate(descriptor, offset)
    if offset:
        os.lseek(descriptor, offset, os.SEEK_SET)
    return descriptor


def open_to_read(name: str, offset: int) -> int:
    """A file from an offset on."""
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    if offset:
        os.lseek(descriptor, offset, os.SEEK_SET)
    return descriptor
