"""Compressed pages: one page exactly, or an error that says why not."""

from __future__ import annotations

import zlib

import pytest

from wireformat.errors import DecodeError
from wireformat.protocols.vmstate.compressed import inflate

PAGE = bytes(range(256)) * 16
WHOLE = zlib.compress(PAGE)


@pytest.mark.requirement("VM-077")
@pytest.mark.parametrize("level", range(10))
def test_a_page(level: int) -> None:
    assert inflate(zlib.compress(PAGE, level), len(PAGE)) == PAGE


@pytest.mark.requirement("VM-077")
@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "ends after 0 bytes of a page, inside the zlib stream"),
        (b"nonsense", "Error -3 while decompressing data: incorrect header check"),
        (WHOLE[:-1], "ends after 4096 bytes of a page, inside the zlib stream"),
        (WHOLE[:-1] + b"\0", "Error -3 while decompressing data: incorrect data check"),
        (WHOLE + b"xy", "2 bytes behind the end of the zlib stream"),
        (zlib.compress(PAGE[:-1]), "inflates to 4095 bytes instead of 4096"),
        (zlib.compress(PAGE + b"\0"), "inflates to more than 4096 bytes"),
        (zlib.compress(bytes(100 << 20)), "inflates to more than 4096 bytes"),
    ],
)
def test_anything_else(data: bytes, detail: str) -> None:
    with pytest.raises(DecodeError) as caught:
        inflate(data, len(PAGE))
    error = caught.value
    assert (error.id, error.detail, error.offset) == ("vmstate/compressed", detail, 0)
