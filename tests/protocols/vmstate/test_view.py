"""The nested value of a stream, and which bytes each path of it stands for."""

from __future__ import annotations

from tests.protocols.vmstate.building import (
    EOF,
    SIMPLE,
    command,
    configuration,
    header,
    join,
    package,
    rich_stream,
    simple_stream,
    start,
)
from wireformat.protocols.vmstate.messages import CommandCode
from wireformat.protocols.vmstate.stream import read_stream
from wireformat.protocols.vmstate.view import device_notes, present, spans, view

RICH = rich_stream()


def test_the_whole() -> None:
    value = view(read_stream(RICH))
    assert list(value) == ["header", "configuration", "commands", "page_size", "ram", "devices", "description"]
    assert value["header"] == {"version": 3}
    assert value["configuration"] == {"name": "rich", "target_page_bits": 8, "uuid": bytes(range(16))}
    assert value["commands"] == ({"command": "PING", "value": 0x42}, {"command": "SWITCHOVER_START"})
    assert value["page_size"] == 256
    assert value["ram"] == {
        "a": {"used_length": 2048, "page": 2, "zero": 2, "xbzrle": 1},
        "b": {"used_length": 512, "zero": 1, "page": 1},
    }
    assert value["devices"] == {
        "simple": {"a": 7, "b": 255},
        "0000:00:01.0/other@1": {"values": (1, 2, 3), "items": ({"n": 5},), "other/extra": {"flag": 1}},
    }


def test_devices_that_nobody_describes_are_bytes() -> None:
    assert view(read_stream(join(header(), configuration(), SIMPLE.section(1), EOF)))["devices"] == {
        "simple": SIMPLE.body
    }


def test_what_is_in_a_package_counts() -> None:
    data = join(header(), configuration(), package(command(CommandCode.PING), SIMPLE.section(1)), EOF)
    value = view(read_stream(data))
    assert [one["command"] for one in value["commands"]] == ["PACKAGED", "PING"]
    assert list(value["devices"]) == ["simple"]


def test_iterative_sections() -> None:
    data = simple_stream(start(3, "spapr/htab", bytes([0, 0, 0, 15])), start(4, "dirty-bitmap", b"\1"))
    assert view(read_stream(data))["sections"] == {
        "spapr/htab": ({"type": "start", "head": {"shift": 15}, "records": ()},),
        "dirty-bitmap": ({"type": "start", "records": ({"flags": 1},)},),
    }


def test_a_fault_comes_last() -> None:
    stream = read_stream(RICH[:-5])
    value = view(stream)
    assert list(value)[-2:] == ["trailing", "incomplete"]
    assert value["incomplete"] == {"offset": RICH.index(b'{"page_size'), "error": str(stream.fault)}
    assert list(view(read_stream(RICH + bytes(9))))[-1] == "trailing"


def test_subsections_that_were_not_sent_are_left_out() -> None:
    assert present({"a": None, "b": {"c": None}, "d": ({"e": None, "f": 0},)}) == {"b": {}, "d": ({"f": 0},)}


def test_spans() -> None:
    """Fails when a path points beside its bytes."""
    found = spans(read_stream(RICH))
    bytes_of = {path: RICH[span.position : span.position + span.size] for path, span in found.items()}
    assert bytes_of["header.version"] == b"\0\0\0\3"
    assert bytes_of["configuration.name"].endswith(b"rich")
    assert bytes_of["configuration.uuid"].endswith(bytes(range(16)))
    assert bytes_of["devices.simple"] == SIMPLE.body
    assert bytes_of["devices.simple.a"] == b"\0\0\0\7"
    assert bytes_of['devices["0000:00:01.0/other@1"].values[1]'] == b"\0\2"


def test_a_long_configuration_has_spans() -> None:
    names = tuple("c" * 255 for _ in range(64))
    data = join(header(), configuration(capabilities=names), EOF)
    assert spans(read_stream(data))["configuration.name"].position == 9


def test_notes() -> None:
    position = RICH.index(SIMPLE.body)
    notes = device_notes(read_stream(RICH))
    assert notes["devices.simple"] == f"section 4, version 1, 5 bytes at {position:#x}"
