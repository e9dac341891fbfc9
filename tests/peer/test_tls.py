"""TLS 1.3 round a wire: bytes arrive, both ends export the same keys, and whoever is not trusted gets nothing."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from tests.peer import talk
from tests.peer.certificates import Authority
from tests.peer.talk import LARGE, both, read_all, send_all, sockets
from wireformat.peer.tls import (
    Credentials,
    TlsFault,
    TlsWire,
    accept_tls,
    client_context,
    connect_tls,
    server_context,
)
from wireformat.peer.wire import SocketWire

LABEL = b"EXPORTER-vmhs1-confirm"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


async def shake(server: Credentials, client: Credentials, name: str = "there") -> tuple[TlsWire, TlsWire]:
    """Both ends after the handshake; raises the fault of the client, else that of the server."""
    left, right = sockets()
    accepting = accept_tls(left, server_context(server))
    connecting = connect_tls(right, client_context(client), name)
    accepted, connected = await asyncio.gather(accepting, connecting, return_exceptions=True)
    for end in (connected, accepted):
        if isinstance(end, BaseException):
            left.close()
            right.close()
            raise end
    assert isinstance(accepted, TlsWire)
    assert isinstance(connected, TlsWire)
    return accepted, connected


def fault(server: Credentials, client: Credentials, name: str = "there") -> str:
    """Why the handshake fails."""
    with pytest.raises(TlsFault) as caught:
        talk.run(shake(server, client, name))
    return str(caught.value)


def test_bytes_arrive_in_both_directions(authority: Authority) -> None:
    async def run() -> tuple[bytes, bytes]:
        server, client = await shake(authority.credentials("there"), Credentials(authority=authority.path))

        work = (send_all(server, LARGE), send_all(client, LARGE[::-1]), read_all(server), read_all(client))
        _, _, at_server, at_client = await both(*work)
        server.close()
        client.close()
        return at_server, at_client

    at_server, at_client = talk.run(run())
    assert hashlib.sha256(at_server).digest() == hashlib.sha256(LARGE[::-1]).digest()
    assert hashlib.sha256(at_client).digest() == hashlib.sha256(LARGE).digest()


def test_both_ends_export_the_same_and_no_two_connections_do(authority: Authority) -> None:
    async def run() -> tuple[bytes, bytes]:
        server, client = await shake(authority.credentials("there"), Credentials(authority=authority.path))
        keys = server.export(LABEL, 32), client.export(LABEL, 32)
        server.close()
        client.close()
        return keys

    first, second = talk.run(run()), talk.run(run())
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert len(first[0]) == 32
    assert first[0] != second[0]


def test_the_standard_library_reads_what_we_write(authority: Authority) -> None:
    """Fails when our records are right only for ourselves."""
    credentials = authority.credentials("there")
    left, right = socket.socketpair()
    trusting = ssl.create_default_context(cafile=str(authority.path))

    def stranger() -> tuple[bytes, str | None]:
        with trusting.wrap_socket(right, server_hostname="there") as secured:
            secured.sendall(b"from ssl")
            return secured.recv(100), secured.version()

    async def run() -> tuple[bytes, tuple[bytes, str | None]]:
        other = asyncio.create_task(asyncio.to_thread(stranger))
        wire = await accept_tls(SocketWire(left), server_context(credentials))
        heard = await wire.read()
        await wire.write(b"from us")
        answer = await other
        wire.close()
        return heard, answer

    heard, answer = talk.run(run())
    assert heard == b"from ssl"
    assert answer == (b"from us", "TLSv1.3")


def test_older_versions_are_refused(authority: Authority) -> None:
    left, right = socket.socketpair()
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(authority.path)
    old.maximum_version = ssl.TLSVersion.TLSv1_2

    def stranger() -> None:
        with pytest.raises(ssl.SSLError):
            old.wrap_socket(right, server_hostname="there")

    async def run() -> None:
        other = asyncio.create_task(asyncio.to_thread(stranger))
        with pytest.raises(TlsFault, match="unsupported protocol"):
            await accept_tls(SocketWire(left), server_context(authority.credentials("there")))
        await other

    talk.run(run())


def test_another_name_is_refused(authority: Authority) -> None:
    server = authority.credentials("elsewhere")
    assert fault(server, Credentials(authority=authority.path)) == "the server's certificate is not for there"


@pytest.mark.parametrize("name", ["2130706433", "fe80::1%lo", "a*"])
def test_a_name_that_no_certificate_can_hold_is_refused(authority: Authority, name: str) -> None:
    server = authority.credentials("elsewhere")
    assert fault(server, Credentials(authority=authority.path), name) == f"the server's certificate is not for {name}"


def test_a_certificate_without_names_is_refused(authority: Authority) -> None:
    server = authority.credentials("there", is_named=False)
    assert fault(server, Credentials(authority=authority.path)) == "the server's certificate is not for there"


def test_an_address_can_be_the_name(authority: Authority) -> None:
    server, client = authority.credentials("127.0.0.1"), Credentials(authority=authority.path)

    async def run(name: str) -> None:
        for wire in await shake(server, client, name):
            wire.close()

    talk.run(run("127.0.0.1"))
    with pytest.raises(TlsFault, match=r"not for 127\.0\.0\.2"):
        talk.run(run("127.0.0.2"))


def test_another_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    assert fault(authority.credentials("there"), Credentials(authority=stranger.path)) == "certificate verify failed"


def test_a_client_must_show_a_certificate_where_the_server_has_an_authority(authority: Authority) -> None:
    """In TLS 1.3 the client learns of it only with the first byte it reads: the server must not go on."""
    server = authority.credentials("there", trusts=True)
    without = Credentials(authority=authority.path)
    assert fault(server, without) == "peer did not return a certificate"

    async def run() -> None:
        for wire in await shake(server, authority.credentials("here", trusts=True)):
            wire.close()

    talk.run(run())


def test_a_key_that_does_not_fit_is_refused(authority: Authority) -> None:
    wrong = replace(authority.credentials("one"), key=authority.credentials("other").key)
    with pytest.raises(TlsFault, match=r"certificates: .*mismatch"):
        server_context(wrong)


def test_junk_is_refused(authority: Authority) -> None:
    async def run() -> None:
        left, right = sockets()
        await right.write(b"\x16\x03\x01\x00\x05junk!")
        with pytest.raises(TlsFault):
            await accept_tls(left, server_context(authority.credentials("there")))
        right.close()
        left.close()

    talk.run(run())


def test_nothing_is_finished_after_a_fault(authority: Authority) -> None:
    """Fails when an error of the library comes out that nobody who has a wire expects."""

    async def run() -> None:
        left, right = sockets()
        accepting = accept_tls(left, server_context(authority.credentials("there")))
        connecting = connect_tls(right, client_context(Credentials(authority=authority.path)), "there")
        server, client = await both(accepting, connecting)
        await right.write(b"this is no record")
        for step in (server.read(), server.write(b"x"), server.finish()):
            with pytest.raises(TlsFault):
                await step
        server.close()
        client.close()

    talk.run(run())


def test_an_end_without_farewell_is_a_broken_connection(authority: Authority) -> None:
    """Fails when a cut looks like an end: an attacker could shorten what is sent."""

    async def run() -> None:
        server, client = await shake(authority.credentials("there"), Credentials(authority=authority.path))
        await client.write(b"half")
        client.close()
        assert await server.read() == b"half"
        with pytest.raises(ConnectionError):
            await server.read()
        server.close()

    talk.run(run())
