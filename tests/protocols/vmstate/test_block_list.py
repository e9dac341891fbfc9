"""Every form of the block list is read, whatever the bytes do not tell; traps end soon."""

from __future__ import annotations

import time

import pytest

from tests.protocols.vmstate.building import join
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.block_list import MAX_BLOCKS, BlockForm, Entry, read_blocks
from wireformat.protocols.vmstate.elements import Span
from wireformat.protocols.vmstate.encoder import encode_block, ram_word
from wireformat.protocols.vmstate.ram import EOS, MULTIFD_FLUSH, PAGE, MappedRamHeader, RamBlock
from wireformat.protocols.vmstate.window import Window

END = ram_word(0, EOS)
HUGE = 1 << 21
GUESS = BlockForm(maybe_page_size=True)


def block(name: str, length: int, page_size: int | None = None, address: int | None = None) -> RamBlock:
    """A block without a place in a file."""
    return RamBlock(name=name, used_length=length, page_size=page_size, address=address)


def read(*blocks: RamBlock, form: BlockForm, total: int | None = None, behind: bytes = END) -> list[Entry]:
    """Read the list of `blocks`; the window must stand behind it afterwards."""
    data = join(map(encode_block, blocks))
    window = Window(data + behind)
    entries = read_blocks(window, sum(one.used_length for one in blocks) if total is None else total, form)
    assert window.position == len(data)
    return entries


def test_a_plain_list() -> None:
    blocks = block("pc.ram", 1 << 28), block("vga.vram", 1 << 24), block("empty", 0), block("rom", 4096)
    entries = read(*blocks, form=BlockForm())
    assert [entry.block for entry in entries] == list(blocks)
    assert {entry.region for entry in entries} == {None}


def test_an_empty_list() -> None:
    assert read(form=BlockForm()) == []
    assert read(form=GUESS) == []


def test_the_list_ends_at_the_sum() -> None:
    """What follows may look like a block; the sum alone ends the list."""
    assert len(read(block("a", 4096), form=BlockForm(), behind=encode_block(block("b", 4096)))) == 1


def test_addresses() -> None:
    blocks = block("a", 4096, address=0), block("b", 8192, address=0xFFFC0000)
    assert [entry.block.address for entry in read(*blocks, form=BlockForm(has_address=True))] == [0, 0xFFFC0000]


@pytest.mark.requirement("VM-062")
@pytest.mark.parametrize("pattern", range(16))
def test_page_sizes_are_found(pattern: int) -> None:
    """Every combination of four blocks with and without: fails when a page size is taken for the next block."""
    blocks = [block(f"mem{n}", (n + 1) << 21, HUGE if pattern >> n & 1 else None) for n in range(4)]
    assert [entry.block for entry in read(*blocks, form=GUESS)] == blocks


@pytest.mark.requirement("VM-062", "VM-063")
@pytest.mark.parametrize("page_size", [4096, HUGE, 1 << 30])
@pytest.mark.parametrize("behind", [END, ram_word(0, MULTIFD_FLUSH)])
def test_page_sizes_with_addresses(page_size: int, behind: bytes) -> None:
    form = BlockForm(has_address=True, maybe_page_size=True)
    blocks = block("a", 1 << 30, page_size, 0), block("b", 4096, None, 1 << 32), block("c", 1 << 30, page_size, 1 << 33)
    assert [entry.block for entry in read(*blocks, form=form, behind=behind)] == list(blocks)


def test_a_word_must_follow_a_guess() -> None:
    """Without it the guess is no proof; the plain reading then says what is wrong."""
    with pytest.raises(DecodeError) as caught:
        read(block("a", HUGE, HUGE), block("b", HUGE, HUGE), form=GUESS, behind=ram_word(0, PAGE))
    assert caught.value.id in ("vmstate/ram-total", "truncated")


def test_lengths_beyond_the_sum() -> None:
    with pytest.raises(DecodeError) as caught:
        read(block("a", 4096), block("b", 8192), form=BlockForm(), total=8192)
    error = caught.value
    assert (error.id, error.path, error.offset, error.expected) == ("vmstate/ram-total", "blocks", 10, 8192)
    assert "exceed their sum 8192 by 4096" in error.detail


