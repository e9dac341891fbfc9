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
from tests.protocols.vmstate.building import (
    EOF,
    Device,
    configuration,
    description,
    field,
    header,
    package,
    ram_blocks,
    read_piped,
    start,
    vmsd,
    written,
)
from wireformat.errors import DecodeError, WireError
from wireformat.protocols.vmstate.assembly import assemble
from wireformat.protocols.vmstate.block_list import MAX_BLOCKS
from wireformat.protocols.vmstate.document import documents
from wireformat.protocols.vmstate.encoder import ram_word
from wireformat.protocols.vmstate.ram import COMPRESS_PAGE, MEM_SIZE
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


def problem(data: bytes) -> tuple[str, int | None]:
    """Id and place of the only thing that is wrong."""
    (error,) = read_stream(data).problems()
    return error.id, error.offset


START = header() + configuration(bits=12)


def begun(name: str, body: bytes) -> bytes:
    """A stream that ends in the middle of its first section."""
    return START + start(2, name, body, footer=False)


ONE_BLOCK = b"\1a" + (1 << 20).to_bytes(8, "big")
CLAIMS = {
    "name of the machine": (header() + b"\7", 4),
    "capabilities": (header() + b"\7\0\0\0\0\5\x1aconfiguration/capabilities\0\0\0\1", 4),
    "description": (START + EOF + b"\6", 4),
    "compressed page": (begun("ram", ram_blocks(("a", 1 << 20)) + ram_word(0, COMPRESS_PAGE) + b"\1a"), 4),
    "piece of a bitmap": (begun("dirty-bitmap", b"\x4c\1n\1b" + bytes(12)), 8),
}
"""Streams up to a length or a count, and how wide that is."""


@pytest.mark.requirement("VM-004")
@pytest.mark.parametrize(("before", "width"), CLAIMS.values(), ids=CLAIMS)
def test_a_length_or_count_beyond_its_limit_is_refused_where_it_stands(before: bytes, width: int) -> None:
    """Fails when so many bytes or items are waited for, or memory is taken for them."""
    claim = (1 << 8 * width - 1) - 1
    assert problem(before + claim.to_bytes(width, "big")) == ("limit", len(before))


@pytest.mark.requirement("VM-004")
@pytest.mark.parametrize("claim", [field("a", "uint8", 1, array_len=1 << 31), field("a", "buffer", 1 << 31)])
def test_a_size_in_a_description_is_a_claim_too(claim: str) -> None:
    device = Device("d", vmsd("d", claim), b"body")
    data = START + device.section(3) + EOF + description(device)
    assert problem(data) == ("limit", data.index(b"body"))


@pytest.mark.requirement("VM-004")
def test_blocks_that_nothing_bounds_have_a_limit() -> None:
    before = begun("ram", ram_word(1 << 40, MEM_SIZE) + ONE_BLOCK * MAX_BLOCKS)
    assert problem(before + ONE_BLOCK) == ("limit", len(before))


@pytest.mark.requirement("VM-004")
def test_packages_have_a_depth() -> None:
    assert problem(START + package(package())) == ("depth", len(START) + 9)
