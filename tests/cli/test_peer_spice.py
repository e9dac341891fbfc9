"""SPICE peers at the command line, each in a process of its own, and what they refuse to begin with."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.cli.spice_processes import running
from tests.peer.certificates import Authority
from wireformat.cli.exits import Exit

pytestmark = pytest.mark.slow

PASSWORD = "canary-hush"
ANY = "127.0.0.1:0"
LEADING = ("spice-source", "--listen", ANY, "--target")


def test_a_client_is_led(start: Call, tmp_path: Path) -> None:
    ticket = tmp_path / "ticket"
    ticket.write_text(f"{PASSWORD}\n")
    with running("peer", "spice-target", "--listen", ANY, "--password-file", ticket, "--once") as target:
        words = ("--target", target.address, "--password-file", "-", "--scenario", "switch-host", "--pause", 0.1)
        with running("peer", "spice-source", "--listen", ANY, *words, data=f"{PASSWORD}\r\n") as source:
            client = start(*("peer", "spice-client", "--connect", source.address, "--password", PASSWORD, "--moves", 1))
            assert client.code == Exit.FINE, client.errors
            assert source.end() == Exit.FINE
            assert target.end() == Exit.FINE
    assert [event["answer"] for event in source.told("connect-done")] == ["untold"]
    assert len(source.told("end-done")) == 1
    assert len(target.told("session-opened")) == 1
    assert "client: Init -> running" in client.errors
    assert f"at {target.address}" in client.errors
    for told in (client.errors, repr(source.events), repr(target.events)):
        assert PASSWORD not in told


def test_a_client_moves_with_all_its_state() -> None:
    """It stays until the target has everything: each channel's state comes over a connection of its own."""
    with running("peer", "spice-target", "--listen", ANY, "--password", PASSWORD, "--once") as target:
        words = ("--target", target.address, "--password", PASSWORD, "--scenario", "seamless", "--pause", 0.1)
        with running("peer", "spice-source", "--listen", ANY, *words) as source:
            with running("peer", "spice-client", "--connect", source.address, "--password", PASSWORD) as client:
                assert target.until("session-opened")["session_id"] == client.until("session-opened", 2)["session_id"]
                assert client.end(interrupt=True) == Exit.FINE
            assert source.end() == Exit.FINE
            assert target.end() == Exit.FINE
    assert [event["answer"] for event in source.told("connect-done")] == ["connected-seamless"]
    assert len(source.told("end-done")) == 1
    assert len(target.told("session-opened")) == 1
    place = client.told("session-opened")[-1]["place"]
    assert f"{place['host']}:{place['port']}" == target.address
    for told in (client, source, target):
        assert PASSWORD not in repr(told.events)


