"""The kernel finds the runs that a record-by-record reading finds, wherever its input is cut."""

from __future__ import annotations

import mmap
import random
import struct
from collections.abc import Iterator
from dataclasses import replace

import pytest

from wireformat.errors import SchemaError
from wireformat.protocols.vmstate.runs import Run, Runs
from wireformat.protocols.vmstate.scan import PAGE_SIZES, RecordKind, Scanner

PAGE, ZERO = 0x28, 0x22
ENDLESS = 1 << 63


def table(page_size: int) -> list[RecordKind]:
    return [RecordKind(PAGE, page_size), RecordKind(ZERO, 1, b"\0")]


def record(page_size: int, offset: int, flags: int) -> bytes:
    body = b"\0" if flags == ZERO else bytes([offset // page_size & 0xFF]) * page_size
    return struct.pack(">Q", offset | flags) + body


def records(page_size: int, rows: list[tuple[int, int, int]]) -> bytes:
    """The stream of `rows`, each (flags, first offset, count)."""
    return b"".join(
        record(page_size, offset + index * page_size, flags) for flags, offset, count in rows for index in range(count)
    )


def naive(data: bytes, page_size: int, base: int, length: int) -> tuple[list[Run], int]:
    """One record at a time, no prediction: the runs and where they end."""
    runs: list[Run] = []
    at = 0
    bodies = {PAGE: page_size, ZERO: 1}
    while at + 8 <= len(data):
        (word,) = struct.unpack_from(">Q", data, at)
        flags, offset = word & (page_size - 1), word & ~(page_size - 1)
        size = 8 + bodies.get(flags, -8)
        wrong = flags == ZERO and data[at + 8 : at + 9] != b"\0"
        if not size or at + size > len(data) or wrong or offset + page_size > length:
            break
        last = runs[-1] if runs else None
        if last and last.flags == flags and last.offset + last.count * page_size == offset:
            runs[-1] = replace(last, count=last.count + 1)
        else:
            runs.append(Run(0, flags, offset, 1, base + at))
        at += size
    return runs, at


def random_rows(chance: random.Random, page_size: int, mean: float) -> Iterator[tuple[int, int, int]]:
    """Runs of both kinds, mostly adjacent, some after a gap, over a border of a 16 MiB span or far away."""
    offset = chance.choice([0, (1 << 24) - 3 * page_size, chance.randrange(1 << 40) * page_size])
    for _ in range(chance.randrange(1, 12)):
        count = 1 + int(chance.expovariate(1 / mean))
        yield chance.choice([PAGE, ZERO]), offset, count
        offset += count * page_size
        if chance.random() < 0.3:
            offset += chance.choice([page_size, 5 * page_size, 1 << 24, 1 << 32])


def scan_whole(data: bytes, page_size: int, *, base: int = 0, length: int = ENDLESS) -> tuple[list[Run], int]:
    runs = Runs()
    end = Scanner(table(page_size), page_size, runs).scan(data, 0, len(data), base, 0, length)
    return list(runs), end


@pytest.mark.parametrize("page_size", PAGE_SIZES)
@pytest.mark.parametrize("seed", range(12))
def test_runs_equal_those_of_a_record_by_record_reading(page_size: int, seed: int) -> None:
    chance = random.Random(f"{page_size}/{seed}")
    data = records(page_size, list(random_rows(chance, page_size, [1, 8, 60][seed % 3])))
    tail = chance.choice([b"", struct.pack(">Q", 0x10), data[: chance.randrange(9)]])
    assert scan_whole(data + tail, page_size, base=77) == naive(data + tail, page_size, 77, ENDLESS)


@pytest.mark.parametrize("seed", range(6))
def test_long_runs_over_several_spans(seed: int) -> None:
    chance = random.Random(seed)
    rows, offset = [], 0
    for _ in range(6):
        rows.append((ZERO, offset, chance.randrange(1, 9000)))
        rows.append((PAGE, offset + rows[-1][2] * 4096, chance.randrange(1, 5)))
        offset = rows[-1][1] + rows[-1][2] * 4096
    data = records(4096, rows)
    assert scan_whole(data, 4096) == naive(data, 4096, 0, ENDLESS)
    assert len(scan_whole(data, 4096)[0]) == 12


@pytest.mark.parametrize("page_size", PAGE_SIZES)
@pytest.mark.parametrize("seed", range(4))
def test_chunk_borders_leave_no_trace(page_size: int, seed: int) -> None:
    chance = random.Random(seed)
    data = records(page_size, list(random_rows(chance, page_size, 12)))
    runs = Runs()
    scanner = Scanner(table(page_size), page_size, runs)
    window, base = b"", 0
    cuts = sorted(chance.randrange(len(data)) for _ in range(9))
    for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        window += data[begin:end]
        done = scanner.scan(window, 0, len(window), base, 0, ENDLESS)
        window, base = window[done:], base + done
    assert (list(runs), base) == naive(data, page_size, 0, ENDLESS)


@pytest.mark.parametrize("flags", [PAGE, ZERO])
@pytest.mark.parametrize("count", [1, 2, 40, 700])
def test_every_word_is_verified(flags: int, count: int) -> None:
    data = bytearray(records(4096, [(flags, 0, count + 1)]))
    size = len(data) // (count + 1)
    for victim in {0, 1, count // 2, count - 1}:
        for byte in range(8):
            data[victim * size + byte] ^= 0x40
            runs, end = scan_whole(data, 4096)
            assert (runs, end) == naive(data, 4096, 0, ENDLESS)
            assert runs != [Run(0, flags, 0, count + 1, 0)]
            data[victim * size + byte] ^= 0x40


@pytest.mark.parametrize("victim", [0, 1, 9, 31, 32, 399, 699])
@pytest.mark.parametrize("warm", [False, True])
def test_every_checked_byte_is_verified(victim: int, warm: bool) -> None:
    data = bytearray(records(4096, [(ZERO, 0, 700)]))
    runs = Runs()
    scanner = Scanner(table(4096), 4096, runs)
    if warm:
        scanner.scan(bytes(data), 0, len(data), 0, 0, ENDLESS)
    data[victim * 9 + 8] = 1
    assert scanner.scan(data, 0, len(data), 1 << 40, 0, ENDLESS) == victim * 9
    expected = [Run(0, ZERO, 0, victim, 1 << 40)] if victim else []
    assert list(runs)[warm:] == expected


@pytest.mark.parametrize("flags", [PAGE, ZERO])
@pytest.mark.parametrize("fitting", [0, 1, 20, 100, 5000])
def test_the_first_page_outside_the_block_stops_the_scan(flags: int, fitting: int) -> None:
    count = fitting + 3
    size = 9 if flags == ZERO else 4104
    data = records(4096, [(flags, 0, count)])
    runs, end = scan_whole(data, 4096, length=fitting * 4096 + 100)
    assert end == fitting * size
    assert runs == ([Run(0, flags, 0, fitting, 0)] if fitting else [])


def test_a_record_beyond_the_block_stops_the_scan() -> None:
    assert scan_whole(records(4096, [(ZERO, 1 << 52, 1)]), 4096, length=4096) == ([], 0)


def test_an_unknown_word_is_left_to_the_caller() -> None:
    data = records(4096, [(ZERO, 0, 2)]) + struct.pack(">Q", 0x2000 | 0x60) + b"\1\0\4abcd"
    assert scan_whole(data, 4096) == ([Run(0, ZERO, 0, 2, 0)], 18)


@pytest.mark.parametrize("flags", [PAGE, ZERO])
def test_an_opened_run_grows_by_the_records_that_follow_it(flags: int) -> None:
    runs = Runs()
    scanner = Scanner(table(4096), 4096, runs)
    scanner.open(3, flags & ~0x20, 0x5000, 100, flags, 150)
    data = records(4096, [(flags, 0x6000, 50), (flags, 0, 1)])
    assert scanner.scan(data, 0, len(data), 150, 3, ENDLESS) == len(data)
    second = 150 + len(data) // 51 * 50
    assert list(runs) == [Run(3, flags & ~0x20, 0x5000, 51, 100), Run(3, flags, 0, 1, second)]


@pytest.mark.parametrize(
    ("block", "base", "offset", "flags"),
    [(4, 150, 0x6000, ZERO), (3, 151, 0x6000, ZERO), (3, 150, 0x7000, ZERO), (3, 150, 0x6000, PAGE)],
    ids=["other block", "not contiguous", "gap in the block", "other kind"],
)
def test_an_opened_run_does_not_swallow_others(block: int, base: int, offset: int, flags: int) -> None:
    runs = Runs()
    scanner = Scanner(table(4096), 4096, runs)
    scanner.open(3, 0x02, 0x5000, 100, ZERO, 150)
    data = records(4096, [(flags, offset, 2)])
    scanner.scan(data, 0, len(data), base, block, ENDLESS)
    assert list(runs) == [Run(3, 0x02, 0x5000, 1, 100), Run(block, flags, offset, 2, base)]


def test_an_opened_run_whose_follower_is_not_in_the_table_stays_alone() -> None:
    runs = Runs()
    scanner = Scanner(table(4096), 4096, runs)
    scanner.open(0, 0x40, 0, 0, 0x60, 20)
    data = struct.pack(">Q", 0x1060)
    assert scanner.scan(data, 0, len(data), 20, 0, ENDLESS) == 0
    assert list(runs) == [Run(0, 0x40, 0, 1, 0)]


@pytest.mark.parametrize("convert", [bytes, bytearray, memoryview])
def test_any_buffer_will_do_and_is_released(convert: type) -> None:
    data = convert(b"skip" + records(4096, [(PAGE, 0, 3)]) + b"rest")
    runs = Runs()
    assert Scanner(table(4096), 4096, runs).scan(data, 4, len(data), 6, 0, ENDLESS) == 4 + 3 * 4104
    assert list(runs) == [Run(0, PAGE, 0, 3, 10)]
    if isinstance(data, bytearray):
        data.clear()


def test_a_mapped_file_can_be_closed_after_the_scan() -> None:
    data = records(4096, [(ZERO, 0, 100), (PAGE, 100 << 12, 70)])
    with mmap.mmap(-1, len(data)) as mapped:
        mapped[:] = data
        runs = Runs()
        assert Scanner(table(4096), 4096, runs).scan(mapped, 0, len(data), 0, 0, ENDLESS) == len(data)
    assert mapped.closed
    assert [run.count for run in runs] == [100, 70]


def test_any_table_of_words_and_fixed_bodies_works() -> None:
    rows = [RecordKind(0x01, 0, b""), RecordKind(0x02, 2, b"ab"), RecordKind(0x03, 0), RecordKind(0x04, 24)]
    runs = Runs()
    pack = struct.Struct(">Q").pack
    bodies = {1: b"", 2: b"ab", 3: b"", 4: bytes(24)}
    data = b"".join(pack(index << 12 | flags) + bodies[flags] for flags in bodies for index in range(100))
    assert Scanner(rows, 4096, runs).scan(data, 0, len(data), 0, 0, ENDLESS) == len(data)
    assert [(run.flags, run.count) for run in runs] == [(1, 100), (2, 100), (3, 100), (4, 100)]


def test_kinds_that_share_their_low_flag_byte_are_told_apart() -> None:
    rows = [RecordKind(0x022, 1, b"\0"), RecordKind(0x122, 1, b"\0")]
    words = [index << 12 | (0x122 if index >= 300 else 0x022) for index in range(700)]
    data = b"".join(struct.pack(">QB", word, 0) for word in words)
    runs = Runs()
    assert Scanner(rows, 4096, runs).scan(data, 0, len(data), 0, 0, ENDLESS) == len(data)
    assert [(run.flags, run.count) for run in runs] == [(0x022, 300), (0x122, 400)]


@pytest.mark.parametrize("row", [RecordKind(1, 9), RecordKind(1, 2, b"a"), RecordKind(1, 17, bytes(17))])
def test_rows_that_cannot_be_predicted_are_refused(row: RecordKind) -> None:
    with pytest.raises(SchemaError) as caught:
        Scanner([row], 4096, Runs())
    assert caught.value.id == "vmstate/record-kind"


def test_a_page_size_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SchemaError) as caught:
        Scanner([], 4095, Runs())
    assert caught.value.id == "vmstate/page-size"
