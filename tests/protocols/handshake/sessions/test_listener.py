"""A listener: everything that may knock, and what that does to a migration that is going on: nothing."""

from __future__ import annotations

from random import Random

import pytest

from tests.protocols.handshake.loopback import (
    MAIN_HEADER,
    STREAM,
    STRIPED_OFFER,
    Link,
    Loopback,
    Speaker,
    codes,
    destination_config,
    hello,
    message_of,
    source_config,
)
from wireformat.protocols.channels.messages import NO_BINDING, ChannelKind
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import ChannelKey, StrangerRefused
from wireformat.protocols.handshake.sessions.listener import Listener, refuse_plaintext
from wireformat.protocols.handshake.sessions.opening import OURS, header_bytes

KNOCKS = {
    "stream": (STREAM, ErrorCode.LEGACY_PEER, []),
    "multifd": (bytes.fromhex("11223344") + bytes(60), ErrorCode.LEGACY_PEER, []),
    "cpr": (b"QCPR" + bytes(8), ErrorCode.LEGACY_PEER, []),
    "tls": (bytes.fromhex("1603010200"), ErrorCode.TLS_UNEXPECTED, ["TLS_UNEXPECTED"]),
    "http": (b"GET / HTTP/1.1\r\n\r\n", ErrorCode.MALFORMED, []),
    "zeros": (bytes(64), ErrorCode.MALFORMED, []),
    "crc": (MAIN_HEADER[:12] + b"\0\0\0\1" + MAIN_HEADER[16:], ErrorCode.CRC, ["CRC"]),
    "short header": (MAIN_HEADER[:10] + b"\0\x1f" + MAIN_HEADER[12:], ErrorCode.MALFORMED, ["MALFORMED"]),
    "long header": (MAIN_HEADER[:10] + b"\x10\x01" + MAIN_HEADER[12:], ErrorCode.LIMIT, ["LIMIT"]),
    "destination": (
        header_bytes(TODAY, ChannelKind.MAIN, NO_BINDING, from_source=False),
        ErrorCode.REFLECTION,
        ["REFLECTION"],
    ),
    "file": (
        header_bytes(TODAY, ChannelKind.FILE, NO_BINDING, from_source=True),
        ErrorCode.UNEXPECTED,
        ["UNEXPECTED"],
    ),
    "nonsense": (
        header_bytes(TODAY, ChannelKind(0x3A), NO_BINDING, from_source=True),
        ErrorCode.UNEXPECTED,
        ["UNEXPECTED"],
    ),
    "bound main": (
        header_bytes(TODAY, ChannelKind.MAIN, bytes([1]) * 16, from_source=True),
        ErrorCode.CHANNEL_BINDING,
        ["CHANNEL_BINDING"],
    ),
}


@pytest.mark.requirement("CH-003", "CH-004", "CH-005", "CH-006", "CH-070", "CH-071", "CH-073", "HS-172", "HS-202")
@pytest.mark.parametrize("name", sorted(KNOCKS))
@pytest.mark.parametrize("step", [1, 100])
def test_strangers(name: str, step: int) -> None:
    data, code, answer = KNOCKS[name]
    listener = Listener(destination_config())
    connection = listener.accept()
    for start in range(0, len(data), step):
        connection.receive_data(data[start : start + step])
    assert connection.wants_close
    assert connection.role == "refused"
    sent = connection.data_to_send()
    assert (codes(message_of(sent[32:])) if sent else []) == answer
    assert [event.code for event in listener.events() if isinstance(event, StrangerRefused)] == [code]
    assert listener.session is None
    connection.receive_data(data)
    connection.receive_eof()
    assert list(listener.events()) == []


@pytest.mark.requirement("CH-075")
def test_a_connection_that_says_nothing() -> None:
    listener = Listener(destination_config())
    for end in ("receive_eof", "silence"):
        connection = listener.accept()
        connection.receive_data(MAIN_HEADER[:20])
        getattr(connection, end)()
        assert connection.wants_close
        assert connection.data_to_send() == b""
    assert [event.code for event in listener.events() if isinstance(event, StrangerRefused)] == [
        ErrorCode.PEER_CLOSED,
        ErrorCode.PEER_SILENT,
    ]


@pytest.mark.requirement("HS-204")
def test_one_migration_at_a_time() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.pump()
    newcomer = Speaker(run.listener)
    assert codes(newcomer.say(hello(STRIPED_OFFER))) == ["BUSY"]
    run.handshake()
    assert run.outcome == ("opening", "binding")
    for key in map(ChannelKey, ["multifd"] * 3, range(3)):
        run.dial(key)
    run.pump()
    assert run.outcome == ("ready", "ready")
    assert StrangerRefused(ErrorCode.BUSY, OURS) in run.heard


@pytest.mark.requirement("CH-070", "HS-204")
def test_a_header_alone_keeps_nobody_out() -> None:
    listener = Listener(destination_config())
    silent, garbled = Speaker(listener), Speaker(listener)
    assert not listener.is_busy
    assert codes(garbled.send(bytes(16))) == ["CRC"]
    assert type(Speaker(listener).say(hello())).__name__ == "HelloReply"
    assert listener.is_busy
    silent.connection.silence()
    assert [event.code for event in listener.events() if isinstance(event, StrangerRefused)] == [
        ErrorCode.PEER_SILENT,
        ErrorCode.CRC,
    ]
    assert listener.is_busy


@pytest.mark.requirement("HS-155")
def test_after_a_failure_the_next_one_is_served() -> None:
    listener = Listener(destination_config())
    first = Speaker(listener)
    first.say(hello())
    assert listener.is_busy
    first.connection.receive_eof()
    assert not listener.is_busy
    assert type(Speaker(listener).say(hello())).__name__ == "HelloReply"


@pytest.mark.requirement("CH-070")
def test_knocking_changes_nothing() -> None:
    random = Random(7)
    quiet = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    quiet.migrate()
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))

    def knock() -> None:
        for _ in range(20):
            connection = run.listener.accept()
            connection.receive_data(random.choice(list(KNOCKS.values()))[0])
            connection.receive_data(random.randbytes(random.randrange(100)))
            connection.data_to_send()

    knock()
    run.pump()
    knock()
    for key in map(ChannelKey, ["multifd"] * 3, range(3)):
        run.dial(key)
        knock()
    run.pump()
    run.source.start()
    knock()
    run.send(STREAM)
    knock()
    run.finish()
    assert run.outcome == ("complete", "complete")
    assert run.received == STREAM
    assert run.told == quiet.told


@pytest.mark.requirement("HS-192", "HS-196")
def test_a_stray_return_disturbs_no_running_migration() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.handshake()
    thread = run.destination.thread
    assert thread is not None
    header = header_bytes(TODAY, ChannelKind.RESUME, thread.migration_id, from_source=True)
    stray = Speaker(run.listener, header)
    assert codes(message_of(stray.answer[32:])) == ["RESUME_STATE"]
    assert stray.connection.wants_close
    assert run.outcome == ("ready", "ready")


@pytest.mark.requirement("CH-058")
def test_a_channel_when_nothing_goes_on() -> None:
    run = Loopback(source_config(STRIPED_OFFER), destination_config(STRIPED_OFFER))
    run.pump()
    channel = run.source.channel(ChannelKey("multifd", 0))
    channel.connected()
    link = Link(channel, Listener(destination_config()).accept())
    while link.move():
        pass
    assert channel.state == "closed"


@pytest.mark.requirement("HS-171")
def test_a_plaintext_refusal_names_tls() -> None:
    assert codes(message_of(refuse_plaintext()[32:])) == ["TLS_REQUIRED"]
