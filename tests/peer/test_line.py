"""A line between a wire and the end of a session: everything is heard and said, in order, and every line ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from tests.peer.talk import LARGE, both, read_all, run, send_all, sockets
from wireformat.peer.line import LINGER, Line


@dataclass
class Recorder:
    """An end that notes what it hears, and says what it is told to."""

    to_say: list[bytes] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    wants_close: bool = False
    is_at_end: int = 0
    close_after: int | None = None
    has_room: bool = True

    def receive_data(self, data: bytes) -> None:
        self.heard.append(data)
        if self.close_after is not None and len(b"".join(self.heard)) >= self.close_after:
            self.wants_close = True

    def receive_eof(self) -> None:
        self.is_at_end += 1

    def data_to_send(self) -> bytes:
        said, self.to_say = b"".join(self.to_say), []
        return said

    @property
    def all(self) -> bytes:
        return b"".join(self.heard)


def nothing() -> None:
    """What follows in these tests."""


def test_what_is_said_arrives_and_what_arrives_is_heard() -> None:
    async def talk() -> tuple[bytes, bytes, int]:
        ours, theirs = sockets()
        end = Recorder([b"first ", LARGE])
        line = asyncio.create_task(Line(ours, end, nothing, nothing).run())
        data, _ = await both(read_all(theirs), send_all(theirs, LARGE))
        await line
        theirs.close()
        return data, end.all, end.is_at_end

    assert run(talk()) == (b"first " + LARGE, LARGE, 1)


def test_what_came_before_is_heard_first() -> None:
    async def talk() -> bytes:
        ours, theirs = sockets()
        end = Recorder()
        await send_all(theirs, b"after")
        await Line(ours, end, nothing, nothing).run(b"before, ")
        theirs.close()
        return end.all

    assert run(talk()) == b"before, after"


def test_waking_lets_it_speak_and_drained_waits_until_it_was_heard() -> None:
    async def talk() -> tuple[bool, int]:
        ours, theirs = sockets()
        end = Recorder()
        line = Line(ours, end, nothing, nothing)
        running = asyncio.create_task(line.run())
        await asyncio.sleep(0.01)
        end.to_say.append(LARGE)
        line.wake()
        waiting = asyncio.create_task(line.drained())
        await asyncio.sleep(0.05)
        was_drained, count = waiting.done(), 0
        while count < len(LARGE):
            count += len(await theirs.read())
        await waiting
        theirs.close()
        await running
        return was_drained, count

    assert run(talk()) == (False, len(LARGE))


def test_closing_says_everything_before() -> None:
    """Fails when a refusal is lost because the line closes, or because the peer still sends."""

    async def talk() -> tuple[bytes, int]:
        ours, theirs = sockets()
        end = Recorder([b"refused"], close_after=4)
        running = asyncio.create_task(Line(ours, end, nothing, nothing).run())
        await theirs.write(b"junk" * 1000)
        data = await read_all(theirs)
        theirs.close()
        await running
        return data, end.is_at_end

    assert run(talk()) == (b"refused", 0)


def test_a_peer_that_does_not_hang_up_is_not_waited_for() -> None:
    async def talk() -> float:
        ours, theirs = sockets()
        loop = asyncio.get_running_loop()
        start = loop.time()
        await Line(ours, Recorder([b"goodbye"], wants_close=True), nothing, nothing).run()
        theirs.close()
        return loop.time() - start

    assert LINGER <= run(talk()) < 3 * LINGER


@pytest.mark.requirement("HS-202")
def test_who_leaves_without_a_word_takes_nothing_more() -> None:
    """Fails when a plain stream is read to its end, so that its source takes it for arrived."""

    async def talk() -> tuple[bytes, type[Exception] | None]:
        ours, theirs = sockets()
        end = Recorder(close_after=4)
        running = asyncio.create_task(Line(ours, end, nothing, nothing).run())
        sending = asyncio.create_task(send_all(theirs, LARGE))
        await running
        return end.all, type((await asyncio.gather(sending, return_exceptions=True))[0])

    heard, fault = run(talk())
    assert len(heard) < len(LARGE)
    assert fault in (BrokenPipeError, ConnectionResetError)


def test_what_the_peer_said_before_it_hung_up_is_heard_although_writing_fails() -> None:
    """Fails when a failed write ends the session before it read why the peer refuses."""

    async def talk() -> tuple[bytes, int]:
        ours, theirs = sockets()
        await theirs.write(b"why")
        theirs.close()
        end = Recorder([LARGE])
        await Line(ours, end, nothing, nothing).run()
        return end.all, end.is_at_end

    assert run(talk()) == (b"why", 1)


def test_nothing_is_read_while_the_end_takes_no_more() -> None:
    async def talk() -> tuple[int, int]:
        ours, theirs = sockets()
        end = Recorder()
        line = Line(ours, end, nothing, nothing, lambda: end.has_room)
        end.has_room = False
        running = asyncio.create_task(line.run(b"first"))
        await theirs.write(b"second")
        await asyncio.sleep(0.05)
        before = len(end.heard)
        end.has_room = True
        line.wake()
        theirs.close()
        await running
        return before, len(end.heard)

    assert run(talk()) == (1, 2)


def test_every_sign_of_life_counts() -> None:
    async def talk() -> int:
        signs: list[None] = []
        ours, theirs = sockets()

        def touch() -> None:
            signs.append(None)

        await send_all(theirs, b"hello")
        await Line(ours, Recorder([b"answer"]), nothing, touch).run()
        theirs.close()
        return len(signs)

    assert run(talk()) == 2
