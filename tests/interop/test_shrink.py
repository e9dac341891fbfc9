"""A live QEMU loads what `wireformat shrink` leaves of its streams."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.captures.driver import FIRMWARE
from tests.interop.programs import require
from tests.interop.test_qemu import GUESTS, PACKAGE, QEMU, load, save, wireformat

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("keep_ram", ["none", "zero"])
@pytest.mark.parametrize("guest", GUESTS)
def test_qemu_loads_a_stream_without_its_memory(tmp_path: Path, guest: str, keep_ram: str) -> None:
    """Fails when a destination waits for the pages that were left out, or meets a section it cannot read."""
    qemu = require(QEMU, PACKAGE)
    firmware = tmp_path / "firmware.bin"
    firmware.write_bytes(FIRMWARE)
    common = ("-nodefaults", "-accel", "tcg", "-m", "8", "-serial", "null", "-bios", str(firmware))
    arguments = (*common, *GUESTS[guest])
    stream = asyncio.run(save(qemu, arguments, tmp_path))
    small = tmp_path / "small.mig"
    wireformat("shrink", str(stream), "-o", str(small), "--keep-ram", keep_ram)
    assert small.stat().st_size < stream.stat().st_size / 3
    assert asyncio.run(load(qemu, arguments, tmp_path, small)) == "running"
