"""Where a stream ends: with and without a description, whatever follows, in pieces of any size."""

from __future__ import annotations

import lzma
from functools import partial
from pathlib import Path

import pytest

from tests.protocols.vmstate.building import (
    EOF,
    SIMPLE,
    configuration,
    description,
    header,
    join,
    page,
    ram_finish,
    ram_part,
    ram_start,
    rich_stream,
    simple_stream,
    zero,
)
from wireformat.errors import DecodeError
from wireformat.protocols.handshake.sessions.dialect import TODAY
from wireformat.protocols.handshake.sessions.frames import FrameWriter, frame_behind
from wireformat.protocols.handshake.sessions.stream_end import VmStateEnd
from wireformat.protocols.handshake.transfer_messages import Handover

CAPTURES = Path(__file__).parents[3] / "captures"
FRAME = FrameWriter(TODAY, TODAY.frames()).encode(Handover(size=1, digest=bytes(32)))
UNDESCRIBED = join(header(), configuration("pc"), SIMPLE.section(4), EOF)
STREAMS = {"simple": simple_stream(), "rich": rich_stream(), "undescribed": UNDESCRIBED}


def ended(data: bytes, step: int) -> tuple[VmStateEnd, int]:
    """An end that was fed in pieces, and what it said last."""
    found, size = VmStateEnd(partial(frame_behind, sequence=0)), 0
    for start in range(0, len(data), step):
        said = found.take(data[start : start + step])
        assert said >= size
        size = said
        if found.is_over:
            break
    return found, size


@pytest.mark.requirement("HS-132")
@pytest.mark.parametrize("name", sorted(STREAMS))
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_frame_follows(name: str, step: int) -> None:
    stream = STREAMS[name]
    found, size = ended(stream + FRAME, step)
    assert found.is_over
    assert size == len(stream)


@pytest.mark.requirement("HS-132")
@pytest.mark.parametrize("name", sorted(STREAMS))
@pytest.mark.parametrize("step", [1, 1000])
def test_nothing_follows(name: str, step: int) -> None:
    found, _ = ended(STREAMS[name], step)
    assert found.close() == len(STREAMS[name])
    assert found.is_over


@pytest.mark.parametrize("name", sorted(STREAMS))
def test_a_stream_that_stops_is_not_over(name: str) -> None:
    stream = STREAMS[name]
    for size in range(1, len(stream) - len(description()) - 1, 31):
        found, _ = ended(stream[:size], 1000)
        assert not found.is_over
        with pytest.raises(DecodeError):
            found.close()


def test_no_stream() -> None:
    with pytest.raises(DecodeError):
        VmStateEnd(partial(frame_behind, sequence=0)).take(b"no stream at all")


@pytest.mark.requirement("HS-135")
def test_memory_does_not_grow_with_the_stream() -> None:
    parts = [ram_part(*(page(8192 * n, 1, "a") if n % 2 else zero(8192 * n, "a") for n in range(100)))] * 60
    stream = join(header(), configuration("pc"), ram_start(("a", 1 << 30)), *parts, ram_finish(), EOF, description())
    found, size = ended(stream + FRAME, 4096)
    assert (found.is_over, size) == (True, len(stream))
    assert len(found._decoder.ram.runs) < 2000


@pytest.mark.requirement("HS-132")
@pytest.mark.parametrize("name", ["7.2/avr-uno.mig.xz", "7.2/aarch64-virt.mig.xz"])
def test_real_streams(name: str) -> None:
    stream = lzma.decompress((CAPTURES / name).read_bytes())
    found, size = ended(stream + FRAME, 65536)
    assert (found.is_over, size) == (True, len(stream))
