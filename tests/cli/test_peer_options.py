"""What is wrong at the command line of a peer is said at once, in one line, before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Call
from wireformat.cli.exits import Exit


@pytest.mark.requirement("HS-022")
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["source"], "Missing parameter: file"),
        (["source", "FILE"], "where to? --to ADDRESS, or --profile FILE"),
        (["source", "--to", "pigeon:here", "FILE"], "unknown migration protocol"),
        (["source", "--to", "rdma:host:1", "FILE"], "rdma addresses are not supported"),
        (["source", "--handshake", "--to", "file:/dev/null", "FILE"], "carries bytes one way"),
        (["source", "--handshake", "--to", "exec:cat", "--one-way", "FILE"], "carries bytes one way"),
        (["source", "--to", "{", "FILE"], "Expecting property name"),
        (["source", "--to", '{"transport": "socket"}', "FILE"], "type"),
        (["source", "--to", "fd:77", "FILE"], "no such open descriptor"),
        (["source", "--handshake", "--to", "unix:x", "--uuid", "7", "FILE"], "not a UUID"),
        (["source", "--to", "unix:x", "--parameter", "x", "FILE"], "NAME=VALUE is needed"),
        (["source", "--to", "unix:x", "--want", "a", "--avoid", "a", "FILE"], "two different wishes"),
        (["source", "--handshake", "--to", "unix:x", "--release", "qemu-1", "FILE"], "there are qemu-5.0"),
        (["source", "--handshake", "--to", "unix:x", "--parameter", "no=1", "FILE"], "has no parameter no"),
        (["source", "--to", "unix:x", "--tls-cert", "FILE", "FILE"], "--tls-cert and --tls-key go together"),
        (["source", "--to", "unix:x", "--tls-ca", "nothing", "FILE"], "nothing: no such file"),
        (["source", "--to", "unix:x", "--tls-server-name", "a", "FILE"], "needs --tls-ca"),
        (["source", "--handshake", "--to", "unix:x", "--psk-file", "/dev/null", "FILE"], "a key of 32 bytes"),
        (["source", "--handshake", "--to", "unix:x", "/dev/null"], "/dev/null"),
        (["source", "--profile", "FILE", "FILE"], "--profile needs one of"),
        (["destination"], "--listen ADDRESS and -o FILE are needed"),
        (["destination", "--handshake", "--listen", "file:/dev/null", "-o", "x"], "carries bytes one way"),
        (["destination", "--listen", "unix:x", "-o", "x", "--tls-ca", "FILE"], "needs --tls-cert and --tls-key"),
        (["resume", "FILE", "FILE", "--to", "unix:x"], "not what `peer source --state` leaves"),
        (["resume", "nothing", "FILE", "--to", "unix:x"], "No such file"),
    ],
)
def test_wrong_use_is_said_at_once(call: Call, small: Path, words: list[str], reason: str) -> None:
    answer = call("peer", *(small if word == "FILE" else word for word in words))
    assert (answer.code, answer.data) == (Exit.USAGE, b"")
    assert reason in answer.errors
    assert len(answer.errors.splitlines()) == 1
