"""Connections that have not said who they are.

A listening address is open to anyone. Strangers wait here until their first bytes tell what they are: for a bounded
time each, and a bounded number of them; where more come, the one that waited longest is dropped. So scanners, idle
connections and slow writers cost a fixed amount of memory, and a migration that runs is not among them.
"""

from __future__ import annotations

import asyncio

from wireformat.peer.wire import Wire


class Lobby:
    """Wires of strangers: at most `size` of them, each for `patience` seconds."""

    def __init__(self, size: int, patience: float) -> None:
        self._size = size
        self._patience = patience
        self._waiting: dict[Wire, asyncio.TimerHandle] = {}
        self.dropped = 0
        """How many were sent away because of their number or their slowness."""

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, wire: Wire) -> bool:
        return wire in self._waiting

    def enter(self, wire: Wire) -> None:
        """A stranger comes; the one that waited longest goes where there are too many."""
        if len(self._waiting) >= self._size:
            self._drop(next(iter(self._waiting)))
        self._waiting[wire] = asyncio.get_running_loop().call_later(self._patience, self._drop, wire)

    def leave(self, wire: Wire) -> None:
        """A wire is no stranger any more, or is gone."""
        timer = self._waiting.pop(wire, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Send everybody away."""
        while self._waiting:
            self._drop(next(iter(self._waiting)))

    def _drop(self, wire: Wire) -> None:
        self.leave(wire)
        self.dropped += 1
        wire.close(reset=True)
