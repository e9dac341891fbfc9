"""The handshake without sockets: processor time and memory of a large one, beside the handshake of TLS 1.3.

Large is 50 capabilities, 40 parameters, 120 sections and 8 channels; the targets are 3 ms and 1 MiB for each side. Time
is that of the processor, which other programs on the machine lengthen less than they do the clock's.

    python -m tests.bench.bench_handshake [--gate]
"""

from __future__ import annotations

import sys
import tempfile
import tracemalloc
from pathlib import Path
from typing import Final

from tests.bench.gate import Row, main
from tests.bench.handshakes import handshake_seconds, large_inventory, large_offer, run_handshake, tls_seconds
from tests.protocols.handshake.loopback import source_config

MILLISECONDS: Final = 3.0
MEBIBYTES: Final = 1.0
ROUNDS: Final = 60


def peak_mebibytes() -> float:
    """Memory of both sides of one large handshake at its peak, all generated code already there."""
    wanted = large_offer()
    config = source_config(wanted, inventory=large_inventory())
    run_handshake(wanted, config)
    tracemalloc.start()
    run_handshake(wanted, config)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / (1 << 20)


def run() -> list[Row]:
    """All rows."""
    own = handshake_seconds(ROUNDS) * 1e3
    with tempfile.TemporaryDirectory() as folder:
        tls = tls_seconds(Path(folder), ROUNDS) * 1e3
    return [
        Row("one side, ms", own, MILLISECONDS, "most", "processor time"),
        Row("both sides, MiB", peak_mebibytes(), MEBIBYTES, "most", "peak"),
        Row("one side of TLS 1.3, ms", tls, note="for scale: OpenSSL, in memory"),
    ]


if __name__ == "__main__":
    sys.exit(main(run))
