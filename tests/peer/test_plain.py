"""The stream without a handshake: sent, received whole or not at all, whoever else connects."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.captures.bundle import Captures
from tests.peer.broken_sink import STEPS, BrokenSink
from tests.peer.certificates import Authority
from tests.peer.talk import both, read_all, run, send_all
from wireformat.peer.dialler import Dialler
from wireformat.peer.dialling import connect
from wireformat.peer.listening import Listener, listen
from wireformat.peer.lobby import Lobby
from wireformat.peer.payload import Payload
from wireformat.peer.plain import Cut, PlainDestination, send_plain
from wireformat.peer.sink import Sink, SinkFault
from wireformat.peer.tls import Credentials, TlsFault, server_context
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions.events import StrangerRefused
from wireformat.protocols.handshake.sessions.opening import OURS
from wireformat.protocols.qapi.addresses import File, Inet, Unix, parse

ANYWHERE = Inet("127.0.0.1", "0")


@pytest.fixture
def stream(captures: Captures) -> Path:
    """A small whole stream."""
    return captures["7.2/avr-uno"].path


def payload_of(path: Path) -> Payload:
    with path.open("rb") as file:
        return Payload(file)


async def destination(target: Path, timeout: float = 10.0, **options: Any) -> tuple[PlainDestination, Listener]:
    """A destination that writes to a file, and where it listens."""
    listener = await listen(ANYWHERE)
    return PlainDestination(listener, Sink(str(target)), timeout, Lobby(8, 5.0), **options), listener


@pytest.mark.requirement("HS-024")
def test_a_stream_arrives(stream: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"

    async def migrate() -> int:
        receiving, listener = await destination(target)
        dialler = Dialler(parse(listener.names[0]), 10.0)
        await both(receiving.run(), send_plain(dialler, payload_of(stream)))
        return receiving.size

    assert run(migrate()) == stream.stat().st_size
    assert target.read_bytes() == stream.read_bytes()


def test_a_stream_arrives_over_tls(stream: Path, tmp_path: Path) -> None:
    authority, target = Authority(tmp_path), tmp_path / "out"

    async def migrate() -> None:
        context = server_context(authority.credentials("127.0.0.1"))
        receiving, listener = await destination(target, tls=context)
        dialler = Dialler(parse(listener.names[0]), 10.0, Credentials(authority=authority.path))
        await both(receiving.run(), send_plain(dialler, payload_of(stream)))

    run(migrate())
    assert target.read_bytes() == stream.read_bytes()


@pytest.mark.requirement("HS-021")
@pytest.mark.parametrize("junk", [b"", b"GET / HTTP/1.1\r\n\r\n", b"QEVM\0\0\0\2", b"QEVM\x48\x53\0\1", bytes(100)])
def test_strangers_are_sent_away(stream: Path, tmp_path: Path, junk: bytes) -> None:
    target = tmp_path / "out"

    async def migrate() -> bytes:
        receiving, listener = await destination(target)
        address = parse(listener.names[0])
        running = asyncio.create_task(receiving.run())
        idle = await connect(address)
        stranger = await connect(address)
        await send_all(stranger, junk)
        answer = b""
        try:
            answer = await read_all(stranger)
        except ConnectionResetError:
            stranger.close()
        await send_plain(Dialler(address, 10.0), payload_of(stream))
        await running
        for wire in (idle, stranger):
            wire.close()
        return answer

    assert run(migrate()) == b""
    assert target.read_bytes() == stream.read_bytes()


@pytest.mark.slow
@pytest.mark.requirement("HS-021", "HS-171")
@pytest.mark.parametrize("has_tls", [False, True])
@pytest.mark.parametrize(
    ("first", "code"),
    [
        (OURS + bytes(24), ErrorCode.UNEXPECTED),
        (b"\x16\x03\x01\2\0\1\0\1", ErrorCode.TLS_UNEXPECTED),
        (b"GET / HTTP/1.1\r\n\r\n", ErrorCode.MALFORMED),
    ],
)
def test_what_was_sent_away_is_told(tmp_path: Path, first: bytes, code: ErrorCode, has_tls: bool) -> None:
    """Nothing is answered all the same: whoever reads it knows no handshake here."""
    context = server_context(Authority(tmp_path).credentials("127.0.0.1")) if has_tls else None

    async def connected() -> tuple[list[StrangerRefused], bytes]:
        told: list[StrangerRefused] = []
        receiving, listener = await destination(tmp_path / "out", tls=context, report=told.append)
        running = asyncio.create_task(receiving.run())
        wire = await connect(parse(listener.names[0]))
        await wire.write(first)
        answer = await asyncio.gather(read_all(wire), return_exceptions=True)
        wire.close()
        running.cancel()
        await asyncio.wait([running])
        return told, b"".join(part for part in answer if isinstance(part, bytes))

    told, answer = run(connected())
    if has_tls and code == ErrorCode.TLS_UNEXPECTED:
        assert told == []
    else:
        assert told == [StrangerRefused(ErrorCode.TLS_REQUIRED if has_tls else code, first[:16])]
        assert answer == b""


def test_a_file_that_is_no_stream_is_the_end(tmp_path: Path) -> None:
    """Fails when a destination waits for another connection where there can be none."""
    source = tmp_path / "junk"
    source.write_bytes(OURS + bytes(5000))

    async def receive() -> None:
        listener = await listen(File(str(source)))
        await PlainDestination(listener, Sink(str(tmp_path / "out")), 10.0, Lobby(8, 5.0)).run()

    with pytest.raises(Cut, match="does not begin as a stream"):
        run(receive())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("size", [8, 100, 1600, -1])
def test_a_stream_that_is_cut_is_no_stream(stream: Path, tmp_path: Path, size: int) -> None:
    target = tmp_path / "out"

    async def migrate() -> None:
        receiving, listener = await destination(target)
        wire = await connect(parse(listener.names[0]))
        await send_all(wire, stream.read_bytes()[:size])
        try:
            await receiving.run()
        finally:
            wire.close()

    with pytest.raises(Cut, match=r"after \d+ bytes"):
        run(migrate())
    assert list(tmp_path.iterdir()) == []


def test_who_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    """Fails when an interrupt leaves the socket's file, or a stranger who waits for an answer."""

    async def interrupted() -> bytes:
        listener = await listen(Unix(str(tmp_path / "s")))
        lobby = Lobby(8, 60.0)
        running = asyncio.create_task(PlainDestination(listener, Sink(str(tmp_path / "out")), 60.0, lobby).run())
        wire = await connect(Unix(str(tmp_path / "s")))
        while not lobby:
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.wait([running])
        assert not lobby
        return await wire.read()

    assert run(interrupted()) == b""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [100, 20_000_000])
