"""Tickets open with the right key and password, and never show themselves."""

from __future__ import annotations

import pytest

from tests.protocols.spice.linking import key
from wireformat.errors import DecodeError, EncodeError
from wireformat.protocols.spice.link import KEY_SIZE, SIGNATURE, TICKET_SIZE, Ticket
from wireformat.protocols.spice.link_client import LinkClientConfig
from wireformat.protocols.spice.link_server import LinkServerConfig
from wireformat.protocols.spice.ticket import TicketKey, encrypt


@pytest.mark.requirement("SP-021")
def test_a_key_looks_as_servers_send_it() -> None:
    assert len(key().public) == KEY_SIZE
    assert key().public.startswith(SIGNATURE)


@pytest.mark.requirement("SP-035")
@pytest.mark.parametrize("password", [b"", b"s3cret-ticket", b"x" * 60, "pä".encode()])
def test_a_ticket_opens(password: bytes) -> None:
    ticket = encrypt(key().public, password)
    assert len(ticket) == TICKET_SIZE
    assert key().password(ticket) == password
    assert key().opens(ticket, password)
    assert not key().opens(ticket, password + b"x")


@pytest.mark.requirement("SP-037")
def test_any_ticket_that_decrypts_opens_without_password() -> None:
    assert key().opens(encrypt(key().public, b"anything"), None)
    assert not key().opens(bytes(TICKET_SIZE), None)
    assert key().password(b"\xff" * TICKET_SIZE) is None


def test_tickets_differ() -> None:
    assert encrypt(key().public, b"same") != encrypt(key().public, b"same")


@pytest.mark.requirement("SP-036")
def test_a_terminator_may_be_missing() -> None:
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    from wireformat.protocols.spice.ticket import _padding

    public = load_der_public_key(key().public)
    assert key().opens(public.encrypt(b"abc", _padding()), b"abc")  # type: ignore[union-attr, call-arg]
    assert key().password(public.encrypt(b"abc\0def", _padding())) == b"abc"  # type: ignore[union-attr, call-arg]


@pytest.mark.requirement("SP-035")
@pytest.mark.parametrize("password", [b"x" * 61, b"a\0b"])
def test_passwords_that_cannot_be_sent(password: bytes) -> None:
    with pytest.raises(EncodeError) as caught:
        encrypt(key().public, password)
    assert caught.value.path == "password"
    assert password.decode() not in str(caught.value)


def ec_key() -> bytes:
    """A key of another kind, 1024 bits or not."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "public",
    [bytes(KEY_SIZE), b"", SIGNATURE + b"\xff" * 140, ec_key()],
    ids=["zeros", "nothing", "no modulus", "another kind"],
)
def test_what_is_no_key(public: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        encrypt(public, b"")
    assert caught.value.id == "spice/key"


@pytest.mark.requirement("SP-021")
def test_a_key_of_another_size_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    with pytest.raises(EncodeError):
        TicketKey(generate_private_key(public_exponent=65537, key_size=2048))


@pytest.mark.requirement("SP-039")
def test_secrets_do_not_show() -> None:
    secret = b"s3cret-ticket"
    shown = [
        repr(LinkClientConfig(password=secret)),
        repr(LinkServerConfig(key=key(), password=secret)),
        repr(Ticket(encrypted=secret.ljust(TICKET_SIZE, b"\1"))),
        repr(key()),
    ]
    assert [text for text in shown if secret.decode() in text or secret.hex() in text] == []
