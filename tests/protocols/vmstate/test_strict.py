"""Strict rules: each broken once, with id, path and place; and nothing is found in what QEMU wrote."""

from __future__ import annotations

import pytest

from tests.captures.bundle import Capture
from tests.protocols.vmstate import crafted
from tests.protocols.vmstate.crafted import (
    ADVISE,
    BLOCK,
    LISTEN,
    PAGE_SIZE,
    RUN,
    SWITCHOVER_START,
    TIMER,
    block_list,
    command,
    compressed_page,
    deflated,
    described,
    description,
    device,
    discard,
    listed,
    machine,
    memory,
    number_field,
    package,
    patched_page,
    plain_page,
    ram_end,
    ram_part,
    ram_start,
    section,
    stream,
    timer,
    u16,
    u32,
    u64,
    zero_page,
)
from wireformat.protocols.vmstate.stream import read_stream
from wireformat.protocols.vmstate.strict import findings, undescribed_count

RAM = ram_start(block_list(pc_ram=8 * PAGE_SIZE))
ADVICE = command(ADVISE, u64(PAGE_SIZE) + u64(PAGE_SIZE))
POSTCOPY = ADVICE, discard(BLOCK, (0, 1)), package(command(LISTEN), command(RUN))


def found(data: bytes) -> list[tuple[str, str]]:
    """Id and path of every finding."""
    return [(error.id, error.path) for error in findings(read_stream(data))]


def details(data: bytes) -> list[str]:
    return [error.detail for error in findings(read_stream(data))]


@pytest.mark.slow
def test_what_qemu_wrote_is_beyond_reproach(stream_capture: Capture) -> None:
    assert findings(read_stream(stream_capture.data)) == []


@pytest.mark.requirement("VM-032", "VM-036")
@pytest.mark.parametrize(
    "data",
    [
        machine(plain_page(0, b"x", BLOCK), patched_page(0, b"\x00\x01y")),
        machine(compressed_page(0, deflated(b"x"), BLOCK)),
        machine() + bytes(70_000),
        stream(RAM, *POSTCOPY, ram_part(zero_page(0, BLOCK)), ram_end(), ram_end()),
        stream(timer(), timer()[:4] + b"\x09" + timer()[5:-1] + b"\x09", behind=description(TIMER, TIMER)),
    ],
    ids=["patch", "compressed", "zero fill", "postcopy", "two devices of one name"],
)
def test_what_is_right(data: bytes) -> None:
    """Fails when a rule is stricter than senders are."""
    assert details(data) == []


@pytest.mark.requirement("VM-030")
@pytest.mark.parametrize(
    ("data", "id", "path", "detail"),
    [
        (stream(RAM, RAM, ram_end()), "vmstate/section", "ram", "number 2 is introduced twice"),
        (
            stream(RAM, device(2, "rtc", b""), ram_end()),
            "vmstate/section",
            "sections.rtc",
            "number 2 is that of ram already",
        ),
        (stream(device(1, "r\x07c", b"")), "vmstate/name", 'sections["r\\u0007c"]', "'r\\x07c' is not printable"),
        (
            stream(device(1, "rtc", b"", instance=0xFFFF_FFFF)),
            "vmstate/section",
            'sections["rtc@4294967295"]',
            "instance 0xffffffff means any and is never sent",
        ),
        (
            stream(section(1, 1, u64(2), "block", version=2), section(3, 1, u64(2))),
            "vmstate/section",
            "sections.block",
            "version 2 instead of 1",
        ),
        (
            stream(section(1, 1, u64(2), "block")),
            "vmstate/section",
            "sections.block",
            "no END of section 1 in the stream",
        ),
        (stream(RAM, command(SWITCHOVER_START)), "vmstate/section", "ram", "no END of section 2 in the stream"),
        (
            stream(section(1, 1, u64(2), "block"), section(3, 1, u64(2)), section(2, 1, u64(2))),
            "vmstate/section",
            "sections.block",
            "SECTION_PART behind the END of section 1",
        ),
    ],
)
def test_sections(data: bytes, id: str, path: str, detail: str) -> None:
    assert (found(data), details(data)) == ([(id, path)], [detail])


