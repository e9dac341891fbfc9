"""Real streams: each bundled capture decodes to the last byte, means what QEMU says it means, and is written back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeAlias

import pytest

from tests.captures.bundle import Capture, Captures, rows
from tests.conftest import QUICK
from wireformat.protocols.vmstate.assembly import assemble
from wireformat.protocols.vmstate.document import documents
from wireformat.protocols.vmstate.elements import CommandElement, EndElement, HeaderElement, RecordsBody
from wireformat.protocols.vmstate.messages import CommandCode, OpenReturnPath, Ping
from wireformat.protocols.vmstate.ram import PAGE_FLAGS
from wireformat.protocols.vmstate.state import device_state
from wireformat.protocols.vmstate.stream import Stream, flattened, read_stream
from wireformat.protocols.vmstate.window import Window

Read: TypeAlias = Callable[[Capture], Stream]

"""Bytes from which on a capture is left to the slow tests."""

FAULTS = {
    "7.2/tcp-postcopy-recovery": "truncated",
    "10.0/tcp-postcopy-recovery": "truncated",
    "7.2/tcp-postcopy-recovery1": "vmstate/magic",
    "10.0/tcp-postcopy-recovery1": "vmstate/magic",
    "7.2/tcp-postcopy-preempt1": "vmstate/magic",
}
"""Captures that are no whole stream: the connection broke, or began without a header. No capture has another fault."""

TEACHERS = {
    "7.2/pc-2.2": "7.2/pc-2.3",
    "7.2/pc-suppress-vmdesc": "7.2/pc-minimal",
    "7.2/tcp-postcopy": "7.2/tcp-plain",
    "7.2/tcp-postcopy-bitmaps": "7.2/tcp-dirty-bitmaps",
    "7.2/tcp-postcopy-preempt": "7.2/tcp-plain",
    "7.2/tcp-postcopy-recovery": "7.2/tcp-plain",
    "10.0/tcp-postcopy": "10.0/pc-minimal",
    "10.0/tcp-postcopy-preempt": "10.0/pc-minimal",
    "10.0/tcp-postcopy-recovery": "10.0/pc-minimal",
}
"""Streams without a description, and a capture of the same devices that has one."""

OLD = ("7.2/pc-1.7", "7.2/pc-2.2", "7.2/pc-2.3")
"""Machine types before 2.4."""

PAGE_SIZES = {
    "7.2/avr-uno": 256,
    "7.2/arm-vexpress": 1024,
    "10.0/alpha-clipper": 8192,
    "10.0/or1k-sim": 8192,
    "10.0/sparc64-sun4u": 8192,
}
"""Captures whose target pages are not 4096 bytes."""

NOT_COVERED = {
    "7.2/q35-virtio-mem": {"0000:00:01.0/m0"},
    "10.0/q35-virtio-mem": {"0000:00:01.0/m0"},
    "10.0/file-shared-ram": {"m0"},
}
"""Blocks of which not every page is sent: unplugged memory, memory that both sides share [qemu-stream 2.1.2]."""


def each(*kinds: str, but: Collection[str] = ()) -> list[Any]:
    """The names of the captures of some kinds, or all, `but` some; only a few are quick."""
    names = [row["name"] for row in rows(*kinds) if row["name"] not in but]
    return [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in names]


def named(*names: str) -> list[Any]:
    """The captures of a table among all."""
    return [param for param in each() if param.values[0] in names]


@pytest.fixture(scope="module")
def read() -> Read:
    """Decodes a capture, once for all tests of this module."""
    streams: dict[str, Stream] = {}

    def read(capture: Capture) -> Stream:
        if capture.name not in streams:
            streams[capture.name] = read_stream(capture.data)
        return streams[capture.name]

    return read


@pytest.mark.parametrize("name", each())
def test_nothing_is_wrong_with_it(captures: Captures, read: Read, name: str) -> None:
    stream = read(captures[name])
    assert stream.findings == ()
    assert (stream.fault.id if stream.fault else None) == FAULTS.get(name)


@pytest.mark.parametrize("name", each())
def test_its_elements_leave_no_gap(captures: Captures, read: Read, name: str) -> None:
    """Fails when a byte belongs to no element, or to two."""
    stream, position = read(captures[name]), 0
    for element in stream.elements:
        assert element.span.position == position
        position += element.span.size
    assert position == captures[name].row["size"]


@pytest.mark.parametrize("name", each())
def test_it_is_written_back(captures: Captures, read: Read, name: str) -> None:
    capture = captures[name]
    assert b"".join(map(bytes, read(capture).encode())) == capture.data


@pytest.mark.parametrize("name", each())
def test_it_is_written_back_from_json(captures: Captures, read: Read, name: str) -> None:
    capture = captures[name]
    text = "\n".join(map(json.dumps, documents(read(capture), "base64")))
    assert b"".join(assemble(map(json.loads, text.splitlines()))) == capture.data


@pytest.mark.parametrize("name", [row["name"] for row in rows() if row["has_state"]])
def test_device_state_is_what_qemu_prints(captures: Captures, read: Read, name: str) -> None:
    capture = captures[name]
    state = device_state(read(capture))
    assert state == capture.state
    assert list(state) == list(capture.state)


@pytest.mark.parametrize("name", [row["name"] for row in rows() if row["has_state"]])
def test_every_value_is_what_qemu_prints(captures: Captures, read: Read, name: str) -> None:
    """Numbers compared as numbers: the values themselves are held against the script's text, not our rendering."""
    capture = captures[name]
    printed = dict(capture.state)
    compared = 0
    for device in read(capture).devices():
        text = printed[f"{device.section.idstr} ({device.section.section_id})"]
        pairs = list(paired(device.body.value, text))
        assert [(ours, theirs) for ours, theirs in pairs if not agrees(ours, theirs)] == []
        compared += len(pairs)
    assert compared > 500


