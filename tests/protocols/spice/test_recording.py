"""Lines of a recorded connection."""

from __future__ import annotations

import pytest

from wireformat.protocols.spice.capture import line, read_connection
from wireformat.protocols.spice.codes import ChannelType
from wireformat.protocols.spice.party_events import ChannelKey
from wireformat.protocols.spice.recording import file_name, head, note, rows

INPUTS = ChannelKey(ChannelType.INPUTS)


def test_names_of_files() -> None:
    assert file_name(3, "target", INPUTS) == "conn03-target-inputs-0.jsonl"
    assert file_name(120, "source", None) == "conn120-source-unlinked-0.jsonl"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"ab", [{"hex": "6162"}]),
        (bytes(255), [{"hex": "00" * 255}]),
        (bytes(256), [{"zeros": 256}]),
        (b"a" + bytes(300) + b"b", [{"hex": "61"}, {"zeros": 300}, {"hex": "62"}]),
    ],
)
def test_runs_of_zeros(data: bytes, expected: list[dict[str, object]]) -> None:
    assert list(rows("server", data, 1.23456789)) == [{"t": 1.234568, "dir": "s2c", **each} for each in expected]


def test_what_is_written_can_be_read() -> None:
    lines = [
        head(1, "source", INPUTS, 0.5),
        *rows("client", b"GET" + bytes(1000), 0.6),
        note("client", "eof", 0.7),
        note(None, "closed", 0.8),
    ]
    connection = read_connection("conn01-source-inputs-0", "".join(map(line, lines)).encode())
    assert connection.server == "source"
    assert connection.data("client") == b"GET" + bytes(1000)
    assert [row.direction for row in connection.rows] == ["c2s", "c2s", "c2s", "-"]