@pytest.mark.requirement("VM-038")
def test_without_a_configuration_there_are_no_footers() -> None:
    """Fails when footers are taken for granted because they stand where they would."""
    end = ram_end()
    data = crafted.header() + RAM + end + b"\0"
    (error,) = findings(read_stream(data))
    assert (error.id, error.path, error.offset) == ("vmstate/footer", "ram", 8 + len(RAM) - 5)
    assert found(crafted.header() + RAM[:-5] + end[:-5] + b"\0") == []


def test_device_states_alone_have_footers_without_a_configuration() -> None:
    """Fails when what `xen-save-devices-state` writes on any machine is taken for an old machine."""
    assert found(crafted.header() + timer() + b"\0") == []


def test_a_background_snapshot_has_no_end_of_ram() -> None:
    assert details(stream(RAM, ram_part(zero_page(0, BLOCK)), timer(), behind=description(TIMER))) == []


def test_a_background_snapshot_has_no_end_of_a_hash_table() -> None:
    """Fails when the table must end whatever the stream, or when it need not where others end."""
    table = section(1, 5, u32(21), "spapr/htab")
    assert details(stream(RAM, table, ram_part(zero_page(0, BLOCK)))) == []
    assert details(stream(RAM, table, ram_end())) == ["no END of section 5 in the stream"]


def test_without_bitmaps_their_section_does_not_end() -> None:
    """Fails when the capability without a bitmap is an error, or a bitmap that does not end is none."""
    nothing, one = (section(1, 3, chunks + b"\x01", "dirty-bitmap") for chunks in (b"", STARTED))
    assert details(stream(RAM, nothing, ram_end())) == []
    assert details(stream(RAM, one, ram_end())) == ["no END of section 3 in the stream"]


def test_a_device_of_the_host_has_its_state_under_one_number() -> None:
    """Fails when FULL behind START of one VFIO device is a second section, or when any pair is none."""

    def twice(name: str, second: str) -> list[str]:
        ends = u64(0xFFFF_FFFF_EF10_0001)
        entry = {"name": second, "instance_id": 0, "size": 8, "fields": []}
        first = section(1, 7, ends, name), section(3, 7, ends)
        return details(stream(*first, device(7, second, ends), behind=description(entry)))

    assert twice("0000:00:05.0/vfio", "0000:00:05.0/vfio") == []
    assert twice("0000:00:05.0/vfio", "0000:00:06.0/vfio") == ["number 7 is that of 0000:00:05.0/vfio already"]


@pytest.mark.parametrize(
    ("blocks", "id", "path"),
    [
        ([("a", 4096), ("a", 4096)], "vmstate/block-list", "ram.a"),
        ([("a", 4096 + 512), ("b", 4096 - 512)], "vmstate/block-list", "ram.a"),
        ([("", 4096)], "vmstate/name", 'ram[""]'),
        ([("a\n", 4096)], "vmstate/name", 'ram["a\\n"]'),
    ],
)
def test_lists_of_blocks(blocks: list[tuple[str, int]], id: str, path: str) -> None:
    data = stream(ram_start(listed(blocks)), ram_end(), behind=description())
    assert found(data)[0] == (id, path)


def test_a_second_list_of_blocks_must_agree() -> None:
    def twice(pages: int) -> bytes:
        return stream(RAM, ram_part(block_list(pc_ram=pages * PAGE_SIZE)), ram_end())

    assert found(twice(8)) == []
    assert found(twice(9)) == [("vmstate/block-list", "ram.blocks")]


