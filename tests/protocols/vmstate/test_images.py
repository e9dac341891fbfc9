"""Images of memory: the last record wins, patches add up, discards take away, files have places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.vmstate import crafted
from tests.protocols.vmstate.crafted import (
    BLOCK,
    PAGE_SIZE,
    block_list,
    compressed_page,
    deflated,
    discard,
    memory,
    patched_page,
    plain_page,
    ram_end,
    ram_part,
    ram_start,
    stream,
    u32,
    u64,
    zero_page,
)
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate import images
from wireformat.protocols.vmstate.images import RamImage
from wireformat.protocols.vmstate.stream import read_stream


def image_of(data: bytes, name: str = BLOCK) -> RamImage:
    return RamImage(read_stream(data), name)


def pages(image: RamImage) -> list[bytes]:
    """The contents of all pages, zeros at the end stripped."""
    every = ((extent, page) for extent in image.extents() for page in range(extent.page, extent.page + extent.count))
    return [image.page(extent, page).rstrip(b"\0") for extent, page in every]


def shape(image: RamImage) -> list[tuple[str, int, int]]:
    """Origin, first page and count of each extent."""
    return [(extent.origin, extent.page, extent.count) for extent in image.extents()]


@pytest.mark.requirement("VM-071")
def test_the_last_record_of_a_page_wins() -> None:
    data = memory(plain_page(0, b"old", BLOCK), plain_page(1, b"gone"), plain_page(0, b"new"), zero_page(1), pages=2)
    assert pages(image_of(data)) == [b"new", b""]


def test_neighbours_of_one_run_are_one_extent() -> None:
    records = plain_page(1, b"a", BLOCK), plain_page(2, b"b"), plain_page(3, b"c"), zero_page(4), zero_page(5)
    image = image_of(memory(*records))
    assert shape(image) == [("missing", 0, 1), ("plain", 1, 3), ("zero", 4, 2), ("missing", 6, 2)]
    assert pages(image)[1:4] == [b"a", b"b", b"c"]


def test_a_run_that_was_overwritten_in_its_middle() -> None:
    """Fails when the pages behind the hole are looked up at the run's beginning."""
    run = [plain_page(n, bytes([65 + n]), BLOCK if n == 0 else None) for n in range(4)]
    image = image_of(memory(*run, zero_page(1), pages=4))
    assert pages(image) == [b"A", b"", b"C", b"D"]


def test_patches_are_applied_in_order() -> None:
    base = plain_page(0, b"aaaa", BLOCK)
    patches = patched_page(0, b"\x00\x01b"), patched_page(0, b"\x01\x01c"), patched_page(0, b"\x00\x01d")
    assert pages(image_of(memory(base, *patches, pages=1))) == [b"dcaa"]


def test_a_page_that_comes_whole_forgets_its_patches() -> None:
    records = zero_page(0, BLOCK), patched_page(0, b"\x00\x01b"), plain_page(0, b"whole")
    assert pages(image_of(memory(*records, pages=1))) == [b"whole"]


def test_a_patch_upon_a_compressed_page() -> None:
    records = compressed_page(0, deflated(b"abc"), BLOCK), patched_page(0, b"\x01\x01X")
    assert pages(image_of(memory(*records, pages=1))) == [b"aXc"]


@pytest.mark.requirement("VM-073")
def test_a_page_filled_with_another_byte_than_zero() -> None:
    image = image_of(memory(zero_page(0, BLOCK, fill=0xAA), pages=1))
    assert pages(image) == [b"\xaa" * PAGE_SIZE]


def test_what_is_discarded_is_missing_until_it_comes_again() -> None:
    """Fails when discards are applied out of the stream's order."""
    data = stream(
        ram_start(block_list(pc_ram=4 * PAGE_SIZE)),
        ram_part(*(plain_page(n, b"x", BLOCK if n == 0 else None) for n in range(4))),
        discard(BLOCK, (1, 2)),
        ram_part(plain_page(2, b"again", BLOCK)),
        ram_end(),
    )
    image = image_of(data)
    assert [origin for origin, _, _ in shape(image)] == ["plain", "missing", "plain", "plain"]
    assert pages(image) == [b"x", b"", b"again", b"x"]


def test_blocks_do_not_mix() -> None:
    data = stream(
        ram_start(block_list(pc_ram=PAGE_SIZE, vga=PAGE_SIZE)),
        ram_part(plain_page(0, b"main", BLOCK), plain_page(0, b"video", "vga")),
        ram_end(),
    )
    assert pages(image_of(data)) == [b"main"]
    assert pages(image_of(data, "vga")) == [b"video"]


def test_an_unknown_block_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        image_of(memory(), "nothing")


def mapped_file(bitmap: int) -> bytes:
    """A file with three pages at fixed places, all of them written, and the bitmap that says which count."""
    head = crafted.header() + crafted.configuration("pc", "mapped-ram")
    head += b"\x01" + u32(2) + crafted.counted("ram") + u32(0) + u32(4)
    head += crafted.word(3 * PAGE_SIZE, crafted.MEM_SIZE) + crafted.counted(BLOCK) + u64(3 * PAGE_SIZE)
    bitmap_offset, pages_offset = len(head) + 28, 2 * PAGE_SIZE
    head += u32(1) + u64(PAGE_SIZE) + u64(bitmap_offset) + u64(pages_offset) + bitmap.to_bytes(8, "little")
    contents = b"".join(letter.ljust(PAGE_SIZE, b"\0") for letter in (b"A", b"B", b"C"))
    closing = crafted.END_OF_BODY + b"\x7e" + u32(2)
    return head.ljust(pages_offset, b"\0") + contents + closing + ram_end() + b"\0"


