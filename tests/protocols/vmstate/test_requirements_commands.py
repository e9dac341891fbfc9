"""Requirements of `spec/protocols/vmstate.md` on commands and packages, kept and broken."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate import crafted
from tests.protocols.vmstate.building import (
    EOF,
    configuration,
    header,
    join,
    ram_blocks,
    ram_end,
    ram_finish,
    ram_start,
    start,
)
from tests.protocols.vmstate.crafted import ADVISE, BLOCK, DISCARD, LISTEN, PACKAGED, RUN, command, package, u32, u64
from wireformat.codec import NEED_DATA, encode
from wireformat.protocols.vmstate.decoder import StreamDecoder
from wireformat.protocols.vmstate.elements import CommandElement
from wireformat.protocols.vmstate.messages import (
    Command,
    CommandCode,
    PostcopyAdvise,
    PostcopyResume,
    RecvBitmap,
)
from wireformat.protocols.vmstate.ram import RamBlock
from wireformat.protocols.vmstate.stream import Stream, read_stream
from wireformat.protocols.vmstate.strict import findings

PAGE = 4096
HUGE = 1 << 21
FRONT = join(header(), configuration())
MEMORY = ram_start((BLOCK, 8 * PAGE))
PONG_ME = command(2, u32(0x42))


def advice(blocks: int = PAGE, target: int = PAGE) -> bytes:
    """POSTCOPY_ADVISE."""
    return command(ADVISE, u64(blocks) + u64(target))


def discard(*ranges: tuple[int, int]) -> bytes:
    """POSTCOPY_RAM_DISCARD of ranges, their offset and size in bytes."""
    return command(DISCARD, b"\0" + crafted.counted(BLOCK) + b"\0" + b"".join(u64(a) + u64(b) for a, b in ranges))


def read(*elements: bytes) -> Stream:
    """A stream of these elements; its pages are 4096 bytes."""
    return read_stream(join(FRONT, elements, EOF), page_size=PAGE)


def found(*elements: bytes) -> list[tuple[str, str | None]]:
    """Id and detail of everything that is wrong."""
    return [(error.id, error.detail) for error in findings(read(*elements))]


@pytest.mark.requirement("VM-131")
@pytest.mark.parametrize("ping", [PONG_ME, package(PONG_ME)])
def test_a_ping_needs_a_return_path(ping: bytes) -> None:
    """Wherever it stands; the finding tells where."""
    assert found(command(1), ping) == []
    (error,) = findings(read(ping, command(1)))
    assert (error.id, error.detail) == ("vmstate/command", "PING without a return path")
    assert error.offset == len(FRONT + ping) - len(PONG_ME)


@pytest.mark.requirement("VM-132")
def test_recovery_has_the_numbers_of_3_1() -> None:
    assert encode(Command(command=CommandCode.POSTCOPY_RESUME, body=PostcopyResume())).hex() == "00090000"
    bitmap = Command(command=CommandCode.RECV_BITMAP, body=RecvBitmap(block="a"))
    assert encode(bitmap).hex() == "000a0002" + "0161"


@pytest.mark.requirement("VM-132")
def test_recovery_with_the_numbers_of_3_0_is_refused() -> None:
    """Its RECV_BITMAP has the number of RESUME, which has no payload."""
    fault = read(command(9, b"\1a")).fault
    assert fault is not None
    assert (fault.id, fault.path, fault.offset) == ("trailing", "command.body", len(FRONT) + 5)


@pytest.mark.requirement("VM-133")
def test_advised_page_sizes_are_those_of_the_stream() -> None:
    huge = start(2, "ram", ram_blocks(RamBlock(name=BLOCK, used_length=HUGE, page_size=HUGE)) + ram_end(), version_id=4)
    assert found(advice(), MEMORY, ram_finish()) == []
    assert found(advice(HUGE | PAGE), huge, ram_finish()) == []
    other = "block 'pc.ram' has pages of 0x200000 bytes, which are not advised"
    assert found(advice(2 * HUGE | PAGE), huge, ram_finish()) == [("vmstate/command", other)]
    target = "target pages of 0x2000 bytes, in the stream 0x1000"
    assert found(advice(target=8192), MEMORY, ram_finish()) == [("vmstate/command", target)]


@pytest.mark.requirement("VM-133")
def test_an_advice_for_bitmaps_alone_is_empty() -> None:
    assert encode(Command(command=CommandCode.POSTCOPY_ADVISE, body=PostcopyAdvise(page_sizes=()))).hex() == "00030000"
    last = ram_finish()
    assert found(command(ADVISE), MEMORY, last, command(LISTEN), command(RUN)) == []
    assert found(command(ADVISE), MEMORY, last, discard((0, PAGE))) == [
        ("vmstate/command", "discards behind an advice without page sizes")
    ]
    fault = read(command(ADVISE, u64(PAGE))).fault
    assert fault is not None
    assert (fault.id, fault.offset) == ("overrun", len(FRONT) + 5 + 8)


@pytest.mark.requirement("VM-134")
@pytest.mark.parametrize(
    ("order", "wrong"),
    [
        ([ADVISE, LISTEN, RUN], None),
        ([ADVISE, DISCARD, DISCARD, LISTEN, RUN], None),
        ([DISCARD], "POSTCOPY_RAM_DISCARD in state none"),
        ([LISTEN], "POSTCOPY_LISTEN in state none"),
        ([RUN], "POSTCOPY_RUN in state none"),
        ([ADVISE, ADVISE], "POSTCOPY_ADVISE in state advised"),
        ([ADVISE, RUN], "POSTCOPY_RUN in state advised"),
        ([ADVISE, DISCARD, ADVISE], "POSTCOPY_ADVISE in state discarding"),
        ([ADVISE, DISCARD, RUN], "POSTCOPY_RUN in state discarding"),
        ([ADVISE, LISTEN, ADVISE], "POSTCOPY_ADVISE in state listening"),
        ([ADVISE, LISTEN, DISCARD], "POSTCOPY_RAM_DISCARD in state listening"),
        ([ADVISE, LISTEN, LISTEN], "POSTCOPY_LISTEN in state listening"),
        ([ADVISE, LISTEN, RUN, RUN], "POSTCOPY_RUN in state running"),
        ([ADVISE, LISTEN, RUN, ADVISE], "POSTCOPY_ADVISE in state running"),
        ([ADVISE, LISTEN, RUN, DISCARD], "POSTCOPY_RAM_DISCARD in state running"),
    ],
)
def test_postcopy_has_an_order(order: list[int], wrong: str | None) -> None:
    bodies = {ADVISE: advice(), DISCARD: discard((0, PAGE)), LISTEN: command(LISTEN), RUN: command(RUN)}
    sent = [bodies[code] for code in order]
    assert found(MEMORY, *sent, ram_finish()) == ([] if wrong is None else [("vmstate/command", wrong)])


@pytest.mark.requirement("VM-135")
@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ((0, 2 * HUGE), None),
        ((HUGE, HUGE), None),
        ((0, 0), "empty"),
        ((HUGE, 2 * HUGE), "reaches beyond the block's 0x400000 bytes"),
        ((0, PAGE), "not made of pages of 0x200000 bytes"),
        ((PAGE, HUGE), "not made of pages of 0x200000 bytes"),
    ],
)
def test_a_range_to_discard_is_made_of_pages_of_its_block(place: tuple[int, int], wrong: str | None) -> None:
    """Fails when pages of the target are taken for those of a block of huge pages."""
    block = RamBlock(name=BLOCK, used_length=2 * HUGE, page_size=HUGE)
    huge = start(2, "ram", ram_blocks(block) + ram_end(), version_id=4)
    told = f"range of {place[1]:#x} bytes from {place[0]:#x} on: {wrong}"
    assert found(advice(HUGE | PAGE), huge, discard(place), ram_finish()) == (
        [("vmstate/command", told)] if wrong else []
    )


@pytest.mark.requirement("VM-136")
@pytest.mark.parametrize("inner", [header(), header() + configuration(), PONG_ME + EOF])
def test_a_package_has_neither_header_nor_eof(inner: bytes) -> None:
    stream = read(package(inner))
    at = len(FRONT) + 9 + (len(PONG_ME) if inner.endswith(EOF) else 0)
    assert stream.fault is not None
    assert (stream.fault.id, stream.fault.offset) == ("vmstate/element", at)


@pytest.mark.requirement("VM-136")
def test_a_package_is_outside_the_length_of_its_command() -> None:
    """Inside, its bytes would be too many for the command."""
    inside = command(PACKAGED, u32(len(PONG_ME)) + PONG_ME)
    fault = read(inside).fault
    assert fault is not None
    assert (fault.id, fault.offset) == ("trailing", len(FRONT) + 5 + 4)


@pytest.mark.requirement("VM-138")
def test_a_package_is_handed_out_whole() -> None:
    """Nothing of it before its last byte, behind which another connection's work begins."""
    carried = package(command(LISTEN), PONG_ME, command(RUN))
    decoder = StreamDecoder()
    decoder.receive_data(header() + PONG_ME)
    assert [type(decoder.next_event()).__name__ for _ in range(2)] == ["HeaderElement", "CommandElement"]
    for byte in carried:
        assert decoder.next_event() is NEED_DATA
        decoder.receive_data(bytes([byte]))
    event = decoder.next_event()
    assert isinstance(event, CommandElement)
    assert [one.command.command for one in event.package or () if isinstance(one, CommandElement)] == [
        CommandCode.POSTCOPY_LISTEN,
        CommandCode.PING,
        CommandCode.POSTCOPY_RUN,
    ]
