"""`wireformat diff`: what differs, one line each; exit code 1 when anything does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.protocols.vmstate.crafted import (
    BLOCK,
    RUN,
    TIMER,
    command,
    described,
    description,
    device,
    machine,
    plain_page,
    stream,
    timer,
)

BUFFER = described("log", {"name": "text", "type": "buffer", "size": 40})


def files(folder: Path, *contents: bytes) -> list[Path]:
    """The contents as files."""
    paths = [folder / f"{number}.mig" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


@pytest.fixture
def pair(tmp_path: Path) -> list[Path]:
    """Two streams: a field differs, and three pages."""
    first = [plain_page(0, b"a", BLOCK), plain_page(1, b"b"), plain_page(5, b"c")]
    second = [plain_page(0, b"x", BLOCK), plain_page(1, b"y")]
    return files(tmp_path, machine(*first, ticks=1), machine(*second, ticks=20))


def test_equal_streams(call: Call, pc: Path) -> None:
    answer = call("diff", pc, pc)
    assert (answer.code, answer.text, answer.errors) == (0, "", "")


def test_lines(call: Call, pair: list[Path]) -> None:
    answer = call("diff", *pair)
    assert answer.code == 1
    assert answer.lines == [
        'ram["pc.ram"][0x0-0x2000]: 2 pages differ',
        'ram["pc.ram"][0x5000-0x6000]: 1 page differs',
        "devices.timer.ticks: 1 -> 20 (0x14)",
    ]


@pytest.mark.parametrize(
    ("path", "lines", "code"),
    [
        ("devices.timer", ["devices.timer.ticks: 1 -> 20 (0x14)"], 1),
        ("devices.timer.clock", [], 0),
        ('ram["pc.ram"].used_length', [], 0),
        (
            'ram["pc.ram"]',
            ['ram["pc.ram"][0x0-0x2000]: 2 pages differ', 'ram["pc.ram"][0x5000-0x6000]: 1 page differs'],
            1,
        ),
        ("configuration", [], 0),
    ],
)
def test_a_part(call: Call, pair: list[Path], path: str, lines: list[str], code: int) -> None:
    answer = call("diff", *pair, "--path", path)
    assert (answer.lines, answer.code) == (lines, code)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("devices.rtc.x", "no devices.rtc in this stream"),
        ("devices..x", "'devices..x' is no path: unexpected text at character 7"),
    ],
)
def test_a_path_that_leads_nowhere(call: Call, pair: list[Path], path: str, message: str) -> None:
    answer = call("diff", *pair, "--path", path)
    assert (answer.code, answer.text, answer.errors) == (2, "", f"wireformat diff: {message}\n")


def test_a_path_that_only_one_stream_has(call: Call, tmp_path: Path) -> None:
    one, other = files(tmp_path, machine(), stream())
    answer = call("diff", one, other, "--path", "devices.timer.ticks")
    assert answer.code == 0
    assert call("diff", one, other, "--path", "devices").lines == [f"devices.timer: only in {one}"]


def test_a_document(call: Call, pair: list[Path]) -> None:
    answer = call("diff", "--json", *pair)
    document = json.loads(answer.text)
    assert answer.code == 1
    assert (document["first"], document["second"]) == tuple(map(str, pair))
    assert document["differences"] == [
        {"kind": "pages", "path": 'ram["pc.ram"]', "start": 0, "end": 8192, "page_count": 2},
        {"kind": "pages", "path": 'ram["pc.ram"]', "start": 20480, "end": 24576, "page_count": 1},
        {"kind": "changed", "path": "devices.timer.ticks", "first": 1, "second": 20},
    ]


def test_what_only_one_has(call: Call, tmp_path: Path) -> None:
    first, second = files(tmp_path, stream(command(RUN)), stream(timer(), behind=description(TIMER)))
    assert call("diff", first, second).lines == [f"commands: only in {first}", f"devices.timer: only in {second}"]


def test_versions(call: Call, tmp_path: Path) -> None:
    pair = files(
        tmp_path, *(stream(device(0, "x", b"", version=n), behind=description(described("x"))) for n in (1, 2))
    )
    assert call("diff", *pair).lines == ["devices.x: version 1 -> 2"]


@pytest.mark.parametrize(
    ("second", "line"),
    [
        (
            bytes(8) + b"XY" + bytes(30),
            "2 of 40 bytes differ, from 0x8 on: 00 00 00 00 00 00 00 00 -> 58 59 00 00 00 00 00 00",
        ),
        (bytes(39) + b"!", "1 of 40 bytes differ, from 0x27 on: 00 -> 21"),
    ],
)
def test_long_bytes(call: Call, tmp_path: Path, second: bytes, line: str) -> None:
    bodies = bytes(40), second
    pair = files(tmp_path, *(stream(device(0, "log", body), behind=description(BUFFER)) for body in bodies))
    assert call("diff", *pair).lines == [f"devices.log.text: {line}"]


def test_bytes_of_two_lengths(call: Call, tmp_path: Path) -> None:
    pair = files(tmp_path, *(stream(device(0, "log", bytes(size))) for size in (20, 40)))
    assert call("diff", *pair).lines == ["devices.log: 20 bytes -> 40 bytes"]


def test_standard_input_is_one_of_them(call: Call, pair: list[Path]) -> None:
    assert call("diff", pair[0], "-", data=pair[0].read_bytes()).code == 0


def test_standard_input_cannot_be_both(call: Call) -> None:
    answer = call("diff", "-", "-", data=b"")
    assert (answer.code, answer.errors) == (2, "wireformat diff: standard input can be read only once\n")


def test_a_stream_that_is_cut_off_decides_the_exit_code(call: Call, small: Path, cut: Path) -> None:
    answer = call("diff", small, cut)
    assert answer.code == 3
    assert f"devices.globalstate: only in {small}" in answer.lines


def test_what_cannot_be_compared(call: Call, small: Path, tmp_path: Path) -> None:
    (text,) = files(tmp_path, b"hello")
    answer = call("diff", small, text)
    assert (answer.code, answer.text) == (1, "")
    assert "no VM-state stream: begins with 68656c6c" in answer.errors