@pytest.mark.parametrize(
    ("bitmap", "expected"),
    [(0b111, [b"A", b"B", b"C"]), (0b001, [b"A", b"", b""]), (0b110, [b"", b"B", b"C"]), (0, [b"", b"", b""])],
)
def test_pages_at_fixed_places_count_when_their_bit_is_set(bitmap: int, expected: list[bytes]) -> None:
    """Fails when bits are read from the wrong end; a page with a clear bit is zero whatever stands in its place."""
    image = image_of(mapped_file(bitmap))
    assert pages(image) == expected
    assert "missing" not in {origin for origin, _, _ in shape(image)}


def test_windows_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same image whatever part of it is looked at a time, patches across windows included."""
    records = [plain_page(n, bytes([65 + n]), BLOCK if n == 0 else None) for n in range(8)]
    records += [patched_page(5, b"\x01\x01p"), zero_page(2), patched_page(5, b"\x02\x01q")]
    data = memory(*records)
    whole = pages(image_of(data))
    monkeypatch.setattr(images, "WINDOW_COUNT", 3)
    assert pages(image_of(data)) == whole
    assert whole[5] == b"Fpq"


def test_a_block_of_any_size_costs_nothing_where_it_is_empty() -> None:
    """Fails, by time, when each page that a block claims is looked at."""
    data = memory(plain_page(0, b"x", BLOCK), pages=1 << 50)
    assert shape(image_of(data)) == [
        ("plain", 0, 1),
        ("missing", 1, (1 << 20) - 1),
        ("missing", 1 << 20, (1 << 50) - (1 << 20)),
    ]


@pytest.mark.parametrize(
    ("record", "id", "detail"),
    [
        (patched_page(0, b"\x00\x00x"), "vmstate/xbzrle", "run of no new bytes"),
        (compressed_page(0, b"nonsense"), "vmstate/compressed", "incorrect header check"),
        (compressed_page(0, deflated(b"")[:-1]), "vmstate/compressed", "ends after 4096 bytes of a page"),
        (compressed_page(0, deflated(b"") + b"x"), "vmstate/compressed", "1 bytes behind the end of the zlib stream"),
        (compressed_page(0, deflated(bytes(4097))), "vmstate/compressed", "inflates to more than 4096 bytes"),
    ],
)
def test_a_page_that_cannot_be_made_is_an_error_at_its_place(record: bytes, id: str, detail: str) -> None:
    data = memory(plain_page(0, b"base", BLOCK), record, pages=1)
    with pytest.raises(DecodeError) as caught:
        pages(image_of(data))
    error = caught.value
    assert (error.id, error.path) == (id, 'ram["pc.ram"][0]')
    assert detail in error.detail
    assert error.offset is not None
    assert data.index(record) < error.offset < data.index(record) + len(record)


def test_patches_of_pages_that_never_came_are_orphans() -> None:
    records = zero_page(0, BLOCK), patched_page(0, b"\x00\x01a"), patched_page(3, b"\x00\x01b"), plain_page(3, b"late")
    image = image_of(memory(*records))
    assert [page for _, page in image.orphans()] == [3]


LETTERS = st.binary(min_size=1, max_size=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("plain"), st.integers(0, 3), LETTERS),
        st.tuples(st.just("zero"), st.integers(0, 3), st.just(b"")),
        st.tuples(st.just("compressed"), st.integers(0, 3), LETTERS),
        st.tuples(st.just("patched"), st.integers(0, 3), LETTERS),
        st.tuples(st.just("discarded"), st.integers(0, 3), st.just(b"")),
    ),
    max_size=12,
)


def element(kind: str, page: int, data: bytes) -> bytes:
    """One step as an element of a stream."""
    if kind == "discarded":
        return discard(BLOCK, (page, 1))
    if kind == "patched":
        return ram_part(patched_page(page, bytes([0, len(data)]) + data, BLOCK))
    if kind == "compressed":
        return ram_part(compressed_page(page, deflated(data), BLOCK))
    return ram_part(plain_page(page, data, BLOCK) if kind == "plain" else zero_page(page, BLOCK))


def remembered(steps: list[tuple[str, int, bytes]]) -> dict[int, bytes]:
    """What a destination holds after the steps that it took one by one."""
    memory: dict[int, bytes] = {}
    for kind, page, data in steps:
        if kind == "discarded":
            memory.pop(page, None)
        elif kind == "patched":
            memory[page] = data + memory.get(page, b"").ljust(3, b"\0")[len(data) :]
        else:
            memory[page] = data
    return memory


@given(STEPS)
def test_an_image_is_what_a_destination_would_hold(steps: list[tuple[str, int, bytes]]) -> None:
    """Fails when order, patches or discards are confused, compared with a destination that takes step by step."""
    data = stream(
        ram_start(block_list(pc_ram=4 * PAGE_SIZE)),
        *(element(*step) for step in steps),
        ram_end(),
        behind=crafted.description(),
    )
    image, expected = image_of(data), remembered(steps)
    assert pages(image) == [expected.get(page, b"").rstrip(b"\0") for page in range(4)]
    missing = {p for e in image.extents() if e.origin == "missing" for p in range(e.page, e.page + e.count)}
    assert missing == set(range(4)) - expected.keys()
