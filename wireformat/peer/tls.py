"""TLS 1.3 with the exporter, round any wire: the one place where the package meets a TLS library.

The standard library's `ssl` cannot export keying material, which confirms a handshake [handshake D.10], so this is
pyOpenSSL over memory buffers: bytes go in and come out, sockets stay outside. No older version is spoken, no session is
taken up again, and TLS begins with the first byte or not at all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

from OpenSSL import SSL
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address

from wireformat.peer.wire import READ_SIZE, Wire

T = TypeVar("T")

FIRST_BYTES = b"\x16\x03"
"""How every TLS connection begins: a handshake record."""

RECORD_SIZE = 16 << 10
WRITE_SIZE = 16 * RECORD_SIZE
"""Bytes that are encrypted at once."""


class TlsFault(ConnectionError):
    """TLS could not be agreed on, or a record of it is wrong."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Files in PEM form, and the name that the server must prove.

    A server needs `certificate` and `key`; with `authority` it insists on a certificate of the client. A client
    checks the server's against `authority`, or against what the system trusts, and shows its own where it has one.
    With `subject` (`C=XX,O=Example,CN=name`) the server must prove that, whatever its name.
    """

    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None
    server_name: str | None = None
    subject: str | None = None


def server_context(credentials: Credentials) -> SSL.Context:
    """What every connection of a listening side shares. Raises `TlsFault` for files that do not fit."""
    context = _context(SSL.TLS_SERVER_METHOD, credentials)
    if credentials.authority is not None:
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    return context


def client_context(credentials: Credentials) -> SSL.Context:
    """What every connection of a dialling side shares. Raises `TlsFault` for files that do not fit."""
    context = _context(SSL.TLS_CLIENT_METHOD, credentials)
    if credentials.authority is None:
        context.set_default_verify_paths()
    context.set_verify(SSL.VERIFY_PEER)
    return context


def _context(method: int, credentials: Credentials) -> SSL.Context:
    context = SSL.Context(method)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)
    try:
        if credentials.authority is not None:
            context.load_verify_locations(str(credentials.authority))
        if credentials.certificate is not None and credentials.key is not None:
            context.use_certificate_chain_file(str(credentials.certificate))
            context.use_privatekey_file(str(credentials.key))
            context.check_privatekey()
    except SSL.Error as error:
        raise TlsFault(f"certificates: {_reason(error)}") from None
    return context


class TlsWire:
    """A wire whose bytes travel encrypted over another wire."""

    def __init__(self, wire: Wire, connection: SSL.Connection) -> None:
        self._wire = wire
        self._connection = connection
        self._sending = asyncio.Lock()

    async def shake_hands(self) -> None:
        """Agree on keys. Raises `TlsFault`, `OSError`."""
        await self._drive(self._connection.do_handshake)
        await self._flush()

    def export(self, label: bytes, size: int) -> bytes:
        """Bytes that both ends of this connection know, and nobody else."""
        return self._connection.export_keying_material(label, size)

    async def read(self, limit: int = READ_SIZE) -> bytes:
        """See `Wire`; the end without a farewell of TLS counts as a broken connection."""
        await asyncio.sleep(0)
        try:
            return await self._drive(lambda: self._connection.recv(min(limit, READ_SIZE)))
        except SSL.ZeroReturnError:
            return b""

    async def write(self, data: bytes | memoryview) -> None:
        """See `Wire`."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._connection.send(rest[:WRITE_SIZE]) :]
            except SSL.Error as error:
                raise TlsFault(_reason(error)) from None
            await self._flush()

    async def finish(self) -> None:
        """See `Wire`."""
        try:
            self._connection.shutdown()
        except SSL.Error as error:
            raise TlsFault(_reason(error)) from None
        await self._flush()
        await self._wire.finish()

    def close(self, *, reset: bool = False) -> None:
        """See `Wire`."""
        self._wire.close(reset=reset)

    async def _drive(self, step: Callable[[], T]) -> T:
        """Do a step of TLS, fetching what it wants from the other side."""
        while True:
            try:
                return step()
            except SSL.WantReadError:
                if not self._sending.locked():
                    await self._flush()
                await self._fetch()
            except SSL.ZeroReturnError:
                raise
            except SSL.Error as error:
                await self._flush()
                raise TlsFault(_reason(error)) from None

    async def _fetch(self) -> None:
        data = await self._wire.read()
        if not data:
            raise TlsFault("the connection ended within TLS")
        self._connection.bio_write(data)

    async def _flush(self) -> None:
        """Send the records that are ready; one task at a time does so, since records have an order.

        Whoever reads leaves it to the one that sends, or two ends whose sockets are full would wait for each other.
        """
        async with self._sending:
            while records := self._ready():
                await self._wire.write(records)

    def _ready(self) -> bytes:
        try:
            return self._connection.bio_read(READ_SIZE)
        except SSL.WantReadError:
            return b""


async def accept_tls(wire: Wire, context: SSL.Context, first: bytes = b"") -> TlsWire:
    """TLS as the listening side; `first` was read already. Raises `TlsFault`, `OSError`."""
    connection = SSL.Connection(context, None)
    connection.set_accept_state()
    if first:
        connection.bio_write(first)
    secured = TlsWire(wire, connection)
    await secured.shake_hands()
    return secured


async def connect_tls(wire: Wire, context: SSL.Context, server_name: str, subject: str | None = None) -> TlsWire:
    """TLS as the dialling side, to a server whose certificate must hold the name, or have the subject.

    Raises `TlsFault`, `OSError`.
    """
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    address = _is_address(server_name)
    if not address:
        connection.set_tlsext_host_name(server_name.encode("idna"))
    secured = TlsWire(wire, connection)
    await secured.shake_hands()
    if subject is not None:
        _verify_subject(connection, subject)
        return secured
    try:
        (verify_ip_address if address else verify_hostname)(connection, server_name)
    except (VerificationError, CertificateError, ValueError):
        raise TlsFault(f"the server's certificate is not for {server_name}") from None
    return secured


def _verify_subject(connection: SSL.Connection, subject: str) -> None:
    """Compare part by part; a comma in a part stands behind a backslash."""
    parts = [part.replace("\\,", ",").strip().partition("=") for part in re.split(r"(?<!\\),", subject)]
    certificate = connection.get_peer_certificate()
    found = certificate.to_cryptography().subject if certificate else ()
    if [(each.rfc4514_attribute_name, each.value) for each in found] != [(name, value) for name, _, value in parts]:
        raise TlsFault(f"the server's certificate is not that of {subject}")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _reason(error: SSL.Error) -> str:
    """The library's own words for what went wrong, the last ones of its list."""
    details: Any = error.args[0] if error.args else ()
    return str(details[-1][-1]) if details else "TLS failed"