@pytest.mark.requirement("VM-073", "VM-074")
@pytest.mark.parametrize(
    ("record", "id", "detail"),
    [
        (zero_page(1, fill=7), "vmstate/ram-fill", "page filled with 0x07, which only QEMU before 1.5 sends"),
        (patched_page(0, b"\x00\x00x"), "vmstate/xbzrle", "run of no new bytes"),
        (patched_page(0, bytes(4097)), "vmstate/xbzrle", "patch of 4097 bytes"),
        (patched_page(0, b""), "vmstate/xbzrle", "empty patch"),
        (patched_page(3, b"\x00\x01x"), "vmstate/xbzrle", "patch of a page that was never sent"),
        (compressed_page(2, deflated(b"x") + b"y"), "vmstate/compressed", "1 bytes behind the end of the zlib stream"),
    ],
)
def test_pages(record: bytes, id: str, detail: str) -> None:
    data = memory(zero_page(0, BLOCK), record, zero_page(4))
    (error,) = findings(read_stream(data))
    assert (error.id, error.detail) == (id, detail)
    assert error.path.startswith('ram["pc.ram"][')
    assert error.offset is not None
    assert data.index(record) <= error.offset <= data.index(record) + len(record)


def mapped(version: int = 1, page_size: int = PAGE_SIZE, gap: int = 0, record: bytes = b"") -> bytes:
    """A mapped-ram file of one page; `gap` moves the page from where it should be."""
    head = crafted.header() + crafted.configuration("pc", "mapped-ram")
    head += b"\x01" + u32(2) + crafted.counted("ram") + u32(0) + u32(4)
    head += block_list(pc_ram=PAGE_SIZE) + u32(version) + u64(page_size)
    pages_offset = PAGE_SIZE + gap
    head += u64(len(head) + 16) + u64(pages_offset)
    rest = bytes(PAGE_SIZE) + crafted.END_OF_BODY + b"\x7e" + u32(2) + ram_part(record) + ram_end() + b"\0"
    return head.ljust(pages_offset, b"\0") + rest + description()


@pytest.mark.requirement("VM-074")
@pytest.mark.parametrize(
    ("data", "path"),
    [
        (mapped(version=2), 'ram["pc.ram"].mapped.version'),
        (mapped(page_size=8192, gap=4096), 'ram["pc.ram"].mapped.page_size'),
        (mapped(gap=512), 'ram["pc.ram"].mapped.pages_offset'),
        (mapped(record=zero_page(0, BLOCK)), "ram"),
        (mapped(record=patched_page(0, b"\x00\x01x", BLOCK)), "ram"),
    ],
)
def test_pages_at_fixed_places(data: bytes, path: str) -> None:
    assert found(mapped()) == []
    assert found(data) == [("vmstate/mapped-ram", path)]


@pytest.mark.parametrize(
    ("flags", "sector", "detail"),
    [
        (0x12, 0, "unknown flags 0x12"),
        (0x0A, 0, "flags 0xa do not belong together"),
        (0x06, 0, "flags 0x6 do not belong together"),
        (0x04, 101, "progress of 101 percent"),
    ],
)
def test_disks(flags: int, sector: int, detail: str) -> None:
    record = u64(sector << 9 | flags)
    data = stream(section(1, 1, u64(2), "block"), section(3, 1, record + (b"" if flags & 2 else u64(2))))
    (error,) = findings(read_stream(data))
    assert (error.id, error.path, error.detail) == ("vmstate/disk", "sections.block.records[0]", detail)
    assert error.offset == data.index(record, data.index(b"\x03" + u32(1)))


NAMES = crafted.counted("node") + crafted.counted("map")
STARTED = b"\x1c" + NAMES + u32(65536) + b"\x01"
BITS = b"\x40" + u64(0) + u32(128) + u64(32) + bytes(32)