def paired(value: Any, text: Any) -> Iterator[tuple[Any, Any]]:
    """Leaves of a decoded value beside what the script printed for them."""
    if isinstance(text, dict):
        present = {name: part for name, part in value.items() if part is not None}
        assert list(present) == list(text)
        for name, part in present.items():
            yield from paired(part, text[name])
    elif isinstance(text, list):
        items = list(value.values()) if isinstance(value, dict) else list(value)
        flat = [item for part in items for item in (part if isinstance(part, tuple) else (part,))]
        assert len(flat) == len(text)
        for part, item in zip(flat, text, strict=True):
            yield from paired(part, item)
    else:
        yield value, text


def agrees(value: Any, text: Any) -> bool:
    """Whether a value is what a text stands for: `0x0a`, `0xff (-1)`, `00 0a`, true.

    Mantissa and exponent of an x87 register are one number to the script.
    """
    if isinstance(text, bool):
        return bool(value) == text
    number = re.fullmatch(r"0x([0-9a-f]+)(?: \((-\d+)\))?", text)
    if number:
        return bool(value == int(number[2] or number[1], 10 if number[2] else 16))
    if isinstance(value, dict):
        return (value["tmp_mant"] << 16 | value["tmp_exp"]).to_bytes(10) == bytes.fromhex(text)
    if isinstance(value, int):
        return value.to_bytes(len(text.split())) == bytes.fromhex(text)
    if isinstance(value, tuple):
        width = len(text.split()) // max(1, len(value))
        return b"".join(item.to_bytes(width) for item in value) == bytes.fromhex(text)
    return bool(value == bytes.fromhex(text))


@pytest.mark.parametrize("name", each("stream", "broken"))
@pytest.mark.parametrize("size", [4093, pytest.param(300_007, marks=pytest.mark.slow)])
def test_a_pipe_gives_the_same(captures: Captures, read: Read, name: str, size: int) -> None:
    """Fails when an element depends on how the bytes arrive, or is only right with the description at hand."""
    capture = captures[name]
    piped, whole = read_piped(capture.data, size), read(capture)
    assert piped.elements == whole.elements
    assert list(piped.ram.runs) == list(whole.ram.runs)
    assert piped.ram.blocks == whole.ram.blocks
    assert [str(error) for error in piped.problems()] == [str(error) for error in whole.problems()]


@pytest.mark.parametrize("name", ["7.2/avr-uno", "10.0/or1k-sim"])
@pytest.mark.parametrize("size", [1, 7])
def test_a_trickle_gives_the_same(captures: Captures, read: Read, name: str, size: int) -> None:
    capture = captures[name]
    assert read_piped(capture.data, size).elements == read(capture).elements


