"""The verdict upon a stream: exit code, and a line for everything that is wrong."""

from __future__ import annotations

import pytest

from tests.protocols.vmstate.crafted import BLOCK, machine, ram_end, stream, zero_page
from wireformat.cli.exits import Exit
from wireformat.cli.verdict import verdict
from wireformat.protocols.vmstate.stream import read_stream

SOUND = machine(zero_page(0, BLOCK))


@pytest.mark.parametrize(
    ("data", "code", "lines"),
    [
        (SOUND, Exit.FINE, 0),
        (SOUND[:90], Exit.TRUNCATED, 1),
        (stream(ram_end()), Exit.FINDING, 1),
        (SOUND.replace(b'"devices"', b'"devises"'), Exit.FINDING, 1),
    ],
)
def test_exit_codes(capsys: pytest.CaptureFixture[str], data: bytes, code: Exit, lines: int) -> None:
    assert verdict("stats", read_stream(data), "x.mig") == code
    told = capsys.readouterr().err.splitlines()
    assert len(told) == lines
    assert all(line.startswith("wireformat stats: x.mig: ") for line in told)
