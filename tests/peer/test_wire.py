"""Wires over sockets, pipes, commands and files: bytes arrive whole, and no wait is without an end."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.peer.talk import LARGE, both, read_all, run, send_all, sockets
from wireformat.peer.wire import CommandWire, DescriptorWire, Wire


def command(text: str) -> CommandWire:
    """A wire to a shell."""
    pipe = subprocess.PIPE
    return CommandWire(subprocess.Popen(["sh", "-c", text], start_new_session=True, stdin=pipe, stdout=pipe))


def test_sockets_carry_both_directions_at_once() -> None:
    async def exchange() -> list[Any]:
        one, other = sockets()
        answers = await both(send_all(one, LARGE), send_all(other, LARGE[::-1]), read_all(one), read_all(other))
        one.close()
        other.close()
        return answers[2:]

    assert run(exchange()) == [LARGE[::-1], LARGE]


def test_pipes_are_one_way() -> None:
    async def exchange() -> tuple[bytes, bytes]:
        reading, writing = os.pipe()
        source, target = DescriptorWire(None, writing), DescriptorWire(reading, None)
        arrived = bytes((await both(send_all(source, LARGE), read_all(target)))[1])
        with pytest.raises(BrokenPipeError, match="nothing can be sent"):
            await target.write(b"back")
        nothing = await source.read()
        target.close()
        return arrived, nothing

    assert run(exchange()) == (LARGE, b"")


def test_a_command_is_written_to_and_read_from() -> None:
    async def exchange() -> bytes:
        wire = command("tr a-z A-Z")
        _, answer = await both(send_all(wire, b"loud" * 50_000), read_all(wire))
        wire.close()
        return bytes(answer)

    assert run(exchange()) == b"LOUD" * 50_000


def test_the_end_of_a_command_is_waited_for(tmp_path: Path) -> None:
    """Fails when `finish` returns while the command still writes what it was sent."""
    target = tmp_path / "late"

    async def save() -> None:
        wire = command(f"cat > {target}.part; sleep 0.2; mv {target}.part {target}")
        await send_all(wire, b"saved")
        wire.close()

    run(save())
    assert target.read_bytes() == b"saved"


def test_a_command_that_fails_is_an_error() -> None:
    async def fail(text: str) -> None:
        wire = command(text)
        try:
            await wire.finish()
        finally:
            wire.close()

    with pytest.raises(OSError, match="exit code 3"):
        run(fail("exit 3"))
    with pytest.raises(OSError, match="signal 9"):
        run(fail("kill -9 $$"))


def test_closing_ends_a_command_and_all_it_started() -> None:
    async def close() -> tuple[int | None, bytes]:
        wire = command("sleep 100 & echo started; wait")
        started = await wire.read()
        wire.close()
        return wire.process.returncode, started

    assert run(close()) == (-9, b"started\n")


@pytest.mark.parametrize("reset", [False, True])
def test_a_wait_ends_when_the_wire_is_closed(reset: bool) -> None:
    async def close() -> None:
        one, other = sockets()
        reading = asyncio.create_task(one.read())
        writing = asyncio.create_task(one.write(LARGE))
        await asyncio.sleep(0.05)
        one.close(reset=reset)
        for task in (reading, writing):
            with pytest.raises(ConnectionAbortedError):
                await task
        other.close()

    run(close())


def test_a_wait_can_be_bounded_and_the_wire_be_used_again() -> None:
    async def wait() -> bytes:
        one, other = sockets()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await one.read()
        await other.write(b"late")
        data = await one.read()
        one.close()
        other.close()
        return data

    assert run(wait()) == b"late"


def test_a_peer_that_reads_slowly_holds_up_nobody_else() -> None:
    async def serve() -> bytes:
        slow, _unread = sockets()
        quick, other = sockets()
        stuck = asyncio.create_task(slow.write(LARGE))
        _, data = await both(send_all(quick, b"quick"), read_all(other))
        assert not stuck.done()
        slow.close(reset=True)
        with pytest.raises(ConnectionAbortedError):
            await stuck
        for wire in (_unread, quick, other):
            wire.close()
        return bytes(data)

    assert run(serve()) == b"quick"


def test_a_peer_that_floods_does_not_keep_the_loop() -> None:
    """Fails when a read that always finds something never gives way to timers."""

    async def read_for_ever(wire: Wire, count: list[int]) -> None:
        async with asyncio.timeout(0.05):
            while data := await wire.read():
                count.append(len(data))

    async def drown() -> int:
        zeros = DescriptorWire(os.open("/dev/zero", os.O_RDONLY), None)
        count: list[int] = []
        with pytest.raises(TimeoutError):
            await read_for_ever(zeros, count)
        zeros.close()
        return sum(count)

    assert run(drown()) > 0


def test_a_broken_connection_is_an_error() -> None:
    async def break_off() -> None:
        one, other = sockets()
        other.close()
        with pytest.raises(OSError, match="Broken pipe"):
            await one.write(LARGE)
        one.close()

    run(break_off())
