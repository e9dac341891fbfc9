"""The ticket: a password that only the server of this connection can read [spice-migration 1.4].

The server makes an RSA key of 1024 bits for each connection; the client encrypts the password and a zero byte by OAEP
with SHA-1 and an empty label. The library for it is loaded when the first ticket is made.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from wireformat.errors import DecodeError, EncodeError
from wireformat.protocols.spice.link import KEY_SIZE, MAX_PASSWORD

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import OAEP
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

KEY_BITS: Final = 1024
EXPONENT: Final = 65537
SOURCE: Final = "spice-migration 1.4"


def encrypt(public_key: bytes, password: bytes) -> bytes:
    """The ticket of 128 bytes for a key in DER form, as a link reply carries it.

    Raises `DecodeError` where the key is none, `EncodeError` where the password is too long.
    """
    if len(password) > MAX_PASSWORD:
        detail = f"the password has {len(password)} bytes, at most {MAX_PASSWORD} are possible"
        raise EncodeError("limit", detail, path="password", source=SOURCE)
    if b"\0" in password:
        raise EncodeError("text", "the password contains a zero byte, which would end it", path="password")
    key = _public_key(public_key)
    try:
        return key.encrypt(password + b"\0", _padding())
    except ValueError:
        raise _no_key() from None


def _public_key(data: bytes) -> RSAPublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size != KEY_BITS:
        raise _no_key()
    return key


def _no_key() -> DecodeError:
    detail = f"the key is no RSA key of {KEY_BITS} bits"
    return DecodeError("spice/key", detail, path="reply.public_key", source=SOURCE)


def _padding() -> OAEP:
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
    from cryptography.hazmat.primitives.hashes import SHA1

    return OAEP(mgf=MGF1(algorithm=SHA1()), algorithm=SHA1(), label=None)


class TicketKey:
    """The key of one connection, with its secret half. `public` is what goes into the link reply."""

    def __init__(self, private: RSAPrivateKey) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self._private = private
        self.public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if private.key_size != KEY_BITS or len(self.public) != KEY_SIZE:
            raise EncodeError("range", f"an RSA key of {KEY_BITS} bits is needed", path="key", source=SOURCE)

    @classmethod
    def generate(cls) -> TicketKey:
        """A new key, from the randomness of the system."""
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

        return cls(generate_private_key(public_exponent=EXPONENT, key_size=KEY_BITS))

    def password(self, ticket: bytes) -> bytes | None:
        """The password in a ticket, cut at the first zero byte; None where the ticket does not decrypt."""
        try:
            text = self._private.decrypt(ticket, _padding())
        except ValueError:
            return None
        return text.partition(b"\0")[0]

    def opens(self, ticket: bytes, password: bytes | None) -> bool:
        """Whether a ticket is right. Without a password any will do that decrypts."""
        found = self.password(ticket)
        if found is None:
            return False
        return password is None or compare_digest(found, password)
