"""Connections to addresses of every kind."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.peer.talk import both, read_all, run, send_all
from wireformat.peer.dialling import UnsupportedAddress, check_usable, connect, is_one_way, reach, unix_name
from wireformat.protocols.qapi.addresses import Address, Exec, Fd, File, Inet, Rdma, Unix, Vsock, parse


async def echoed(address: Address, listening: socket.socket) -> bytes:
    """What a server that echoes returns of what is sent to the address."""
    listening.setblocking(False)
    loop = asyncio.get_running_loop()

    async def serve() -> None:
        connection, _ = await loop.sock_accept(listening)
        while data := await loop.sock_recv(connection, 100):
            await loop.sock_sendall(connection, data)
        connection.close()

    async def talk() -> bytes:
        wire = await connect(address)
        await send_all(wire, b"there and back")
        data = await read_all(wire)
        wire.close()
        return data

    _, data = await both(serve(), talk())
    listening.close()
    return bytes(data)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", ""])
def test_a_port(host: str) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    address = Inet(host, str(listening.getsockname()[1]), ipv4=True)
    assert run(echoed(address, listening)) == b"there and back"


def test_a_family_that_is_not_here_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """`localhost` means IPv6 first, also where the kernel has none."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    found = [(socket.AF_INET6, ("::1", port, 0, 0)), (socket.AF_INET, ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(each, 1, 6, "", place) for each, place in found])
    before = socket.socket

    def refusing(family: int = -1, *options: int, **named: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "no such family")
        return before(family, *options, **named)

    monkeypatch.setattr(socket, "socket", refusing)
    assert run(echoed(Inet("localhost", str(port)), listening)) == b"there and back"


def test_keep_alive_is_asked_for() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    address = Inet("127.0.0.1", str(listening.getsockname()[1]))

    async def option(address: Address) -> int:
        wire = await connect(address)
        value = wire.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)  # type: ignore[attr-defined]
        wire.close()
        return int(value)

    assert run(option(address)) == 0
    assert run(option(replace(address, keep_alive=True))) == 1
    listening.close()


def test_a_path(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    assert run(echoed(Unix(path), listening)) == b"there and back"


@pytest.mark.parametrize("tight", [None, True, False])
def test_an_abstract_name(tight: bool | None) -> None:
    address = Unix(f"wireformat-test-{os.getpid()}", abstract=True, tight=tight)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(unix_name(address))
    listening.listen()
    assert run(echoed(address, listening)) == b"there and back"


def test_abstract_names_are_filled_up_unless_tight() -> None:
    assert unix_name(Unix("a", abstract=True)) == b"\0a"
    assert unix_name(Unix("a", abstract=True, tight=False)) == b"\0a" + bytes(106)
    assert unix_name(Unix("a")) == "a"


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
    with pytest.raises(ConnectionRefusedError):
        run(connect(Inet("127.0.0.1", port)))


def test_a_command_is_run() -> None:
    async def talk() -> bytes:
        wire = await connect(parse("exec:tr a-z A-Z"))
        _, data = await both(send_all(wire, b"loud"), read_all(wire))
        wire.close()
        return bytes(data)

    assert run(talk()) == b"LOUD"


@pytest.mark.parametrize(
    ("offset", "content"),
    [(0, b"new"), (4, b"old new"), (9, b"old contenew"[:9] + b"new"), (16, b"old contents\0\0\0\0new")],
)
def test_a_file_is_written_from_its_offset_on(tmp_path: Path, offset: int, content: bytes) -> None:
    """Fails when what stands before the offset is lost, or what stood behind it is kept."""
    path = tmp_path / "file"
    path.write_bytes(b"old contents")

    async def write() -> None:
        wire = await connect(File(str(path), offset))
        await send_all(wire, b"new")
        wire.close()

    run(write())
    assert path.read_bytes() == content


def test_a_descriptor() -> None:
    ours, theirs = socket.socketpair()

    async def talk() -> bytes:
        wire = await connect(Fd(str(theirs.detach())))
        await send_all(wire, b"passed")
        data = ours.recv(100)
        wire.close()
        return data

    assert run(talk()) == b"passed"
    ours.close()


def test_what_goes_one_way() -> None:
    reading, writing = os.pipe()
    ours, theirs = socket.socketpair()
    assert is_one_way(File("name"))
    assert is_one_way(Fd(str(writing)))
    assert not is_one_way(Fd(str(ours.fileno())))
    assert not is_one_way(Exec(("true",)))
    assert not is_one_way(Inet("host", "1"))
    for each in (reading, writing):
        os.close(each)
    ours.close()
    theirs.close()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (Rdma("host", "1"), "rdma addresses are not supported"),
        (Vsock("2", "1"), "vsock addresses are not supported"),
        (Fd("name"), "fd:name: no such open descriptor"),
        (Fd("12345"), "fd:12345: no such open descriptor"),
        (Inet("host", "65536"), "port 65536 is not between 0 and 65535"),
        (Inet("host", "-1"), "port -1 is not between 0 and 65535"),
        (Inet("x" * 64, "1"), "'x{32}' cannot be the name of a host"),
        (Inet("a..b", "1"), "'a..b' cannot be the name of a host"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_opened(address: Address, reason: str) -> None:
    with pytest.raises(UnsupportedAddress, match=reason):
        check_usable(address)
    with pytest.raises(UnsupportedAddress, match=reason):
        run(connect(address))


@pytest.mark.parametrize("address", [Inet("a..b", "1"), Inet("x" * 300, "1"), Inet("h", "65536"), Vsock("2", "1")])
def test_what_a_peer_announced_and_cannot_be_is_not_there(address: Address) -> None:
    with pytest.raises(OSError, match=r"cannot be the name|not between|not supported"):
        run(reach(address))
