"""What a scenario is: one row of the tables in `machines.py` and `features.py`, one capture.

`how` is `file` (a migration to a file through `exec:`), `mapped` (to a file by
offset), `snapshot` (an internal snapshot) or `tcp` (to a second QEMU through the tap). `FIRMWARE`, `DISK` and `SHARED`
in arguments stand for files made for the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

X86 = "qemu-system-x86_64"
PLAIN = ("-serial", "null")
TINY = ("-bios", "FIRMWARE", "-serial", "null")
DISK = ("-drive", "file=DISK,format=raw,if=none,id=d1", "-device", "virtio-blk-pci,drive=d1,romfile=")
QCOW = ("-drive", "file=DISK,format=qcow2,if=none,id=d1", "-device", "virtio-blk-pci,drive=d1,romfile=")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """How one capture is made, and what makes it worth keeping."""

    name: str
    shows: str
    machine: str
    arguments: tuple[str, ...]
    program: str = X86
    how: str = "file"
    capabilities: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    plan: str = "wait"
    memory: str = "8"
    seconds: float = 0.5
