"""What stands between a client and its servers."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.protocols.spice.linking import client, server
from tests.protocols.spice.test_hostile import spoken
from tests.protocols.spice.test_party_mutations import broken
from wireformat.protocols.spice.connection import Connection
from wireformat.protocols.spice.events import MessageReceived
from wireformat.protocols.spice.main_messages import (
    MigrateBegin,
    MigrateBeginSeamless,
    MigrateCancel,
    MigrateSwitchHost,
)
from wireformat.protocols.spice.names import Sender
from wireformat.protocols.spice.party_events import MAIN, Place
from wireformat.protocols.spice.relay import Relay

DOOR = Place("127.0.0.1", 7777)
PASSWORD = b"canary-hush"


class Between:
    """Two ends of a connection with a relay between them, and what it recorded."""

    def __init__(self, door: Place | None = DOOR) -> None:
        self.asked: list[Place] = []
        self.recorded: dict[Sender, bytes] = {"client": b"", "server": b""}
        self.door = door
        self.relay = Relay(self.reroute, self.record)
        self.ends: dict[Sender, Connection] = {"client": client(password=PASSWORD), "server": server(password=PASSWORD)}

    def reroute(self, place: Place) -> Place | None:
        self.asked.append(place)
        return self.door

    def record(self, sender: Sender, data: bytes, time: float) -> None:
        self.recorded[sender] += data

    def settle(self) -> None:
        """Carry what both say."""
        busy = True
        while busy:
            busy = False
            for side, end in self.ends.items():
                said = end.data_to_send()
                if said:
                    self.relay.receive_data(side, said, 0.0)
                for other, receiver in self.ends.items():
                    passed = self.relay.data_to_send(other)
                    busy = busy or bool(passed)
                    receiver.receive_data(passed)

    def received(self) -> list[Any]:
        """The messages that the client got."""
        return [each.message for each in self.ends["client"].events() if isinstance(each, MessageReceived)]


def linked(door: Place | None = DOOR) -> Between:
    """A connection through the relay, whose link is made."""
    between = Between(door)
    between.settle()
    assert [end.state for end in between.ends.values()] == ["open", "open"]
    return between


def test_announcements_are_changed() -> None:
    between = linked()
    options: dict[str, Any] = {"port": 5930, "sport": 5931, "host": b"target.example\0", "cert_subject": b"CN=x\0"}
    for kind in (MigrateBegin, MigrateBeginSeamless, MigrateSwitchHost):
        between.ends["server"].send(kind(**options))
    between.settle()
    got = between.received()
    assert [(one.port, one.sport, one.host, one.cert_subject) for one in got] == [
        (7777, 0xFFFF, b"127.0.0.1\0", b"CN=x\0")
    ] * 3
    assert between.asked == [Place("target.example", 5930, 5931, "CN=x")] * 3
    assert b"target.example" not in between.recorded["server"]


def test_everything_else_passes_as_it_is() -> None:
    between = linked(door=None)
    message = MigrateBegin(port=5930, sport=0xFFFF, host=b"there\0", cert_subject=None)
    for one in (message, MigrateCancel()):
        between.ends["server"].send(one)
    between.settle()
    assert between.received() == [message, MigrateCancel()]


@pytest.mark.requirement("SP-039")
def test_tickets_pass_and_are_not_recorded() -> None:
    between = linked()
    data = between.recorded["client"]
    assert between.relay.channel == MAIN
    assert data.endswith(b"\1\0\0\0" + bytes(128))


def test_what_nobody_understands_passes() -> None:
    between = Between()
    between.relay.receive_data("client", b"GET / HTTP/1.1\r\n\r\n", 0.0)
    between.relay.receive_eof("client", 1.0)
    assert between.relay.data_to_send("server") == b"GET / HTTP/1.1\r\n\r\n"
    assert between.relay.channel is None
    assert between.recorded["client"] == b"GET / HTTP/1.1\r\n\r\n"


def test_a_message_that_was_cut_passes() -> None:
    between = linked()
    between.relay.receive_data("server", bytes.fromhex("6500 1e000000 3d3e"), 0.0)
    assert between.relay.data_to_send("client") == b""
    between.relay.receive_eof("server", 1.0)
    assert between.relay.data_to_send("client") == bytes.fromhex("6500 1e000000 3d3e")


def test_broken_bytes_pass_as_they_came() -> None:
    random = Random(1)
    for number in range(300):
        said: dict[Sender, bytes] = {"client": spoken()["mini-c2s"], "server": spoken()["full-s2c"]}
        side: Sender = "client" if number % 2 else "server"
        said[side] = broken(said[side], random)
        passed: dict[Sender, bytes] = {"client": b"", "server": b""}
        between = Between(door=None)
        for sender, data in said.items():
            between.relay.receive_data(sender, data, 0.0)
        for sender in said:
            between.relay.receive_eof(sender, 1.0)
            passed[sender] = between.relay.data_to_send("server" if sender == "client" else "client")
        passed["client"] += between.relay.data_to_send("server")
        assert passed == said
        assert {name: len(data) for name, data in between.recorded.items()} == {
            name: len(data) for name, data in said.items()
        }
