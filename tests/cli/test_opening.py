"""What the user names is opened, or refused in one line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from tests.captures.bundle import Captures
from wireformat.cli.exits import UsageError
from wireformat.cli.opening import FIRST, open_binary, open_description, open_stream, read_file
from wireformat.protocols.handshake.files.container import front, manifest_of
from wireformat.protocols.handshake.inventories.inventory import inventory_of_stream
from wireformat.protocols.handshake.messages import ResultEntries
from wireformat.protocols.vmstate.elements import DeviceBody
from wireformat.protocols.vmstate.stream import read_stream

Pipe = Callable[[bytes], str]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """Puts bytes into a pipe; its name."""
    threads, ends = [], []

    def fill(data: bytes) -> str:
        reading, writing = os.pipe()
        ends.append(reading)

        def write() -> None:
            with open(writing, "wb") as file:
                file.write(data)

        threads.append(Thread(target=write))
        threads[-1].start()
        return f"/dev/fd/{reading}"

    yield fill
    for thread in threads:
        thread.join()
    for end in ends:
        os.close(end)


def test_a_file_keeps_its_content(small: Path) -> None:
    stream = open_stream(str(small))
    assert stream.content is not None
    assert bytes(stream.content[:]) == small.read_bytes()


def test_a_pipe_passes_by(pipe: Pipe, small: Path) -> None:
    """Its elements are those of the file, its content is gone."""
    stream = open_stream(pipe(small.read_bytes()))
    assert stream.content is None
    assert stream.elements == open_stream(str(small)).elements


def test_a_pipe_is_kept_where_pages_are_wanted(pipe: Pipe, small: Path) -> None:
    stream = open_stream(pipe(small.read_bytes()), keep=True)
    assert b"".join(map(bytes, stream.encode())) == small.read_bytes()


def test_standard_input(monkeypatch: pytest.MonkeyPatch, small: Path) -> None:
    with small.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file))
        assert len(open_stream("-").elements) == 10


def test_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="standard input is closed"):
        open_binary("-")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "{folder}/none: No such file or directory"),
        (".", "{folder}: a directory, and no capture that this version knows"),
        ("file/x", "{folder}/file/x: Not a directory"),
        ("n" * 300, "File name too long"),
    ],
)
def test_what_cannot_be_opened(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as caught:
        open_binary(str(tmp_path / name))
    assert str(caught.value).endswith(message.format(folder=tmp_path))


def test_what_may_not_be_read(monkeypatch: pytest.MonkeyPatch, small: Path) -> None:
    """Root may read everything, so the refusal is played."""

    def refuse(*_: object) -> io.BufferedReader:
        raise PermissionError(13, "Permission denied", str(small))

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(UsageError, match=r"avr-uno\.mig: Permission denied"):
        open_binary(str(small))


@pytest.mark.parametrize("size", [256, 65536])
def test_page_sizes_that_targets_have(tmp_path: Path, size: int) -> None:
    path = tmp_path / "header"
    path.write_bytes(b"QEVM\0\0\0\3")
    assert open_stream(str(path), page_size=size).ram.page_size == size


@pytest.mark.parametrize("size", [0, 128, 4095, 1 << 17])
def test_page_sizes_that_no_target_has(small: Path, size: int) -> None:
    with pytest.raises(UsageError, match=f"--page-size {size}: a power of two from 256 to 65536 is needed"):
        open_stream(str(small), page_size=size)


def test_no_description_wanted() -> None:
    assert open_description(None) is None


def test_the_description_of_a_stream(small: Path) -> None:
    description = open_description(str(small))
    assert description is not None
    assert [device.name for device in description.devices] == ["timer", "cpu", "globalstate"]


def test_a_description_through_a_pipe(pipe: Pipe, small: Path) -> None:
    description = open_description(pipe(small.read_bytes()))
    assert description is not None
    assert description.page_size == 256


def test_a_description_teaches(captures: Captures, pc: Path) -> None:
    learnt = open_description(str(pc))
    devices = open_stream(str(captures["7.2/tcp-postcopy"].path), learnt=learnt).devices()
    assert {isinstance(device.body, DeviceBody) and device.body.value is not None for device in devices} == {True}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no VM description in it"),
        (b"QEVM\0\0\0\3 and no description", "no VM description in it"),
        (b"{}", "not a VM description: KeyError: 'devices'"),
        (b'{"devices": [{"name": "x"}]}', "not a VM description: KeyError: 'instance_id'"),
        (b"{" * 10_000, "not a VM description: "),
        (b'{"page_size": 3, "devices": []}', "page size 3 is no power of two from 256 to 65536"),
    ],
)
def test_what_is_no_description(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "description"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        open_description(str(path))
    assert str(caught.value).startswith(f"{path}: {message}")


# FILE containers.


@pytest.fixture
def container(small: Path, tmp_path: Path) -> Path:
    """The small stream in a container with room for more than its manifest."""
    data = small.read_bytes()
    manifest = manifest_of(ResultEntries(version=1, payload="v1-raw"), inventory_of_stream(read_stream(data)))
    path = tmp_path / "container"
    path.write_bytes(front(manifest) + data)
    return path


def test_the_stream_in_a_container_is_read(container: Path, small: Path) -> None:
    stream = open_stream(str(container))
    assert stream.elements == open_stream(str(small)).elements
    assert stream.content is not None
    assert bytes(stream.content[:]) == small.read_bytes()


@pytest.mark.parametrize("keep", [False, True])
def test_a_container_through_a_pipe(pipe: Pipe, container: Path, small: Path, keep: bool) -> None:
    stream = open_stream(pipe(container.read_bytes()), keep=keep)
    assert stream.elements == open_stream(str(small)).elements
    assert stream.content is None or bytes(stream.content[:]) == small.read_bytes()


def test_a_manifest_is_handed_on(container: Path, small: Path) -> None:
    for path, machine in ((container, "arduino-uno"), (small, None)):
        with path.open("rb") as file:
            manifest = read_file(file, path.name, file.read(FIRST)).manifest
        assert (manifest.machine.type if manifest else None) == machine


@pytest.mark.parametrize(
    ("size", "id"), [(9, "truncated"), (100, "truncated"), (4095, "truncated"), (4096, "truncated")]
)
def test_half_a_container_is_a_fault(container: Path, size: int, id: str) -> None:
    os.truncate(container, size)
    fault = open_stream(str(container)).fault
    assert fault is not None
    assert fault.id == id


def test_a_damaged_container_is_a_fault(container: Path) -> None:
    data = bytearray(container.read_bytes())
    data[60] ^= 1
    container.write_bytes(data)
    stream = open_stream(str(container))
    assert (stream.elements, stream.fault and stream.fault.id) == ((), "checksum")


def test_other_channels_are_no_containers(tmp_path: Path) -> None:
    path = tmp_path / "main"
    path.write_bytes(bytes.fromhex("5145564d4853000101010020") + bytes(20))
    fault = open_stream(str(path)).fault
    assert fault is not None
    assert fault.id == "vmstate/version"
