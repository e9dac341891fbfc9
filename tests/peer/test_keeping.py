"""Where the stream cannot be kept, nobody is told that it was: the source goes on, or knows that it must not."""

from __future__ import annotations

import errno
import os
from functools import partial
from pathlib import Path

import pytest

from tests.captures.bundle import Captures
from tests.peer.broken_sink import STEPS, BrokenSink
from tests.peer.migration import Sent, Served, destination, payload_of, send, source_config
from tests.peer.talk import run
from wireformat.peer.keeping import Keeper
from wireformat.peer.payload import Payload
from wireformat.peer.sink import Sink
from wireformat.protocols.handshake.negotiation.offers import Wish
from wireformat.protocols.handshake.sessions.events import (
    Completed,
    Failed,
    PayloadEnded,
    PayloadReceived,
    Started,
    Uncertain,
)

FULL = os.strerror(errno.ENOSPC)
BYTES = PayloadReceived(0, memoryview(b"bytes"))


@pytest.fixture
def small(captures: Captures) -> Payload:
    """A stream of 3 kB."""
    return payload_of(captures["7.2/avr-uno"].path)


@pytest.fixture
def large(captures: Captures) -> Payload:
    """A stream that no socket holds."""
    return payload_of(captures["7.2/pc-minimal"].path)


def migrate(payload: Payload, folder: Path, step: str, handover: Wish, channels: int = 0) -> tuple[Served, Sent]:
    """A migration to a destination whose sink fails at a step; it ends by itself."""

    async def go() -> tuple[Served, Sent]:
        async with destination(folder, sink=partial(BrokenSink, at=step)) as served:
            sent = await send(served.address, payload, source_config(channels, {"ownership-handover": handover}))
            await served.running
            return served, sent

    return run(go())


@pytest.mark.parametrize("channels", [0, 2])
@pytest.mark.parametrize("step", STEPS[:3])
def test_before_the_guest_is_granted_the_source_hears_why(
    large: Payload, tmp_path: Path, step: str, channels: int
) -> None:
    served, sent = migrate(large, tmp_path, step, Wish.REQUIRE, channels)
    assert (sent.state, sent.codes) == ("failed", {"LOCAL_IO"})
    assert [item.text for item in sent.errors] == [f"the stream cannot be kept: {FULL}"]
    assert (served.peer.is_complete, served.told(Completed), served.received) == (False, [], None)
    assert [(event.by, event.errors[0].code.name) for event in served.told(Failed)] == [("us", "LOCAL_IO")]
    assert served.peer.sink_fault is not None
    assert served.peer.sink_fault.strerror == FULL
    assert [path for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_once_it_is_granted_what_came_is_left(large: Payload, tmp_path: Path) -> None:
    served, sent = migrate(large, tmp_path, "commit", Wish.REQUIRE)
    assert sent.state == "unknown"
    assert sent.events[-1] == Uncertain()
    part = Path(f"{served.target}.part")
    assert part.read_bytes() == b"".join(large.chunks())
    assert served.peer.sink_fault is not None
    assert served.peer.sink_fault.strerror == f"{FULL}; what came is left in {part}"
    assert (served.peer.is_complete, served.told(Completed)) == (False, [])


@pytest.mark.parametrize("step", STEPS)
def test_without_handing_over_the_source_may_be_gone_already(small: Payload, tmp_path: Path, step: str) -> None:
    served, sent = migrate(small, tmp_path, step, Wish.FORBID)
    assert sent.state in ("complete", "failed")
    assert (served.peer.is_complete, served.told(Completed), served.received) == (False, [], None)
    assert served.peer.sink_fault is not None
    assert str(served.peer.sink_fault.strerror).startswith(FULL)


def test_nothing_is_kept_after_a_fault(tmp_path: Path) -> None:
    keeper = Keeper(BrokenSink(str(tmp_path / "out"), "write"))
    for event in (Started("v1-raw"), BYTES, PayloadEnded(5, b""), Completed()):
        keeper.take(event, None)
    assert keeper.fault is not None
    assert keeper.fault.filename == str(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out.part"]


def test_what_is_whole_gets_its_name(tmp_path: Path) -> None:
    keeper = Keeper(Sink(str(tmp_path / "out")))
    for event in (Started("v1-raw"), BYTES, PayloadEnded(5, b""), Completed()):
        keeper.take(event, None)
    assert keeper.fault is None
    assert (tmp_path / "out").read_bytes() == b"bytes"