def test_a_destination_that_wants_a_certificate_says_so(tmp_path: Path, size: int) -> None:
    """With TLS 1.3 the source learns that only while it sends; fails when it tells of its own write instead."""
    stream = tmp_path / "stream"
    stream.write_bytes(bytes(size))
    authority = Authority(tmp_path)
    demanding = server_context(replace(authority.credentials("localhost"), authority=authority.path))

    async def migrate() -> None:
        receiving, listener = await destination(tmp_path / "out", tls=demanding)
        running = asyncio.create_task(receiving.run())
        trusting = Credentials(authority=authority.path, server_name="localhost")
        try:
            await send_plain(Dialler(parse(listener.names[0]), 10.0, trusting), payload_of(stream))
        finally:
            running.cancel()
            await asyncio.wait([running])

    with pytest.raises(TlsFault, match="certificate required"):
        run(migrate())


def test_a_silent_source_is_not_waited_for(stream: Path, tmp_path: Path) -> None:
    async def migrate() -> None:
        receiving, listener = await destination(tmp_path / "out", timeout=0.1)
        wire = await connect(parse(listener.names[0]))
        await wire.write(stream.read_bytes()[:1000])
        try:
            await receiving.run()
        finally:
            wire.close()

    with pytest.raises(TimeoutError):
        run(migrate())


def test_a_destination_that_hangs_up_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(64 << 20))

    async def migrate() -> None:
        listener = await listen(ANYWHERE)
        serving = asyncio.create_task(listener.serve(lambda wire: wire.close(reset=True)))
        try:
            await send_plain(Dialler(parse(listener.names[0]), 5.0), payload_of(path))
        finally:
            serving.cancel()
            listener.close()

    with pytest.raises(OSError, match=r"reset|Broken pipe"):
        run(migrate())


@pytest.mark.requirement("HS-023")
def test_a_command_gets_the_stream(stream: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    run(send_plain(Dialler(parse(f"exec:cat > {target}"), 5.0), payload_of(stream)))
    assert target.read_bytes() == stream.read_bytes()


@pytest.mark.requirement("HS-023")
def test_a_file_gets_the_stream(stream: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    run(send_plain(Dialler(parse(f"file:{target},offset=8"), 5.0), payload_of(stream)))
    assert target.read_bytes() == bytes(8) + stream.read_bytes()


@pytest.mark.parametrize("step", STEPS)
def test_a_stream_that_cannot_be_kept_is_no_fault_of_its_source(stream: Path, tmp_path: Path, step: str) -> None:
    target = tmp_path / "out"

    async def receive() -> None:
        listener = await listen(ANYWHERE)
        receiving = PlainDestination(listener, BrokenSink(str(target), step), 10.0, Lobby(8, 5.0))
        sending = asyncio.create_task(send_plain(Dialler(parse(listener.names[0]), 10.0), payload_of(stream)))
        try:
            await receiving.run()
        finally:
            await asyncio.gather(sending, return_exceptions=True)

    with pytest.raises(SinkFault) as caught:
        run(receive())
    is_left = step in ("load", "commit")
    assert caught.value.filename == str(target)
    assert ("what came is left" in str(caught.value.strerror)) == is_left
    assert {path.name for path in tmp_path.iterdir()} == ({"out.part"} if is_left else set())
