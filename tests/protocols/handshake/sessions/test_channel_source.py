"""The source's end of a channel: nothing but the header before it is accepted, and nothing is taken for granted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from wireformat.errors import LocalProtocolError
from wireformat.protocols.channels.messages import ChannelKind
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.messages import ChannelAck, Reject
from wireformat.protocols.handshake.negotiation.offers import ErrorItem
from wireformat.protocols.handshake.sessions.channel_source import ChannelSource
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.handshake.sessions.frames import FrameWriter
from wireformat.protocols.handshake.sessions.offer_wire import channel_names
from wireformat.protocols.handshake.sessions.opening import header_bytes
from wireformat.protocols.handshake.sessions.refusal import item, refusing
from wireformat.protocols.handshake.sessions.resume import Thread
from wireformat.protocols.handshake.transfer_messages import Loaded

KEY = ChannelKey("multifd", 3)
THREAD = Thread(bytes(range(16)), bytes(range(32)), 0)
ANSWER = header_bytes(TODAY, ChannelKind.DATA, THREAD.migration_id, from_source=False)
ACK = ChannelAck(name=channel_names((KEY,))[0])


class Notes:
    """What a channel told its session."""

    def __init__(self) -> None:
        self.opened: list[ChannelKey] = []
        self.ended: list[ChannelKey] = []
        self.closed: list[tuple[ChannelKey, list[str], bool]] = []

    def notice_open(self, key: ChannelKey) -> None:
        self.opened.append(key)

    def notice_ended(self, key: ChannelKey) -> None:
        self.ended.append(key)

    def notice_closed(self, key: ChannelKey, errors: tuple[ErrorItem, ...], *, was_open: bool, by_peer: bool) -> None:
        self.closed.append((key, [found.code.name for found in errors], was_open))


def dialled() -> tuple[ChannelSource, Notes]:
    notes = Notes()
    channel = ChannelSource(KEY, THREAD, TODAY, notes)
    channel.connected()
    return channel, notes


def frame(message: Any) -> bytes:
    return FrameWriter(TODAY, TODAY.frames()).encode(message)


def opened() -> tuple[ChannelSource, Notes]:
    channel, notes = dialled()
    channel.data_to_send()
    channel.receive_data(ANSWER + frame(ACK))
    return channel, notes


@pytest.mark.requirement("CH-040", "CH-041", "CH-051")
def test_the_header_says_it_all() -> None:
    channel, _ = dialled()
    header = TODAY.headers.decode(channel.data_to_send())
    assert (header.kind, header.binding) == (ChannelKind.DATA, THREAD.migration_id)
    assert (header.entries.channel_type, header.entries.index, header.entries.epoch) == ("multifd", 3, 0)
    with pytest.raises(LocalProtocolError):
        channel.send(b"too early")


@pytest.mark.requirement("CH-052")
@pytest.mark.parametrize("step", [1, 1000])
def test_it_opens(step: int) -> None:
    channel, notes = dialled()
    channel.data_to_send()
    data = ANSWER + frame(ACK)
    for start in range(0, len(data), step):
        channel.receive_data(data[start : start + step])
    assert (channel.state, notes.opened) == ("open", [KEY])
    channel.send(b"bytes")
    assert channel.data_to_send() == b"bytes"
    channel.close()
    assert (channel.state, channel.wants_close, notes.closed) == ("closed", True, [])


@pytest.mark.requirement("CH-053", "CH-062")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (ANSWER + frame(Reject(errors=refusing([item(ErrorCode.CHANNEL_INDEX)], TODAY))), "CHANNEL_INDEX"),
        (ANSWER + frame(replace(ACK, name=channel_names((ChannelKey("multifd", 2),))[0])), "UNEXPECTED"),
        (ANSWER + frame(Loaded()), "UNEXPECTED"),
        (ANSWER + frame(ACK)[:-1] + b"\xff", "CRC"),
        (header_bytes(TODAY, ChannelKind.DATA, bytes(16), from_source=False), "CHANNEL_BINDING"),
        (header_bytes(TODAY, ChannelKind.MAIN, THREAD.migration_id, from_source=False), "UNEXPECTED"),
        (header_bytes(TODAY, ChannelKind.DATA, THREAD.migration_id, from_source=True), "REFLECTION"),
        (b"HTTP/1.1 400", "MALFORMED"),
        (b"QEVM\0\0\0\3", "LEGACY_PEER"),
    ],
)
def test_answers_that_refuse(data: bytes, code: str) -> None:
    channel, notes = dialled()
    channel.receive_data(data)
    assert (channel.state, channel.wants_close) == ("closed", True)
    assert notes.closed == [(KEY, [code], False)]


def test_a_lost_channel_was_open() -> None:
    channel, notes = opened()
    channel.receive_eof()
    assert notes.closed == [(KEY, ["PEER_CLOSED"], True)]


def test_nothing_comes_back_on_it() -> None:
    channel, _ = opened()
    channel.receive_data(b"surprise")
    assert channel.wants_close


def test_an_address_that_does_not_answer() -> None:
    notes = Notes()
    ChannelSource(KEY, THREAD, TODAY, notes).unreachable("no route")
    assert notes.closed == [(KEY, ["LOCAL_IO"], False)]


def test_a_protocol_that_is_over_is_told_once() -> None:
    channel, notes = opened()
    assert channel.release() == b""
    channel.ended()
    assert (channel.state, channel.wants_close) == ("closed", True)
    assert (notes.ended, notes.closed) == ([KEY], [])
