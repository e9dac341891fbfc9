"""Device state in the notation of QEMU's own script."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.building import (
    EOF,
    Device,
    configuration,
    description,
    field,
    header,
    join,
    ram_start,
    rich_stream,
    struct,
    subsection,
    vmsd,
)
from wireformat.protocols.vmstate.state import device_state, hex_bytes, number
from wireformat.protocols.vmstate.stream import read_stream


def state(*devices: Device) -> dict[str, object]:
    """The state of devices, in sections 1, 2 ..."""
    sections = (device.section(number) for number, device in enumerate(devices, 1))
    return device_state(read_stream(join(header(), configuration(), sections, EOF, description(*devices))))


@pytest.mark.parametrize(
    ("value", "size", "text"),
    [(0, 1, "0x00"), (255, 1, "0xff"), (7, 4, "0x00000007"), (-1, 2, "0xffff (-1)"), (-128, 1, "0x80 (-128)")],
)
def test_a_number(value: int, size: int, text: str) -> None:
    assert number(value, size) == text


def test_bytes() -> None:
    assert (hex_bytes(b"\0\xff"), hex_bytes(b"")) == ("00 ff", "")


def test_a_stream() -> None:
    assert device_state(read_stream(rich_stream())) == {
        "ram (2)": {"section sizes": {"a": f"0x{8 * 256:016x}", "b": f"0x{2 * 256:016x}"}},
        "simple (4)": {"a": "0x00000007", "b": "0xff"},
        "0000:00:01.0/other (5)": {
            "values": ["0x0001", "0x0002", "0x0003"],
            "items": "01 00 00 00 05 00",
            "other/extra": {"flag": True},
        },
    }


def test_kinds_of_values() -> None:
    """Only what the script calls numbers is one; what it does not know is bytes."""
    device = Device(
        "d",
        vmsd(
            "d",
            field("t", "timer", 8),
            field("m", "bitmap", 8),
            field("le", "int32 le", 4),
            field("b", "buffer", 2),
            field("s", "struct", 1, struct(vmsd("s", field("x", "int8", 1)))),
            field("p", "nullptr", 1, array_len=2),
            field("p", "struct", 1, struct(vmsd("s", field("x", "int8", 1)))),
            field("i", "uint8", 1, index=0),
            field("i", "uint8", 1, index=1),
        ),
        bytes(7) + b"\1" + bytes(7) + b"\2" + b"\0\0\0\3" + b"ab" + b"\xff" + b"00\5" + b"\6\7",
    )
    assert state(device) == {
        "d (1)": {
            "t": "00 00 00 00 00 00 00 01",
            "m": "00 00 00 00 00 00 00 02",
            "le": "0x00000003",
            "b": "61 62",
            "s": {"x": "0xff (-1)"},
            "p": ["30", "30", {"x": "0x05"}],
            "i": ["0x06", "0x07"],
        }
    }


def test_devices_without_fields() -> None:
    old, wrong = Device("old", None, b"\1\2"), Device("w", vmsd("w", field("a", "uint8", 1)), b"\3\4")
    assert state(old, wrong) == {"old (1)": {"data": "01 02"}, "w (2)": "03 04"}


def test_subsections_that_were_not_sent_are_left_out() -> None:
    """The description of an array's first element names a subsection that the second lacks."""
    inner = vmsd("s", field("x", "uint8", 1), subsections=[vmsd("s/e", field("y", "uint8", 1))])
    extra = subsection("s/e", b"\2")
    device = Device(
        "d",
        vmsd("d", field("s", "struct", 1 + len(extra), struct(inner), array_len=2)),
        b"\1" + extra + b"\3",
    )
    assert state(device) == {"d (1)": {"s": [{"x": "0x01", "s/e": {"y": "0x02"}}, {"x": "0x03"}]}}


def test_ram_without_blocks_has_no_state() -> None:
    data = join(header(), configuration(), ram_start(), EOF)
    assert device_state(read_stream(data)) == {"ram (2)": {"section sizes": {}}}
