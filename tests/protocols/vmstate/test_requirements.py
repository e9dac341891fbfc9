"""Requirements of `spec/protocols/vmstate.md`, each on the smallest stream that meets or breaks it."""

from __future__ import annotations

import pytest

from wireformat.peer.streams import window_on
from wireformat.protocols.vmstate.elements import ConfigurationElement, EndElement, HeaderElement
from wireformat.protocols.vmstate.stream import Stream, read_stream

HEADER = "51 45 56 4d 00000003"
PAGE_BITS = "07 00000002 7063 05 1e" + b"configuration/target-page-bits".hex() + "00000001 0000000c"
PING = "08 0002 0004 00000001"
RAM_START = f"{HEADER} {PAGE_BITS} 01 00000002 03 72616d 00000000 00000004"
BLOCKS = "0000000000002004 06 70632e72616d 0000000000002000"
"""MEM_SIZE of two pages, and one block of that size."""


def read(text: str) -> Stream:
    """The stream of these hexadecimal bytes."""
    return read_stream(window_on(bytes.fromhex(text)))


def ids(stream: Stream) -> list[str]:
    """The ids of what is wrong with a stream; a bad section does not end its stream."""
    return [error.id for error in (*stream.findings, *([stream.fault] if stream.fault else []))]


@pytest.mark.requirement("VM-010", "VM-011")
@pytest.mark.parametrize(
    ("text", "error"),
    [("51 45 56 4e 00000003 00", "vmstate/magic"), ("51 45 56 4d 00000002 00", "vmstate/version")],
)
def test_a_stream_begins_with_mark_and_version(text: str, error: str) -> None:
    stream = read(text)
    assert error in ids(stream)


@pytest.mark.requirement("VM-015", "VM-017", "VM-112")
def test_a_stream_may_end_with_its_elements_and_be_filled_up() -> None:
    for tail in ("", "000000", "00" * 512):
        stream = read(f"{HEADER} 00 {tail}")
        assert ids(stream) == []
        assert [type(element) for element in stream.elements][:2] == [HeaderElement, EndElement]


@pytest.mark.requirement("VM-013", "VM-026")
def test_a_configuration_is_optional_and_ends_where_no_subsection_follows() -> None:
    for text, count in ((f"{HEADER} 00", 0), (f"{HEADER} 07 00000002 7063 00", 1), (f"{HEADER} {PAGE_BITS} 00", 1)):
        stream = read(text)
        assert stream.fault is None
        assert sum(isinstance(element, ConfigurationElement) for element in stream.elements) == count


@pytest.mark.requirement("VM-005")
def test_a_cut_is_truncation_at_every_byte() -> None:
    whole = bytes.fromhex(f"{HEADER} {PAGE_BITS} {PING} 00")
    for size in range(1, len(whole)):
        stream = read_stream(window_on(whole[:size]))
        assert stream.fault is not None, size
        assert stream.fault.id == "truncated", size


@pytest.mark.requirement("VM-012", "VM-014", "VM-016")
@pytest.mark.parametrize("element", ["07 00000002 7063", "06 00000002 7b7d", "05", "7e 00000001", "ff"])
def test_an_element_stands_only_where_it_may(element: str) -> None:
    stream = read(f"{HEADER} {PING} {element} 00")
    assert "vmstate/element" in ids(stream)


@pytest.mark.requirement("VM-031", "VM-033")
@pytest.mark.parametrize("element", ["04 00000001 00 00000000 00000001", "02 00000009", "03 00000009"])
def test_a_section_has_a_name_and_is_introduced(element: str) -> None:
    stream = read(f"{HEADER} {element} 00")
    assert "vmstate/section" in ids(stream)


@pytest.mark.requirement("VM-130")
@pytest.mark.parametrize(
    ("command", "error"),
    [("00ff 0000", "tag"), ("0002 0005 0000000100", "trailing"), ("0002 0003 000001", "overrun")],
)
def test_commands_are_known_and_as_long_as_they_say(command: str, error: str) -> None:
    stream = read(f"{HEADER} 08 {command} 00")
    assert error in ids(stream)


@pytest.mark.requirement("VM-051", "VM-053", "VM-054")
@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("000000000000000a 06 70632e72616d", "vmstate/ram-flags"),
        ("0000000000000014", "vmstate/ram-flags"),
        ("0000000000000080", "vmstate/ram-flags"),
        ("0000000000000022 00", "vmstate/ram-continue"),
    ],
)
def test_words_of_memory_make_sense(word: str, error: str) -> None:
    stream = read(f"{RAM_START} {BLOCKS} {word} 0000000000000010 7e 00000002 00")
    assert error in ids(stream)


@pytest.mark.requirement("VM-061")
def test_the_list_of_blocks_must_not_exceed_its_sum() -> None:
    stream = read(f"{RAM_START} {BLOCKS.replace('2004', '1004')} 0000000000000010 7e 00000002 00")
    assert "vmstate/ram-total" in ids(stream)


@pytest.mark.requirement("VM-070")
@pytest.mark.parametrize(("offset", "error"), [("1", None), ("2", "vmstate/ram-offset")])
def test_a_page_lies_in_its_block(offset: str, error: str | None) -> None:
    stream = read(f"{RAM_START} {BLOCKS} 000000000000{offset}002 06 70632e72616d 00 0000000000000010 7e 00000002 00")
    assert ids(stream) == ([error] if error else [])
