"""How long a silent peer is waited for.

Patience never decides what happens: when it ends, the session is told that the peer is silent, which no session takes
for a success. Any byte that moves in either direction renews it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Patience:
    """Time since the last sign of life; `limit` in seconds."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._last = 0.0

    def touch(self) -> None:
        """Something moved."""
        self._last = asyncio.get_running_loop().time()

    async def watch(self, silence: Callable[[], None]) -> None:
        """Call `silence` each time that nothing moved for as long as the limit; without end."""
        self.touch()
        while True:
            left = self._last + self.limit - asyncio.get_running_loop().time()
            if left <= 0:
                silence()
                self.touch()
            await asyncio.sleep(max(left, 0.001))
