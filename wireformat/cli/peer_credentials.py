"""What a peer proves itself with at the command line: TLS in files, or a key that both sides know.

Everything is read before anything is dialled or listened at, so that a file that does not fit is never found out by the
peer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wireformat.cli import peer_options as options
from wireformat.cli.exits import UsageError
from wireformat.protocols.handshake.messages import ConfirmLevel
from wireformat.protocols.handshake.sessions.keys import KEY_SIZE

if TYPE_CHECKING:
    from OpenSSL import SSL

    from wireformat.peer.tls import Credentials


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Options of both sides: what this one shows, and who vouches for the other."""

    tls_cert: options.TlsCertificate = None
    tls_key: options.TlsKey = None
    tls_ca: options.TlsAuthority = None


@dataclass(frozen=True, slots=True)
class ListeningTls(TlsFiles):
    """Options of a side that listens."""

    def credentials(self) -> Credentials | None:
        """The files of TLS; None where there are none. Raises `UsageError`."""
        if self.tls_ca is not None and self.tls_cert is None:
            raise UsageError("TLS needs --tls-cert and --tls-key here")
        return credentials_of(self.tls_cert, self.tls_key, self.tls_ca)


@dataclass(frozen=True, slots=True)
class DiallingTls(TlsFiles):
    """Options of a side that dials."""

    tls_server_name: Annotated[str | None, typer.Option(help="name that the destination must prove")] = None

    def credentials(self) -> Credentials | None:
        """The files of TLS; None where there are none. Raises `UsageError`."""
        return credentials_of(self.tls_cert, self.tls_key, self.tls_ca, self.tls_server_name)


def credentials_of(
    certificate: Path | None, key: Path | None, authority: Path | None, server_name: str | None = None
) -> Credentials | None:
    """The files of TLS; None where there are none: then the connection is in clear. Raises `UsageError`."""
    if (certificate is None) != (key is None):
        raise UsageError("--tls-cert and --tls-key go together")
    if certificate is None and authority is None:
        if server_name:
            raise UsageError("--tls-server-name needs --tls-ca")
        return None
    for path in (certificate, key, authority):
        if path is not None and not path.is_file():
            raise UsageError(f"{path}: {'is a directory' if path.is_dir() else 'no such file'}")
    from wireformat.peer.tls import Credentials

    credentials = Credentials(certificate, key, authority, server_name)
    _check(credentials)
    return credentials


def _check(credentials: Credentials) -> None:
    """Raise `UsageError` for files that hold something else, or not what belongs together."""
    from wireformat.peer.tls import TlsFault, client_context

    try:
        client_context(credentials)
        (credentials.server_name or "").encode("idna")
    except TlsFault as fault:
        given = (credentials.certificate, credentials.key, credentials.authority)
        raise UsageError(f"{', '.join(str(path) for path in given if path)}: {fault}") from None
    except UnicodeError:
        raise UsageError(f"--tls-server-name {credentials.server_name}: cannot be the name of a host") from None


def listening_context(credentials: Credentials | None) -> SSL.Context | None:
    """What all TLS connections of a listening side share. Raises `UsageError` for files that do not fit."""
    if credentials is None:
        return None
    from wireformat.peer.tls import TlsFault, server_context

    try:
        return server_context(credentials)
    except TlsFault as fault:
        raise UsageError(str(fault)) from None


def confirmation_of(psk_file: Path | None, *, has_tls: bool) -> tuple[ConfirmLevel, bytes]:
    """What the handshake is confirmed with, and the key where management gave one. Raises `UsageError`."""
    if psk_file is None:
        return (ConfirmLevel.EXPORTER if has_tls else ConfirmLevel.NONE), b""
    try:
        key = psk_file.read_bytes()
    except OSError as error:
        raise UsageError(f"{psk_file}: {error.strerror}") from None
    if len(key) < KEY_SIZE:
        raise UsageError(f"{psk_file}: a key of {KEY_SIZE} bytes or more is needed")
    return ConfirmLevel.PSK, key
