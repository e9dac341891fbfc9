"""New connections of a source: bounded in time, and with TLS only to whom it trusts."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from tests.peer.certificates import Authority
from tests.peer.talk import run
from wireformat.peer.dialler import Dialler
from wireformat.peer.listening import listen
from wireformat.peer.tls import Credentials, TlsFault, accept_tls, server_context
from wireformat.peer.wire import Wire
from wireformat.protocols.handshake.sessions.keys import EXPORTER_LABEL
from wireformat.protocols.qapi.addresses import Inet, Unix, parse


@pytest.mark.parametrize(
    ("dialler", "name"),
    [
        (Dialler(Inet("host.example", "1"), 1.0), "host.example"),
        (Dialler(Inet("", "1"), 1.0), "localhost"),
        (Dialler(Unix("path"), 1.0), "localhost"),
        (Dialler(Inet("host.example", "1"), 1.0, Credentials(server_name="other")), "other"),
    ],
)
def test_the_server_must_prove_the_name_that_was_given_or_dialled(dialler: Dialler, name: str) -> None:
    assert dialler.server_name == name


def test_in_clear_there_is_no_exporter(tmp_path: Path) -> None:
    async def dial() -> bytes:
        listener = await listen(Unix(str(tmp_path / "socket")))
        wire, exporter = await Dialler(parse(listener.names[0]), 5.0).dial()
        wire.close()
        listener.close()
        return exporter

    assert run(dial()) == b""


def test_with_tls_both_sides_have_the_same_exporter(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def dial() -> tuple[bytes, bytes]:
        arrived: asyncio.Queue[Wire] = asyncio.Queue()
        listener = await listen(Inet("127.0.0.1", "0"))
        serving = asyncio.create_task(listener.serve(arrived.put_nowait))
        dialler = Dialler(parse(listener.names[0]), 5.0, Credentials(authority=authority.path))
        dialling = asyncio.create_task(dialler.dial())
        accepted = await accept_tls(await arrived.get(), server_context(authority.credentials("127.0.0.1")))
        wire, ours = await dialling
        theirs = accepted.export(EXPORTER_LABEL, 32)
        serving.cancel()
        for each in (wire, accepted, listener):
            each.close()
        return ours, theirs

    ours, theirs = run(dial())
    assert len(ours) == 32
    assert ours == theirs


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    """Fails when the time bounds the connection only, and not TLS behind it."""
    silent = socket.create_server(("127.0.0.1", 0))
    address = Inet("127.0.0.1", str(silent.getsockname()[1]))
    dialler = Dialler(address, 0.2, Credentials(authority=Authority(tmp_path).path))
    with pytest.raises(TimeoutError):
        run(dialler.dial())
    silent.close()


def test_a_server_without_tls_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def dial() -> None:
        def welcome(wire: Wire) -> None:
            answering.append(asyncio.create_task(wire.write(b"QEVM in clear")))

        answering: list[asyncio.Task[None]] = []
        listener = await listen(Inet("127.0.0.1", "0"))
        serving = asyncio.create_task(listener.serve(welcome))
        try:
            await Dialler(parse(listener.names[0]), 5.0, Credentials(authority=authority.path)).dial()
        finally:
            serving.cancel()
            listener.close()

    with pytest.raises(TlsFault, match="wrong version number"):
        run(dial())