def read_piped(data: bytes, size: int) -> Stream:
    """Decode bytes that arrive in pieces and are forgotten."""
    pieces = iter([data[start : start + size] for start in range(0, len(data), size)])

    def more(window: Window) -> None:
        piece = next(pieces, b"")
        if piece:
            window.feed(piece)
        else:
            window.final = True

    return read_stream(Window(), more=more)


@pytest.mark.parametrize("name", TEACHERS)
def test_a_description_can_be_learnt(captures: Captures, read: Read, name: str) -> None:
    """Fails when a device that the other capture describes stays bytes, or no longer fits."""
    capture = captures[name]
    alone = list(read(capture).devices())
    learnt = read_stream(capture.data, learnt=read(captures[TEACHERS[name]]).description)
    devices = list(learnt.devices())
    assert {device.body.value is None for device in alone} == {True}
    assert [device.key for device in devices if device.body.value is None] == []
    assert [device.section.span for device in devices] == [device.section.span for device in alone]
    assert b"".join(map(bytes, learnt.encode())) == capture.data


@pytest.mark.slow
def test_only_these_need_a_teacher(captures: Captures, read: Read) -> None:
    without = {c.name for c in captures if c.kind in ("stream", "broken") and read(c).description is None}
    assert without == set(TEACHERS)


def test_the_learnt_state_is_that_of_the_postcopied_guest(captures: Captures, read: Read) -> None:
    """Inside the package: the last device says that the guest was running."""
    capture = captures["7.2/tcp-postcopy"]
    learnt = read_stream(capture.data, learnt=read(captures["7.2/tcp-plain"]).description)
    values = {device.key: device.body.value for device in learnt.devices()}
    assert values["globalstate"]["runstate"].startswith(b"running\0")
    assert values["globalstate"]["size"] == len("running") + 1


@pytest.mark.requirement("VM-038")
@pytest.mark.parametrize("name", OLD)
def test_old_machines_have_neither_footers_nor_configuration(captures: Captures, read: Read, name: str) -> None:
    stream = read(captures[name])
    assert stream.configuration is None
    assert {section.footer for section in stream.sections()} == {False}
    assert [d.key for d in stream.devices()][:3] == ["timer", "cpu_common", "cpu"]
    assert isinstance(stream.elements[-1 if stream.description is None else -2], EndElement)


@pytest.mark.requirement("VM-038")
@pytest.mark.parametrize("name", each("stream", "mapped-ram", but=OLD))
def test_all_others_have_both(captures: Captures, read: Read, name: str) -> None:
    stream = read(captures[name])
    assert stream.configuration is not None
    assert {section.footer for section in stream.sections()} == {True}


@pytest.mark.requirement("VM-050")
@pytest.mark.parametrize("name", each("stream", "broken", "mapped-ram"))
def test_the_target_page_size_is_found(captures: Captures, read: Read, name: str) -> None:
    assert read(captures[name]).ram.page_size == PAGE_SIZES.get(name, 4096)


@pytest.mark.parametrize("name", PAGE_SIZES)
def test_a_pipe_has_to_find_the_page_size_without_the_description(captures: Captures, name: str) -> None:
    assert read_piped(captures[name].data, 65_521).ram.page_size == PAGE_SIZES[name]


@pytest.mark.requirement("VM-072")
@pytest.mark.parametrize("name", each("stream"))
def test_every_page_is_sent(captures: Captures, read: Read, name: str) -> None:
    """Fails when a record is missed, or counted to another block: each page of each block comes at least once."""
    stream = read(captures[name])
    missing = {block.name for block in stream.ram.blocks if not covered(stream, block.name)}
    assert missing == NOT_COVERED.get(name, set())


def covered(stream: Stream, name: str) -> bool:
    """Whether the records of a block reach every page of it."""
    page_size = stream.ram.page_size or 0
    number = next(n for n, block in enumerate(stream.ram.blocks) if block.name == name)
    reached = 0
    for run in sorted(records_of(stream, number), key=lambda run: run.offset):
        if run.offset > reached:
            return False
        reached = max(reached, run.offset + run.count * page_size)
    return reached == stream.ram.blocks[number].used_length


