"""Every error of this protocol has an entry that explains it, and each is raised for the bytes it is about."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.building import (
    EOF,
    SIMPLE,
    configuration,
    description,
    full,
    header,
    join,
    part,
    ram_blocks,
    ram_end,
    ram_part,
    ram_start,
    start,
    zero,
)
from wireformat.errors import DecodeError
from wireformat.protocols.vmstate import xbzrle
from wireformat.protocols.vmstate.catalogue import CATALOGUE
from wireformat.protocols.vmstate.encoder import ram_word
from wireformat.protocols.vmstate.ram import MEM_SIZE, PAGE, ZERO
from wireformat.protocols.vmstate.stream import read_stream

OPEN = header() + configuration()
RAM = OPEN + ram_start(("a", 8192))
MAPPED = header() + configuration(capabilities=["mapped-ram"])
CASES = {
    "vmstate/magic": b"QFI\xfb",
    "vmstate/version": header(2),
    "vmstate/element": OPEN + b"\x55",
    "vmstate/section": OPEN + part(9, b""),
    "vmstate/footer": join(OPEN, SIMPLE.section(1, footer=False), b"\x7e\0\0\0\2", EOF, description(SIMPLE)),
    "vmstate/border": join(
        header(),
        ram_start(footer=False),
        SIMPLE.section(3, footer=False),
        b"\xff",
        full(4, "x", b"", footer=False),
        EOF,
        description(SIMPLE),
    ),
    "vmstate/description": OPEN + EOF + b"\6\0\0\0\2{]",
    "vmstate/ram-flags": RAM + ram_part(zero(0, "a"), ram_word(0, PAGE | ZERO)),
    "vmstate/ram-continue": RAM + ram_part(zero(0), zero(4096)),
    "vmstate/ram-block": RAM + ram_part(zero(0, "b"), zero(4096)),
    "vmstate/ram-offset": RAM + ram_part(zero(8192, "a"), zero(0)),
    "vmstate/ram-total": OPEN + start(2, "ram", ram_blocks(("a", 8192), total=4096) + ram_end()),
    "vmstate/page-size": header() + configuration(bits=40),
    "vmstate/mapped-ram": MAPPED
    + start(
        2, "ram", ram_word(4096, MEM_SIZE) + b"\1a" + (4096).to_bytes(8, "big") + b"\0\0\0\1" + b"\0" * 15 + b"\1" * 9
    ),
}


@pytest.mark.parametrize("id", CASES)
def test_each_is_raised(id: str) -> None:
    stream = read_stream(CASES[id])
    assert id in {error.id for error in stream.problems()}


def test_a_patch() -> None:
    with pytest.raises(DecodeError) as caught:
        xbzrle.apply(b"", bytearray(4096))
    assert caught.value.id == "vmstate/xbzrle"


def test_each_case_is_explained() -> None:
    assert set(CASES) <= set(CATALOGUE)


def test_entries_explain() -> None:
    for id, entry in CATALOGUE.items():
        assert id.startswith("vmstate/")
        assert entry.kind == "malformed"
        assert not entry.summary.endswith(".")
        assert "[qemu-stream " in entry.detail
