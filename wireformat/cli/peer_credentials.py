"""What a peer proves itself with at the command line: TLS in files, or a key that both sides know.

Everything is read before anything is dialled or listened at, so that a file that does not fit is never found out by the
peer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wireformat.cli.exits import UsageError
from wireformat.protocols.handshake.messages import ConfirmLevel
from wireformat.protocols.handshake.sessions.keys import KEY_SIZE

if TYPE_CHECKING:
    from wireformat.peer.tls import Credentials


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
