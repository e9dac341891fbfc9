"""The stream that is sent: from a file or a pipe, whole or from an offset on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wireformat.peer.payload import CHUNK, Payload

CONTENT = bytes(range(256)) * (CHUNK // 256 * 2) + b"tail"


@pytest.fixture
def payload(tmp_path: Path) -> Payload:
    path = tmp_path / "stream"
    path.write_bytes(CONTENT)
    with path.open("rb") as file:
        return Payload(file)


def test_chunks_are_the_stream(payload: Payload) -> None:
    assert [len(chunk) for chunk in payload.chunks()] == [CHUNK, CHUNK, 4]
    assert b"".join(payload.chunks()) == CONTENT
    assert payload.size == len(CONTENT)


@pytest.mark.parametrize("offset", [1, CHUNK, len(CONTENT) - 1, len(CONTENT)])
def test_chunks_from_an_offset(payload: Payload, offset: int) -> None:
    assert b"".join(payload.chunks(offset)) == CONTENT[offset:]


def test_what_stands_in_front_is_left_out(payload: Payload) -> None:
    rest = payload.behind(4096)
    assert (rest.size, rest.first(8)) == (len(CONTENT) - 4096, CONTENT[4096:4104])
    assert b"".join(rest.chunks(10)) == CONTENT[4106:]
    assert b"".join(payload.behind(len(CONTENT) + 1).chunks()) == b""


def test_a_pipe_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"through a pipe")
    os.close(writing)
    with open(reading, "rb") as file:
        payload = Payload(file)
    assert b"".join(payload.chunks(8)) == b"a pipe"
