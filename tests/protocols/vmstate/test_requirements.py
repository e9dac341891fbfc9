"""Requirements of `spec/protocols/vmstate.md`, each on the smallest stream that meets or breaks it."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.protocols.vmstate.crafted import described, description, device, number_field, u64
from wireformat.peer.streams import window_on
from wireformat.protocols.vmstate.elements import ConfigurationElement, EndElement, HeaderElement
from wireformat.protocols.vmstate.stream import Stream, read_stream
from wireformat.protocols.vmstate.strict import findings

HEADER = "51 45 56 4d 00000003"
PAGE_BITS = "07 00000002 7063 05 1e" + b"configuration/target-page-bits".hex() + "00000001 0000000c"
PING = "08 0002 0004 00000001"
RAM_START = f"{HEADER} {PAGE_BITS} 01 00000002 03 72616d 00000000 00000004"
BLOCKS = "0000000000002004 06 70632e72616d 0000000000002000"
"""MEM_SIZE of two pages, and one block of that size."""
EOS = "0000000000000010"


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


CAPABILITIES = "05 1a" + b"configuration/capabilities".hex() + "00000001 00000001 0f" + b"x-ignore-shared".hex()
UUID = "05 12" + b"configuration/uuid".hex() + "00000001" + "ab" * 16
BITS = PAGE_BITS.removeprefix("07 00000002 7063")


@pytest.mark.requirement("VM-022")
def test_subsections_of_the_configuration_come_in_their_order() -> None:
    """Each may be missing; one that comes late is no part of the configuration, and nothing that may follow it."""
    order = BITS, CAPABILITIES, UUID
    for parts in ((first, second) for first in order for second in order):
        stream = read(f"{HEADER} 07 00000002 7063 {' '.join(parts)} 00")
        if order.index(parts[0]) < order.index(parts[1]):
            assert ids(stream) == []
        else:
            assert stream.fault is not None
            assert (stream.fault.id, stream.fault.offset) == ("vmstate/element", 15 + len(bytes.fromhex(parts[0])))


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


@pytest.mark.requirement("VM-030")
@pytest.mark.parametrize("numbers", [(2, 7, 9), (0, 0xFFFFFFFF, 1), (0x01000000, 5, 4)])
def test_numbers_of_sections_mean_nothing(numbers: tuple[int, int, int]) -> None:
    """Fails when numbers must rise, have no gaps, or are tied to a name."""
    ram, rtc, hpet = (number.to_bytes(4, "big").hex() for number in numbers)
    sections = f"04 {rtc} 03 727463 00000000 00000001 61 7e {rtc} 04 {hpet} 04 68706574 00000000 00000001 62 7e {hpet}"
    memory = f"01 {ram} 03 72616d 00000000 00000004 {BLOCKS} {EOS} 7e {ram}"
    pages = f"0000000000000002 06 70632e72616d 00 0000000000001022 00 {EOS}"
    stream = read(f"{HEADER} {PAGE_BITS} {memory} 02 {ram} {pages} 7e {ram} 03 {ram} {EOS} 7e {ram} {sections} 00")
    assert findings(stream) == []
    assert [(one.key, one.section.section_id, one.body.data) for one in stream.devices()] == [
        ("rtc", numbers[1], b"a"),
        ("hpet", numbers[2], b"b"),
    ]


DEVICES = {name: device(number, name, bytes([number])) for number, name in enumerate(("early", "cpu", "pci"), 3)}


@pytest.mark.requirement("VM-037")
@pytest.mark.parametrize("order", list(permutations(DEVICES)))
@pytest.mark.parametrize("before", range(4))
def test_devices_come_in_any_order_also_before_memory(order: tuple[str, ...], before: int) -> None:
    """Fails when a device must follow another, or the pages."""
    text = description(*(described(name, number_field("n", 1)) for name in order))
    memory = bytes.fromhex(f"02 00000002 0000000000000002 06 70632e72616d 00 {EOS} 7e 00000002")
    memory += bytes.fromhex(f"03 00000002 {EOS} 7e 00000002")
    parts = [DEVICES[name] for name in order]
    parts.insert(before, memory)
    stream = read(f"{RAM_START} {BLOCKS} {EOS} 7e 00000002 {b''.join(parts).hex()} 00 {text.hex()}")
    assert findings(stream) == []
    values = {one.key: one.body.value for one in stream.devices()}
    assert values == {"early": {"n": 3}, "cpu": {"n": 4}, "pci": {"n": 5}}


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


@pytest.mark.requirement("VM-060")
@pytest.mark.parametrize(
    "page", ["0000000000000002 06 70632e72616d 00", f"0000000000000008 06 70632e72616d {'61' * 4096}"]
)
def test_blocks_are_listed_before_the_first_page(page: str) -> None:
    assert ids(read(f"{RAM_START} {BLOCKS} {page} {EOS} 7e 00000002 00")) == []
    (error,) = read(f"{RAM_START} {page} {BLOCKS} {EOS} 7e 00000002 00").problems()
    assert (error.id, error.offset) == ("vmstate/ram-block", len(bytes.fromhex(RAM_START)))


@pytest.mark.requirement("VM-060")
@pytest.mark.parametrize(
    ("total", "error"), [("1004", "vmstate/ram-total"), ("3004", "vmstate/ram-total"), ("2004", None)]
)
def test_the_word_holds_the_sum_of_the_blocks(total: str, error: str | None) -> None:
    """What is missing to the sum is taken for another block; the words that follow make none that fits."""
    stream = read(f"{RAM_START} {BLOCKS.replace('2004', total)} {EOS} 7e 00000002 00")
    assert ids(stream) == ([error] if error else [])


def blocks(flags: str, extra: str) -> str:
    """A START of `ram` with two blocks of 2 MiB each, the first of them with more in its entry."""
    return f"{flags} 01 00000002 03 72616d 00000000 00000004 {extra} {EOS} 7e 00000002 00"


ADVICE = "08 0003 0010 0000000000201000 0000000000001000"
HUGE = "0000000000400004 01 61 0000000000200000 0000000000200000 01 62 0000000000200000"


@pytest.mark.requirement("VM-062")
def test_only_with_postcopy_a_block_may_carry_its_page_size() -> None:
    """The advice says that there are huge pages; no byte says where, so the reading that adds up is it."""
    stream = read(blocks(f"{HEADER} {PAGE_BITS} {ADVICE}", HUGE))
    assert ids(stream) == []
    assert [(block.name, block.page_size) for block in stream.ram.blocks] == [("a", 0x200000), ("b", None)]
    for prelude in ("", ADVICE.replace("201000", "001000")):
        start = blocks(f"{HEADER} {PAGE_BITS} {prelude}", HUGE)
        assert "vmstate/ram-total" in ids(read(start))


ADDRESSED = "0000000000002004 01 61 0000000000001000 00000000fffc0000 01 62 0000000000001000 0000000000000000"


@pytest.mark.requirement("VM-063")
def test_addresses_stand_in_every_entry_when_the_capability_is_named() -> None:
    named = read(blocks(f"{HEADER} {PAGE_BITS} {CAPABILITIES}", ADDRESSED))
    assert ids(named) == []
    assert [(block.name, block.address) for block in named.ram.blocks] == [("a", 0xFFFC0000), ("b", 0)]
    unnamed = read(blocks(f"{HEADER} {PAGE_BITS}", ADDRESSED))
    assert "vmstate/ram-total" in ids(unnamed)


@pytest.mark.requirement("VM-024", "VM-063")
def test_a_header_stands_in_every_entry_when_mapped_ram_is_named() -> None:
    """Without the capability the same bytes are no list of blocks."""
    place = "00000001 0000000000001000 0000000000000000 0000000000000000"
    mapped = f"0000000000002004 01 61 0000000000002000 {place}"
    capability = CAPABILITIES.replace("0f" + b"x-ignore-shared".hex(), "0a" + b"mapped-ram".hex())
    named = read(blocks(f"{HEADER} {PAGE_BITS} {capability}", mapped))
    assert ids(named) == []
    assert [block.mapped is not None and block.mapped.page_size for block in named.ram.blocks] == [4096]
    assert ids(read(blocks(f"{HEADER} {PAGE_BITS}", mapped))) == ["vmstate/ram-flags"]


MEBIBYTE = 1 << 20


@pytest.mark.requirement("VM-080")
@pytest.mark.parametrize(
    ("size", "flags", "error"),
    [
        (MEBIBYTE, 0x01, None),
        (0, 0x09, None),
        (MEBIBYTE - 1, 0x01, ("vmstate/disk", MEBIBYTE + 13)),
        (512, 0x01, ("truncated", 512 + 27)),
        (0, 0x01, ("truncated", 27)),
    ],
)
def test_a_piece_of_disk_is_a_mebibyte_or_nothing(size: int, flags: int, error: tuple[str, int] | None) -> None:
    """A shorter piece is taken for a whole one, so that what follows is misread; offsets are from the piece on."""
    start = f"{HEADER} {PAGE_BITS} 01 00000001 05 {b'block'.hex()} 00000000 00000001 {u64(0x02).hex()} 7e 00000001"
    before = bytes.fromhex(f"{start} 03 00000001")
    piece = u64(0x2000 << 9 | flags) + b"\4disk" + b"d" * size + u64(0x02)
    found = findings(read_stream(before + piece + bytes.fromhex("7e 00000001 00")))
    assert [(one.id, (one.offset or 0) - len(before)) for one in found[:1]] == ([error] if error else [])
