"""Captures kept for a feature of the stream: one or two capabilities each.

Capabilities that QEMU has removed since (`block`, `compress`) need a version before 9.1; `switchover-ack` and
`mapped-ram` need 8.1 and 9.0. Elsewhere QEMU refuses them and the run says so.
"""

from __future__ import annotations

from tests.captures.scenario import DISK, QCOW, TINY, Scenario

SLOW = {"max-bandwidth": 1 << 19}
FEATURES = (
    Scenario(
        name="tcp-block",
        shows="block migration: disk contents in the stream",
        machine="pc",
        arguments=(*TINY, *DISK),
        how="tcp",
        capabilities=("block",),
    ),
    Scenario(
        name="tcp-block-zero",
        shows="block migration with zero-blocks",
        machine="pc",
        arguments=(*TINY, *DISK),
        how="tcp",
        capabilities=("block", "zero-blocks"),
    ),
    Scenario(
        name="tcp-compress",
        shows="pages compressed by zlib",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("compress",),
    ),
    Scenario(
        name="tcp-xbzrle",
        shows="pages as differences to what was sent before",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("xbzrle",),
        parameters={"xbzrle-cache-size": 1 << 22, "downtime-limit": 1, "max-bandwidth": 700_000},
        plan="iterate",
    ),
    Scenario(
        name="tcp-return-path",
        shows="a return path: pings and their answers",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("return-path",),
    ),
    Scenario(
        name="tcp-dirty-bitmaps",
        shows="two dirty bitmaps of a disk, one disabled",
        machine="pc",
        arguments=(*TINY, *QCOW),
        how="tcp",
        capabilities=("dirty-bitmaps",),
        plan="bitmaps",
    ),
    Scenario(
        name="tcp-postcopy-bitmaps",
        shows="postcopy of dirty bitmaps, without postcopy of RAM",
        machine="pc",
        arguments=(*TINY, *QCOW, "-S"),
        how="tcp",
        capabilities=("dirty-bitmaps", "return-path"),
        parameters={"max-bandwidth": 1 << 16, "downtime-limit": 1},
        plan="postcopy-bitmaps",
    ),
    Scenario(
        name="tcp-postcopy",
        shows="postcopy of RAM: discard, packaged device state, page requests",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("postcopy-ram", "return-path"),
        parameters=SLOW,
        plan="postcopy",
    ),
    Scenario(
        name="tcp-postcopy-preempt",
        shows="postcopy with a channel of its own for requested pages",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("postcopy-ram", "return-path", "postcopy-preempt"),
        parameters=SLOW,
        plan="postcopy",
    ),
    Scenario(
        name="tcp-postcopy-recovery",
        shows="postcopy broken off and resumed on a new connection, which has no header",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("postcopy-ram", "return-path"),
        parameters={**SLOW, "max-postcopy-bandwidth": 1 << 17},
        plan="recover",
    ),
    Scenario(
        name="file-background-snapshot",
        shows="background snapshot: RAM has no END section, device state of the first moment comes last",
        machine="pc",
        arguments=TINY,
        capabilities=("background-snapshot",),
    ),
    Scenario(
        name="file-savevm",
        shows="an internal snapshot, taken out of the qcow2 file",
        machine="pc",
        arguments=(*TINY, *QCOW),
        how="snapshot",
    ),
)

FEATURES_10 = (
    Scenario(
        name="tcp-switchover-ack",
        shows="switchover-ack on the return path",
        machine="pc",
        arguments=TINY,
        how="tcp",
        capabilities=("return-path", "switchover-ack"),
    ),
    Scenario(
        name="file-mapped-ram",
        shows="RAM at fixed offsets of the file",
        machine="pc",
        arguments=TINY,
        how="mapped",
        capabilities=("mapped-ram",),
    ),
    Scenario(
        name="file-shared-ram",
        shows="x-ignore-shared: the addresses of shared blocks instead of their pages",
        machine="pc,memory-backend=m0",
        arguments=(*TINY, "-object", "memory-backend-file,id=m0,size=8M,mem-path=SHARED,share=on"),
        capabilities=("x-ignore-shared",),
    ),
    Scenario(name="pc-minimal", shows="the smallest machine of this version", machine="pc", arguments=TINY),
)
