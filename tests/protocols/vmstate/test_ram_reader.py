"""Records of RAM become runs; what cannot be is refused with its id, at its word."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.building import (
    EOF,
    PAGE_SIZE,
    compressed,
    configuration,
    header,
    join,
    page,
    ram_blocks,
    ram_end,
    ram_finish,
    ram_flush,
    ram_part,
    ram_start,
    read_piped,
    written,
    xbzrle,
    zero,
)
from wireformat.codec import NEED_DATA
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.decoder import StreamDecoder
from wireformat.protocols.vmstate.elements import RamBody
from wireformat.protocols.vmstate.encoder import ram_word
from wireformat.protocols.vmstate.ram import (
    COMPRESS_PAGE,
    CONTINUE,
    EOS,
    FULL,
    HOOK,
    MEM_SIZE,
    MULTIFD_FLUSH,
    PAGE,
    XBZRLE,
    ZERO,
)
from wireformat.protocols.vmstate.ram_reader import RamIndex, RamReader
from wireformat.protocols.vmstate.runs import Run
from wireformat.protocols.vmstate.stream import read_stream
from wireformat.protocols.vmstate.window import Window

BLOCKS = ram_blocks(("a", 0x8000), ("b", 0x3000))
BLOCKS_END = len(BLOCKS)


def read(data: bytes, page_size: int | None = PAGE_SIZE) -> tuple[RamIndex, RamBody]:
    """One body behind the list of blocks; all of it must be consumed."""
    window = Window(BLOCKS + data)
    reader = RamReader(window, RamIndex(page_size))
    reader.begin()
    while not reader.step():
        pass
    assert window.position == window.end
    return reader.index, reader.body()


def runs(data: bytes, page_size: int | None = PAGE_SIZE) -> list[Run]:
    """The runs behind the row of the block list."""
    index, body = read(data + ram_end(), page_size)
    assert index.runs[0] == Run(0, MEM_SIZE, 0xB000, 2, 0)
    assert (body.start, body.stop) == (0, len(index.runs))
    return index.runs[1:]


def refused(data: bytes, page_size: int | None = PAGE_SIZE) -> tuple[str, int]:
    """The id of the error, and where in `data` it is."""
    with pytest.raises(DecodeError) as caught:
        read(data, page_size)
    assert caught.value.offset is not None
    return caught.value.id, caught.value.offset - BLOCKS_END


def test_the_blocks() -> None:
    index, body = read(ram_end())
    assert [(block.name, block.used_length) for block in index.blocks] == [("a", 0x8000), ("b", 0x3000)]
    (listed,) = body.block_lists
    assert (listed.row, listed.total, listed.blocks, listed.regions) == (0, 0xB000, tuple(index.blocks), ())


def test_pages_of_one_block_are_one_run() -> None:
    data = join(page(0, 1, "a"), *(page(n * PAGE_SIZE, n + 1) for n in range(1, 8)))
    assert runs(data) == [Run(0, PAGE, 0, 8, BLOCKS_END)]


def test_a_gap_another_kind_another_block_begin_new_runs() -> None:
    parts = [
        zero(0, "a"),
        zero(0x1000),
        zero(0x3000),
        page(0x4000, 1),
        page(0, 2, "b"),
        zero(0x1000),
        page(0, 3),
        zero(0, "a"),
    ]
    places = [BLOCKS_END + len(join(parts[:n])) for n in range(len(parts))]
    assert runs(join(parts)) == [
        Run(0, ZERO, 0, 2, places[0]),
        Run(0, ZERO | CONTINUE, 0x3000, 1, places[2]),
        Run(0, PAGE | CONTINUE, 0x4000, 1, places[3]),
        Run(1, PAGE, 0, 1, places[4]),
        Run(1, ZERO | CONTINUE, 0x1000, 1, places[5]),
        Run(1, PAGE | CONTINUE, 0, 1, places[6]),
        Run(0, ZERO, 0, 1, places[7]),
    ]


def test_records_of_their_own() -> None:
    """Patches, compressed pages, fills and flushes: one row each."""
    data = [xbzrle(0, b"\1\1\7", "a"), xbzrle(0x1000, b""), compressed(0x2000, bytes(PAGE_SIZE)), zero(0x3000, fill=9)]
    places = [BLOCKS_END + len(join(data[:n])) for n in range(5)]
    assert runs(join(data, ram_flush())) == [
        Run(0, XBZRLE, 0, 1, places[0]),
        Run(0, XBZRLE | CONTINUE, 0x1000, 1, places[1]),
        Run(0, COMPRESS_PAGE | CONTINUE, 0x2000, 1, places[2]),
        Run(0, ZERO | CONTINUE, 0x3000, 1, places[3]),
        Run(0, MULTIFD_FLUSH, 0, 1, places[4]),
    ]


def test_a_run_goes_on_behind_a_patch() -> None:
    """Fails when bulk reading takes up the run from before, whose next page this would be."""
    data = join(page(0, 1, "a"), xbzrle(0x1000, b"\1\1\7"), page(0x1000, 2))
    assert [(run.flags, run.offset, run.count) for run in runs(data)] == [
        (PAGE, 0, 1),
        (XBZRLE | CONTINUE, 0x1000, 1),
        (PAGE | CONTINUE, 0x1000, 1),
    ]


@pytest.mark.parametrize(
    "flags",
    [
        *[0, 0x001, 0x400, 0x800, 0x3FF, 0xFFF, HOOK],
        *[FULL | PAGE, ZERO | PAGE, PAGE | XBZRLE, MEM_SIZE | EOS, EOS | MULTIFD_FLUSH],
        *[CONTINUE, CONTINUE | EOS, CONTINUE | MEM_SIZE, CONTINUE | HOOK, CONTINUE | MULTIFD_FLUSH],
    ],
)
def test_flags_that_do_not_go_together(flags: int) -> None:
    data = zero(0, "a") + ram_word(0x1000, flags) + bytes(64)
    assert refused(data) == ("vmstate/ram-flags", 11)


@pytest.mark.parametrize("flags", [EOS, MULTIFD_FLUSH])
def test_no_page_belongs_to_some_words(flags: int) -> None:
    """The index has no place for it, so that it would be lost."""
    assert refused(ram_word(0x1000, flags)) == ("vmstate/ram-flags", 0)


@pytest.mark.parametrize("record", [zero(0), page(0, 1), xbzrle(0, b"\1\1\7"), compressed(0, b"x")])
def test_nothing_to_continue(record: bytes) -> None:
    assert refused(record + ram_end()) == ("vmstate/ram-continue", 0)


@pytest.mark.requirement("VM-060")
@pytest.mark.parametrize("name", ["c", "A", "aa"])
def test_a_block_that_is_not_listed(name: str) -> None:
    assert refused(zero(0, "a") + page(0, 1, name) + ram_end()) == ("vmstate/ram-block", 11)


@pytest.mark.parametrize("offset", [0x8000, 0x9000, 1 << 40, (1 << 64) - PAGE_SIZE])
@pytest.mark.parametrize("kind", [zero, page])
def test_a_page_outside_its_block(offset: int, kind: object) -> None:
    """Believing the offset was CVE-2014-7840."""
    record = zero(offset) if kind is zero else page(offset, 1)
    assert refused(zero(0, "a") + record + ram_end()) == ("vmstate/ram-offset", 11)


def test_each_block_has_its_own_length() -> None:
    assert refused(zero(0x3000, "b") + ram_end()) == ("vmstate/ram-offset", 0)
    assert runs(zero(0x2000, "b"))[0].offset == 0x2000


def test_a_patch_of_another_encoding() -> None:
    record = bytearray(xbzrle(0, b"\1\1\7", "a"))
    record[10] = 2
    assert refused(bytes(record) + ram_end()) == ("constant", 10)


def test_a_compressed_page_that_is_too_long() -> None:
    assert refused(ram_word(0, COMPRESS_PAGE) + b"\1a" + b"\xff" * 4 + bytes(9))[0] == "limit"


@pytest.mark.requirement("VM-050")
@pytest.mark.parametrize("size", [256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536])
def test_every_page_size(size: int) -> None:
    data = join(
        header(),
        configuration(bits=size.bit_length() - 1),
        ram_start(("a", 40 * size)),
        ram_part(page(0, 1, "a", size), *(page(n * size, n, page_size=size) for n in range(1, 36)), zero(36 * size)),
        ram_finish(zero(0)),
        EOF,
    )
    stream = read_stream(data)
    assert stream.problems() == []
    assert [(run.offset, run.count) for run in stream.ram.runs if run.flags & (PAGE | ZERO)] == [
        (0, 36),
        (36 * size, 1),
        (0, 1),
    ]
    assert written(stream) == data
    assert list(read_piped(data, 777).ram.runs) == list(stream.ram.runs)


def test_the_page_size_is_learnt_from_the_records() -> None:
    assert [run.count for run in runs(join(zero(0, "a"), *(zero(n * 256) for n in range(1, 9))), None)] == [9]


def test_the_sum_of_blocks_before_the_page_size_is_known() -> None:
    """With pages of 256 bytes the sum reaches into what are flags with larger ones."""
    window = Window(ram_blocks(("sram", 0x900), ("flash", 0x8000)) + ram_end())
    reader = RamReader(window, RamIndex())
    reader.begin()
    assert [reader.step(), reader.step()] == [False, True]
    assert reader.body().block_lists[0].total == 0x8900


def test_several_lists_number_their_blocks_together() -> None:
    again = ram_blocks(("a", 0x1000), ("c", 0x1000))
    index, body = read(join(zero(0x7000, "a"), again, zero(0, "a"), zero(0, "c"), ram_end()))
    assert [block.name for block in index.blocks] == ["a", "b", "a", "c"]
    assert [(run.block, run.flags) for run in index.runs][1:] == [(0, ZERO), (2, MEM_SIZE), (2, ZERO), (3, ZERO)]
    assert [listed.row for listed in body.block_lists] == [0, 2]


@pytest.mark.requirement("VM-052")
def test_the_current_block_lasts_from_body_to_body() -> None:
    stream = read_stream(
        join(
            header(),
            configuration(),
            ram_start(("a", 0x8000)),
            ram_part(zero(0, "a")),
            ram_part(zero(0x1000)),
            ram_finish(page(0x2000, 1)),
            EOF,
        ),
        page_size=4096,
    )
    assert stream.problems() == []
    assert [run.block for run in stream.ram.runs] == [0] * len(stream.ram.runs)


def feed(decoder: StreamDecoder, *parts: bytes) -> None:
    """Let a decoder read what has come."""
    decoder.receive_data(join(parts))
    while (event := decoder.next_event()) is not NEED_DATA:
        assert event is not None


@pytest.mark.requirement("VM-052")
def test_each_connection_has_a_current_block_of_its_own() -> None:
    """Fails when what one connection names is what another continues."""
    first, second, silent = (StreamDecoder() for _ in range(3))
    for each in (first, second, silent):
        feed(each, header(), configuration(bits=12), ram_start(("a", 0x8000), ("b", 0x8000)))
    feed(first, ram_part(page(0, 1, "a")))
    feed(second, ram_part(page(0, 1, "b")))
    for each in (first, second, silent):
        feed(each, ram_part(page(0x1000, 2)), ram_finish(), EOF)
    assert [run.block for run in first.ram.runs if run.flags & PAGE] == [0, 0]
    assert [run.block for run in second.ram.runs if run.flags & PAGE] == [1, 1]
    assert [[error.id for error in each.findings] for each in (first, second, silent)] == [
        [],
        [],
        ["vmstate/ram-continue"],
    ]
