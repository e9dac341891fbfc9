"""Disks over channels: bytes both ways, ends of one direction, partners that are missing or break off."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from wireformat.peer.storage import Disks, Doors, relay, servers
from wireformat.peer.wire import SocketWire, Wire
from wireformat.protocols.handshake.sessions.events import ChannelKey
from wireformat.protocols.qapi.addresses import Unix


class Carrier:
    """The end of a channel, which notes how its disk fared."""

    def __init__(self, first: bytes = b"") -> None:
        self.key: ChannelKey | None = ChannelKey("nbd", 0, "vda")
        self.outcome = ""
        self._first = first

    def release(self) -> bytes:
        return self._first

    def ended(self) -> None:
        self.outcome = "ended"

    def lost(self, text: str) -> None:
        self.outcome = text


def pair() -> tuple[SocketWire, SocketWire]:
    one, other = socket.socketpair()
    return SocketWire(one), SocketWire(other)


def nothing() -> None:
    """No sign of life is of interest here."""


async def everything(wire: Wire) -> bytes:
    found = b""
    while data := await wire.read():
        found += data
    return found


@pytest.mark.requirement("HS-243")
def test_one_direction_may_end_before_the_other() -> None:
    async def run() -> tuple[bytes, bytes]:
        (client, near), (far, server) = pair(), pair()
        relaying = asyncio.create_task(relay(near, far, nothing))
        await client.write(b"question")
        await client.finish()
        question = await everything(server)
        await server.write(b"answer")
        await server.finish()
        answer = await everything(client)
        await relaying
        return question, answer

    assert asyncio.run(run()) == (b"question", b"answer")


@pytest.mark.requirement("HS-243")
def test_a_client_talks_to_a_server_at_an_address(tmp_path: Path) -> None:
    async def run() -> tuple[str, bytes, bytes]:
        address = Unix(str(tmp_path / "in.sock"))
        doors = await Doors.open({"vda": address})
        channel, far = pair()
        carrier = Carrier()
        reader, writer = await asyncio.open_unix_connection(address.path)
        carrying = asyncio.create_task(doors.disks.carry(carrier, channel, nothing))
        writer.write(b"written")
        writer.write_eof()
        written = await everything(far)
        await far.write(b"done")
        await far.finish()
        answer = await reader.read()
        await carrying
        writer.close()
        await doors.close()
        return carrier.outcome, written, answer

    assert asyncio.run(run()) == ("ended", b"written", b"done")
    assert not (tmp_path / "in.sock").exists()


@pytest.mark.requirement("HS-245")
def test_a_server_that_is_not_there_loses_the_disk(tmp_path: Path) -> None:
    async def run() -> str:
        carrier = Carrier()
        await servers({"vda": Unix(str(tmp_path / "none.sock"))}).carry(carrier, pair()[0], nothing)
        return carrier.outcome

    assert asyncio.run(run()) == "disk vda: No such file or directory"


@pytest.mark.requirement("HS-245")
def test_a_session_that_breaks_off_loses_the_disk() -> None:
    async def run() -> str:
        (channel, far), (partner, server) = pair(), pair()
        carrier = Carrier(b"early")

        async def connected() -> Wire:
            return partner

        carrying = asyncio.create_task(Disks({"vda": connected}).carry(carrier, channel, nothing))
        assert await server.read() == b"early"
        server.close()
        await far.write(b"more")
        await carrying
        return carrier.outcome

    assert asyncio.run(run()) == "disk vda: Broken pipe"


def test_who_gives_up_waiting_leaves_the_door_open(tmp_path: Path) -> None:
    """A migration that is paused and goes on asks again; fails when the client that comes then is sent away."""

    async def run() -> str:
        address = Unix(str(tmp_path / "in.sock"))
        doors = await Doors.open({"vda": address})
        ours, theirs = pair()
        first, second = Carrier(), Carrier()
        waiting = asyncio.create_task(doors.disks.carry(first, ours, nothing))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        carrying = asyncio.create_task(doors.disks.carry(second, ours, nothing))
        _, writer = await asyncio.open_unix_connection(address.path)
        writer.close()
        await theirs.finish()
        await carrying
        theirs.close()
        await doors.close()
        return second.outcome

    assert asyncio.run(run()) == "ended"


def test_a_disk_has_one_client(tmp_path: Path) -> None:
    async def run() -> bytes:
        address = Unix(str(tmp_path / "in.sock"))
        doors = await Doors.open({"vda": address})
        await asyncio.open_unix_connection(address.path)
        reader, _ = await asyncio.open_unix_connection(address.path)
        answer = await reader.read()
        await doors.close()
        return answer

    assert asyncio.run(run()) == b""