def test_a_client_over_tls(start: Call, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    own = authority.credentials("127.0.0.1")
    tls = ("--tls-cert", own.certificate, "--tls-key", own.key)
    with running("peer", "spice-target", "--listen", ANY, "--tls-listen", ANY, *tls) as target:
        port = target.told("listening")[0]["addresses"][0].rpartition(":")[2]
        client = start("peer", "spice-client", "--connect", f"127.0.0.1:{port}", "--moves", 0)
        assert client.code == Exit.FINE, client.errors
        assert target.end(interrupt=True) == Exit.FINE


def test_a_server_that_is_not_there(call: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answer = call("peer", "spice-client", "--connect", f"127.0.0.1:{port}")
    assert answer.code == Exit.UNREACHABLE
    assert f"over: input: 127.0.0.1:{port} was not reached" in answer.errors


def test_another_password(call: Call) -> None:
    with running("peer", "spice-target", "--listen", ANY, "--password", PASSWORD) as target:
        answer = call("peer", "spice-client", "--connect", target.address, "--password", "another", "--json")
        target.end(interrupt=True)
    assert answer.code == Exit.FINDING
    assert "PERMISSION_DENIED" in answer.errors
    assert "another" not in answer.errors
    assert [event["error"]["id"] for event in target.told("link-lost")] == ["spice/ticket"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("spice-client", "--connect", "there"), "port is missing"),
        (("spice-client", "--connect", "there:65535"), "the port must be a number between 1 and 65534"),
        (("spice-client", "--connect", "there:1", "--answer", "maybe"), "one of follow, late, refuse, ignore"),
        (("spice-client", "--connect", "there:1", "--channels", "inputs,tv"), "no such channel: tv"),
        (("spice-client", "--connect", "there:1", "--without", "wings"), "no such capability"),
        (("spice-client", "--connect", "there:1", "--password", "x" * 61), "at most 60 bytes"),
        (("spice-client", "--connect", "there:1", "--password", "x", "--password-file", "y"), "not both"),
        (("spice-client", "--connect", "there:1", "--ca", "absent.pem"), "absent.pem: no such file"),
        (("spice-target",), "--listen HOST:PORT or --tls-listen HOST:PORT is needed"),
        (("spice-target", "--tls-listen", ANY), "go together"),
        (("spice-source", "--target", "there:1", "--listen", ANY, "--scenario", "none"), "one of switch-host"),
        (("spice-source", "--target", "there:0", "--listen", ANY), "the port must be a number"),
        (("spice-client", "--connect", "a..b:1"), "cannot be the name of a host"),
        (("spice-client", "--connect", "there:1", "--timeout", "nan"), "nan is no time"),
        (("spice-client", "--connect", "there:1", "--timeout", "0"), "0 is no time"),
        (("spice-client", "--connect", "there:1", "--delay", "nan"), "nan is no time"),
        (("spice-client", "--connect", "there:1", "--delay=-1"), "-1 is no time"),
        (("spice-client", "--connect", "there:1", "--ask-version=-1"), "--ask-version"),
        (("spice-client", "--connect", "there:1", "--ask-version", "99999999999"), "--ask-version"),
        (("spice-target", "--listen", ANY, "--timeout=-1"), "-1 is no time"),
        (("spice-target", "--listen", ANY, "--timeout", "inf"), "inf is no time"),
        ((*LEADING, "there:1", "--pause", "nan"), "nan is no time"),
        ((*LEADING, "there:1", "--pause=-5"), "-5 is no time"),
        ((*LEADING, "there:1", "--target-tls-port", "70000"), "--target-tls-port"),
        ((*LEADING, "there:1", "--target-tls-port=-1"), "--target-tls-port"),
        ((*LEADING, "there\udcff:1"), "cannot be the name of a host"),
        ((*LEADING, f"{'a.' * 600}a:1"), "--target: 1201 bytes, at most 1023 can be told"),
        ((*LEADING, "there:1", "--target-subject", "CN=\udcff"), "--target-subject: not text in UTF-8"),
        ((*LEADING, "there:1", "--target-subject", "x" * 4096), "4096 bytes, at most 4095 can be told"),
    ],
)
def test_what_cannot_be_meant(call: Call, words: tuple[str, ...], reason: str) -> None:
    answer = call("peer", *words)
    assert answer.code == Exit.USAGE
    assert reason in answer.errors
    assert len(answer.errors.splitlines()) == 1


def test_passwords_are_not_shown_in_complaints(call: Call, tmp_path: Path) -> None:
    ticket = tmp_path / "ticket"
    ticket.write_text(PASSWORD * 9)
    answer = call("peer", "spice-target", "--listen", ANY, "--password-file", ticket)
    assert answer.code == Exit.USAGE
    assert PASSWORD not in answer.errors


def test_a_ticket_from_a_closed_input(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    answer = call("peer", "spice-target", "--listen", ANY, "--password-file", "-")
    assert answer.code == Exit.USAGE
    assert "standard input is closed" in answer.errors


@pytest.mark.parametrize("is_piped", [False, True])
def test_a_ticket_that_is_no_text_is_not_shown(call: Call, tmp_path: Path, is_piped: bool) -> None:
    """Fails when a byte, or where it stands, is in the complaint."""
    ticket = tmp_path / "ticket"
    ticket.write_bytes(b"secret\xfe\n")
    words = ("peer", "spice-target", "--listen", ANY, "--password-file")
    answer = call(*words, "-", data=ticket.read_bytes()) if is_piped else call(*words, ticket)
    assert answer.code == Exit.USAGE
    assert answer.errors == "wireformat peer: a ticket is text in UTF-8\n"
