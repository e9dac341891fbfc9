"""Strict rules about the phases of memory: where no page may be patched, and where a block must be named again."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.crafted import (
    ADVISE,
    BLOCK,
    LISTEN,
    MULTIFD_FLUSH,
    PAGE_SIZE,
    RUN,
    block_list,
    command,
    memory,
    package,
    patched_page,
    plain_page,
    ram_end,
    ram_part,
    ram_start,
    stream,
    u64,
    word,
    zero_page,
)
from wireformat.protocols.vmstate.stream import read_stream
from wireformat.protocols.vmstate.strict import findings

START = ram_start(block_list(pc_ram=8 * PAGE_SIZE))
SWITCH = command(ADVISE, u64(PAGE_SIZE) + u64(PAGE_SIZE)), package(command(LISTEN), command(RUN))
PATCH = patched_page(1, b"\x00\x01x")
NAMED_PATCH = patched_page(1, b"\x00\x01x", BLOCK)
FLUSH = word(0, MULTIFD_FLUSH)
SENT = plain_page(0, b"a", BLOCK), plain_page(1, b"b")


def told(data: bytes) -> list[tuple[str, str, str, int | None]]:
    """Id, path, detail and offset of every finding."""
    return [(error.id, error.path, error.detail, error.offset) for error in findings(read_stream(data))]


@pytest.mark.requirement("VM-074")
@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (stream(START, ram_part(*SENT), *SWITCH, ram_part(NAMED_PATCH), ram_end()), "patch in postcopy"),
        (memory(*SENT, FLUSH, NAMED_PATCH), "patch in a stream whose pages go through multifd"),
        (memory(*SENT, NAMED_PATCH, FLUSH), "patch in a stream whose pages go through multifd"),
    ],
    ids=["postcopy", "behind a flush", "before a flush"],
)
def test_where_no_page_is_patched(data: bytes, detail: str) -> None:
    assert told(data) == [("vmstate/xbzrle", 'ram["pc.ram"][4096]', detail, data.index(NAMED_PATCH))]


@pytest.mark.requirement("VM-074")
@pytest.mark.parametrize(
    "data",
    [
        memory(*SENT, PATCH),
        memory(*SENT, FLUSH),
        stream(START, ram_part(*SENT, PATCH), *SWITCH, ram_part(zero_page(2, BLOCK)), ram_end()),
    ],
    ids=["precopy", "multifd", "before postcopy"],
)
def test_where_a_page_may_be_patched(data: bytes) -> None:
    """Fails when a rule goes further than its sentence."""
    assert told(data) == []


@pytest.mark.requirement("VM-053")
def test_the_first_page_of_postcopy_names_its_block() -> None:
    """Fails when the block of precopy lasts into postcopy, or when later pages must name theirs too."""
    first, second = plain_page(2, b"c"), plain_page(3, b"d")
    data = stream(START, ram_part(*SENT), *SWITCH, ram_part(first, second), ram_end())
    detail = "continues, but the first page of postcopy names its block"
    assert told(data) == [("vmstate/ram-continue", "ram", detail, data.index(first))]
    named = plain_page(2, b"c", BLOCK)
    assert told(stream(START, ram_part(*SENT), *SWITCH, ram_part(named, second), ram_end())) == []
