"""Connections from addresses of every kind; nothing that connects ends a listener."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.peer.talk import read_all, run, send_all
from wireformat.peer.dialling import connect
from wireformat.peer.listening import Listener, listen
from wireformat.peer.wire import Wire
from wireformat.protocols.qapi.addresses import Address, Fd, File, Inet, Rdma, Unix, parse


async def first_wire(listener: Listener) -> Wire:
    """The first connection that a listener shows."""
    arrived: asyncio.Queue[Wire] = asyncio.Queue()
    serving = asyncio.create_task(listener.serve(arrived.put_nowait))
    wire = await arrived.get()
    serving.cancel()
    return wire


async def heard(address: Address) -> bytes:
    """What a listener at an address hears from whoever connects to the name it gives."""
    listener = await listen(address)
    caller = await connect(parse(listener.names[0]))
    await send_all(caller, b"hello")
    wire = await first_wire(listener)
    data = await read_all(wire)
    for each in (wire, caller, listener):
        each.close()
    return data


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", ""])
def test_a_port_that_the_kernel_chooses(host: str) -> None:
    assert run(heard(Inet(host, "0"))) == b"hello"


def test_every_place_of_a_host_has_the_same_port() -> None:
    async def ports() -> set[str]:
        listener = await listen(Inet("", "0"))
        found = {name.rpartition(":")[2] for name in listener.names}
        listener.close()
        return found

    found = run(ports())
    assert len(found) == 1
    assert found != {"0"}


@pytest.mark.parametrize("code", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EACCES])
def test_a_host_that_is_here_in_part(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """`localhost` where IPv6 is switched off; what is no absence stays a fault."""
    before = socket.socket

    def refusing(family: int = -1, *options: int, **named: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(code, os.strerror(code))
        return before(family, *options, **named)

    monkeypatch.setattr(socket, "socket", refusing)
    if code == errno.EACCES:
        with pytest.raises(PermissionError):
            run(listen(Inet("", "0")))
        return
    assert run(heard(Inet("", "0"))) == b"hello"
    with pytest.raises(OSError, match=os.strerror(code)):
        run(listen(Inet("::1", "0")))


def test_a_taken_port_is_refused_or_passed_over() -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]

    async def name(address: Address) -> str:
        listener = await listen(address)
        found = listener.names[0]
        listener.close()
        return found

    with pytest.raises(OSError, match="in use"):
        run(name(Inet("127.0.0.1", str(port))))
    found = run(name(Inet("127.0.0.1", str(port), to=min(port + 50, 65535))))
    assert int(found.rpartition(":")[2]) > port
    taken.close()


def test_a_path_goes_with_its_listener(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    assert run(heard(Unix(str(path)))) == b"hello"
    assert not path.exists()


def test_a_command_is_one_connection() -> None:
    async def hear() -> tuple[bytes, int]:
        listener = await listen(parse("exec:echo from a command"))
        wires: list[Wire] = []
        await listener.serve(wires.append)
        data = await read_all(wires[0])
        wires[0].close()
        return data, len(wires)

    assert run(hear()) == (b"from a command\n", 1)


def test_a_file_is_read_from_its_offset_on(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"skip content")

    async def hear() -> bytes:
        listener = await listen(File(str(path), 5))
        wire = await first_wire(listener)
        data = await read_all(wire)
        wire.close()
        return data

    assert run(hear()) == b"content"


def test_a_descriptor_that_listens_gives_many() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = str(listening.getsockname()[1])

    async def hear() -> list[bytes]:
        listener = await listen(Fd(str(listening.detach())))
        heard = []
        for word in (b"one", b"two"):
            caller = await connect(Inet("127.0.0.1", port))
            await send_all(caller, word)
            wire = await first_wire(listener)
            heard.append(await read_all(wire))
            wire.close()
            caller.close()
        listener.close()
        return heard

    assert run(hear()) == [b"one", b"two"]


def test_a_descriptor_that_is_connected_gives_one() -> None:
    ours, theirs = socket.socketpair()
    ours.sendall(b"passed")
    ours.close()

    async def hear() -> bytes:
        wire = await first_wire(await listen(Fd(str(theirs.detach()))))
        data = await read_all(wire)
        wire.close()
        return data

    assert run(hear()) == b"passed"


def test_a_shortage_of_descriptors_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the kernel's refusal of one connection ends the listener, or makes it spin."""
    refusals = [OSError(errno.EMFILE, "too many"), OSError(errno.ECONNABORTED, "gone"), OSError(errno.ENOMEM, "full")]

    async def hear() -> bytes:
        loop = asyncio.get_running_loop()
        accept = loop.sock_accept

        async def refusing(listening: socket.socket) -> Any:
            if refusals:
                raise refusals.pop()
            return await accept(listening)

        monkeypatch.setattr(loop, "sock_accept", refusing)
        return await heard(Inet("127.0.0.1", "0"))

    assert run(hear()) == b"hello"
    assert refusals == []


def test_what_is_not_supported() -> None:
    with pytest.raises(ValueError, match="rdma addresses are not supported"):
        run(listen(Rdma("host", "1")))


def test_an_abstract_name_has_no_uri_but_is_told() -> None:
    async def names() -> tuple[str, ...]:
        listener = await listen(Unix(f"wireformat-{os.getpid()}", abstract=True))
        found = listener.names
        listener.close()
        return found

    assert run(names()) == (f"unix-abstract:wireformat-{os.getpid()}",)
