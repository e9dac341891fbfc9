"""A received stream has its name only when it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from wireformat.peer.sink import Sink


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def names(folder: Path) -> dict[str, bytes]:
    """The files of a folder with their contents."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def sink(folder: Path, *parts: bytes) -> Sink:
    """A sink that took bytes."""
    made = Sink(str(folder / "out.mig"))
    made.begin()
    offset = 0
    for part in parts:
        made.write(offset, part)
        offset += len(part)
    made.load()
    return made


def test_a_whole_stream_gets_its_name(folder: Path) -> None:
    taken = sink(folder, b"QEVM", b" and more")
    assert names(folder) == {"out.mig.part": b"QEVM and more"}
    taken.commit()
    assert names(folder) == {"out.mig": b"QEVM and more"}
    taken.commit()
    assert names(folder) == {"out.mig": b"QEVM and more"}


def test_what_came_before_stays_until_then(folder: Path) -> None:
    (folder / "out.mig").write_bytes(b"before")
    taken = sink(folder, b"half")
    taken.discard()
    assert names(folder) == {"out.mig": b"before"}


def test_what_is_held_is_kept_aside(folder: Path) -> None:
    sink(folder, b"loaded").hold()
    assert names(folder) == {"out.mig.held": b"loaded"}


def test_a_new_stream_begins_at_its_start(folder: Path) -> None:
    taken = sink(folder, b"a longer one")
    taken.begin()
    taken.write(0, b"short")
    taken.load()
    taken.commit()
    assert names(folder) == {"out.mig": b"short"}


def test_bytes_that_come_again_take_the_place_of_those_before(folder: Path) -> None:
    taken = sink(folder, b"0123456789")
    taken.write(4, b"four")
    taken.write(8, b"eight")
    taken.load()
    taken.commit()
    assert names(folder) == {"out.mig": b"0123foureight"}


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    taken = Sink("-")
    taken.begin()
    taken.write(0, b"bytes")
    taken.load()
    taken.commit()
    assert capfdbinary.readouterr().out == b"bytes"