def records_of(stream: Stream, block: int) -> list[Any]:
    """The runs of page records of a block."""
    return [run for run in stream.ram.runs if run.block == block and 0 < run.flags & PAGE_FLAGS == run.flags & 0x7FDF]


def commands(stream: Stream) -> list[CommandCode]:
    """All commands of a stream, those in packages too."""
    return [e.command.command for e in flattened(stream.elements) if isinstance(e, CommandElement)]


def test_the_postcopy_commands_come_in_order(captures: Captures, read: Read) -> None:
    """[qemu-stream 5.1]: the package holds LISTEN, the devices, PING 3 and RUN; the PING behind it was sent later."""
    names = [command.name for command in commands(read(captures["7.2/tcp-postcopy"]))]
    opening = ["OPEN_RETURN_PATH", "PING", "POSTCOPY_ADVISE"]
    closing = ["PING", "PACKAGED", "POSTCOPY_LISTEN", "PING", "POSTCOPY_RUN", "PING"]
    assert names == opening + ["POSTCOPY_RAM_DISCARD"] * 6 + closing


HANDLERS = {
    "7.2/tcp-block": {"block"},
    "7.2/tcp-dirty-bitmaps": {"dirty-bitmap"},
    "10.0/tcp-dirty-bitmaps": {"dirty-bitmap"},
    "7.2/ppc64-pseries": {"spapr/htab"},
    "7.2/s390x-ccw": {"s390-storage_attributes"},
}


@pytest.mark.parametrize("name", named(*HANDLERS))
def test_iterative_sections_are_taken_apart(captures: Captures, read: Read, name: str) -> None:
    bodies = [section.body for section in read(captures[name]).sections()]
    assert HANDLERS[name] <= {body.handler for body in bodies if isinstance(body, RecordsBody)}


def test_mixed_null_pointers_are_kept(captures: Captures, read: Read) -> None:
    """QEMU 7.2 describes an array of pointers by its first element, which is NULL here [qemu-stream 4.3]."""
    devices = {device.key: device for device in read(captures["7.2/s390x-ccw"]).devices()}
    css = devices["s390_css"].body.value
    assert css is not None
    assert (css["css"][:254], css["css"][254 + 768 :]) == (b"0" * 254, b"0")
    assert css["css"][254:].startswith(bytes([1]) + b"2")


@pytest.mark.parametrize(
    ("name", "machine"),
    [
        ("7.2/pc-minimal", "pc-i440fx-7.2"),
        ("7.2/avr-uno", "arduino-uno"),
        ("10.0/ppc64-pseries", "pseries-10.0"),
        ("10.0/s390x-ccw", "s390-ccw-virtio-10.0"),
    ],
)
def test_the_machine_is_named(captures: Captures, read: Read, name: str, machine: str) -> None:
    stream = read(captures[name])
    assert isinstance(stream.elements[0], HeaderElement)
    assert stream.configuration is not None
    assert stream.configuration.name == machine


def pongs(answers: bytes) -> list[int]:
    """The values of the PONGs on a return path, in order [qemu-stream 6]."""
    found, place = [], 0
    while place < len(answers):
        kind, size = (int.from_bytes(answers[place + at : place + at + 2], "big") for at in (0, 2))
        place += 4 + size
        if kind == 2:
            found.append(int.from_bytes(answers[place - size : place], "big"))
        if kind == 5:
            place += 16 + int.from_bytes(answers[place : place + 8], "big")
    assert place == len(answers)
    return found


@pytest.mark.requirement("VM-131")
@pytest.mark.parametrize("name", [row["name"] for row in rows("stream") if row["return"]])
def test_a_receiver_answers_every_ping_with_its_value(captures: Captures, read: Read, name: str) -> None:
    """In any order: one inside a package is answered later."""
    commands = [one.command.body for one in flattened(read(captures[name]).elements) if isinstance(one, CommandElement)]
    assert isinstance(commands[0], OpenReturnPath)
    pings = [body.value for body in commands if isinstance(body, Ping)]
    assert pings[0] == 1
    assert sorted(pongs(captures[name].answers)) == sorted(pings)
