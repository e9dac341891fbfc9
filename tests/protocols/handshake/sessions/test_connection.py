"""A connection before anybody knows what it is."""

from __future__ import annotations

import tracemalloc

import pytest

from tests.protocols.handshake.loopback import MAIN_HEADER, codes, destination_config, hello, message_of
from wireformat.protocols.handshake.error_codes import ErrorCode
from wireformat.protocols.handshake.sessions.connection import refusal
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.frames import FrameWriter
from wireformat.protocols.handshake.sessions.listener import Listener
from wireformat.protocols.handshake.sessions.refusal import item


@pytest.mark.requirement("CH-008")
def test_it_becomes_main_with_what_came_behind_the_header() -> None:
    connection = Listener(destination_config()).accept()
    frame = FrameWriter(TODAY, TODAY.frames()).encode(hello())
    connection.receive_data(MAIN_HEADER + frame)
    assert connection.role == "main"
    assert type(message_of(connection.data_to_send()[32:])).__name__ == "HelloReply"
    assert connection.wants_data


@pytest.mark.requirement("HS-025")
def test_nothing_is_said_before_a_header() -> None:
    connection = Listener(destination_config()).accept()
    for byte in MAIN_HEADER[:-1]:
        connection.receive_data(bytes([byte]))
        assert (connection.role, connection.data_to_send()) == ("unknown", b"")
    connection.receive_data(MAIN_HEADER[-1:])
    assert connection.role == "main"


def test_the_least_refusal() -> None:
    data = refusal(TODAY, (item(ErrorCode.BUSY, text="later"),))
    assert TODAY.headers.decode(data[:32]).binding == bytes(16)
    assert codes(message_of(data[32:])) == ["BUSY"]


@pytest.mark.requirement("CH-074")
def test_a_flood_is_not_kept() -> None:
    listener = Listener(destination_config())
    connections = [listener.accept() for _ in range(50)]
    flood = bytes(1 << 16)
    tracemalloc.start()
    for connection in connections:
        for _ in range(4):
            connection.receive_data(flood)
    current, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert current < 1 << 19
    assert {connection.role for connection in connections} == {"refused"}
