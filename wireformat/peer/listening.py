"""Connections from an address: a listening socket gives many, a command, descriptor or file one.

Strangers may connect at any rate: a refused or vanished connection is passed over, and where descriptors run out the
listener waits for some to be given back. Nothing that connects ends it.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

from wireformat.errors import EncodeError
from wireformat.peer.dialling import (
    Name,
    check_usable,
    descriptor_of,
    open_to_read,
    places,
    run_command,
    unix_name,
    wire_on,
)
from wireformat.peer.wire import DescriptorWire, SocketWire, Wire
from wireformat.protocols.qapi.addresses import Address, Exec, Fd, File, Inet, Unix, render

BACKLOG = 128
SHORTAGE_PAUSE = 0.05
"""Seconds to wait where the kernel has no descriptor or memory for another connection."""

SHORTAGES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

ABSENCES = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
"""Why a place of a host may not be here: names go on standing for IPv6 where that is switched off."""


class Listener:
    """Wires from whoever connects. `names` are the addresses it really listens at, ports included."""

    def __init__(self, sockets: Sequence[socket.socket], first: Wire | None = None) -> None:
        self._sockets = sockets
        self._first = first
        for each in sockets:
            each.setblocking(False)

    @property
    def names(self) -> tuple[str, ...]:
        """The addresses as URIs."""
        return tuple(map(_name, self._sockets))

    async def serve(self, welcome: Callable[[Wire], None]) -> None:
        """Show every connection to `welcome`, as it comes; without end where there is a listening socket."""
        if self._first is not None:
            welcome(self._first)
        async with asyncio.TaskGroup() as group:
            for each in self._sockets:
                group.create_task(_accept_all(each, welcome))

    def close(self) -> None:
        """Listen no more; a unix socket's file goes."""
        for each in self._sockets:
            name = each.getsockname() if each.family == socket.AF_UNIX else ""
            each.close()
            if isinstance(name, str) and name:
                with suppress(OSError):
                    os.unlink(name)


async def listen(address: Address) -> Listener:
    """Listen at an address; a command is started, a file opened for reading.

    Raises `OSError`, whose `filename` is the address where the system names no file, and `UnsupportedAddress`.
    """
    try:
        return await _listen(address)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror or str(fault), fault.filename or _shown(address)) from None


async def _listen(address: Address) -> Listener:
    match address:
        case Inet():
            return Listener(await _listen_at_ports(address))
        case Unix():
            return Listener([_listen_at(socket.AF_UNIX, socket.SOCK_STREAM, 0, unix_name(address))])
        case Exec():
            return Listener([], run_command(address.args))
        case Fd():
            return _listen_on(descriptor_of(address))
        case File():
            return Listener([], DescriptorWire(open_to_read(address.filename, address.offset), None))
    check_usable(address)
    raise AssertionError(address)


async def _accept_all(listening: socket.socket, welcome: Callable[[Wire], None]) -> None:
    loop = asyncio.get_running_loop()
    while listening.fileno() >= 0:
        try:
            connection, _ = await loop.sock_accept(listening)
        except OSError as error:
            await asyncio.sleep(SHORTAGE_PAUSE if error.errno in SHORTAGES else 0)
        else:
            welcome(SocketWire(connection))


async def _listen_at_ports(address: Inet) -> list[socket.socket]:
    """Sockets at every place of an address that is here; all take the port that the first one got."""
    sockets: list[socket.socket] = []
    faults: list[OSError] = []
    for family, kind, protocol, place in await places(address, None):
        port = sockets[0].getsockname()[1] if sockets else place[1]
        try:
            sockets.append(_listen_at(family, kind, protocol, (place[0], port, *place[2:]), address.to))
        except OSError as fault:
            faults.append(fault)
    serious = [fault for fault in faults if fault.errno not in ABSENCES]
    if serious or not sockets:
        for each in sockets:
            each.close()
        raise (serious or faults)[0]
    return sockets


def _listen_at(family: int, kind: int, protocol: int, place: Name, last_port: int | None = None) -> socket.socket:
    """A listening socket; where the port is taken, at the next free one up to `last_port`."""
    listening = socket.socket(family, kind, protocol)
    try:
        if family != socket.AF_UNIX:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _bind(listening, place, last_port)
        listening.listen(BACKLOG)
    except BaseException:  # whatever it was: nobody else would close it
        listening.close()
        raise
    return listening


def _bind(listening: socket.socket, place: Name, last_port: int | None) -> None:
    while True:
        try:
            return listening.bind(place)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not isinstance(place, tuple) or place[1] >= (last_port or 0):
                raise
            place = (place[0], place[1] + 1, *place[2:])


def _listen_on(descriptor: int) -> Listener:
    """An inherited descriptor: a listening socket, or the one connection there will be."""
    wire = wire_on(descriptor, writing=False)
    if isinstance(wire, SocketWire) and wire.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return Listener([wire.socket])
    return Listener([], wire)


def _shown(address: Address) -> str:
    """An address for people: its URI, where it has one."""
    try:
        return render(address)
    except EncodeError:
        return str(address)


def _name(listening: socket.socket) -> str:
    place = listening.getsockname()
    if isinstance(place, bytes):
        return f"unix-abstract:{os.fsdecode(place[1:])}"
    if isinstance(place, str):
        return f"unix:{place}"
    return f"tcp:[{place[0]}]:{place[1]}" if listening.family == socket.AF_INET6 else f"tcp:{place[0]}:{place[1]}"
