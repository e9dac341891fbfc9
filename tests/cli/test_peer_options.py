"""What is wrong at the command line of a peer is said at once, in one line, before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Call
from wireformat.cli.exits import Exit

PORT_65536 = '{"transport": "socket", "type": "inet", "host": "h", "port": "65536"}'


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
        (["source", "--handshake", "--to", "unix:x", "--payload", "nonsense", "FILE"], "--payload nonsense: not known"),
        (["source", "--profile", "FILE", "--container", "x", "--payload", "x", "FILE"], "--payload x: not known"),
        (["source", "--to", "tcp:h:65536", "FILE"], "port 65536 is not between 0 and 65535"),
        (["source", "--to", "OBJECT-65536", "FILE"], "port 65536 is not between 0 and 65535"),
        (["source", "--to", f"tcp:{'x' * 64}:1", "FILE"], "cannot be the name of a host"),
        (["source", "--to", '{"a":' * 200_000, "FILE"], "recursion"),
        (["source", "--to", "unix:x", "--timeout", "0", "FILE"], "0 is no time, in seconds"),
        (["source", "--to", "unix:x", "--timeout", "nan", "FILE"], "nan is no time, in seconds"),
        (["source", "--to", "unix:x", "--timeout", "inf", "FILE"], "inf is no time, in seconds"),
        (["source", "--to", "unix:x", "--parameter", "tls-hostname=a", "FILE"], "concerns one side alone"),
        (["source", "--to", "unix:x", "--tls-ca", "FOLDER", "FILE"], "is a directory"),
        (["source", "--to", "unix:x", "--tls-ca", "FILE", "FILE"], "certificates: "),
        (["source", "--handshake", "--to", "unix:x", "--state", "FOLDER/no/st", "FILE"], "no/st: No such file"),
        (["destination", "--listen", "tcp:h:70000", "-o", "x"], "port 70000 is not between 0 and 65535"),
        (["destination", "--listen", "unix:x", "-o", "x", "--timeout=-1"], "-1 is no time, in seconds"),
        (["destination", "--listen", "unix:x", "-o", "x", "--header-time", "0"], "0 is no time, in seconds"),
        (["destination", "--handshake", "--listen", "unix:x", "-o", "FOLDER"], "Is a directory"),
        (["destination", "--listen", "unix:x", "-o", "FOLDER"], "Is a directory"),
        (["destination", "--listen", "unix:x", "-o", "FOLDER/no/x"], "no/x: No such file or directory"),
        (["destination", "--listen", "unix:FOLDER/no/x", "-o", "FOLDER/x"], "unix:FOLDER/no/x: No such file"),
        (["destination", "--listen", f"unix:{'x' * 108}", "-o", "FOLDER/x"], "xxx: AF_UNIX path too long"),
        (["destination", "--handshake", "--listen", "tcp:203.0.113.1:1", "-o", "FOLDER/x"], "tcp:203.0.113.1:1: "),
        (["resume", "FILE", "FILE", "--to", "unix:x"], "not what `peer source --state` leaves"),
        (["resume", "DEEP", "FILE", "--to", "unix:x"], "no state of a paused migration: maximum recursion"),
        (["resume", "EMPTY", "FILE", "--to", "unix:x"], "no state of a paused migration: migration_id is missing"),
        (["resume", "nothing", "FILE", "--to", "unix:x"], "No such file"),
    ],
)
def test_wrong_use_is_said_at_once(call: Call, small: Path, tmp_path: Path, words: list[str], reason: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "deep").write_text("[" * 200_000)
    (tmp_path / "empty").write_text("{}")
    meant = {"DEEP": str(tmp_path / "deep"), "EMPTY": str(tmp_path / "empty"), "OBJECT-65536": PORT_65536}
    answer = call(
        "peer",
        *(str(meant.get(word, word)).replace("FOLDER", str(folder)).replace("FILE", str(small)) for word in words),
    )
    assert (answer.code, answer.data) == (Exit.USAGE, b"")
    assert reason.replace("FOLDER", str(folder)) in answer.errors
    assert len(answer.errors.splitlines()) == 1
    assert list(folder.iterdir()) == []
