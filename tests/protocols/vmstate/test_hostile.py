"""Broken captures: every flipped bit and every cut gives a stream or an error of ours, soon and in little memory.

What a broken stream decodes to is written back byte for byte, from its elements and from its JSON: nothing is lost,
whatever is wrong. `WIREFORMAT_SOAK=1` runs all 10,000 flips and 2,000 cuts, else one in a hundred.
"""

from __future__ import annotations

import os
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.captures.bundle import Captures
from tests.protocols.vmstate.building import read_piped, written
from wireformat.errors import DecodeError, WireError
from wireformat.protocols.vmstate.assembly import assemble
from wireformat.protocols.vmstate.document import documents
from wireformat.protocols.vmstate.stream import Stream, read_stream

SMALL = ("7.2/avr-uno", "10.0/or1k-sim", "7.2/m68k-virt")
WHOLE = bool(os.environ.get("WIREFORMAT_SOAK"))
SCALE = 1 if WHOLE else 100
pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)] if WHOLE else []
FLIPS, CUTS = 10_000 // SCALE, 2_000 // SCALE
MAX_SECONDS = 2.0
MAX_MEMORY = 300 << 20


@pytest.fixture(scope="module")
def originals(captures: Captures) -> list[bytes]:
    """Three small captures."""
    return [captures[name].data for name in SMALL]


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """No more memory than `MAX_MEMORY` beyond what the process has; a `MemoryError` escapes and fails the test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MAX_MEMORY, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Data with one to three bits flipped; two times in three near the start or the end, where the framing is."""
    broken = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        place = chance.choice(
            [chance.randrange(len(data)), chance.randrange(min(400, len(data))), -1 - chance.randrange(len(data) // 2)]
        )
        broken[place] ^= 1 << chance.randrange(8)
    return bytes(broken)


def judge(broken: bytes) -> Stream:
    """Decode whole, write back by both ways, all in time."""
    began = time.process_time()
    stream = read_stream(broken)
    back = written(stream), b"".join(assemble(documents(stream, "base64")))
    seconds = time.process_time() - began
    assert back[0] == broken
    assert back[1] == broken or differs_by_description_only(back[1], stream)
    assert all(isinstance(error, DecodeError) for error in stream.problems())
    assert seconds < MAX_SECONDS
    return stream


def differs_by_description_only(back: bytes, stream: Stream) -> bool:
    """Sizes in a description that lies are put right on the way through JSON; what it describes must be the same."""
    again = read_stream(back)
    values = [[device.body.value or device.body.data for device in one.devices()] for one in (stream, again)]
    return stream.description is not None and values[0] == values[1] and len(again.elements) == len(stream.elements)


@pytest.mark.slow
def test_flipped_bits(originals: list[bytes]) -> None:
    """Fails when a flip raises something else than `WireError`, is slow, takes memory, or loses a byte."""
    chance = random.Random(7)
    faults = set()
    for number in range(FLIPS):
        stream = judge(flipped(originals[number % len(originals)], chance))
        faults |= {error.id for error in stream.problems()}
    assert len(faults) >= 3


def test_flipped_bits_in_pieces(originals: list[bytes]) -> None:
    """A pipe has no description beforehand, so that other ways are taken."""
    chance = random.Random(8)
    for number in range(FLIPS // 10):
        broken = flipped(originals[number % 2], chance)
        stream = read_piped(broken, chance.choice([61, 997, 4096]))
        last = stream.elements[-1].span if stream.elements else None
        assert last is None or last.position + last.size <= len(broken)


def test_cuts(originals: list[bytes]) -> None:
    """Fails when a stream that ends early is taken for whole, or what came before the cut is lost."""
    chance = random.Random(9)
    for number in range(CUTS):
        data = originals[number % len(originals)]
        stream = judge(data[: chance.randrange(len(data))])
        complete = stream.fault is None
        assert complete == (stream.description is None and bool(stream.elements) and ends(stream))


def ends(stream: Stream) -> bool:
    """Whether the last element is EOF, behind which a stream without a description ends."""
    return type(stream.elements[-1]).__name__ == "EndElement"


def test_the_errors_are_of_one_family() -> None:
    """The claim above rests on this."""
    assert issubclass(DecodeError, WireError)