@pytest.mark.parametrize(
    ("chunks", "detail"),
    [
        (STARTED + BITS + b"\x20", None),
        (BITS, "chunk of a bitmap that has no name yet"),
        (b"\x4c" + NAMES + BITS[1:], "BITS of bitmap 'map' of 'node' before its START"),
        (b"\x2c" + NAMES, "COMPLETE of bitmap 'map' of 'node' before its START"),
        (b"\x1c" + NAMES + u32(65536) + b"\x09", "reserved bits in the bitmap's flags 0x9"),
        (STARTED + b"\x60" + BITS[1:], "flags 0x60 do not belong together"),
        (STARTED + b"\x02", "flags 0x2 announce nothing"),
        (STARTED + b"\x22", "ZEROES without BITS"),
        (STARTED + BITS[:13] + u64(31) + bytes(31), "buffer of 31 bytes, no multiple of 16"),
        (b"\x80\x00", "extra flags, which no version defines"),
    ],
)
def test_bitmaps(chunks: bytes, detail: str | None) -> None:
    data = stream(section(1, 3, b"\x01", "dirty-bitmap"), section(3, 3, chunks + b"\x01"))
    told = details(data)
    assert told[:1] == ([] if detail is None else [detail])
    assert {id for id, _ in found(data)} <= {"vmstate/bitmap"}


@pytest.mark.requirement("VM-081")
def test_names_of_bitmaps_last_from_section_to_section() -> None:
    first, last = section(1, 3, STARTED + b"\x01", "dirty-bitmap"), section(3, 3, BITS + b"\x20\x01")
    assert details(stream(first, last)) == []


@pytest.mark.requirement("VM-131", "VM-133", "VM-134", "VM-135")
@pytest.mark.parametrize(
    ("commands", "path", "detail"),
    [
        ((command(RUN),), "commands[0]", "POSTCOPY_RUN in state none"),
        ((ADVICE, ADVICE), "commands[1]", "POSTCOPY_ADVISE in state advised"),
        ((ADVICE, package(command(RUN))), "commands[2]", "POSTCOPY_RUN in state advised"),
        ((command(2, u32(1)),), "commands[0]", "PING without a return path"),
        ((ADVICE, discard("vga", (0, 1))), "commands[1]", "discards of block 'vga', which is not in the list"),
        ((ADVICE, discard(BLOCK, (0, 0))), "commands[1]", "range of 0x0 bytes from 0x0 on: empty"),
        (
            (ADVICE, discard(BLOCK, (7, 2))),
            "commands[1]",
            "range of 0x2000 bytes from 0x7000 on: reaches beyond the block's 0x8000 bytes",
        ),
        (
            (command(ADVISE, u64(8192) + u64(8192)),),
            "commands[0]",
            "target pages of 0x2000 bytes, in the stream 0x1000",
        ),
    ],
)
def test_commands(commands: tuple[bytes, ...], path: str, detail: str) -> None:
    data = stream(RAM, *commands, ram_end(), behind=description())
    (error,) = findings(read_stream(data))
    assert (error.id, error.path, error.detail) == ("vmstate/command", path, detail)


@pytest.mark.requirement("VM-135")
def test_a_discard_of_half_a_page() -> None:
    parts = b"\0" + crafted.counted(BLOCK) + b"\0" + u64(0) + u64(512)
    data = stream(RAM, ADVICE, command(crafted.DISCARD, parts), ram_end(), behind=description())
    assert details(data) == ["range of 0x200 bytes from 0x0 on: not made of pages of 0x1000 bytes"]


@pytest.mark.requirement("VM-135")
@pytest.mark.parametrize(("length", "count"), [(3, 0), (2, 0), (1, 1)])
def test_the_last_huge_page_of_a_block_may_be_shorter(length: int, count: int) -> None:
    """Fails when huge pages must divide their block, or when a range may end inside any of them."""
    huge = 2 * PAGE_SIZE
    blocks = u64(3 * PAGE_SIZE | crafted.MEM_SIZE) + crafted.counted(BLOCK) + u64(3 * PAGE_SIZE) + u64(huge)
    advice = command(ADVISE, u64(PAGE_SIZE | huge) + u64(PAGE_SIZE))
    data = stream(advice, ram_start(blocks), discard(BLOCK, (0, length)), ram_end(), behind=description())
    assert len(findings(read_stream(data))) == count


