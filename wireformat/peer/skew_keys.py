"""Certificates for the runs of the skew matrix: an authority and a server, made anew and good for a day.

They prove nothing to anybody else; the matrix only wants TLS to be there, with the exporter that confirms a handshake.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wireformat.peer.tls import Credentials

SERVER: Final = "localhost"
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Keys:
    """What each side of a connection brings to TLS."""

    source: Credentials
    destination: Credentials


def make_keys(folder: Path) -> Keys:
    """New keys, in files of that folder. Raises `OSError`."""
    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    trusted = folder / "authority.pem"
    certificate, key = folder / "server.pem", folder / "server.key"
    trusted.write_bytes(_pem(_builder("authority", authority, is_authority=True).sign(authority, hashes.SHA256())))
    certificate.write_bytes(_pem(_builder(SERVER, server, is_authority=False).sign(authority, hashes.SHA256())))
    plain = serialization.NoEncryption()
    key.write_bytes(server.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return Keys(Credentials(authority=trusted, server_name=SERVER), Credentials(certificate, key))


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _builder(name: str, key: ec.EllipticCurvePrivateKey, *, is_authority: bool) -> x509.CertificateBuilder:
    """A certificate to be signed by the authority."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_called(name))
        .issuer_name(_called("authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    return builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
