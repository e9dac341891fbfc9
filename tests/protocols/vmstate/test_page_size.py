"""The page size follows from the records, for every size there is."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.building import (
    EOF,
    command,
    compressed,
    configuration,
    description,
    header,
    join,
    page,
    ram_end,
    ram_finish,
    ram_part,
    ram_start,
    read_piped,
    written,
    xbzrle,
    zero,
)
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.messages import CommandCode, PageSizes, PostcopyAdvise
from wireformat.protocols.vmstate.page_size import CANDIDATES, guess_page_size
from wireformat.protocols.vmstate.stream import read_stream
from wireformat.protocols.vmstate.window import Window


def pages(size: int, count: int) -> bytes:
    """Plain pages one after the other, each with contents of its own."""
    return join(page(n * size, bytes([n + 1]) * size, None if n else "a") for n in range(count))


def zeros(size: int, count: int) -> bytes:
    """Zero pages one after the other."""
    return join(zero(n * size, None if n else "a") for n in range(count))


@pytest.mark.parametrize("size", CANDIDATES)
@pytest.mark.parametrize("records", [zeros, pages])
def test_a_few_records_are_enough(size: int, records: object) -> None:
    assert callable(records)
    assert guess_page_size(Window(records(size, 5) + ram_end()), 0) == size


@pytest.mark.parametrize("size", CANDIDATES)
def test_both_kinds_behind_something_else(size: int) -> None:
    data = join(b"before", zeros(size, 3), page(3 * size, 7, page_size=size), zero(4 * size), ram_end())
    assert guess_page_size(Window(data), 6) == size


def test_the_usual_size_when_one_record_is_all() -> None:
    """A single zero page fits every size; 4096 is by far the most common."""
    assert guess_page_size(Window(zero(0, "a") + ram_end()), 0) == 4096


def test_no_size_fits() -> None:
    with pytest.raises(DecodeError) as caught:
        guess_page_size(Window(b"\xff" * 300), 0)
    assert (caught.value.id, caught.value.offset) == ("vmstate/page-size", 0)


def test_too_little_to_tell() -> None:
    window = Window()
    window.feed(zeros(1024, 3))
    with pytest.raises(DecodeError) as caught:
        guess_page_size(window, 0)
    assert caught.value.need_more


@pytest.mark.parametrize("size", CANDIDATES)
def test_a_stream_that_does_not_tell(size: int) -> None:
    """Fails when a decoder without a description or configuration takes pages of another size."""
    data = join(
        header(),
        configuration(),
        ram_start(("a", 9 * size), ("b", 2 * size)),
        ram_part(pages(size, 3), zero(3 * size), zero(4 * size), zero(0, "b")),
        ram_finish(page(size, 9, "b", size)),
        EOF,
    )
    for stream in (read_stream(data), read_piped(data, 1000)):
        assert (stream.ram.page_size, stream.problems()) == (size, [])
    assert written(read_stream(data)) == data


@pytest.mark.parametrize("size", [256, 1024, 4096])
def test_patches_and_compressed_pages_are_passed_over(size: int) -> None:
    """Fails when a record whose length stands in the stream ends the reading or is taken for a whole page."""
    records = join(
        zeros(size, 2), xbzrle(2 * size, b"\0\1x"), compressed(3 * size, bytes(9)), zero(4 * size), ram_end()
    )
    assert guess_page_size(Window(records), 0) == size


def test_a_page_that_goes_on_behind_the_end_explains_nothing() -> None:
    """4096 comes first, but its page would end behind the stream; 256 is what fits."""
    assert guess_page_size(Window(pages(256, 2) + ram_end()), 0) == 256


def told(size: int, by: str) -> bytes:
    """A stream with one zero page, which fits every page size, and something that tells the size."""
    advice = PostcopyAdvise(page_sizes=(PageSizes(block_page_sizes=size, target_page_size=size),))
    return join(
        header(),
        configuration(bits=size.bit_length() - 1 if by == "configuration" else None),
        command(CommandCode.POSTCOPY_ADVISE, advice) if by == "advice" else b"",
        ram_start(("a", 1 << 16)),
        ram_part(zero(0, "a")),
        ram_finish(),
        EOF,
        description(page_size=size) if by == "description" else b"",
    )


@pytest.mark.requirement("VM-050")
@pytest.mark.parametrize("size", CANDIDATES)
@pytest.mark.parametrize("by", ["configuration", "description", "advice"])
def test_what_the_stream_tells_is_believed(size: int, by: str) -> None:
    """Fails when one of the three is not heard: a single zero page alone is taken for one of 4096 bytes."""
    assert read_stream(told(size, by)).ram.page_size == size
    assert read_stream(told(size, "nothing")).ram.page_size == 4096
    assert read_stream(told(size, "nothing"), page_size=size).ram.page_size == size