@pytest.mark.requirement("VM-131")
def test_a_return_path_allows_pings() -> None:
    assert details(stream(command(1), command(2, u32(1)))) == []


def struct_field(size: int) -> dict[str, object]:
    inner = {"vmsd_name": "inner", "version": 1, "fields": [number_field("a", 2), number_field("b", 2)]}
    return {"name": "part", "type": "struct", "struct": inner, "size": size}


def test_sizes_of_a_description_add_up() -> None:
    body = u16(1) + u16(2)
    right, wrong = (
        stream(device(1, "rtc", body), behind=description(described("rtc", struct_field(n)))) for n in (4, 5)
    )
    assert found(right) == []
    assert found(wrong) == [("vmstate/description", "description.devices.rtc.part")]
    assert details(wrong) == ["size 5, but its fields have 4 bytes"]


@pytest.mark.requirement("VM-111")
def test_a_description_lists_the_sections_of_its_stream() -> None:
    other = described("other", number_field("x"))
    data = stream(timer(), device(5, "rtc", b"?"), behind=description(TIMER, other))
    assert found(data) == [("vmstate/description", "description.devices.other"), ("vmstate/description", "devices.rtc")]


def test_devices_without_any_description_are_counted() -> None:
    assert undescribed_count(read_stream(stream(timer(), timer()))) == 2
    assert undescribed_count(read_stream(machine())) == 0


@pytest.mark.requirement("VM-020", "VM-024")
@pytest.mark.parametrize(
    ("name", "capabilities", "path", "detail"),
    [
        ("", (), "configuration.name", "'' is no name of a machine"),
        ("p\x00c", (), "configuration.name", "'p\\x00c' is no name of a machine"),
        ("p" * 256, (), "configuration.name", f"'{'p' * 40}' is no name of a machine"),
        ("pc", ("xbzrle",), "configuration.capabilities", "'xbzrle' is no capability that a stream lists"),
        ("pc", ("x-ignore-shared",) * 2, "configuration.capabilities", "a capability is listed twice"),
    ],
)
def test_configurations(name: str, capabilities: tuple[str, ...], path: str, detail: str) -> None:
    data = crafted.header() + crafted.configuration(name, *capabilities) + b"\0"
    (error,) = findings(read_stream(data))
    assert (error.id, error.path, error.detail, error.offset) == ("vmstate/configuration", path, detail, 8)


def test_what_follows_the_end_is_zero() -> None:
    data = machine() + bytes(70_000)
    (error,) = findings(read_stream(data + b"x"))
    assert (error.id, error.offset) == ("vmstate/trailing", len(data))


@pytest.mark.parametrize("sign", [command(8), device(9, "COLOState", b"\x01")], ids=["since 3.1", "before"])
def test_with_colo_checkpoints_follow_the_end(sign: bytes) -> None:
    checkpoint, entry = u32(1) + u32(3), described("COLOState", number_field("colo_requested", 1))
    behind = description(entry) if b"COLOState" in sign else b""
    assert details(stream(sign, behind=behind) + checkpoint) == []
    assert [id for id, _ in found(stream() + checkpoint)] == ["vmstate/trailing"]


def test_what_decoding_found_comes_too_in_the_order_of_the_stream() -> None:
    """Fails when a fault hides what strict rules found before it."""
    data = stream(RAM, ram_part(zero_page(0, BLOCK, fill=1)), behind=b"")[:-1] + b"\x55"
    assert [id for id, _ in found(data)] == ["vmstate/ram-fill", "vmstate/element"]


def test_findings_have_a_limit() -> None:
    data = memory(*(zero_page(n, BLOCK, fill=1) for n in range(8)))
    assert len(findings(read_stream(data), limit=3)) == 3
