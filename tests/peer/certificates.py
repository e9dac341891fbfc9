"""Certificates for tests: an authority, a server and a client, made anew for each session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wireformat.peer.tls import Credentials

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Holder:
    """A name with its key and the certificate that somebody signed."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def issue(name: str, by: Holder | None = None, *, is_named: bool = True) -> Holder:
    """A certificate for a name or an address: an authority's where nobody signs it but itself. Without being named, it
    tells the name in its subject alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if by and is_named:
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(name)]), critical=False)
    return Holder(key, builder.sign(by.key if by else key, hashes.SHA256()))


def _alternative(name: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)


class Authority:
    """An authority whose certificates are files in a folder."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self.name = name
        self.holder = issue(name)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(self.holder.certificate.public_bytes(serialization.Encoding.PEM))

    def credentials(self, subject: str, *, trusts: bool = False, is_named: bool = True) -> Credentials:
        """Files of a new certificate for a subject, who `trusts` this authority to vouch for others."""
        holder = issue(subject, self.holder, is_named=is_named)
        certificate = self.folder / f"{self.name}-{subject}.pem"
        key = self.folder / f"{self.name}-{subject}.key"
        certificate.write_bytes(holder.certificate.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        key.write_bytes(holder.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        return Credentials(certificate, key, self.path if trusts else None)
