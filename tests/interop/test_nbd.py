"""A disk beside a guest: real NBD programs at both ends of a storage channel."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.interop.programs import require
from tests.protocols.vmstate.building import simple_stream

pytestmark = pytest.mark.interop

SIZE = 4 << 20
SECONDS = 60


def peer(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "wireformat", "peer", *words])


def wait_for(path: Path) -> Path:
    """A path that a program is about to make."""
    deadline = time.monotonic() + SECONDS
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not appear"
        time.sleep(0.05)
    return path


@pytest.mark.requirement("HS-243", "HS-244")
def test_a_disk_is_written_through_a_migration(tmp_path: Path) -> None:
    server, writer = require("qemu-nbd", "qemu-utils"), require("qemu-img", "qemu-utils")
    stream, image, copy = (tmp_path / name for name in ("in.mig", "source.img", "destination.img"))
    stream.write_bytes(simple_stream())
    image.write_bytes(os.urandom(SIZE))
    copy.write_bytes(bytes(SIZE))
    export, meeting, door = (tmp_path / name for name in ("nbd.sock", "main.sock", "door.sock"))
    started = [subprocess.Popen([server, "-f", "raw", "-k", str(export), str(copy)])]
    try:
        wait_for(export)
        listen = ("--handshake", "--listen", f"unix:{meeting}", "-o", str(tmp_path / "out.mig"))
        started.append(peer("destination", *listen, "--disk", f"vda=unix:{export}"))
        wait_for(meeting)
        started.append(
            peer("source", "--handshake", "--to", f"unix:{meeting}", "--disk", f"vda=unix:{door}", str(stream))
        )
        wait_for(door)
        target = f"nbd+unix:///?socket={door}"
        subprocess.run(
            [writer, "convert", "-n", "-f", "raw", "-O", "raw", str(image), target], check=True, timeout=SECONDS
        )
        assert [process.wait(SECONDS) for process in started] == [0, 0, 0]
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert copy.read_bytes() == image.read_bytes()
    assert (tmp_path / "out.mig").read_bytes() == stream.read_bytes()
