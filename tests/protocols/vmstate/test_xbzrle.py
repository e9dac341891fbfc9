"""XBZRLE patches: applied, refused with id and offset, made."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireformat.errors import DecodeError
from wireformat.protocols.vmstate import xbzrle

SIZE = 4096


def applied(patch: bytes, page: bytes) -> bytes:
    """A page after a patch."""
    result = bytearray(page)
    xbzrle.apply(patch, result)
    return bytes(result)


@pytest.mark.requirement("VM-076")
@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (b"\x00\x02ab", b"ab" + b"." * 14),
        (b"\x03\x01x", b"...x" + b"." * 12),
        (b"\x01\x01x\x02\x02yz", b".x..yz" + b"." * 10),
        (b"\x0f\x01!", b"." * 15 + b"!"),
        (b"\x00\x10" + b"n" * 16, b"n" * 16),
    ],
)
def test_runs_of_kept_and_new_bytes_alternate(patch: bytes, expected: bytes) -> None:
    """Fails when new bytes are XORed, or what stands behind the last run is lost."""
    assert applied(patch, b"." * 16) == expected


def test_lengths_of_two_bytes() -> None:
    """Fails when the second byte counts other than 128."""
    patch = b"\x80\x02" + b"\xac\x02" + b"n" * 300
    assert applied(patch, bytes(SIZE)) == bytes(256) + b"n" * 300 + bytes(SIZE - 556)


@pytest.mark.requirement("VM-075")
@pytest.mark.parametrize(
    ("patch", "offset", "detail"),
    [
        (b"", 0, "empty patch"),
        (b"\x05", 0, "patch ends where a run must follow"),
        (b"\x00\x01", 1, "patch ends where a run must follow"),
        (b"\x00\x80", 1, "patch ends where a run must follow"),
        (b"\x00\x00x", 1, "run of no new bytes"),
        (b"\x00\x01a\x00\x01b", 3, "run of no unchanged bytes between two runs of new ones"),
        (b"\x80\x80\x01a", 0, "length of more than 14 bits"),
        (b"\x11\x01a", 0, "unchanged bytes up to 17 in a page of 16"),
        (b"\x10\x01a", 1, "new bytes up to 17 in a page of 16"),
        (b"\x00\x03ab", 2, "3 new bytes announced, 2 left"),
        (b"\x00\x01a\x01", 3, "patch ends where a run must follow"),
    ],
)
def test_what_is_malformed_is_refused(patch: bytes, offset: int, detail: str) -> None:
    with pytest.raises(DecodeError) as caught:
        applied(patch, bytes(16))
    error = caught.value
    assert (error.id, error.offset, error.detail) == ("vmstate/xbzrle", offset, detail)


def test_a_patch_is_small() -> None:
    old, new = bytes(SIZE), bytes(100) + b"\x01" + bytes(SIZE - 101)
    assert xbzrle.encode(old, new) == b"\x64\x01\x01"


def test_nothing_differs_is_no_patch() -> None:
    assert xbzrle.encode(b"same", b"same") is None


@pytest.mark.parametrize("size", [16, SIZE, 1 << 15])
def test_a_page_that_is_all_new_is_no_patch(size: int) -> None:
    """The last size is one whose run would not fit into 14 bits."""
    assert xbzrle.encode(bytes(size), b"\xff" * size) is None


def test_a_run_too_long_to_be_counted_is_no_patch() -> None:
    """Fails when a length above 16383 is cut down to its low bits."""
    old = bytes(1 << 15)
    assert xbzrle.encode(old, old[:-1] + b"\x01") is None


@pytest.mark.requirement("VM-076")
@given(st.binary(min_size=64, max_size=64), st.lists(st.tuples(st.integers(0, 63), st.integers(0, 255)), max_size=9))
def test_what_is_made_leads_from_the_old_page_to_the_new(old: bytes, edits: list[tuple[int, int]]) -> None:
    page = bytearray(old)
    for place, byte in edits:
        page[place] = byte
    patch = xbzrle.encode(old, bytes(page))
    if patch is None:
        assert bytes(page) == old or len(edits) > 5
    else:
        assert applied(patch, old) == bytes(page)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_patch_or_an_error(patch: bytes) -> None:
    """Fails on any exception but `DecodeError`, and when a patch changes the size of a page."""
    page = bytearray(32)
    with suppress(DecodeError):
        xbzrle.apply(patch, page)
    assert len(page) == 32
