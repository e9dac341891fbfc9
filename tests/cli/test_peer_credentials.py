"""Certificates and keys that do not fit are refused before anything is dialled or listened at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.peer.certificates import Authority
from wireformat.cli.exits import Exit, UsageError
from wireformat.cli.peer_credentials import confirmation_of, credentials_of
from wireformat.protocols.handshake.messages import ConfirmLevel


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def test_files_that_fit(authority: Authority) -> None:
    own = authority.credentials("127.0.0.1")
    assert credentials_of(own.certificate, own.key, authority.path, "there").server_name == "there"  # type: ignore[union-attr]
    assert credentials_of(own.certificate, own.key, None).certificate == own.certificate  # type: ignore[union-attr]
    assert credentials_of(None, None, None) is None


def test_the_key_of_another_certificate(authority: Authority) -> None:
    one, other = authority.credentials("127.0.0.1"), authority.credentials("client")
    with pytest.raises(UsageError) as caught:
        credentials_of(one.certificate, other.key, None)
    assert str(caught.value).startswith(f"{one.certificate}, {other.key}: certificates: ")


@pytest.mark.parametrize("name", ["x" * 64, "a..b"])
def test_a_name_that_no_server_has(authority: Authority, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a host"):
        credentials_of(None, None, authority.path, name)


def test_nothing_is_opened_with_files_that_do_not_fit(call: Call, authority: Authority, small: Path) -> None:
    """Fails when the address, where nobody listens, is looked at first."""
    words = ("--tls-ca", small, "--to", "unix:nobody")
    for command in (("source", "--handshake", small), ("source", small), ("resume", small, small)):
        answer = call("peer", *command, *words)
        assert (answer.code, answer.data) == (Exit.USAGE, b"")
        assert answer.errors == f"wireformat peer: {small}: certificates: no certificate or crl found\n"
    own = authority.credentials("127.0.0.1")
    listening = ("--listen", "unix:nowhere/x", "-o", "x")
    answer = call("peer", "destination", "--tls-cert", own.certificate, "--tls-key", small, *listening)
    assert answer.code == Exit.USAGE
    assert answer.errors.startswith(f"wireformat peer: {own.certificate}, {small}: certificates: ")


def test_what_confirms_a_handshake(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(bytes(range(32)))
    assert confirmation_of(None, has_tls=False) == (ConfirmLevel.NONE, b"")
    assert confirmation_of(None, has_tls=True) == (ConfirmLevel.EXPORTER, b"")
    assert confirmation_of(key, has_tls=True) == (ConfirmLevel.PSK, bytes(range(32)))
    key.write_bytes(bytes(31))
    with pytest.raises(UsageError, match="a key of 32 bytes or more is needed"):
        confirmation_of(key, has_tls=False)
