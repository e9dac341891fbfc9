"""`wireformat dissector`: the whole file on standard output or in a file, one line for a protocol that is unknown."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Call
from wireformat.cli.dissector import drivers_of
from wireformat.protocols import NAMES


def test_it_prints_every_protocol(call: Call) -> None:
    answer = call("dissector")
    assert (answer.code, answer.errors) == (0, "")
    assert all(f'name = "{name}"' in answer.text for name in NAMES)
    assert "wf.vmstate.header.magic" in answer.text


def test_it_writes_a_file(call: Call, tmp_path: Path) -> None:
    target = tmp_path / "x.lua"
    assert call("dissector", "vmstate", "-o", target).data == b""
    assert target.read_bytes() == call("dissector", "vmstate").data


def test_an_unknown_protocol_is_a_usage_error(call: Call) -> None:
    answer = call("dissector", "gopher")
    assert answer.code == 2
    assert "no protocol named gopher" in answer.errors


def test_drivers_come_in_their_order() -> None:
    texts = drivers_of("vmstate")
    assert [text.startswith("--") for text in texts] == [True] * 7
    assert "json.parse" in texts[0]
    assert "wf.stream(" in texts[-1]