@pytest.mark.requirement("VM-060")
def test_lengths_below_the_sum() -> None:
    """More blocks are expected, and the input ends."""
    with pytest.raises(DecodeError) as caught:
        read(block("a", 4096), form=BlockForm(), total=8192, behind=b"")
    assert caught.value.need_more


def test_too_many_blocks() -> None:
    data = encode_block(block("a", 1)) * (MAX_BLOCKS + 1)
    with pytest.raises(DecodeError) as caught:
        read_blocks(Window(data), MAX_BLOCKS + 1, BlockForm())
    assert (caught.value.id, caught.value.offset) == ("limit", 10 * MAX_BLOCKS)
    assert len(read_blocks(Window(data), MAX_BLOCKS, BlockForm())) == MAX_BLOCKS


@pytest.mark.parametrize("length", [0, 1])
def test_two_readings_of_every_block_do_not_multiply(length: int) -> None:
    """Sixty blocks that read both ways, and no sum that fits: 2**60 combinations must not be tried."""
    ambiguous = b"\1a" + length.to_bytes(8, "big")
    data = ambiguous * 60 + join(encode_block(block("b", 4096, 4096)) for _ in range(60))
    began = time.process_time()
    with pytest.raises(DecodeError):
        read_blocks(Window(data + bytes(64)), 60 * length + 1 + 59 * 4096, GUESS)
    assert time.process_time() - began < 2


def mapped(name: str, length: int, bitmap: int, pages: int) -> RamBlock:
    """A block with a place in the file."""
    place = MappedRamHeader(version=1, page_size=4096, bitmap_offset=bitmap, pages_offset=pages)
    return RamBlock(name=name, used_length=length, mapped=place)


class TestMapped:
    """Blocks of a mapped-ram file: bitmap and pages stand between the headers."""

    FORM = BlockForm(has_mapped=True)
    HEADER_SIZE = 2 + 8 + 28

    def test_regions(self) -> None:
        first = encode_block(mapped("a", 8192, 38, 4096)).ljust(4096 + 8192, b"\0")
        position = len(first)
        second = encode_block(mapped("b", 4096, position + 38, position + 4096)).ljust(8192, b"\0")
        third = encode_block(mapped("c", 4096, 0, 0))
        window = Window(first + second + third + END)
        entries = read_blocks(window, 16384, self.FORM)
        assert [entry.region for entry in entries] == [
            Span(38, 4096 + 8192 - 38),
            Span(position + 38, 8192 - 38),
            None,
        ]
        assert window.position == len(first + second + third)

    @pytest.mark.parametrize(("bitmap", "pages"), [(37, 4096), (8192, 4096), (0, 1)])
    def test_places_that_cannot_be(self, bitmap: int, pages: int) -> None:
        data = encode_block(mapped("a", 8192, bitmap, pages))
        with pytest.raises(DecodeError) as caught:
            read_blocks(Window(data + bytes(20000)), 8192, self.FORM)
        assert (caught.value.id, caught.value.offset) == ("vmstate/mapped-ram", 0)

    @pytest.mark.requirement("VM-063")
    def test_with_addresses(self) -> None:
        place = MappedRamHeader(version=1, page_size=4096, bitmap_offset=0, pages_offset=0)
        one = RamBlock(name="a", used_length=4096, address=1 << 32, mapped=place)
        assert read(one, form=BlockForm(has_address=True, has_mapped=True))[0].block == one


@pytest.mark.parametrize("form", [BlockForm(), GUESS])
def test_every_cut_asks_for_more(form: BlockForm) -> None:
    """In a pipe a list that is not there yet is neither wrong nor consumed."""
    data = join(map(encode_block, (block("a", HUGE), block("b", 4096)))) + END
    last = 8 if form is GUESS else 0
    for size in range(len(data) - 8 + last):
        window = Window()
        window.feed(data[:size])
        with pytest.raises(DecodeError) as caught:
            read_blocks(window, HUGE + 4096, form)
        assert (caught.value.id, window.position) == ("truncated", 0)
