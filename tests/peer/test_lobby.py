"""Strangers: a bounded number of them, each for a bounded time."""

from __future__ import annotations

import asyncio

import pytest

from tests.peer.talk import run, sockets
from wireformat.peer.lobby import Lobby
from wireformat.peer.wire import SocketWire


class Wires:
    """Wires that strangers came over, and whether each is still open."""

    def __init__(self, count: int) -> None:
        self.pairs = [sockets() for _ in range(count)]

    def __getitem__(self, index: int) -> SocketWire:
        return self.pairs[index][0]

    @property
    def open(self) -> list[int]:
        return [index for index, (wire, _) in enumerate(self.pairs) if wire.reading is not None]

    def close(self) -> None:
        for one, other in self.pairs:
            one.close()
            other.close()


def test_the_one_that_waited_longest_goes_where_there_are_too_many() -> None:
    async def visit() -> tuple[list[int], int, int]:
        wires, lobby = Wires(5), Lobby(3, 100)
        for index in range(5):
            lobby.enter(wires[index])
        found = wires.open, len(lobby), lobby.dropped
        wires.close()
        lobby.close()
        return found

    assert run(visit()) == ([2, 3, 4], 3, 2)


def test_whoever_says_what_it_is_is_left_alone() -> None:
    """Fails when leaving frees no place, or a timer outlives it."""

    async def visit() -> tuple[list[int], int]:
        wires, lobby = Wires(3), Lobby(2, 0.05)
        lobby.enter(wires[0])
        lobby.leave(wires[0])
        lobby.enter(wires[1])
        lobby.enter(wires[2])
        before = wires.open
        await asyncio.sleep(0.15)
        after = wires.open
        wires.close()
        return before + after, lobby.dropped

    assert run(visit()) == ([0, 1, 2, 0], 2)


def test_a_dropped_peer_notices() -> None:
    async def visit() -> None:
        wires, lobby = Wires(1), Lobby(1, 0.01)
        lobby.enter(wires[0])
        reading = asyncio.create_task(wires[0].read())
        assert await wires.pairs[0][1].read() == b""
        with pytest.raises(ConnectionAbortedError):
            await reading
        wires.close()

    run(visit())


def test_closing_sends_everybody_away() -> None:
    async def visit() -> tuple[list[int], int]:
        wires, lobby = Wires(2), Lobby(2, 100)
        lobby.enter(wires[0])
        lobby.enter(wires[1])
        assert wires[0] in lobby
        lobby.close()
        found = wires.open, len(lobby)
        wires.close()
        return found

    assert run(visit()) == ([], 0)
