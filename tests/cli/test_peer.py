"""The reference peer at the command line: source and destination as two processes, as in the guide."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Answer, Call, heed_interrupts
from tests.peer.certificates import Authority
from wireformat.cli.exits import Exit

pytestmark = pytest.mark.slow

LIMIT = 60
"""Seconds that a peer may take."""

Start = Callable[..., "Listening"]


@dataclass
class Listening:
    """A destination in a process of its own, and the address that it told."""

    process: subprocess.Popen[str]
    address: str
    events: list[dict[str, Any]]

    def end(self) -> int:
        """Wait for its end; the exit code. `events` is then all that it told."""
        assert self.process.stderr is not None
        self.events += [json.loads(line) for line in self.process.stderr]
        return self.process.wait(LIMIT)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind."""
        return [event for event in self.events if event["event"] == kind]


@pytest.fixture
def destination(tmp_path: Path) -> Iterator[Start]:
    """Starts destinations that write to `out.mig`; those that still run are ended."""
    running: list[subprocess.Popen[str]] = []

    def start(
        *words: object, listen: str = "tcp:127.0.0.1:0", handshake: bool = True, pass_fds: tuple[int, ...] = ()
    ) -> Listening:
        command = [sys.executable, "-m", "wireformat", "peer", "destination", "--json", "--listen", listen]
        command += ["-o", str(tmp_path / "out.mig"), *(["--handshake"] if handshake else []), *map(str, words)]
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, pass_fds=pass_fds, preexec_fn=heed_interrupts
        )
        running.append(process)
        assert process.stderr is not None
        first = json.loads(process.stderr.readline())
        assert first["event"] == "listening"
        return Listening(process, (first["addresses"] or [""])[0], [first])

    yield start
    for process in running:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def tls_of_server(authority: Authority) -> tuple[object, ...]:
    own = authority.credentials("127.0.0.1")
    return "--tls-cert", own.certificate, "--tls-key", own.key


def source(call: Call, listening: Listening, *words: object) -> Answer:
    """A source that sends to a destination, in this process."""
    return call("peer", "source", "--handshake", "--to", listening.address, *words)


@pytest.mark.requirement("HS-031", "HS-133", "HS-170")
@pytest.mark.parametrize("has_tls", [False, True], ids=["clear", "tls"])
def test_a_stream_moves_over_main_and_four_channels(
    start: Call, destination: Start, authority: Authority, pc: Path, tmp_path: Path, has_tls: bool
) -> None:
    listening = destination(*(tls_of_server(authority) if has_tls else ()))
    trust = ("--tls-ca", authority.path) if has_tls else ()
    answer = start("peer", "source", "--handshake", "--to", listening.address, "--channels", 4, pc, *trust)
    assert answer.code == Exit.FINE, answer.errors
    assert listening.end() == Exit.FINE
    assert (tmp_path / "out.mig").read_bytes() == pc.read_bytes()
    assert {event["name"] for event in listening.told("channel-opened")} == {f"multifd/{index}" for index in range(4)}
    assert listening.told("payload-ended")[0]["size"] == pc.stat().st_size
    assert "complete" in answer.errors.splitlines()[-1]


def test_a_stream_moves_over_main_alone_at_a_unix_socket(
    call: Call, destination: Start, small: Path, tmp_path: Path
) -> None:
    listening = destination(listen=f"unix:{tmp_path}/socket")
    assert listening.address == f"unix:{tmp_path}/socket"
    assert source(call, listening, small).code == Exit.FINE
    assert listening.end() == Exit.FINE
    assert (tmp_path / "out.mig").read_bytes() == small.read_bytes()


