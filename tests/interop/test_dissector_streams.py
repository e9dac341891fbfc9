"""tshark with our dissector on whole streams: elements, devices and pages are those of our decoder.

`WIREFORMAT_SOAK=1` takes every capture, else a few, and measures the time of large ones.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.bench.streams import MIXES, write_stream
from tests.captures.bundle import Capture, Captures, rows
from tests.interop.agreement import codecs, disagreements
from tests.interop.dissection import Item, messages, tshark
from tests.interop.programs import require
from tests.protocols.vmstate import crafted
from wireformat.catalogue import CATALOGUE
from wireformat.codec.spans import leaves
from wireformat.derive.lua_fields import filter_part
from wireformat.derive.pcapng import wrap
from wireformat.protocols import protocol
from wireformat.protocols.vmstate.catalogue import CATALOGUE as VMSTATE_CATALOGUE
from wireformat.protocols.vmstate.description import find_in_file
from wireformat.protocols.vmstate.elements import PART_ROW, DescriptionElement, DeviceBody, Section
from wireformat.protocols.vmstate.messages import MAX_DESCRIPTION
from wireformat.protocols.vmstate.ram import CONTINUE, PAGE_FLAGS
from wireformat.protocols.vmstate.stream import Stream, flattened, read_stream
from wireformat.protocols.vmstate.window import Window
from wireformat.schema.path import parse

SOAK = bool(os.environ.get("WIREFORMAT_SOAK"))
pytestmark = [pytest.mark.interop, *([pytest.mark.soak, pytest.mark.timeout(3600)] if SOAK else [])]
FEW = ("10.2/pc-minimal", "7.2/pc-2.2", "7.2/tcp-postcopy", "10.0/aarch64-virt")
"""Captures for every day: the newest stream, one without footers, a package, another architecture."""

EVERY = [row["name"] for row in rows("stream")]
STRETCHED = {"7.2/s390x-ccw": range(132977, 134002)}
"""Where a description does not fit: an array whose first pointer is NULL. Our decoder finds its size by trying; the
dissector says `trailing`."""

PORT = 4444
PREFERENCES = ("-o", f"wf.vmstate.ports:{PORT}")


@pytest.fixture(params=None)
def one_capture(captures: Captures, request: pytest.FixtureRequest) -> Capture:
    """One capture by name."""
    return captures[request.param]


@dataclass(frozen=True)
class Dissected:
    """A capture as tshark shows it: its elements with their positions in the stream, and complaints."""

    elements: list[tuple[int, Item]]
    complaints: list[str]


def captured(data: bytes, folder: Path, segment_size: int) -> Path:
    """A capture of a stream, in one connection."""
    file = folder / "stream.pcapng"
    with file.open("wb") as target:
        target.writelines(wrap([data], port=PORT, segment_size=segment_size))
    return file


def dissected(data: bytes, folder: Path, script: Path, segment_size: int, *options: str) -> Dissected:
    """Run a stream through tshark, twice, so that the description at its end is known at its beginning."""
    output = tshark(captured(data, folder, segment_size), script, "-2", *options, "-T", "json", "-x")
    elements = [(position_of(item), item) for item in messages(output, "wf.vmstate")]
    return Dissected(elements, complaints(output))


def position_of(item: Item) -> int:
    """Where in the stream an element stands."""
    return next(int(child.text) for child in item.children if child.key == "wf.vmstate.stream.position")


def complaints(output: bytes) -> list[str]:
    """What tshark shows of our errors."""
    texts = [text.decode() for text in re.findall(rb'"_ws.expert.message": "([^"]*)"', output)]
    return [text for text in texts if text.partition(":")[0] in CATALOGUE.keys() | VMSTATE_CATALOGUE.keys()]


MESSAGES = (
    "header",
    "configuration",
    "section_start",
    "section_part",
    "section_end",
    "section_full",
    "command",
    "section_footer",
)


@pytest.mark.parametrize("one_capture", EVERY if SOAK else FEW, indirect=True)
def test_captures_agree(one_capture: Capture, tmp_path: Path, script: Path) -> None:
    data = one_capture.data
    stream = read_stream(Window(data))
    seen = dissected(data, tmp_path, script, 65495, *PREFERENCES)
    excepted = STRETCHED.get(one_capture.name, range(0))
    assert [text.partition(":")[0] for text in seen.complaints] == ["trailing"] * bool(excepted)
    assert declared_disagreements(seen, data) == []
    expected = {leaf for leaf in expected_leaves(stream) if leaf[0] < visible_end(stream)}
    assert all(leaf[0] in excepted for leaf in device_leaves(seen) ^ expected)
    assert record_counts(seen) == expected_counts(stream)


def declared_disagreements(seen: Dissected, data: bytes) -> list[str]:
    """Elements and RAM blocks that tshark shows otherwise than our decoder reads them."""
    wrong: list[str] = []
    known = {filter_part(name): codec for name, codec in codecs(protocol("vmstate")).items()}
    counts: Counter[str] = Counter()
    for position, item in seen.elements:
        fields = [child for child in item.children if not child.key.startswith("wf.vmstate.stream.")]
        record = fields[0].key.split(".")[2] if fields else ""
        if record not in MESSAGES:
            continue
        counts[record] += 1
        before = 0 if record == "header" else 1
        bare = replace(item, children=tuple(fields))
        content = data[position + before : position + len(item.data)]
        wrong += disagreements(bare, content, known[record], {}, "wf.vmstate", before=before)
    assert counts["header"] == 1
    assert counts["section_start"] + counts["section_full"] > 1
    return wrong


def device_leaves(seen: Dissected) -> set[tuple[int, int, int | None]]:
    """Every field of every device: position in the stream, size, and the value of numbers."""
    found: set[tuple[int, int, int | None]] = set()

    def collect(item: Item, shift: int) -> None:
        kind = item.key.removeprefix("wf.vmstate.device.")
        if kind.startswith(("uint", "int")) and item.start is not None:
            found.add((item.start + shift, len(item.data), int(item.text, 0)))
        elif kind in ("data", "body") and item.start is not None:
            found.add((item.start + shift, len(item.data), None))
        for child in item.children:
            collect(child, shift)

    for position, item in seen.elements:
        for child in item.children:
            if child.key.startswith("wf.vmstate.device."):
                collect(child, position - (item.start or 0))
    return found


def expected_leaves(stream: Stream) -> set[tuple[int, int, int | None]]:
    """The same from our decoder."""
    found: set[tuple[int, int, int | None]] = set()
    for element in flattened(stream.elements):
        if not isinstance(element, Section) or not isinstance(element.body, DeviceBody) or not element.body.data:
            continue
        start, body = element.body_span.position, element.body
        if body.codec is None:
            found.add((start, len(body.data), None))
            continue
        value, spans = body.codec.spans(body.data)
        for path, (begin, end) in leaves(spans).items():
            each = at(value, path)
            if end > begin and each is not None:
                found.add((start + begin, end - begin, each if isinstance(each, int) else None))
    return found


def visible_end(stream: Stream) -> int:
    """Up to where a stream can be read by someone who does not see that nothing follows.

    The last section ends where the stream does, unless a footer or the description shows its end.
    """
    last = [element for element in flattened(stream.elements) if isinstance(element, Section)][-1]
    shows = last.footer or any(isinstance(element, DescriptionElement) for element in stream.elements)
    return last.span.position + last.span.size if shows else last.span.position


def at(value: Any, path: str) -> Any:
    """The part of a value at a path; None where a number is there that nobody keeps."""
    for name in parse(path):
        value = value.get(name) if isinstance(value, dict) else value[int(name)]
    return None if isinstance(value, dict | tuple) else value


def record_counts(seen: Dissected) -> Counter[int]:
    """RAM records of pages by flags, CONTINUE left out."""
    found: Counter[int] = Counter()
    for _, item in seen.elements:
        texts = {child.key.removeprefix("wf.vmstate."): child.text for child in item.children}
        if "ram_word.flags" in texts:
            found[int(texts["ram_word.flags"], 0) & ~CONTINUE] += int(texts.get("stream.records", "1"))
    return Counter({flags: count for flags, count in found.items() if flags & PAGE_FLAGS})


def expected_counts(stream: Stream) -> Counter[int]:
    """The same from our index."""
    found: Counter[int] = Counter()
    for run in stream.ram.runs:
        if not run.flags & PART_ROW and run.flags & PAGE_FLAGS:
            found[run.flags & ~CONTINUE] += run.count
    return found


def test_bodies_without_a_last_record_and_a_negative_instance(tmp_path: Path, script: Path) -> None:
    """No captured machine had radix trees, a device of the host, or a QEMU before 5.0 that numbers from 0x80000000."""
    absent, mark, name = b"\xff" * 4, 0xFFFF_FFFF_EF10_0000, "0000:00:05.0/vfio"
    fields = crafted.number_field("bus"), crafted.number_field("liobn")
    data = crafted.stream(
        crafted.section(1, 4, absent, "spapr/htab"),
        crafted.section(1, 6, crafted.u64(mark + 3) + crafted.u64(mark + 1), name),
        crafted.section(2, 4, absent),
        crafted.section(2, 6, crafted.u64(mark + 5)),
        crafted.section(3, 4, absent),
        crafted.section(3, 6, crafted.u64(mark + 1)),
        crafted.device(9, "spapr_iommu", crafted.u32(7) + crafted.u32(8), instance=0x8000_0000),
        behind=crafted.description(crafted.described("spapr_iommu", *fields, instance=-0x8000_0000)),
    )
    seen, stream = dissected(data, tmp_path, script, 65495, *PREFERENCES), read_stream(data)
    assert (seen.complaints, stream.problems()) == ([], [])
    assert declared_disagreements(seen, data) == []
    assert len(device_leaves(seen)) == 2
    assert device_leaves(seen) == expected_leaves(stream)


def test_segments_do_not_matter(captures: Captures, tmp_path: Path, script: Path) -> None:
    data = captures["7.2/avr-uno"].data
    whole = dissected(data, tmp_path, script, 65495)
    for size in (1, 7, 500):
        pieces = dissected(data, tmp_path, script, size, *PREFERENCES)
        assert device_leaves(pieces) == device_leaves(whole)
        assert declared_disagreements(pieces, data) == []
        assert pieces.complaints == []


def test_streams_are_found_by_their_first_bytes(captures: Captures, tmp_path: Path, script: Path) -> None:
    data = captures["7.2/avr-uno"].data
    assert dissected(data, tmp_path, script, 1448).elements[0][0] == 0
    assert dissected(b"XEVM" + data[4:], tmp_path, script, 1448).elements == []


def oversize(data: bytes) -> bytes:
    """A capture whose description is said to be larger than any may be."""
    place = find_in_file(data)
    assert place is not None
    return data[: place - 4] + (MAX_DESCRIPTION + 1).to_bytes(4, "big") + data[place:]


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "magic": (lambda data: b"XEVM" + data[4:], "vmstate/magic"),
    "version": (lambda data: data[:7] + b"\2" + data[8:], "vmstate/version"),
    "element": (lambda data: data[:8] + b"\x55" + data[9:], "vmstate/element"),
    "oversize": (oversize, "limit"),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_faults_have_our_ids(damage: str, captures: Captures, tmp_path: Path, script: Path) -> None:
    change, id = DAMAGES[damage]
    seen = dissected(change(captures["7.2/avr-uno"].data), tmp_path, script, 1448, *PREFERENCES)
    assert {text.partition(":")[0] for text in seen.complaints} == {id}


@pytest.mark.parametrize("passes", [(), ("-2",)], ids=["one", "two"])
def test_packets_are_summed_up_where_no_tree_is_shown(
    passes: tuple[str, ...], captures: Captures, tmp_path: Path, script: Path
) -> None:
    seen = tshark(captured(captures["7.2/avr-uno"].data, tmp_path, 1448), script, *passes)
    assert seen.count(b"WF-VMSTATE") == 2
    assert b" VM-state stream, configuration, section START, " in seen
    assert b" section FULL, device state: timer, section footer, " in seen


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_faults_are_told_where_no_tree_is_shown(damage: str, captures: Captures, tmp_path: Path, script: Path) -> None:
    change, id = DAMAGES[damage]
    file = captured(change(captures["7.2/avr-uno"].data), tmp_path, 1448)
    seen = tshark(file, script, *PREFERENCES, "-q", "-z", "expert").decode()
    errors = seen.partition("Errors (1)")[2].partition("\n\n")[0]
    assert f"WF.VMSTATE  {id}: " in errors


@pytest.mark.parametrize("version", ["5.2", "5.4"])
def test_lua_compiles(version: str, script: Path) -> None:
    """Wireshark 4.0 to 4.2 run Lua 5.2, later ones 5.4."""
    compiler = require(f"luac{version}", f"lua{version}")
    subprocess.run([compiler, "-p", str(script)], check=True)


@pytest.mark.soak
def test_a_large_capture_takes_at_most_three_times_as_long(tmp_path: Path, script: Path) -> None:
    stream, file = tmp_path / "large.mig", tmp_path / "large.pcapng"
    for name in ("dense", "mixed", "sparse", "live"):
        with stream.open("wb") as target:
            write_stream(replace(MIXES[name], size=100 << 20), target)
        with stream.open("rb") as source, file.open("wb") as target:
            target.writelines(wrap(iter(partial(source.read, 1 << 20), b""), port=PORT))
        plain, ours = fastest(file, "-X", f"lua_script:{script}", *PREFERENCES)
        assert ours <= 3 * plain, name


def fastest(file: Path, *options: str) -> tuple[float, float]:
    """The least processor time without and with options, by turns; more rounds where the machine is noisy."""
    plain = ours = float("inf")
    for number in range(10):
        plain, ours = min(plain, cpu_time(file)), min(ours, cpu_time(file, *options))
        if number >= 2 and ours <= 3 * plain:
            break
    return plain, ours


def cpu_time(file: Path, *options: str) -> float:
    """The processor time that tshark takes to read a capture, seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([require("tshark", "tshark"), "-n", "-r", str(file), *options], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