def test_a_stream_moves_over_inherited_descriptors(call: Call, destination: Start, small: Path, tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    listening = destination(listen=f"fd:{theirs.fileno()}", pass_fds=(theirs.fileno(),))
    theirs.close()
    answer = call("peer", "source", "--handshake", "--to", f"fd:{ours.detach()}", small)
    assert answer.code == Exit.FINE, answer.errors
    assert listening.end() == Exit.FINE
    assert (tmp_path / "out.mig").read_bytes() == small.read_bytes()


@pytest.mark.requirement("HS-161")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_a_peer(destination: Start, small: Path, tmp_path: Path, number: signal.Signals) -> None:
    """Whatever it waits for: a source at a peer that says nothing, a destination that nobody connects to."""
    listening = destination()
    listening.process.send_signal(number)
    assert listening.end() == Exit.INTERRUPTED
    assert not any(path.is_socket() for path in tmp_path.iterdir())
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen()
        command = [sys.executable, "-m", "wireformat", "peer", "source", "--handshake"]
        command += ["--to", f"unix:{tmp_path}/silent", str(small)]
        source = subprocess.Popen(command, preexec_fn=heed_interrupts)
        silent.accept()
        source.send_signal(number)
        assert source.wait(LIMIT) == Exit.INTERRUPTED


@pytest.mark.requirement("HS-020", "HS-024")
def test_without_a_handshake_it_is_the_plain_stream(
    call: Call, destination: Start, small: Path, tmp_path: Path
) -> None:
    listening = destination(handshake=False)
    assert call("peer", "source", "--to", listening.address, small).code == Exit.FINE
    assert listening.end() == Exit.FINE
    assert (tmp_path / "out.mig").read_bytes() == small.read_bytes()


@pytest.mark.requirement("HS-021", "HS-202")
def test_an_old_source_is_refused_and_the_destination_goes_on(
    call: Call, destination: Start, small: Path, tmp_path: Path
) -> None:
    listening = destination()
    call("peer", "source", "--to", listening.address, small)
    assert source(call, listening, small).code == Exit.FINE
    assert listening.end() == Exit.FINE
    assert [event["code"] for event in listening.told("stranger-refused")] == ["LEGACY_PEER"]


def test_an_old_source_ends_a_destination_that_exits_on_error(
    call: Call, destination: Start, small: Path, tmp_path: Path
) -> None:
    listening = destination("--exit-on-error")
    call("peer", "source", "--to", listening.address, small)
    assert listening.end() != Exit.FINE
    assert not (tmp_path / "out.mig").exists()


@pytest.mark.requirement("HS-021", "HS-200")
def test_an_old_destination_refuses_a_handshake(call: Call, destination: Start, small: Path) -> None:
    listening = destination(handshake=False)
    answer = source(call, listening, small)
    assert answer.code == Exit.FINDING
    assert "LEGACY_PEER_SUSPECTED" in answer.errors
    assert call("peer", "source", "--to", listening.address, small).code == Exit.FINE
    assert listening.end() == Exit.FINE


@pytest.mark.requirement("HS-083")
def test_refusals_are_printed_one_per_line(call: Call, destination: Start, small: Path) -> None:
    listening = destination("--label", "theirs", "--forbid", "auto-converge", "--forbid", "release-ram")
    words = ("--label", "ours", "--require", "auto-converge", "--require", "release-ram")
    answer = source(call, listening, small, *words)
    assert answer.code == Exit.FINDING
    refused = [line for line in answer.errors.splitlines() if ": refused: " in line]
    assert [line.split(": refused: ")[1].split(":")[0] for line in refused] == [
        "CONTEXT_MISMATCH /context/label",
        "CAP_FORBIDDEN /capabilities/auto-converge",
        "CAP_FORBIDDEN /capabilities/release-ram",
    ]


@pytest.mark.requirement("HS-234")
def test_events_as_json(call: Call, destination: Start, small: Path) -> None:
    listening = destination("--release", "qemu-7.2")
    answer = source(call, listening, small, "--json", "--parameter", "max-bandwidth=1000000", "--no-handover")
    told = [json.loads(line) for line in answer.errors.splitlines()]
    assert [event["event"] for event in told] == [
        "negotiated",
        "agreed",
        "channels-wanted",
        "ready",
        "started",
        "payload-ended",
        "completed",
    ]
    assert told[0]["result"]["payload"] == "v1-framed"
    assert ["max-bandwidth", 1000000] in told[0]["result"]["parameters"]
    assert listening.end() == Exit.FINE


@pytest.mark.requirement("HS-091")
def test_what_cannot_be_loaded_is_refused_before_the_stream(
    call: Call, destination: Start, small: Path, pc: Path, tmp_path: Path
) -> None:
    listening = destination("--abilities", pc, "--exit-on-error")
    answer = source(call, listening, small)
    assert answer.code == Exit.FINDING
    assert "MACHINE_TYPE" in answer.errors
    assert listening.end() == Exit.FINDING
    assert not (tmp_path / "out.mig.part").exists()


@pytest.mark.requirement("HS-112")
@pytest.mark.parametrize(
    ("key", "code", "reason"), [(b"k" * 32, Exit.FINE, "complete"), (b"x" * 32, Exit.FINDING, "CONFIRM_MAC")]
)
def test_a_key_confirms(
    call: Call, destination: Start, small: Path, tmp_path: Path, key: bytes, code: Exit, reason: str
) -> None:
    (tmp_path / "ours").write_bytes(b"k" * 32)
    (tmp_path / "theirs").write_bytes(key)
    listening = destination("--psk-file", tmp_path / "ours")
    answer = source(call, listening, small, "--psk-file", tmp_path / "theirs")
    assert (answer.code, reason in answer.errors) == (code, True)


def test_tls_with_certificates_on_both_sides(
    call: Call, destination: Start, authority: Authority, small: Path, tmp_path: Path
) -> None:
    listening = destination(*tls_of_server(authority), "--tls-ca", authority.path)
    answer = source(call, listening, small, "--tls-ca", authority.path)
    assert answer.code != Exit.FINE
    assert "certificate required" in answer.errors
    own = authority.credentials("source")
    words = ("--tls-ca", authority.path, "--tls-cert", own.certificate, "--tls-key", own.key)
    assert source(call, listening, small, *words).code == Exit.FINE
    assert listening.end() == Exit.FINE


def test_another_server_is_not_trusted(
    call: Call, destination: Start, authority: Authority, small: Path, tmp_path: Path
) -> None:
    listening = destination(*tls_of_server(authority))
    answer = source(call, listening, small, "--tls-ca", authority.path, "--tls-server-name", "elsewhere")
    assert answer.code == Exit.UNREACHABLE
    assert "not for elsewhere" in answer.errors
    answer = source(call, listening, small, "--tls-ca", Authority(tmp_path, "stranger").path)
    assert answer.code == Exit.UNREACHABLE
    assert "certificate verify failed" in answer.errors


def test_nobody_listens(call: Call, small: Path, tmp_path: Path) -> None:
    for words in (["--handshake"], []):
        answer = call("peer", "source", *words, "--to", f"unix:{tmp_path}/nobody", small)
        assert answer.code == Exit.UNREACHABLE
        assert "No such file or directory" in answer.errors


def test_keep_listening(call: Call, destination: Start, small: Path, pc: Path, tmp_path: Path) -> None:
    listening = destination("--keep-listening")
    for stream in (small, pc):
        assert source(call, listening, stream).code == Exit.FINE
        assert (tmp_path / "out.mig").read_bytes() == stream.read_bytes()
    assert listening.process.poll() is None


@pytest.mark.requirement("HS-191", "HS-194")
def test_a_lost_connection_is_resumed(call: Call, start: Call, destination: Start, pc: Path, tmp_path: Path) -> None:
    """The relay between both is a command that ends after so many bytes."""
    listening = destination("--timeout", 20, listen=f"unix:{tmp_path}/socket")
    program = "import sys; from tests.cli.cutting import cut; cut(sys.argv[1], int(sys.argv[2]))"
    relay = f"exec:PYTHONPATH={os.getcwd()} {sys.executable} -c '{program}' {tmp_path}/socket 100000"
    state = tmp_path / "state"
    state.touch(0o644)
    answer = start("peer", "source", "--handshake", "--to", relay, "--state", state, pc)
    assert answer.code == Exit.UNREACHABLE
    assert f"to go on: wireformat peer resume {state}" in answer.errors
    assert state.stat().st_mode & 0o777 == 0o600
    answer = call("peer", "resume", state, pc, "--to", f"unix:{tmp_path}/nobody")
    assert (answer.code, state.exists()) == (Exit.UNREACHABLE, True)
    answer = call("peer", "resume", state, pc, "--to", listening.address)
    assert answer.code == Exit.FINE, answer.errors
    assert "goes on at byte" in answer.errors
    assert listening.end() == Exit.FINE
    assert (tmp_path / "out.mig").read_bytes() == pc.read_bytes()


def test_a_container_is_sent_like_the_stream_in_it(call: Call, destination: Start, small: Path, tmp_path: Path) -> None:
    profile, container = tmp_path / "profile.json", tmp_path / "out.container"
    call("peer", "destination", "--save-profile", profile)
    call("peer", "source", "--profile", profile, "--container", container, small)
    listening = destination()
    answer = source(call, listening, container)
    assert answer.code == Exit.FINE, answer.errors
    assert listening.end() == Exit.FINE
    assert (tmp_path / "out.mig").read_bytes() == small.read_bytes()


def test_an_abstract_name_is_an_object(call: Call, destination: Start, small: Path, tmp_path: Path) -> None:
    """What has no URI is given as QAPI has it."""
    address = {"transport": "socket", "type": "unix", "path": f"wireformat-{os.getpid()}", "abstract": True}
    listening = destination(listen=json.dumps(address))
    assert call("peer", "source", "--handshake", "--to", json.dumps(address), small).code == Exit.FINE
    assert listening.end() == Exit.FINE
    assert (tmp_path / "out.mig").read_bytes() == small.read_bytes()


def test_a_stream_from_standard_input(call: Call, start: Call, destination: Start, small: Path, tmp_path: Path) -> None:
    listening = destination()
    answer = start("peer", "source", "--handshake", "--to", listening.address, "-", data=small.read_bytes())
    assert answer.code == Exit.FINE, answer.errors
    assert listening.end() == Exit.FINE
    assert (tmp_path / "out.mig").read_bytes() == small.read_bytes()
